"""One client of the agent's socket: what waits to be sent to it, and for how long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from tray.ipc.agent_client import encode
from tray.system import agent_socket

log = logging.getLogger(__name__)

UNREAD_LIMIT: Final = 64 * 1024  # bytes of messages; a client that lets more wait is dropped
SLICE: Final = 16 * 1024  # bytes of a line given to the transport, which copies them, at once
# Seconds in which a client takes no byte. At a load of 16 on two cores readers of lines that are
# larger than the kernel's buffer took up to 0.5 s (measured), so a full buffer alone says nothing.
READ_PATIENCE: Final = 5.0
_LAST: Final = frozenset(("done", "error"))


class Connection:
    """A client and the lines that wait for it; one that does not read them is dropped."""

    def __init__(self, writer: asyncio.StreamWriter, served: Callable[[Connection], None]) -> None:
        self.process = agent_socket.peer_process(writer.get_extra_info("socket"))  # 0 if unknown
        self.busy = False  # a client whose request is being answered keeps its place
        self.dropped = False
        self.afterwards: Callable[[], None] | None = None  # called once the answer has been sent
        self._writer = writer
        # A slice waits here; a status is one for all clients, and what else waits is counted.
        writer.transport.set_write_buffer_limits(high=0)
        self._served = served
        self._lines: list[tuple[bytes, bool]] = []  # a deque of nothing takes ten times the memory
        self._status: bytes | None = None
        self._news: asyncio.Future[None] | None = None

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message; the one with ``done`` or ``error`` is the last."""
        if self.dropped:
            return
        line = encode(message)
        if self._lines and sum(len(one) for one, _ in self._lines) + len(line) > UNREAD_LIMIT:
            self._drop_mute()
            return
        self._lines.append((line, not _LAST.isdisjoint(message)))
        self._wake()

    def send_status(self, line: bytes) -> None:
        """Send an encoded status; it replaces an older one that still waits."""
        if not self.dropped:
            self._status = line
            self._wake()

    def drop(self) -> None:
        self.dropped = True
        self._lines.clear()
        self._status = None
        self._writer.transport.abort()
        self._wake()

    def _drop_mute(self) -> None:
        log.info("process %d does not read its answers: it is dropped", self.process)
        self.drop()

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def serve(self, gone: asyncio.Future[bytes]) -> None:
        while not self.dropped:
            if not self._lines and self._status is None:
                self._news = asyncio.get_running_loop().create_future()
                either: set[asyncio.Future[Any]] = {self._news, gone}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if not self._news.done():
                    return
            while (line := self._next()) is not None:
                await self._write(line[0])
                if line[1]:
                    return

    def _next(self) -> tuple[bytes, bool] | None:
        if self._lines:
            return self._lines.pop(0)
        status, self._status = self._status, None
        return None if status is None else (status, False)

    async def _write(self, line: bytes) -> None:
        try:
            for start in range(0, len(line), SLICE):
                self._writer.write(line[start : start + SLICE])
                async with asyncio.timeout(READ_PATIENCE):
                    await self._writer.drain()
        except TimeoutError:
            self._drop_mute()
        else:
            self._served(self)
