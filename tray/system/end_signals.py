"""Requests to end from the system: a signal, Ctrl-C, a closed console, logging off."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import Any, Final

from tray.system import WINDOWS

log = logging.getLogger(__name__)

_LAST_WORK: Final = 4.5
"""Seconds for the orderly end, which takes less than two; Windows grants five."""

_ENDS_AT_RETURN: Final = frozenset({2, 5, 6})  # CTRL_CLOSE_EVENT, _LOGOFF_, _SHUTDOWN_
_QUERY_END_SESSION: Final = 0x11
_END_SESSION: Final = 0x16

_NAMES: Final = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
NUMBERS: Final = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
"""Windows has no SIGHUP, and only Windows has SIGBREAK."""


class BoundedEnd(asyncio.Event):
    """
    The request to end; so many seconds after it the process is gone, whatever it still waits for.

    A home directory that hangs holds threads, log and files, none of which can be given up.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._limit = threading.Timer(seconds, os._exit, (0,))  # it has ended, as was asked
        self._limit.daemon = True

    def set(self) -> None:
        if not self.is_set():
            self._limit.start()
        super().set()


class ShutdownSignals:
    """:meth:`install` is called on the main thread, unless the loop is to run there itself."""

    def __init__(self, ended: asyncio.Event | None = None) -> None:
        self.ended = ended or asyncio.Event()
        self._pass_on: Callable[[], object] | None = None
        self._asked = False
        self._kept: list[Any] = []

    def install(self) -> None:
        """Handle them from now on; those before :meth:`attach` are delivered then."""
        for number in NUMBERS:
            signal.signal(number, lambda _number, _frame: self.heard())
        if WINDOWS:
            self._watch_console()
            # A process with windows is told of the session's end by them alone.
            threading.Thread(target=self._watch_session, name="session end", daemon=True).start()

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
        """On a thread of the system (SetConsoleCtrlHandler); Python's own would wait."""
        windows: Any = ctypes  # the Windows parts have no types elsewhere

        def heard(event: int) -> int:
            self.heard()
            if event in _ENDS_AT_RETURN:
                threading.Event().wait(_LAST_WORK)
            return 1

        handler = windows.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)(heard)
        self._kept.append(handler)
        windows.windll.kernel32.SetConsoleCtrlHandler(handler, 1)

    def _watch_session(self) -> None:
        """Have a hidden window that hears of logging off and shutting down (WM_ENDSESSION)."""
        windows: Any = ctypes
        user = windows.WinDLL("user32", use_last_error=True)
        kind = windows.WINFUNCTYPE(
            ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_uint, ctypes.c_size_t, ctypes.c_ssize_t
        )
        user.DefWindowProcW.argtypes = kind._argtypes_
        user.DefWindowProcW.restype = ctypes.c_ssize_t

        def answered(window: int, message: int, word: int, more: int) -> int:
            if message == _QUERY_END_SESSION:
                return 1
            if message == _END_SESSION and word:
                self.heard()
                threading.Event().wait(_LAST_WORK)  # Windows ends us when this returns
                return 0
            return int(user.DefWindowProcW(window, message, word, more))

        procedure = kind(answered)
        self._kept.append(procedure)
        name = "SSO Tray session end"
        described = _WindowClass(procedure=ctypes.cast(procedure, ctypes.c_void_p), name=name)
        user.RegisterClassW(ctypes.byref(described))
        user.CreateWindowExW.restype = ctypes.c_void_p
        # Not a message-only window: those get no broadcasts.
        if not user.CreateWindowExW(0, name, name, 0, 0, 0, 0, 0, None, None, None, None):
            log.warning("the session's end will not be heard")
            return
        message = ctypes.create_string_buffer(64)  # MSG, of 48 bytes
        while user.GetMessageW(message, None, 0, 0) > 0:
            user.DispatchMessageW(message)


class _WindowClass(ctypes.Structure):
    """WNDCLASSW."""

    _fields_ = (
        ("style", ctypes.c_uint),
        ("procedure", ctypes.c_void_p),
        ("extra_of_class", ctypes.c_int),
        ("extra_of_window", ctypes.c_int),
        ("instance", ctypes.c_void_p),
        ("icon", ctypes.c_void_p),
        ("cursor", ctypes.c_void_p),
        ("background", ctypes.c_void_p),
        ("menu", ctypes.c_wchar_p),
        ("name", ctypes.c_wchar_p),
    )
