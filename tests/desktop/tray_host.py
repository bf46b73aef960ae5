"""
A tray for tests: a strict watcher and host on a private bus, which asks and clicks as panels do.

Strict: it takes only an object path of the caller, whose item answers all a host may ask, with the
types of the specification; anything else is refused to the item's face.
"""

# No "from __future__ import annotations": dbus-fast cannot read a return type of None then.

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from dbus_fast import DBusError, Message, MessageType, NameFlag, RequestNameReply, Variant
from dbus_fast import introspection as intr
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr
from dbus_fast.constants import PropertyAccess
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

WATCHER: Final = "org.kde.StatusNotifierWatcher"
WATCHER_PATH: Final = "/StatusNotifierWatcher"
ITEM: Final = "org.kde.StatusNotifierItem"
ITEM_PATH: Final = "/org/ayatana/NotificationItem/sso_tray"
MENU: Final = "com.canonical.dbusmenu"

ITEM_PROPERTIES: Final[Mapping[str, str]] = {
    "Category": "s",
    "Id": "s",
    "Title": "s",
    "Status": "s",
    "WindowId": "i",
    "IconName": "s",
    "IconThemePath": "s",
    "IconPixmap": "a(iiay)",
    "OverlayIconName": "s",
    "OverlayIconPixmap": "a(iiay)",
    "AttentionIconName": "s",
    "AttentionIconPixmap": "a(iiay)",
    "AttentionMovieName": "s",
    "ToolTip": "(sa(iiay)ss)",
    "IconAccessibleDesc": "s",
    "AttentionAccessibleDesc": "s",
    "ItemIsMenu": "b",
    "Menu": "o",
}
"""All properties of the specification, and what Ayatana's hosts ask for besides."""

ITEM_SIGNALS: Final = {
    "NewTitle": "",
    "NewIcon": "",
    "NewAttentionIcon": "",
    "NewToolTip": "",
    "NewStatus": "s",
}

MENU_METHODS: Final[Mapping[str, tuple[str, str]]] = {
    "GetLayout": ("iias", "u(ia{sv}av)"),
    "GetGroupProperties": ("aias", "a(ia{sv})"),
    "GetProperty": ("is", "v"),
    "Event": ("isvu", ""),
    "EventGroup": ("a(isvu)", "ai"),
    "AboutToShow": ("i", "b"),
    "AboutToShowGroup": ("ai", "aiai"),
}
MENU_SIGNALS: Final = {
    "ItemsPropertiesUpdated": "a(ia{sv})a(ias)",
    "LayoutUpdated": "ui",
    "ItemActivationRequested": "iu",
}
MENU_PROPERTIES: Final = {
    "Version": "u",
    "TextDirection": "s",
    "Status": "s",
    "IconThemePath": "as",
}

PATIENCE: Final = 20.0

Strings = Annotated[list[str], DBusSignature("as")]


@dataclass(frozen=True, slots=True)
class Shown:
    """A node of the menu as it came over the bus."""

    id: int
    properties: Mapping[str, Any]
    children: tuple["Shown", ...] = ()

    def named(self, *labels: str) -> "Shown":
        """Follow labels down from here."""
        node = self
        for label in labels:
            node = next(one for one in node.children if one.properties.get("label") == label)
        return node

    def labels(self) -> list[Any]:
        """Return the labels below as nested lists; a separator is ``---``."""
        said: list[Any] = []
        for child in self.children:
            kind = child.properties.get("type", "standard")
            said.append("---" if kind == "separator" else child.properties["label"])
            if child.children:
                said.append(child.labels())
        return said

    def stop(self, label: str) -> tuple[int, "Shown"]:
        """
        Return a row below and how many rows the keyboard stops at before it.

        Args:
            label: of the row, or its beginning; a whole label comes first.
        """
        stops = [
            row
            for row in self.children
            if row.properties.get("type") != "separator" and row.properties.get("enabled", True)
        ]
        shown = [row.properties["label"].replace("__", "_") for row in stops]
        found = [words for words in shown if words == label]
        found += [words for words in shown if words.startswith(label)]
        if found:
            place = shown.index(found[0])
            return place, stops[place]
        raise AssertionError(f"no row {label!r} can be clicked in {self.labels()}")


@dataclass
class Signal:
    """A signal as it came."""

    member: str
    body: list[Any] = field(default_factory=list)


