"""What happened on each day, by session: numbers that stay when the history's lines go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from tray.core.policy import DAY
from tray.core.text.timestamps import format_timestamp, parse_timestamp
from tray.core.views.history_lines import HistoryLine

Totals: TypeAlias = dict[str, dict[str, list[int]]]
"""By day, as ``2026-11-30`` in UTC, and session: a number for each of `KINDS`."""

KINDS: Final[Mapping[str, frozenset[str]]] = {
    "signed in": frozenset({"signed-in", "adopted"}),
    "renewed": frozenset({"renewed"}),
    "failed": frozenset({"refused", "sign-in-failed", "notice-renewal-failing"}),
    "used": frozenset({"credentials", "whoami", "console-opened"}),
}
_PLACES: Final = {what: place for place, whats in enumerate(KINDS.values()) for what in whats}


def day_of(at: float) -> str:
    return _day(at // DAY)


@lru_cache(maxsize=1024)
def _day(number: float) -> str:
    return format_timestamp(number * DAY)[:10]


def totals_of(lines: Iterable[HistoryLine]) -> Totals:
    found: Totals = {}
    for line in lines:
        place = _PLACES.get(line.what)
        if place is not None and line.session is not None:
            sessions = found.setdefault(day_of(line.at), {})
            sessions.setdefault(line.session, [0] * len(KINDS))[place] += 1
    return found


def joined(some: Totals, others: Totals) -> Totals:
    """Return the sums of both."""
    found = {day: dict(sessions) for day, sessions in some.items()}
    for day, sessions in others.items():
        there = found.setdefault(day, {})
        for key, numbers in sessions.items():
            before = there.get(key, [0] * len(KINDS))
            there[key] = [one + other for one, other in zip(before, numbers, strict=True)]
    return found


def lanes(
    totals: Totals, since: float, until: float, buckets: int
) -> list[tuple[str, str, Sequence[int]]]:
    """Return session, kind and numbers by bucket, for each that has any between two times."""
    width = (until - since) / buckets
    found: dict[tuple[str, str], list[int]] = {}
    for day, sessions in sorted(totals.items()):
        place = int((parse_timestamp(f"{day}T00:00:00Z") + DAY / 2 - since) // width)
        for key, numbers in sessions.items():
            for kind, number in zip(KINDS, numbers, strict=True):
                if number and 0 <= place < buckets:
                    found.setdefault((key, kind), [0] * buckets)[place] += number
    order = list(KINDS)
    rows = sorted(found.items(), key=lambda one: (one[0][0], order.index(one[0][1])))
    return [(key, kind, numbers) for (key, kind), numbers in rows]
