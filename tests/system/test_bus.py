from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from tests.desk import Bus as Daemon
from tests.desk import private_bus
from tray.system.dbus.bus_connection import _AUTH_SECONDS, Bus

PATIENCE = 60.0
LETTER = "x" * 40_000
"""About what an icon in all its sizes weighs; a socket holds some two hundred thousand bytes."""


class Sender:
    """A tenant who sends far more than a socket holds, and then calls."""

    def __init__(self) -> None:
        self.moved_in = asyncio.Event()
        self.deaf = asyncio.Event()
        self.sent = asyncio.Event()
        self.answered: asyncio.Future[MessageType] = asyncio.get_running_loop().create_future()
        self.left: list[str] = []

    async def connected(self, bus: MessageBus) -> None:
        """Send once the daemon has stopped reading."""
        self.moved_in.set()
        await self.deaf.wait()
        for _ in range(40):
            sign = Message.new_signal("/icon", "org.example.Icon", "New", "s", [LETTER])
            bus.send(sign)
        self.sent.set()
        reply = await bus.call(
            Message(
                destination="org.freedesktop.DBus",
                path="/org/freedesktop/DBus",
                interface="org.freedesktop.DBus",
                member="GetId",
            )
        )
        self.answered.set_result(reply.message_type)

    def disconnected(self, reason: str) -> None:
        """Take note."""
        self.left.append(reason)


def test_a_bus_that_is_slow_to_read_loses_nothing_and_nobody() -> None:
    """1.6 MB to a daemon that stands still wait until it goes on; the connection lives."""

    async def scene(daemon: Daemon) -> tuple[MessageType, list[str]]:
        sender = Sender()
        bus = Bus("test bus", lambda: daemon.address, retry_seconds=1)
        bus.join(sender)
        serving = asyncio.create_task(bus.serve())
        await sender.moved_in.wait()
        os.kill(daemon.pid, signal.SIGSTOP)
        try:
            sender.deaf.set()
            await sender.sent.wait()
        finally:
            os.kill(daemon.pid, signal.SIGCONT)
        answer = await sender.answered
        left = list(sender.left)
        bus.stop()
        await serving
        return answer, left

    with private_bus() as daemon:
        found = asyncio.run(asyncio.wait_for(scene(daemon), PATIENCE))

    assert (MessageType.METHOD_RETURN, []) == found


def test_a_bus_that_never_answers_holds_up_no_end(tmp_path: Path) -> None:
    """It is stopped at once, not when the bus has had its time to let us in."""

    async def scene() -> None:
        heard = asyncio.Event()

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            heard.set()
            await reader.read()
            writer.close()

        place = tmp_path / "bus"
        async with await asyncio.start_unix_server(listen, place):
            bus = Bus("test bus", lambda: f"unix:path={place}", retry_seconds=1)
            serving = asyncio.create_task(bus.serve())
            await heard.wait()
            bus.stop()
            async with asyncio.timeout(_AUTH_SECONDS / 2):
                await serving

    asyncio.run(scene())
