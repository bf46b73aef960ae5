"""
pystray's icon in Windows' notification area; a left click also opens the menu.

Run under Wine alone. Sources: pystray 0.19.5 ``_win32.py``; Microsoft, PostMessageW (may be called
from any thread), TrackPopupMenuEx, EndMenu, WM_QUERYENDSESSION.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

from pystray import _win32
from pystray._util import win32

from tray.desktop.native.main_thread import MainThreadIcon

_DRAIN: Final = win32.WM_USER + 20  # our own message; pystray uses WM_USER + 10 and + 11
_QUERY_END_SESSION: Final = 0x11
_CLICKS: Final = (win32.WM_LBUTTONUP, win32.WM_RBUTTONUP)


class WindowsIcon(MainThreadIcon, _win32.Icon):  # type: ignore[misc]  # pystray has no types
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._open = self._ended = False
        self._message_handlers[_DRAIN] = lambda _wparam, _lparam: self._drain_when_closed()
        # pystray answers 0 to what it does not know, and that would forbid logging off.
        self._message_handlers[_QUERY_END_SESSION] = lambda _wparam, _lparam: 1

    def wake(self) -> None:
        """Post a message to our window; before there is one, the calls wait for it."""
        if self._hwnd is not None:
            win32.PostMessage(self._hwnd, _DRAIN, 0, 0)

    def run_here(self) -> None:
        self.run(self._shown)

    def end(self) -> None:
        self._ended = True
        if self._running:
            self._stop()

    def _shown(self, _icon: object) -> None:
        if self._ended:
            self._stop()
            return
        # Not here, on a thread of pystray's: what is set at the same time would be dropped.
        self.on_main(self._appear)

    def _appear(self) -> None:
        self.visible = True

    def _drain_when_closed(self) -> None:
        # Replacing a menu that is open would destroy it under the user's hand.
        if not self._open:
            self.drain()

    def _on_stop(self, wparam: Any, lparam: Any) -> None:
        # An open menu has a loop of its own, in which the word to quit can be lost (Wine 8).
        if self._open:
            windows: Any = ctypes
            windows.windll.user32.EndMenu()
        else:
            super()._on_stop(wparam, lparam)

    def _on_notify(self, wparam: Any, lparam: Any) -> None:
        # An open menu's loop brings us here once more with each move of the mouse over the icon;
        # the end of that call is not the menu's.
        if self._open or lparam not in _CLICKS:
            return
        self._open = True
        try:
            super()._on_notify(wparam, win32.WM_RBUTTONUP)
        finally:
            self._open = False
        if self._ended:
            self._stop()
        self.wake()
