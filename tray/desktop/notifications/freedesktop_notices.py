"""
Notices over org.freedesktop.Notifications (version 1.2), on the tray's connection.

Signals are followed only while a notice is on screen: a notification daemon that broadcasts would
wake us for every program's notices.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, ClassVar, Final

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from tray.core.effects import Button, Notice
from tray.core.notices.notice_servers import Buttons, buttons_of
from tray.core.text.display_names import without_markup
from tray.core.text.notice_text import click_hint
from tray.desktop.icon.icon_pictures import IconPictures
from tray.desktop.notifications.notice_picture import SIZE, picture_of
from tray.desktop.notifications.notifier import (
    LIMIT_SECONDS,
    BusChannel,
    NotShown,
    Pressed,
    ShownBy,
)
from tray.system.dbus.bus_connection import BUS_NAME, bus_call, method_call, send_and_forget

log = logging.getLogger(__name__)

NAME: Final = "org.freedesktop.Notifications"
APP_NAME: Final = "SSO Tray"
DESKTOP_ENTRY: Final = "sso-tray"

_PATH: Final = "/org/freedesktop/Notifications"
_URGENCY: Final = {"quiet": 0, "normal": 1, "urgent": 2}
_EXPIRES: Final = {
    "quiet": -1,
    "normal": -1,
    "urgent": 0,
}  # 0: never; -1: MATE closes even an urgent one
_RULES: Final = (
    f"type='signal',sender='{NAME}',interface='{NAME}',path='{_PATH}'",
    f"type='signal',sender='{BUS_NAME}',interface='{BUS_NAME}',member='NameOwnerChanged',arg0='{NAME}'",
)


class DBusNotices(BusChannel):
    """A click on the notice acts only where no buttons are drawn: else it dismisses (L6)."""

    shown_by: ClassVar[ShownBy] = "dbus"

    def __init__(
        self,
        pressed: Pressed,
        pictures: IconPictures | None = None,
        *,
        limit: float = LIMIT_SECONDS,
    ) -> None:
        super().__init__(pressed, limit=limit)
        self._pictures = pictures
        self._bus: MessageBus | None = None
        self._why_none = "there is no session bus"
        self._asking = 0
        self._listening = False
        self._owner: str | None = None
        self._capabilities: frozenset[str] | None = None
        self._server = ""
        self._ids: dict[str, int] = {}
        self._buttons: dict[int, dict[str, Button]] = {}

    async def connected(self, bus: MessageBus) -> None:
        self._bus = bus
        bus.add_message_handler(self._received)

    def disconnected(self, reason: str) -> None:
        """Notices on screen are out of reach from now on."""
        self._bus, self._why_none = None, reason
        self._listening = False
        self._forget()

    async def _show(self, notice: Notice) -> None:
        bus = self._bus
        if bus is None:
            raise NotShown(self._why_none)
        self._asking += 1
        try:
            self._listen(bus)
            if self._capabilities is None:
                reply = await self._call(bus, "GetCapabilities")
                self._owner, self._capabilities = reply.sender, frozenset(reply.body[0])
                self._server = str((await self._call(bus, "GetServerInformation")).body[0])
            how = buttons_of(self._server, self._capabilities)
            buttons = {f"{one.action}-{at}": one for at, one in enumerate(notice.buttons)}
            if buttons and how in ("click", "middle-click"):
                buttons = {"default": notice.buttons[0], **dict([*buttons.items()][1:])}
            pixels = None
            if self._pictures is not None:
                pixels = await picture_of(notice, self._pictures)
            message = self._notify(notice, buttons, how, self._capabilities, pixels)
            await self._place(bus, notice.slot, message, buttons)
        finally:
            self._asking -= 1
            self._listen_no_longer()

    def _notify(
        self,
        notice: Notice,
        buttons: dict[str, Button],
        how: Buttons,
        capabilities: frozenset[str],
        pixels: bytes | None,
    ) -> Message:
        # Escaped only where the daemon reads markup; elsewhere the escapes would show.
        escape = "body-markup" in capabilities
        text = notice.text
        if "default" in buttons:
            hint = click_hint(buttons["default"].label, middle=how == "middle-click")
            text = f"{text}\n{hint}"
        body = without_markup(text) if escape else text
        actions = [word for key, one in buttons.items() for word in (key, one.label)]
        hints = {
            "urgency": Variant("y", _URGENCY[notice.severity]),
            "desktop-entry": Variant("s", DESKTOP_ENTRY),
        }
        if pixels is not None:  # size, row length, alpha, depth, channels
            hints["image-data"] = Variant("(iiibiiay)", [SIZE, SIZE, 4 * SIZE, True, 8, 4, pixels])
        return _method(
            "Notify",
            "susssasa{sv}i",
            [
                APP_NAME,
                self._ids.get(notice.slot, 0),
                "",  # Cinnamon prefers an icon to the picture, even if no theme has it
                notice.title,
                body,
                actions if how != "none" else [],
                hints,
                _EXPIRES[notice.severity],
            ],
        )

    async def _place(
        self, bus: MessageBus, slot: str, message: Message, buttons: dict[str, Button]
    ) -> None:
        asked = asyncio.ensure_future(bus.call(message))
        try:
            reply = _answer(await asyncio.shield(asked))
        except asyncio.CancelledError:
            # Another channel has shown it by now; if it appears late, its buttons would be dead.
            asked.add_done_callback(lambda late: self._close_late(bus, late))
            raise
        number = int(reply.body[0])
        self._buttons.pop(self._ids.get(slot, 0), None)
        self._ids[slot] = number
        self._buttons[number] = buttons
        self._owner = reply.sender

    def _close_late(self, bus: MessageBus, late: asyncio.Future[Message]) -> None:
        if late.cancelled() or late.exception() is not None or not bus.connected:
            return
        reply = late.result()
        if reply.message_type is MessageType.METHOD_RETURN:
            send_and_forget(bus, _method("CloseNotification", "u", [int(reply.body[0])]))

    async def _withdraw(self, slot: str) -> None:
        number = self._ids.pop(slot, None)
        if number is None or self._bus is None:
            return
        self._buttons.pop(number, None)
        send_and_forget(self._bus, _method("CloseNotification", "u", [number]))
        self._listen_no_longer()

    async def _call(self, bus: MessageBus, member: str) -> Message:
        return _answer(await bus.call(_method(member)))

    def _listen(self, bus: MessageBus) -> None:
        """Subscribe to the daemon's signals; the bus does this before any call that follows."""
        if not self._listening:
            self._listening = True
            for rule in _RULES:
                send_and_forget(bus, bus_call("AddMatch", "s", [rule]))

    def _listen_no_longer(self) -> None:
        if self._ids or self._asking or not self._listening or self._bus is None:
            return
        self._listening = False
        self._forget()  # the daemon may have changed when it is next needed
        for rule in _RULES:
            send_and_forget(self._bus, bus_call("RemoveMatch", "s", [rule]))

    def _forget(self) -> None:
        self._owner = self._capabilities = None
        self._ids.clear()
        self._buttons.clear()

    def _received(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        match message.interface, message.member, message.body:
            case ("org.freedesktop.DBus", "NameOwnerChanged", [name, _, owner]):
                if message.sender == BUS_NAME and name == NAME and owner != self._owner:
                    self._forget()
                    self._listen_no_longer()
            case (interface, "ActionInvoked", [int(number), str(key)]):
                if interface == NAME and message.sender == self._owner:
                    self._invoked(number, key)
            case (interface, "NotificationClosed", [int(number), _]):
                if interface == NAME and message.sender == self._owner:
                    self._closed(number)

    def _invoked(self, number: int, key: str) -> None:
        button = self._buttons.get(number, {}).get(key)
        if button is not None:
            self._press(button)

    def _closed(self, number: int) -> None:
        self._buttons.pop(number, None)
        self._ids = {slot: kept for slot, kept in self._ids.items() if kept != number}
        self._listen_no_longer()


def _method(member: str, signature: str = "", body: list[Any] | None = None) -> Message:
    return method_call(NAME, _PATH, NAME, member, signature, body)


def _answer(reply: Message) -> Message:
    """Return a call's answer; raise `NotShown` with an error's name, never its text."""
    if reply.message_type is not MessageType.METHOD_RETURN:
        raise NotShown(f"the daemon answers {reply.error_name}")
    return reply
