"""
pystray's menu and rows, each row with the key of what it acts on.

They feed our Linux backend and pystray's on macOS and Windows. On Linux pystray must not load Xlib
or GTK: it picks a backend at import and raises where there is no display (pystray issue 67), so it
gets ``dummy`` here, before anything else imports it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from tray.system import LINUX

_asked: Final = os.environ.get("PYSTRAY_BACKEND")
if LINUX:
    os.environ["PYSTRAY_BACKEND"] = "dummy"
from pystray import _base  # noqa: E402  (after the variable is set)

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
        key: what the row acts on and how, for example ``use:dev``; it identifies the row under
            its parent, whatever its text and place (M3).
        action: a function without arguments, a ``Menu``, or None.
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
            _pystray_action(action),
            checked=None if checked is None else lambda _: checked,
            radio=radio,
            default=default,
            enabled=enabled,
        )
        self.key = key


def _pystray_action(action: Callable[[], object] | Menu | None) -> Any:
    """Return an action for pystray, which counts a function's parameters, defaults included."""
    if action is None or isinstance(action, _base.Menu):
        return action
    return lambda _icon, _row: action()


def key_of(row: MenuItem) -> str:
    """Return the key of a row; of a plain pystray row its text."""
    return row.key if isinstance(row, Row) else str(row.text)
