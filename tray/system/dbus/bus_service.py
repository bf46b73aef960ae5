"""Follows one service on a bus, never starting it; its absence is a state, not an error."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, ClassVar, Final

from dbus_fast import Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus

from tray.system.dbus.bus_connection import BUS_NAME, bus_call, method_call, send_and_forget

log = logging.getLogger(__name__)

ANSWER_SECONDS: Final = 5.0

ACCESS_DENIED: Final = "org.freedesktop.DBus.Error.AccessDenied"

_BUS_PATH: Final = "/org/freedesktop/DBus"
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"


class BusService(ABC):
    """One service; a client of a :class:`tray.system.dbus.bus_connection.Bus`."""

    name: ClassVar[str]  # well-known name on the bus
    rules: ClassVar[tuple[str, ...]]  # for its signals (D-Bus Specification, "Match Rules")

    def __init__(self) -> None:
        self.missing: str | None = "not connected yet"  # why it reports nothing, else None
        self.refused = False  # whether the last call was, by the service or the bus
        self._bus: MessageBus | None = None
        self._owner: str | None = None
        self._heard = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def connected(self, bus: MessageBus) -> None:
        self._bus = bus
        bus.add_message_handler(self._received)
        came_and_went = (
            f"type='signal',sender='{BUS_NAME}',interface='{BUS_NAME}',"
            f"member='NameOwnerChanged',arg0='{self.name}'"
        )
        for rule in (came_and_went, *self.rules):
            self._match(rule)
        found = await self._call(BUS_NAME, _BUS_PATH, BUS_NAME, "GetNameOwner", "s", [self.name])
        await self._follow(found[0] if found else None)

    def disconnected(self, reason: str) -> None:
        self._bus = None
        self._lose(f"not available: {reason}")

    @abstractmethod
    async def _appeared(self) -> None:
        """Read the service's state."""

    @abstractmethod
    def _vanished(self) -> None:
        """Assume what is safe without the service."""

    @abstractmethod
    def _signal(self, message: Message) -> None:
        """Handle a signal of the service."""

    async def _ask(
        self,
        path: str,
        interface: str,
        member: str,
        signature: str = "",
        body: list[Any] | None = None,
    ) -> list[Any] | None:
        """Call a method; returns its answer, None for an error or no answer in time."""
        return await self._call(self.name, path, interface, member, signature, body or [])

    async def _property(self, path: str, interface: str, name: str) -> Any:
        """Read again if a signal came in between: the answer may be older."""
        while True:
            before = self._heard
            found = await self._ask(path, _PROPERTIES, "Get", "ss", [interface, name])
            if found is None or not isinstance(found[0], Variant):
                return None
            if before == self._heard:
                return found[0].value

    def _match(self, rule: str, *, member: str = "AddMatch") -> None:
        """Add or remove a match rule; the bus does this before any call that follows."""
        if self._bus is None:
            return
        send_and_forget(self._bus, bus_call(member, "s", [rule]))

    async def _call(
        self,
        destination: str,
        path: str,
        interface: str,
        member: str,
        signature: str,
        body: list[Any],
    ) -> list[Any] | None:
        if self._bus is None:
            return None
        message = method_call(
            destination, path, interface, member, signature, body, flags=MessageFlag.NO_AUTOSTART
        )
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reply = await self._bus.call(message)
        except TimeoutError:
            log.info("%s does not answer %s", destination, member)
            return None
        self.refused = reply.error_name == ACCESS_DENIED
        if reply.message_type is not MessageType.METHOD_RETURN:
            log.debug("%s answers %s to %s", destination, reply.error_name, member)
            return None
        return reply.body

    def _received(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.sender == BUS_NAME and message.member == "NameOwnerChanged":
            name, _, owner = message.body
            if name == self.name and owner != (self._owner or ""):
                self._go(self._follow(owner or None))
        elif self._owner is not None and message.sender == self._owner:
            self._heard += 1
            self._signal(message)

    async def _follow(self, owner: str | None) -> None:
        if owner is not None and owner == self._owner:
            return
        if self._owner is not None or owner is None:
            self._lose(f"not available: nobody owns {self.name}")
        if owner is not None:
            self._owner, self.missing = owner, None
            await self._appeared()

    def _lose(self, reason: str) -> None:
        had, self._owner = self._owner, None
        self.missing = reason
        if had is not None:
            self._vanished()

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.info("%s: %s", self.name, type(task.exception()).__name__)
