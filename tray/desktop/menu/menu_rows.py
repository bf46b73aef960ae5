"""
pystray's menu and rows, each row with the key of what it acts on.

One description feeds our Linux backend and pystray's on macOS and Windows. pystray picks a backend
on import and raises without a display (pystray issue 67), so on Linux ``dummy`` is set before
anyone else imports it; Xlib and GTK are never loaded.
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
    """A row with a ``key``, by which a click knows it (M3); ``action`` takes no arguments."""

    def __init__(
        self,
        key: str,
        text: str,
        action: Callable[[], object] | Menu | None,
        *,
        checked: bool | None = None,
        radio: bool = False,
        enabled: bool = True,
    ) -> None:
        super().__init__(
            text,
            _taken(action),
            checked=None if checked is None else lambda _: checked,
            radio=radio,
            enabled=enabled,
        )
        self.key = key


def _taken(action: Callable[[], object] | Menu | None) -> Any:
    """Adapt to pystray, which counts a function's parameters, defaults included."""
    if action is None or isinstance(action, _base.Menu):
        return action
    return lambda _icon, _row: action()


def key_of(row: MenuItem) -> str:
    return row.key if isinstance(row, Row) else str(row.text)
