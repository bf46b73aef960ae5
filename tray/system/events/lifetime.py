"""When the daemon ends by itself: nobody needs it any more, or its desktop session is gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from tray.core import policy

log = logging.getLogger(__name__)

_LOOKS: Final = 4  # in the time after which an unneeded daemon ends


class IdleEnd:
    """
    Ends a daemon that was started on demand, once nothing has needed it for ``after`` seconds.

    ``needed`` says whether an icon, a session or a client needs it now; ``requested`` when it was
    last asked for something, by the loop's clock.
    """

    def __init__(
        self,
        end: Callable[[], None],
        needed: Callable[[], bool],
        requested: Callable[[], float],
        *,
        after: float = policy.IDLE_ENDS_AFTER,
    ) -> None:
        self._end = end
        self._needed = needed
        self._requested = requested
        self._after = after
        self._loop = asyncio.get_running_loop()
        self._needed_at = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._timer = self._loop.call_later(self._after / _LOOKS, self._look)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        if self._needed():
            self._needed_at = self._loop.time()
        if self._loop.time() - max(self._needed_at, self._requested()) >= self._after:
            log.info("nothing needs this daemon: it ends until the next sign-in")
            self._end()
            return
        self.start()


class DesktopEnd:
    """
    Ends a daemon whose session bus has ended and not come back: its desktop session is over.

    Without the bus it has no keyring, and would be in the way of the next session's daemon.
    """

    def __init__(self, end: Callable[[], None], *, after: float = policy.BUS_GONE_AFTER) -> None:
        self._end = end
        self._after = after
        self._connected_once = False
        self._timer: asyncio.TimerHandle | None = None

    async def connected(self, bus: object) -> None:
        del bus
        self._connected_once = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def disconnected(self, reason: str) -> None:
        if self._connected_once and self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._after, self._gone, reason)

    def _gone(self, reason: str) -> None:
        log.info("the desktop session is over: %s", reason)
        self._end()
