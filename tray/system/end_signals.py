"""Requests to end from the system: a signal, Ctrl-C, a closed console, logging off."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import threading
from collections.abc import Callable
from typing import Any, Final

from tray.system import WINDOWS

_NAMES: Final = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
NUMBERS: Final = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
"""Windows has no SIGHUP, and only Windows has SIGBREAK."""


class ShutdownSignals:
    """:meth:`install` is called on the main thread, unless the loop is to run there itself."""

    def __init__(self) -> None:
        self._pass_on: Callable[[], object] | None = None
        self._asked = False
        self._kept: list[Any] = []

    def install(self) -> None:
        """Handle them from now on; those before :meth:`attach` are delivered then."""
        for number in NUMBERS:
            signal.signal(number, lambda _number, _frame: self.heard())
        if WINDOWS:
            self._watch_console()

    def attach(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        """Have ``callback()`` called on a loop for each request; called on the loop's thread."""
        if threading.current_thread() is threading.main_thread():
            for number in NUMBERS:
                loop.add_signal_handler(number, callback)
            return
        self._pass_on = lambda: loop.call_soon_threadsafe(callback)
        if self._asked:
            callback()

    def heard(self) -> None:
        self._asked = True
        if self._pass_on is not None:
            self._pass_on()

    def _watch_console(self) -> None:
        """On a thread of the system (SetConsoleCtrlHandler); never run. Python's would wait."""
        windows: Any = ctypes  # the Windows parts have no types elsewhere

        def heard(_event: int) -> int:
            self.heard()
            return 1

        handler = windows.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)(heard)
        self._kept.append(handler)
        windows.windll.kernel32.SetConsoleCtrlHandler(handler, 1)
