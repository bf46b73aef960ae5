"""
A strict notification daemon: refuses what the specification forbids, and clicks when told to.

It lives on a real bus, on a connection of its own. Desktop Notifications Specification 1.2.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from dbus_fast import Message, MessageType, NameFlag, Variant
from dbus_fast.aio import MessageBus

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"

_SIGNATURES = {
    "GetCapabilities": "",
    "GetServerInformation": "",
    "Notify": "susssasa{sv}i",
    "CloseNotification": "u",
}
_HINTS = {"urgency": "y", "desktop-entry": "s", "sender-pid": "x", "image-data": "(iiibiiay)"}


@dataclass(frozen=True)
class Shown:
    """A notification on screen, as it came."""

    replaces: int
    icon: str
    summary: str
    body: str
    actions: tuple[str, ...]
    urgency: int
    desktop_entry: str
    expires: int
    colours: frozenset[tuple[int, ...]]


@dataclass
class NotificationDaemon:
    """
    The daemon.

    Args:
        capabilities: what it says it can.
        mute: take every call and never answer.
        name: what it says it is.
    """

    capabilities: Sequence[str]
    name: str = "strict"
    mute: bool = False
    shown: dict[int, Shown] = field(default_factory=dict)
    closed: list[int] = field(default_factory=list)
    _crossing: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    held: list[Message] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)
    bus: MessageBus | None = None
    _last: int = 40

    async def start(self, address: str) -> None:
        """Own the name."""
        self.bus = await MessageBus(bus_address=address).connect()
        self.bus.add_message_handler(self._received)
        await self.bus.request_name(NAME, NameFlag.DO_NOT_QUEUE)

    async def stop(self) -> None:
        """Vanish from the bus, as a daemon that crashed."""
        bus, self.bus = self.bus, None
        if bus is not None:
            bus.disconnect()
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast's own

    def only(self) -> Shown:
        """Return the one notification on screen."""
        (shown,) = self.shown.values()
        return shown

    async def until_called(self, member: str) -> None:
        """Wait until a method was called, if it was not yet."""
        while member not in self.calls:
            self.called.clear()
            await self.called.wait()

    def click(self, label: str) -> None:
        """Click the button of this label: ActionInvoked, then it closes, as all daemons do."""
        ((number, shown),) = self.shown.items()
        key = shown.actions[shown.actions.index(label) - 1]
        self.signal("ActionInvoked", "us", [number, key])
        self.close(number, reason=2)

    def close(self, number: int, *, reason: int) -> None:
        """Close it: 1 expired, 2 dismissed, 3 by a call."""
        del self.shown[number]
        self.closed.append(number)
        if reason != 3:
            self._crossing.add(number)
        self.signal("NotificationClosed", "uu", [number, reason])

    def signal(self, member: str, signature: str, body: list[Any]) -> None:
        """Broadcast a signal."""
        assert self.bus is not None
        self.bus.send(Message.new_signal(PATH, NAME, member, signature, body))

    def answer_late(self) -> None:
        """Carry out what was held back while mute."""
        assert self.bus is not None
        self.mute = False
        for message in self.held:
            reply = self._answer(message)
            assert reply is not None
            self.bus.send(reply)
        self.held.clear()

    # --- Being called --------------------------------------------------------------------------

    def _received(self, message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL or message.interface != NAME:
            return None
        self.calls.append(str(message.member))
        self.called.set()
        if self.mute:
            self.held.append(message)
            return True
        return self._answer(message)

    def _answer(self, message: Message) -> Message | None:
        member = str(message.member)
        if message.path != PATH or _SIGNATURES.get(member) != message.signature:
            return self._refuse(message, f"{member} with {message.signature}")
        if member == "GetCapabilities":
            return Message.new_method_return(message, "as", [list(self.capabilities)])
        if member == "GetServerInformation":
            return Message.new_method_return(message, "ssss", [self.name, "tests", "1", "1.2"])
        if member == "Notify":
            return self._notify(message)
        return self._close(message)

    def _close(self, message: Message) -> Message:
        (number,) = message.body
        if number in self._crossing:  # its NotificationClosed may have been on its way
            self._crossing.discard(number)
            why = f"{number} is closed"
            return Message.new_error(message, "org.freedesktop.DBus.Error.InvalidArgs", why)
        if number not in self.shown:
            return self._refuse(message, f"CloseNotification of {number}, which is not shown")
        self.close(number, reason=3)
        return Message.new_method_return(message)

    def _notify(self, message: Message) -> Message:
        _, replaces, icon, summary, body, actions, hints, expires = message.body
        objection = self._objection(replaces, summary, body, actions, hints)
        if objection is not None:
            return self._refuse(message, objection)
        number = replaces
        if not replaces:
            self._last += 1
            number = self._last
        self.shown[number] = Shown(
            replaces,
            icon,
            summary,
            body,
            tuple(actions),
            hints["urgency"].value if "urgency" in hints else 1,
            hints["desktop-entry"].value if "desktop-entry" in hints else "",
            expires,
            _colours(hints),
        )
        return Message.new_method_return(message, "u", [number])

    def _objection(
        self,
        replaces: int,
        summary: str,
        body: str,
        actions: list[str],
        hints: dict[str, Variant],
    ) -> str | None:
        if replaces and replaces not in self.shown:
            return f"replaces {replaces}, which is not shown"
        if not summary:
            return "no summary"
        if actions and "actions" not in self.capabilities:
            return "actions although the daemon has none"
        if len(actions) % 2 or len(set(actions[::2])) != len(actions) // 2:
            return "actions that are no pairs of distinct key and label"
        if "body-markup" in self.capabilities:
            try:
                ET.fromstring(f"<body>{body}</body>")
            except ET.ParseError:
                return f"a body that is no markup: {body}"
        for name, value in hints.items():
            if _HINTS.get(name) != value.signature:
                return f"the hint {name} of type {value.signature}"
        if "image-data" in hints:
            width, height, row, alpha, depth, channels, data = hints["image-data"].value
            told = (alpha, depth, channels, row, len(data))
            if told != (True, 8, 4, 4 * width, row * height):
                return f"a picture of {told}"
        return None

    def _refuse(self, message: Message, why: str) -> Message:
        self.wrong.append(why)
        return Message.new_error(message, "org.freedesktop.DBus.Error.InvalidArgs", why)


def _colours(hints: dict[str, Variant]) -> frozenset[tuple[int, ...]]:
    """Return the opaque colours of a notification's picture."""
    if "image-data" not in hints:
        return frozenset()
    data = bytes(hints["image-data"].value[-1])
    points = (tuple(data[at : at + 4]) for at in range(0, len(data), 4))
    return frozenset(point[:3] for point in points if point[3] == 255)


@asynccontextmanager
async def notification_daemon(
    address: str,
    capabilities: Sequence[str] = ("actions", "body", "body-markup"),
    *,
    mute: bool = False,
    name: str = "strict",
) -> AsyncIterator[NotificationDaemon]:
    """Run a daemon on a bus; at the end nothing may have been wrong."""
    daemon = NotificationDaemon(capabilities, name, mute=mute)
    await daemon.start(address)
    try:
        yield daemon
    finally:
        await daemon.stop()
    assert [] == daemon.wrong
