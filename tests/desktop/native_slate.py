"""
A native icon without a screen: pystray's own base class over a loop of plain calls.

Strict: whatever touches it anywhere but on the thread that runs it is remembered as a fault.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from tray.desktop.menu.menu_rows import BaseIcon
from tray.desktop.native.main_thread import MainThreadIcon


class Slate(MainThreadIcon, BaseIcon):  # type: ignore[misc]  # pystray has no types
    """What a system's tray would be told, in order."""

    def __init__(self, *arguments: Any) -> None:
        self.owner = threading.get_ident()
        self.told: list[str] = []
        self.elsewhere: list[str] = []
        self._inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        super().__init__(*arguments)

    def wake(self) -> None:
        """Put it behind what waits."""
        self._inbox.put(self.drain)

    def run_here(self) -> None:
        """Take calls until the end."""
        self._mark_ready()
        self.visible = True
        while (call := self._inbox.get()) is not None:
            call()

    def end(self) -> None:
        """End after what waits."""
        self._inbox.put(None)

    def _hears(self, word: str) -> None:
        self.told.append(word)
        if threading.get_ident() != self.owner:
            self.elsewhere.append(word)

    def _show(self) -> None:
        self._hears("show")

    def _hide(self) -> None:
        self._hears("hide")

    def _update_icon(self) -> None:
        self._hears("icon")
        self._icon_valid = True

    def _update_title(self) -> None:
        self._hears(f"title {self.title}")

    def _update_menu(self) -> None:
        self._hears("menu")
