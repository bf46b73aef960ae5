from __future__ import annotations

import asyncio
import os
import signal

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from tests.desk import Bus as Daemon
from tests.desk import private_bus
from tray.system.dbus.bus_connection import Bus

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