class Watcher(ServiceInterface):
    """The watcher's interface."""

    def __init__(self, host: "Host") -> None:
        super().__init__(WATCHER)
        self._host = host

    @dbus_method(name="RegisterStatusNotifierItem")
    async def register(self, service: DBusStr) -> None:
        """Take an item."""
        await self._host.take(service)

    @dbus_property(PropertyAccess.READ, name="RegisteredStatusNotifierItems")
    def items(self) -> Strings:
        """The items taken, each as name and path in one, as panels tell them."""
        return [f"{name}{ITEM_PATH}" for name in self._host.items]

    @dbus_property(PropertyAccess.READ, name="IsStatusNotifierHostRegistered")
    def has_host(self) -> DBusBool:
        """Whether a panel shows them."""
        return self._host.panel

    @dbus_property(PropertyAccess.READ, name="ProtocolVersion")
    def version(self) -> DBusInt32:
        """The only one there is."""
        return 0

    @dbus_signal(name="StatusNotifierHostRegistered")
    def host_registered(self) -> None:
        """A panel came."""

    @dbus_signal(name="StatusNotifierHostUnregistered")
    def host_unregistered(self) -> None:
        """A panel went."""


class Host:
    """
    The tray's side.

    Args:
        bus: a connection of its own.
        panel: whether a host is there beside the watcher.
        refuses: whether every registration is refused.
        gnome: whether it is GNOME's shell.
    """

    def __init__(
        self, bus: MessageBus, *, panel: bool = True, refuses: bool = False, gnome: bool = False
    ) -> None:
        self.bus = bus
        self.panel = panel
        self.refuses = refuses
        self.gnome = gnome
        self.caller = ""
        self.items: list[str] = []
        self.registered: asyncio.Queue[str] = asyncio.Queue()
        self.faults: list[str] = []
        self._watcher = Watcher(self)
        self._signals: asyncio.Queue[Signal] = asyncio.Queue()

    async def open(self) -> None:
        """Become the watcher."""
        self.bus.export(WATCHER_PATH, self._watcher)
        await self.listen(ITEM, MENU)
        if self.gnome:
            await self.bus.request_name("org.gnome.Shell", NameFlag.DO_NOT_QUEUE)
        reply = await self.bus.request_name(WATCHER, NameFlag.DO_NOT_QUEUE)
        assert reply is RequestNameReply.PRIMARY_OWNER

    async def listen(self, *interfaces: str) -> None:
        """Hear the signals of these interfaces, also beside another host."""
        self.bus.add_message_handler(self._received)
        for interface in interfaces:
            rule = f"type='signal',interface='{interface}'"
            await self.call(
                "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "AddMatch", "s", rule
            )

    def set_panel(self, *, there: bool) -> None:
        """Let the panel come or go while the watcher stays, as KDE's does."""
        self.panel = there
        if there:
            self._watcher.host_registered()
        else:
            self._watcher.host_unregistered()

    async def take(self, service: str) -> None:
        """Accept an item, or say what is wrong with it."""
        if self.refuses:
            raise DBusError(f"{WATCHER}.Error.Full", "no room")
        name = self.caller
        self.faults += [fault async for fault in self._faults(name, service)]
        if name not in self.items:
            self.items.append(name)
        self.registered.put_nowait(name)

    async def _faults(self, service: str, path: str) -> AsyncIterator[str]:
        if path != ITEM_PATH:
            yield f"{path} is not where Cinnamon looks for a menu"
            return
        item = await self.interface(service, ITEM_PATH, ITEM)
        told = {one.name: one.signature for one in item.properties}
        if told != ITEM_PROPERTIES:
            yield f"properties of the item: {told}"
        signals = {one.name: one.signature for one in item.signals}
        if signals != ITEM_SIGNALS:
            yield f"signals of the item: {signals}"
        values = await self.properties(service, ITEM_PATH, ITEM)
        menu = await self.interface(service, values["Menu"], MENU)
        methods = {one.name: (one.in_signature, one.out_signature) for one in menu.methods}
        if methods != MENU_METHODS:
            yield f"methods of the menu: {methods}"
        if {one.name: one.signature for one in menu.properties} != MENU_PROPERTIES:
            yield "properties of the menu"
        if {one.name: one.signature for one in menu.signals} != MENU_SIGNALS:
            yield "signals of the menu"

    # --- Asking --------------------------------------------------------------------------------

    async def call(
        self, to: str, path: str, interface: str, member: str, signature: str = "", *body: Any
    ) -> list[Any]:
        """
        Call a method and return its answer.

        Raises:
            DBusError: it answered with an error.
        """
        message = Message(
            destination=to,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=list(body),
        )
        async with asyncio.timeout(PATIENCE):
            reply = await self.bus.call(message)
        if reply.message_type is MessageType.ERROR:
            raise DBusError._from_message(reply)
        return [plain(one) for one in reply.body]

    async def interface(self, service: str, path: str, name: str) -> intr.Interface:
        """Return an interface as introspection tells it."""
        node = await self.bus.introspect(service, path)
        return next(one for one in node.interfaces if one.name == name)

    async def properties(self, service: str, path: str, interface: str) -> dict[str, Any]:
        """Return all properties; dbus-fast refuses to send one of another type than promised."""
        (values,) = await self.call(
            service, path, "org.freedesktop.DBus.Properties", "GetAll", "s", interface
        )
        return dict(values)

    async def item(self) -> dict[str, Any]:
        """Return the properties of the newest item."""
        return await self.properties(self.items[-1], ITEM_PATH, ITEM)

    async def registered_items(self) -> list[str]:
        """Return what the watcher of this bus has taken, ours and others'."""
        properties = await self.properties(WATCHER, WATCHER_PATH, WATCHER)
        return list(properties["RegisteredStatusNotifierItems"])

    async def menu(self, member: str, signature: str = "", *body: Any) -> list[Any]:
        """Call a method of the newest item's menu."""
        path = (await self.item())["Menu"]
        return await self.call(self.items[-1], path, MENU, member, signature, *body)

    async def layout(self, parent: int = 0, depth: int = -1, *names: str) -> Shown:
        """Return the menu as GNOME and KDE ask for it: whole, and at once."""
        _, node = await self.menu("GetLayout", "iias", parent, depth, list(names))
        return _shown(node)

    async def revision(self) -> int:
        """Return the layout's revision."""
        return int((await self.menu("GetLayout", "iias", 0, 0, []))[0])

    async def click(self, row: int, kind: str = "clicked") -> None:
        """Send an event on a row."""
        await self.menu("Event", "isvu", row, kind, Variant("i", 0), 0)

    # --- Signals -------------------------------------------------------------------------------

    def _received(self, message: Message) -> bool:
        if message.member == "RegisterStatusNotifierItem":
            self.caller = message.sender or ""  # a method is not told who calls it
        if message.message_type is MessageType.SIGNAL and message.interface in (ITEM, MENU):
            self._signals.put_nowait(Signal(message.member or "", plain(message.body)))
        return False

    async def signals(self, until: str) -> list[Signal]:
        """Return the signals that came, up to and with the first of a name."""
        came: list[Signal] = []
        async with asyncio.timeout(PATIENCE):
            while not came or came[-1].member != until:
                came.append(await self._signals.get())
        return came

    async def next_signal(self) -> Signal:
        """Return the next signal."""
        async with asyncio.timeout(PATIENCE):
            return await self._signals.get()

    def forget_signals(self) -> None:
        """Drop the signals that came so far."""
        while not self._signals.empty():
            self._signals.get_nowait()


