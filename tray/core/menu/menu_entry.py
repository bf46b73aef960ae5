"""A row of the menu, and how long lists are split so that no level overflows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tray.core.events import Event
from tray.core.policy import MENU_ROWS
from tray.core.requests import TerminalRequested
from tray.core.text import menu_text


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


def heading(key: str, text: str) -> Entry:
    return Entry(key, text, enabled=False)


def more(count: int, of: str = "") -> Entry:
    """Return the last row of a full list, the others of which are found by typing."""
    return Entry(f"more:{of}", menu_text.more(count), TerminalRequested("use"))


def fitting(rows: Sequence[Entry], room: int, of: str = "") -> tuple[Entry, ...]:
    """Return the rows, or the first of them and how many more there are."""
    if len(rows) <= room:
        return tuple(rows)
    return (*rows[: room - 1], more(len(rows) - room + 1, of))


def grouped(
    blocks: Sequence[Entry],
    room: int,
    text: Callable[[Entry, Entry], str],
    rest: Callable[[int], Entry],
) -> Iterable[Entry]:
    """
    Return ``blocks``, which have rows below, or ranges of these rows where they find no room.

    Never a level more: GNOME shows submenus inside their parent. ``text`` is a block's and a row's
    in a range; ``rest`` makes the row that says how many find no room even in ranges.
    """
    if len(blocks) <= room and all(len(one.children) <= MENU_ROWS for one in blocks):
        yield from blocks
        return
    rows = [replace(row, text=text(one, row)) for one in blocks for row in one.children]
    ranges = math.ceil(len(rows) / MENU_ROWS)
    shown = ranges if ranges <= room else room - 1
    for start in range(0, shown * MENU_ROWS, MENU_ROWS):
        part = rows[start : start + MENU_ROWS]
        words = menu_text.range_of(part[0].text, part[-1].text)
        yield Entry(f"from:{part[0].key}", words, children=tuple(part))
    if shown < ranges:
        yield rest(len(rows) - shown * MENU_ROWS)
