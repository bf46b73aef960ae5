"""
The menu's words: pystray's own menu and rows, each row with the key of what it acts on.

One description feeds our Linux backend and pystray's on macOS and Windows. On Linux the import of
pystray is kept from loading Xlib or GTK: it picks a backend when it is imported, and raises where
there is no display (pystray issue 67), so it is told ``dummy`` here, before anyone else asks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

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
    A row of the menu.

    Args:
        key: what the row acts on and how, for example ``use:dev``; rows with one key, under one
            parent, are one row to a click, whatever they say and wherever they stand (M3).
        action: called with nothing; a ``Menu`` for a submenu; None for a row that only tells.
    """

    def __init__(
        self,
        key: str,
        text: str,
        action: Callable[[], object] | Menu | None,
        *,
        checked: bool | None = None,
        radio: bool = False,
        default: bool = False,
        enabled: bool = True,
    ) -> None:
        super().__init__(
            text,
            _taken(action),
            checked=None if checked is None else lambda _: checked,
            radio=radio,
            default=default,
            enabled=enabled,
        )
        self.key = key


def _taken(action: Callable[[], object] | Menu | None) -> Any:
    """Return what pystray takes: it counts a function's parameters, defaults included."""
    if action is None or isinstance(action, _base.Menu):
        return action
    return lambda _icon, _row: action()


def key_of(row: MenuItem) -> str:
    """Return the key of a row; a plain pystray row is known by what it says."""
    return row.key if isinstance(row, Row) else str(row.text)
