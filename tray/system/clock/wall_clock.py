"""
An alarm on the wall clock that also reports when the clock was set.

Timers of the event loop stop while the machine sleeps and ignore a clock that was set. On Linux
the kernel reports both (timerfd_create(2): ``TFD_TIMER_CANCEL_ON_SET``), elsewhere the clocks are
compared every 60 seconds.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import math
import os
import time
from collections.abc import Callable
from typing import Final, Literal, Protocol

from tray.system import LINUX

Alarm = Literal["due", "clock-set"]

_CLOCK_REALTIME: Final = 0
_TFD_TIMER_ABSTIME: Final = 1
_TFD_TIMER_CANCEL_ON_SET: Final = 2
_NEVER: Final = 1 << 40  # some 35,000 years: armed, so that setting the clock is still reported
_AT_ONCE: Final = 1e-9
_JUMP_SECONDS: Final = 2.0


class WallClockTimer(Protocol):
    def arm(self, at_wall: float | None) -> None:
        """Ring at this time (seconds since the epoch); None: only when the clock is set."""

    def close(self) -> None:
        """Stop; repeatable."""


def start_wall_timer(
    loop: asyncio.AbstractEventLoop, callback: Callable[[Alarm], None]
) -> WallClockTimer:
    """Start this system's best timer; arm it again after each ``due`` and ``clock-set``."""
    if LINUX:
        timer = WallTimer()
        timer.attach(loop, callback)
        return timer
    return PollingTimer(loop, callback)


class WallTimer:
    """A timerfd on ``CLOCK_REALTIME`` (Linux): wakes only when there is something to report."""

    def __init__(self) -> None:
        self._descriptor = _timerfd_create()
        self._set_while_arming = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.arm(None)

    def fileno(self) -> int:
        return self._descriptor

    def arm(self, at_wall: float | None) -> None:
        """Ring at ``at_wall``, at once if past; None: on clock changes. Nothing after `close`."""
        if self._descriptor < 0:
            return
        at = _NEVER if at_wall is None else min(max(at_wall, _AT_ONCE), _NEVER)
        try:
            _timerfd_settime(self._descriptor, at)
        except OSError as error:
            if error.errno != errno.ECANCELED:
                raise
            # The clock was set before this call and not read yet; the kernel reports it here,
            # once. Ring at once, so that it is not lost.
            self._set_while_arming = True
            _timerfd_settime(self._descriptor, _AT_ONCE)

    def read(self) -> Alarm | None:
        """Return what happened, None for a spurious wakeup. Never blocks."""
        try:
            os.read(self._descriptor, 8)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno != errno.ECANCELED:
                raise
            return "clock-set"
        was_set, self._set_while_arming = self._set_while_arming, False
        return "clock-set" if was_set else "due"

    def attach(self, loop: asyncio.AbstractEventLoop, callback: Callable[[Alarm], None]) -> None:
        def ready() -> None:
            alarm = self.read()
            if alarm is not None:
                callback(alarm)

        loop.add_reader(self._descriptor, ready)
        self._loop = loop

    def close(self) -> None:
        if self._descriptor < 0:
            return
        if self._loop is not None:
            self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = -1


class PollingTimer:
    """Without a timerfd: both clocks compared every minute; ``mono`` is one that is never set."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        callback: Callable[[Alarm], None],
        *,
        interval: float = 60.0,
        wall: Callable[[], float] = time.time,
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop, self._callback, self._interval = loop, callback, interval
        self._wall, self._mono = wall, mono
        self._at = math.inf
        self._offset = wall() - mono()
        self._handle: asyncio.TimerHandle | None = None
        self._closed = False
        self.arm(None)

    def arm(self, at_wall: float | None) -> None:
        self._at = math.inf if at_wall is None else at_wall
        self._plan()

    def close(self) -> None:
        self._closed = True
        if self._handle is not None:
            self._handle.cancel()

    def _plan(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        if not self._closed:
            delay = min(self._interval, max(0.0, self._at - self._wall()))
            self._handle = self._loop.call_later(delay, self._compare_clocks)

    def _compare_clocks(self) -> None:
        offset = self._wall() - self._mono()
        jumped = abs(offset - self._offset) > _JUMP_SECONDS
        self._offset = offset
        due = self._wall() >= self._at
        if due:
            self._at = math.inf
        self._plan()
        if jumped:
            self._callback("clock-set")
        if due:
            self._callback("due")


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


def _timerfd_create() -> int:
    """Python has ``os.timerfd_create`` only from 3.13 on."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor: int = libc.timerfd_create(_CLOCK_REALTIME, os.O_NONBLOCK | os.O_CLOEXEC)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "timerfd_create failed")
    return descriptor


def _timerfd_settime(descriptor: int, at: float) -> None:
    fraction, seconds = math.modf(at)
    value = _Timespec(int(seconds), max(int(fraction * 1e9), 0 if seconds else 1))
    flags = _TFD_TIMER_ABSTIME | _TFD_TIMER_CANCEL_ON_SET
    libc = ctypes.CDLL(None, use_errno=True)
    spec = _Itimerspec(_Timespec(0, 0), value)
    if libc.timerfd_settime(descriptor, flags, ctypes.byref(spec), None) < 0:
        raise OSError(ctypes.get_errno(), "timerfd_settime failed")
