"""One client of the agent's socket: what waits to be sent to it, and for how long."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from tray.ipc.agent_client import encode
from tray.system import agent_socket

log = logging.getLogger(__name__)

BACKLOG: Final = 256  # messages; a client that lets more wait is dropped
READ_PATIENCE: Final = 30.0  # seconds a client may leave what was sent to it unread


class Connection:
    """A client and the lines that wait for it; one that does not read them is dropped."""

    def __init__(self, writer: asyncio.StreamWriter, served: Callable[[Connection], None]) -> None:
        self.process = agent_socket.peer_process(writer.get_extra_info("socket"))  # 0 if unknown
        self.busy = False  # a client whose request is being answered keeps its place
        self.dropped = False
        self.afterwards: Callable[[], None] | None = None  # called once the answer has been sent
        self._writer = writer
        self._served = served
        self._lines: deque[tuple[bytes, bool]] = deque()
        self._status: bytes | None = None
        self._news = asyncio.Event()

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message; the one with ``done`` is the last."""
        if self.dropped:
            return
        self._lines.append((encode(message), "done" in message))
        self._news.set()
        if len(self._lines) > BACKLOG:
            self.drop()

    def send_status(self, line: bytes) -> None:
        """Send an encoded status; it replaces an older one that still waits."""
        if not self.dropped:
            self._status = line
            self._news.set()

    def drop(self) -> None:
        self.dropped = True
        self._lines.clear()
        self._status = None
        self._writer.transport.abort()
        self._news.set()

    async def serve(self, gone: asyncio.Future[bytes]) -> None:
        while not self.dropped:
            news = asyncio.ensure_future(self._news.wait())
            either: set[asyncio.Future[Any]] = {news, gone}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not news.done():
                news.cancel()
                return
            self._news.clear()
            while (line := self._next()) is not None:
                await self._write(line[0])
                if line[1]:
                    return

    def _next(self) -> tuple[bytes, bool] | None:
        if self._lines:
            return self._lines.popleft()
        status, self._status = self._status, None
        return None if status is None else (status, False)

    async def _write(self, line: bytes) -> None:
        self._writer.write(line)
        try:
            async with asyncio.timeout(READ_PATIENCE):
                await self._writer.drain()
        except TimeoutError:
            log.info("process %d does not read its answers: it is dropped", self.process)
            self.drop()
        else:
            self._served(self)
