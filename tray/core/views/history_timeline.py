"""The history as a timeline: when each session was signed in, what failed, who used which role."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import field
from typing import Final

from tray.core.text import menu_text
from tray.core.views.history_lines import HistoryLine
from tray.values import dataclass

MOST_LANES: Final = 16  # of programs; the busiest are shown
MOST_EVENTS: Final = 200  # the latest, in words

_BEGINS: Final = frozenset({"signed-in", "adopted", "undone", "published-again", "renewed"})
_ENDS: Final = frozenset({"signed-out", "signed-out-elsewhere", "refused", "removed", "dropped"})
_FAILURES: Final = frozenset({"refused", "sign-in-failed", "notice-renewal-failing"})


@dataclass(frozen=True, slots=True)
class Mark:
    at: float  # seconds since the epoch
    text: str


@dataclass(slots=True)
class SessionLane:
    """One session: spans of being signed in, as far as the history says."""

    session: str
    spans: list[tuple[float, float]] = field(default_factory=list)
    renewals: list[int] = field(default_factory=list)  # by bucket
    failures: list[Mark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ProgramLane:
    program: str  # empty where it is not known
    role: str
    uses: tuple[int, ...]  # by bucket


@dataclass(frozen=True, slots=True)
class Timeline:
    since: float
    until: float
    sessions: tuple[SessionLane, ...]
    programs: tuple[ProgramLane, ...]
    events: tuple[Mark, ...]  # the latest first


def timeline(lines: Sequence[HistoryLine], since: float, until: float, buckets: int) -> Timeline:
    """
    Return what happened from `since` to `until`, which is cut into `buckets` of equal length.

    A session whose sign-in is older than the history counts from its first renewal there.
    """
    width = (until - since) / buckets
    lanes: dict[str, SessionLane] = {}
    begun: dict[str, float] = {}
    used: dict[tuple[str, str], Counter[int]] = {}
    events = deque[HistoryLine](maxlen=MOST_EVENTS)
    for line in lines:
        if line.at > until:
            continue
        place = int((line.at - since) // width)
        if line.session is not None:
            lane = lanes.setdefault(
                line.session, SessionLane(line.session, renewals=[0] * buckets)
            )
            _add(lane, line, begun, since)
            if line.what == "renewed" and 0 <= place < buckets:
                lane.renewals[place] += 1
        if line.at < since:
            continue
        if line.what == "credentials":
            counts = used.setdefault((line.program or "", line.role or ""), Counter())
            counts[min(place, buckets - 1)] += 1
        if not line.what.startswith("notice-"):
            events.append(line)
    for key, start in begun.items():
        lanes[key].spans.append((max(start, since), until))
    shown = [lane for lane in lanes.values() if lane.spans or lane.failures or any(lane.renewals)]
    return Timeline(
        since,
        until,
        tuple(shown),
        tuple(_busiest(used, buckets)),
        tuple(Mark(one.at, _words(one)) for one in reversed(events)),
    )


def _words(line: HistoryLine) -> str:
    return menu_text.happened(line.what, line.session, line.detail, "", brief=False)


def _add(lane: SessionLane, line: HistoryLine, begun: dict[str, float], since: float) -> None:
    if line.what in _BEGINS:
        begun.setdefault(lane.session, line.at)
    elif line.what in _ENDS:
        start = begun.pop(lane.session, None)
        if start is not None and line.at > since:
            lane.spans.append((max(start, since), line.at))
    if line.what in _FAILURES and line.at >= since:
        text = menu_text.happened(line.what, None, "", "", brief=False)
        lane.failures.append(Mark(line.at, f"{text}: {line.detail}" if line.detail else text))


def _busiest(used: dict[tuple[str, str], Counter[int]], buckets: int) -> Iterable[ProgramLane]:
    busiest = sorted(used.items(), key=lambda one: -one[1].total())[:MOST_LANES]
    for (program, role), counts in busiest:
        yield ProgramLane(program, role, tuple(counts[place] for place in range(buckets)))
