"""
Being asked to end by the system: a signal, Ctrl-C, a console that closes, a session that logs off.

Where the loop owns the main thread it hears signals itself. Where it does not, the main thread may
sit in the icon's own loop: then whoever hears only passes the word on to the loop's thread.
"""

from __future__ import annotations

import asyncio
import ctypes
import signal
import threading
from collections.abc import Callable
from typing import Any, Final

from tray.system import WINDOWS

_NAMES: Final = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
NUMBERS: Final = tuple(
    getattr(signal, name) for name in _NAMES if hasattr(signal, name)
)  # fmt: skip
"""What means "end" where it exists; Windows has no SIGHUP, and only Windows has SIGBREAK."""


class ShutdownSignals:
    """
    The system's requests to end, for a loop that may run beside the main thread.

    :meth:`install` is called on the main thread, unless the loop is to run there itself.
    """

    def __init__(self) -> None:
        self._tell: Callable[[], object] | None = None
        self._asked = False
        self._kept: list[Any] = []

    def install(self) -> None:
        """Hear them from now on; those that come before :meth:`attach` are told then."""
        for number in NUMBERS:
            signal.signal(number, lambda _number, _frame: self.heard())
        if WINDOWS:
            self._watch_console()

    def attach(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        """Have ``callback()`` called on a loop; called on that loop's thread."""
        if threading.current_thread() is threading.main_thread():
            for number in NUMBERS:
                loop.add_signal_handler(number, callback)
            return
        self._tell = lambda: loop.call_soon_threadsafe(callback)
        if self._asked:
            callback()

    def heard(self) -> None:
        """Pass a request on; on whatever thread it was heard."""
        self._asked = True
        if self._tell is not None:
            self._tell()

    def _watch_console(self) -> None:
        """
        Hear Ctrl-C and logging off on a thread of the system's own.

        A Python signal handler would wait until the icon's message loop returns. Never run;
        source: Microsoft, SetConsoleCtrlHandler.
        """
        windows: Any = ctypes  # its Windows half has no types elsewhere

        def heard(_event: int) -> int:
            self.heard()
            return 1

        told = windows.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)(heard)
        self._kept.append(told)
        windows.windll.kernel32.SetConsoleCtrlHandler(told, 1)
