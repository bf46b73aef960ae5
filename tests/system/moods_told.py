"""What a machine's moods told, in order, and how a test waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from tray.system.dbus.bus_connection import Bus, BusClient


class Told:
    """Ears for one or more capabilities."""

    def __init__(self) -> None:
        self._words: asyncio.Queue[str] = asyncio.Queue()

    def __call__(self, word: str) -> None:
        """Hear a word."""
        self._words.put_nowait(word)

    async def next(self) -> str:
        """Return the next word, waiting for it."""
        return await self._words.get()

    def so_far(self) -> list[str]:
        """Return what was told and not asked for yet."""
        words = []
        while not self._words.empty():
            words.append(self._words.get_nowait())
        return words


class Watcher:
    """A tenant that knows when the tenants before it have moved in, and goes round the bus."""

    def __init__(self, clients: tuple[BusClient, ...]) -> None:
        self._clients = clients
        self._in = asyncio.Event()
        self._out = asyncio.Event()
        self.bus: Any = None

    async def connected(self, bus: Any) -> None:
        """Move everybody in."""
        self.bus = bus
        for client in self._clients:
            await client.connected(bus)
        self._out.clear()
        self._in.set()

    def disconnected(self, reason: str) -> None:
        """Tell everybody."""
        for client in self._clients:
            client.disconnected(reason)
        self._in.clear()
        self._out.set()

    async def settled(self) -> None:
        """Return once everything sent before has been heard: a round trip, while connected."""
        await self._in.wait()
        await self.bus.request_name("tests.sso_tray.RoundTrip")
        await self.bus.release_name("tests.sso_tray.RoundTrip")
        for _ in range(3):  # and what that set off has had its turn
            await self.bus.request_name("tests.sso_tray.RoundTrip")
            await self.bus.release_name("tests.sso_tray.RoundTrip")

    async def lost(self) -> None:
        """Return once there is no connection."""
        await self._out.wait()


@asynccontextmanager
async def living(address: str, *clients: BusClient) -> AsyncIterator[Watcher]:
    """Keep tenants on a bus, as the daemon does; tries again quickly."""
    watcher = Watcher(clients)
    bus = Bus("system bus", lambda: address, retry_seconds=0.05)
    bus.join(watcher)
    serving = asyncio.create_task(bus.serve())
    try:
        yield watcher
    finally:
        bus.stop()
        await serving


def run(story: Coroutine[Any, Any, None]) -> None:
    """Run a test's story on a loop of its own."""
    asyncio.run(asyncio.wait_for(story, 60))
