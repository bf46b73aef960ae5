"""What the menu is made of: its rows, and what it shows beside the view."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import tzinfo
from itertools import islice
from typing import Final, Generic, TypeVar

from tray.core.accounts.account_index import IndexState
from tray.core.accounts.remembered_roles import RememberedRoles
from tray.core.accounts.role_search import RoleRow
from tray.core.events import Event
from tray.core.policy import MENU_ROWS
from tray.core.requests import PageRequested, TerminalCommand, TerminalRequested
from tray.core.text import menu_text
from tray.values import dataclass

T = TypeVar("T")


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
    colour: str = ""  # of the account, of `account_marks.COLOURS`


@dataclass(frozen=True, slots=True)
class Block(Generic[T]):
    """A row, and what the rows below it are made of."""

    key: str
    text: str
    items: Sequence[T]


SEPARATION: Final = Entry("separator", "")


def heading(key: str, text: str) -> Entry:
    return Entry(key, text, enabled=False)


def more(count: int, find: Event, of: str = "") -> Entry:
    """Return the last row of a full list, the others of which are found by typing."""
    return Entry(f"more:{of}", menu_text.more(count), find)


def fitting(rows: Sequence[Entry], room: int, find: Event, of: str = "") -> tuple[Entry, ...]:
    """Return the rows, or the first of them and how many more there are."""
    if len(rows) <= room:
        return tuple(rows)
    return (*rows[: room - 1], more(len(rows) - room + 1, find, of))


def grouped(
    blocks: Sequence[Block[T]],
    room: int,
    make: Callable[[T, Block[T] | None], Entry],
    rest: Callable[[int], Entry],
) -> Iterator[Entry]:
    """
    Yield ``blocks`` with their rows below, or ranges of these rows where they find no room.

    Never a level more: GNOME shows submenus inside their parent. ``make`` makes a row, in a range
    with the block that it is of; ``rest`` the one that says how many find no room even in ranges.
    Rows that are not shown are not made: of 10,000 they took half a second.
    """
    if len(blocks) <= room and all(len(one.items) <= MENU_ROWS for one in blocks):
        for one in blocks:
            yield Entry(one.key, one.text, children=tuple(make(item, None) for item in one.items))
        return
    count = sum(len(one.items) for one in blocks)
    ranges = math.ceil(count / MENU_ROWS)
    shown = ranges if ranges <= room else room - 1
    items = ((item, one) for one in blocks for item in one.items)
    for _ in range(shown):
        part = tuple(make(item, one) for item, one in islice(items, MENU_ROWS))
        words = menu_text.range_of(part[0].text, part[-1].text)
        yield Entry(f"from:{part[0].key}", words, children=part)
    if shown < ranges:
        yield rest(count - shown * MENU_ROWS)


@dataclass(frozen=True, slots=True)
class MenuExtras:
    recent: tuple[str, ...] = ()  # lines of the history, newest first, already in words
    starts_at_login: bool = False  # the setting's state
    adopts: bool = True  # the settings' states
    warns: bool = True  # the settings' states
    restores: bool = False  # the settings' states
    # what in the AWS config follows the active profile: ``default``, ``process`` (A3)
    follow: tuple[str, ...] = ()
    remembered: RememberedRoles = RememberedRoles()
    index: IndexState = IndexState()
    roles: Sequence[RoleRow] = ()  # every role and profile that is known
    guarded: tuple[str, ...] | None = ()  # patterns of guarded names
    colors: tuple[str, ...] = ()  # of accounts, as in `Preferences`
    # an administrator's file by the setting that it locks: ``warnings.show``
    locked: Mapping[str, str] = field(default_factory=dict)
    keyring_required: bool = False  # no refresh token in any file (K9)
    zone: tzinfo | None = None  # the reader's zone
    page: bool = False  # whether the accounts page can be served here
    version: str = ""  # of the program

    def find(self, words: str, command: TerminalCommand) -> PageRequested | TerminalRequested:
        """Return what finds a row that has no room: the page with these words, or a terminal."""
        return PageRequested(words=words) if self.page else TerminalRequested(command)
