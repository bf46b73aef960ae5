"""What a row of the menu is, and how long lists are parted so that no level overflows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tray.core.events import Event
from tray.core.text import menu_text

LEVEL: Final = 25
"""Rows a level shows at most; longer lists are grouped, the rest is for the command line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the menu."""

    key: str  # what it acts on and how; a click is known by it, never by its place (M3)
    text: str
    # what a click tells the rules; None for a row that only tells, or has children
    event: Event | None = None
    children: tuple[Entry, ...] = ()  # rows below it
    checked: bool | None = None
    radio: bool = False
    enabled: bool = True


SEPARATION: Final = Entry("separator", "")


def grouped(
    rows: Sequence[Entry],
    room: int,
    words: Callable[[int, int], str],
    more: str = menu_text.MORE,
) -> Iterable[Entry]:
    """
    Put rows into groups where there are too many, so that no level overflows.

    Args:
        room: rows there is room for.
        words: names a group by the places of its first and last row.
        more: says where the rest is, if even that is too much.
    """
    if len(rows) <= room:
        yield from rows
        return
    for start in range(0, len(rows), LEVEL):
        if start // LEVEL == room - 1 and len(rows) > start + LEVEL:
            yield Entry("more", more, enabled=False)
            return
        part = rows[start : start + LEVEL]
        last = start + len(part) - 1
        yield Entry(f"from:{part[0].key}", words(start, last), children=tuple(part))
