"""A strict stand-in for a service on a real bus: what it was not told to answer is an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from dbus_fast import Message, MessageType, NameFlag, Variant
from dbus_fast.aio import MessageBus

_PROPERTIES = "org.freedesktop.DBus.Properties"

Answer = tuple[str, list[Any]] | None
"""Signature and body; None: such an object does not exist."""


@dataclass
class FakeService:
    """
    A service.

    Args:
        name: what it owns.
        methods: ``interface.member`` to what it answers to a body.
        properties: path and ``interface.name`` to values.
        mute: take every call and never answer.
    """

    name: str
    methods: Mapping[str, Callable[[str, list[Any]], Answer]] = field(default_factory=dict)
    properties: dict[tuple[str, str], Variant] = field(default_factory=dict)
    mute: bool = False
    wrong: list[str] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)
    bus: MessageBus | None = None

    async def start(self, address: str) -> None:
        """Own the name."""
        self.bus = await MessageBus(bus_address=address).connect()
        self.bus.add_message_handler(self._received)
        await self.bus.request_name(self.name, NameFlag.DO_NOT_QUEUE)

    async def stop(self) -> None:
        """Vanish, as by a crash."""
        bus, self.bus = self.bus, None
        if bus is not None:
            bus.disconnect()
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast's own

    def signal(
        self, path: str, interface: str, member: str, signature: str, body: list[Any]
    ) -> None:
        """Broadcast a signal."""
        assert self.bus is not None
        self.bus.send(Message.new_signal(path, interface, member, signature, body))

    def change(self, path: str, interface: str, name: str, value: Variant) -> None:
        """Change a property and say so."""
        self.properties[path, f"{interface}.{name}"] = value
        body = [interface, {name: value}, []]
        self.signal(path, _PROPERTIES, "PropertiesChanged", "sa{sv}as", body)

    def _received(self, message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        self.called.set()
        if self.mute:
            return True
        path, member = str(message.path), f"{message.interface}.{message.member}"
        if member == f"{_PROPERTIES}.Get":
            found = self.properties.get((path, ".".join(message.body)))
            answer: Answer = ("v", [found]) if found is not None else None
        elif member in self.methods:
            answer = self.methods[member](path, message.body)
        else:
            self.wrong.append(f"{member} at {path}")
            return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", member)
        if answer is None:
            return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownObject", path)
        return Message.new_method_return(message, *answer)


@asynccontextmanager
async def serving(service: FakeService, address: str) -> AsyncIterator[FakeService]:
    """Run a service on a bus; at the end nothing unknown may have been asked."""
    await service.start(address)
    try:
        yield service
    finally:
        await service.stop()
    assert [] == service.wrong
