"""A row of the menu, and how long lists are split so that no level overflows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tray.core.events import Event
from tray.core.text import menu_text

LEVEL: Final = 25  # rows on a level at most; longer lists are grouped


@dataclass(frozen=True, slots=True)
class Entry:
    key: str  # what it acts on and how; a click is known by it, never by its place (M3)
    text: str
    # the event of a click; None for a row that only informs or has children
    event: Event | None = None
    children: tuple[Entry, ...] = ()  # rows below it
    checked: bool | None = None
    radio: bool = False
    enabled: bool = True


SEPARATION: Final = Entry("separator", "")


def grouped(
    rows: Sequence[Entry],
    room: int,
    name: Callable[[int, int], str],
    more: str = menu_text.MORE,
) -> Iterable[Entry]:
    """Group rows if more than ``room``; ``words`` names a group by its first and last place."""
    if len(rows) <= room:
        yield from rows
        return
    for start in range(0, len(rows), LEVEL):
        if start // LEVEL == room - 1 and len(rows) > start + LEVEL:
            yield Entry("more", more, enabled=False)
            return
        part = rows[start : start + LEVEL]
        last = start + len(part) - 1
        yield Entry(f"from:{part[0].key}", name(start, last), children=tuple(part))
