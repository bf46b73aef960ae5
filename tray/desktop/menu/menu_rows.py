"""
pystray's menu and rows, each row with the key of what it acts on.

One description feeds our Linux backend and pystray's on macOS and Windows. pystray picks a backend
on import and raises without a display (pystray issue 67), so on Linux ``dummy`` is set before
anyone else imports it; Xlib and GTK are never loaded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from tray.core.events import Event
from tray.core.menu.menu_entry import SEPARATION, Entry
from tray.system import LINUX

_asked: Final = os.environ.get("PYSTRAY_BACKEND")
if LINUX:
    os.environ["PYSTRAY_BACKEND"] = "dummy"
from pystray import _base  # noqa: E402  (the variable has to stand before)

if _asked is not None:
    os.environ["PYSTRAY_BACKEND"] = _asked
elif LINUX:
    del os.environ["PYSTRAY_BACKEND"]

if TYPE_CHECKING:
    MenuItem = Any
    Menu = Any
    BaseIcon = Any
else:
    MenuItem, Menu, BaseIcon = _base.MenuItem, _base.Menu, _base.Icon

SEPARATOR: Final = _base.Menu.SEPARATOR


class Row(MenuItem):  # type: ignore[misc]  # pystray has no types
    """
    A row with a ``key``, by which a click knows it (M3); ``action`` takes no arguments.

    It keeps values where pystray's own makes a function of each: 1.5 kB a row, of up to 10,000.
    """

    def __init__(
        self,
        key: str,
        text: str,
        action: Callable[[], object] | Menu | None,
        *,
        checked: bool | None = None,
        radio: bool = False,
        enabled: bool = True,
        colour: str = "",
    ) -> None:
        self.key = key
        self.colour = colour
        self._text = text
        self._action = action
        self._checked = checked
        self._radio = radio
        self._enabled = enabled

    def __call__(self, icon: object) -> None:
        del icon
        if self._action is not None and self.submenu is None:
            self._action()

    @property
    def text(self) -> str:
        return self._text

    @property
    def checked(self) -> bool | None:
        return self._checked

    @property
    def radio(self) -> bool:
        return self._radio and self._checked is not None

    @property
    def default(self) -> bool:
        return False

    @property
    def visible(self) -> bool:
        return self.submenu is None or bool(self.submenu.visible)

    @property
    def enabled(self) -> bool:
        return self._enabled


def key_of(row: MenuItem) -> str:
    return row.key if isinstance(row, Row) else str(row.text)


def colour_of(row: MenuItem) -> str:
    return row.colour if isinstance(row, Row) else ""


def render(rows: Iterable[Entry], act: Callable[[Event], None]) -> Menu:
    """Build pystray's menu; a click only sends an event to the rules."""
    return Menu(*(_row(row, act) for row in rows))


class _Click:
    """What a row does; a function of its own, or a ``partial``, takes three times as much."""

    __slots__ = ("_act", "_event")

    def __init__(self, act: Callable[[Event], None], event: Event) -> None:
        self._act, self._event = act, event

    def __call__(self) -> None:
        self._act(self._event)


def _row(row: Entry, act: Callable[[Event], None]) -> object:
    if row is SEPARATION:
        return SEPARATOR
    action: object = None
    if row.children:
        action = render(row.children, act)
    elif row.event is not None:
        action = _Click(act, row.event)
    return Row(
        row.key,
        row.text,
        action,
        checked=row.checked,
        radio=row.radio,
        enabled=row.enabled and action is not None,
        colour=row.colour,
    )