def _shown(node: list[Any]) -> Shown:
    number, properties, children = node
    return Shown(number, properties, tuple(map(_shown, children)))


def plain(value: Any) -> Any:
    """Return a value from the bus without its wrappings: lists, dicts and simple values."""
    match value:
        case Variant():
            return plain(value.value)
        case list() | tuple():
            return [plain(one) for one in value]
        case dict():
            return {name: plain(one) for name, one in value.items()}
        case _:
            return value


@asynccontextmanager
async def tray(
    address: str, *, panel: bool = True, refuses: bool = False, gnome: bool = False
) -> AsyncIterator[Host]:
    """Run a watcher and host on a bus."""
    bus = await MessageBus(bus_address=address).connect()
    host = Host(bus, panel=panel, refuses=refuses, gnome=gnome)
    try:
        await host.open()
        yield host
    finally:
        bus.disconnect()
        with suppress(EOFError, OSError):  # the test ended the bus
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast's


def asked(address: str, what: Callable[[Host], Awaitable[Any]]) -> Any:
    """Ask our item on a bus something, beside the panel that shows it."""

    async def ask() -> Any:
        bus = await MessageBus(bus_address=address).connect()
        host = Host(bus)
        try:
            properties = await host.properties(WATCHER, WATCHER_PATH, WATCHER)
            for told in properties["RegisteredStatusNotifierItems"]:
                # Panels tell name and path in one, some with a separator of their own.
                name, _, path = re.sub("[/@]", " /", told, count=1).partition(" ")
                if path.replace("//", "/") == ITEM_PATH:
                    host.items = [name]
            return await what(host)
        finally:
            bus.disconnect()
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast's

    return asyncio.run(ask())


class Told:
    """What was told by a callback, to be awaited."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._queue: asyncio.Queue[Any] = asyncio.Queue()

    def __call__(self, *words: Any) -> None:
        """Be the callback."""
        said = words[0] if len(words) == 1 else words
        self.all.append(said)
        self._queue.put_nowait(said)

    async def next(self, accept: Callable[[Any], bool] = lambda _: True) -> Any:
        """Return the next word that is accepted."""
        async with asyncio.timeout(PATIENCE):
            while not accept(said := await self._queue.get()):
                continue
        return said
