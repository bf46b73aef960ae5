"""A row of the menu, and how long lists are split so that no level overflows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tray.core.events import Event
from tray.core.text import menu_text

LEVEL: Final = 25  # rows on a level at most; longer lists are grouped
SCROLLED: Final = 50  # rows of a range of a very long list, which hosts scroll


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
    blocks: Sequence[Entry], room: int, text: Callable[[Entry, Entry], str], more: str
) -> Iterable[Entry]:
    """
    Return ``blocks``, which have rows below, or ranges of these rows where they find no room.

    Never a level more: GNOME shows submenus inside their parent. ``text`` is a block's and a row's
    in a range; ``more`` says where the rest is if even the ranges are too many.
    """
    if len(blocks) <= room and all(len(one.children) <= LEVEL for one in blocks):
        yield from blocks
        return
    rows = [replace(row, text=text(one, row)) for one in blocks for row in one.children]
    size = min(SCROLLED, max(LEVEL, math.ceil(len(rows) / room)))
    starts = range(0, len(rows), size)
    fitting = starts if len(starts) <= room else starts[: room - 1]
    for start in fitting:
        part = rows[start : start + size]
        words = menu_text.range_of(part[0].text, part[-1].text)
        yield Entry(f"from:{part[0].key}", words, children=tuple(part))
    if len(fitting) < len(starts):
        yield Entry("more", more, enabled=False)
