"""
The tray icon on Linux: a pystray backend that speaks StatusNotifierItem on the running loop.

It registers by object path: GNOME's extension (46-1) loses about every second item that registers
by a well-known name.

No thread, no polling: the icon registers whenever a watcher or a host appears. No toolkit:
importing GTK 3 alone takes 95 ms and 87 MB RSS (measured); the whole daemon without it stays under
30 MB. Everything is called on the loop's thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from tray.desktop.icon.icon_state import Picture
from tray.desktop.linux.dbusmenu import DBusMenu
from tray.desktop.linux.menu_tree import Extent, MenuChange, MenuTree
from tray.desktop.linux.status_item import (
    MENU_PATH,
    ActivatedStatusItem,
    ItemState,
    Status,
    StatusItem,
    pixmaps,
)
from tray.desktop.menu.menu_rows import BaseIcon, Menu, MenuItem
from tray.system.dbus.bus_connection import BUS_NAME, bus_call, method_call
from tray.system.dbus.desktop_services import ITEM_PATH, WATCHER, WATCHER_PATH

log = logging.getLogger(__name__)

GNOME_SHELL: Final = "org.gnome.Shell"

_MATCHES: Final = (
    f"type='signal',sender='{BUS_NAME}',interface='{BUS_NAME}',member='NameOwnerChanged',arg0='{WATCHER}'",
    f"type='signal',sender='{WATCHER}',interface='{WATCHER}',member='StatusNotifierHostRegistered'",
    f"type='signal',sender='{WATCHER}',interface='{WATCHER}',member='StatusNotifierHostUnregistered'",
)
_ABSENT: Final = frozenset(
    {f"{BUS_NAME}.Error.ServiceUnknown", f"{BUS_NAME}.Error.NameHasNoOwner"}
)

_OPENS_WITHIN: Final = 0.5  # seconds after a failed Activate
_TOLD_AGAIN: Final = 3.0  # seconds after a new picture, to GNOME

_NO_WATCHER: Final = f"nobody is {WATCHER}"

HostCallback = Callable[[bool, str], None]


class StatusNotifierIcon(BaseIcon):  # type: ignore[misc]  # pystray has no types
    """As in pystray, but ``title`` is the tooltip's heading; actions run on the loop."""

    HAS_DEFAULT_ACTION = False
    HAS_MENU = True
    HAS_MENU_RADIO = True
    HAS_NOTIFICATION = False

    def __init__(
        self,
        name: str,
        icon: Picture | None = None,
        title: str = "",
        menu: Menu | None = None,
    ) -> None:
        super().__init__(name, icon, title, menu)
        self.host: tuple[bool, str] = (False, "not connected yet")
        self._face = ItemState(name)
        self._face.heading = title
        self._tree = MenuTree()
        self._tree.show(self._menu)
        self._changes = 0
        self._attention = False
        self._shown_once = False
        self._open = False  # whether the menu is on the screen, where its rows must not move
        self._openings = 0  # how often a host has looked at the menu
        self._removing = False  # whether new rows wait until the host has removed the gone ones
        self._host_callback: HostCallback | None = None
        self._open_callback: Callable[[], None] | None = None
        self._activate_callback: Callable[[], None] | None = None
        self._submenu_callback: Callable[[str], None] | None = None
        self._bus: MessageBus | None = None
        self._item: StatusItem | None = None
        self._served: DBusMenu | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def __del__(self) -> None:
        """Do nothing (pystray hides the icon): the bus drops it with the connection."""

    @property
    def detail(self) -> str:
        return self._face.detail

    @detail.setter
    def detail(self, text: str) -> None:
        if text != self._face.detail:
            self._face.detail = text
            if self._item is not None:
                self._item.new_tool_tip()

    @property
    def attention(self) -> bool:
        """Whether hosts should show the icon even where they hide quiet ones."""
        return self._attention

    @attention.setter
    def attention(self, wanted: bool) -> None:
        self._attention = wanted
        self._set_status(self.visible)

    def on_host(self, callback: HostCallback) -> None:
        """Have ``callback(present, reason)`` called when a tray appears or disappears."""
        self._host_callback = callback

    def on_open(self, callback: Callable[[], None]) -> None:
        """Have ``callback()`` called before the menu is shown, to assign a fresh one."""
        self._open_callback = callback

    def on_activate(self, callback: Callable[[], None]) -> None:
        """Have ``callback()`` called on a click for which a host opens no menu."""
        self._activate_callback = callback

    def on_submenu(self, callback: Callable[[str], None]) -> None:
        """Have ``callback(key)`` called when the rows below a row are opened."""
        self._submenu_callback = callback

    def stop(self) -> None:
        """Stop serving the icon; panels remove it when the connection ends."""
        bus, self._bus = self._bus, None
        self._cancel()
        if bus is None or not bus.connected:
            return
        bus.remove_message_handler(self._received)
        bus.unexport(ITEM_PATH)
        bus.unexport(MENU_PATH)
        self._item = self._served = None
        self._set_host(present=False, reason="the icon was stopped")

    async def connected(self, bus: MessageBus) -> None:
        self._bus = bus
        if self._icon and not self._shown_once:
            self._shown_once = self.visible = True
            self._update_title()
        self._tree.show(self._menu)
        self._served = DBusMenu(
            self._tree,
            self._opened,
            self._shown,
            self._clicked,
            self._opened_below,
            self._fetched,
        )
        bus.export(MENU_PATH, self._served)
        bus.add_message_handler(self._received)
        for rule in _MATCHES:
            await bus.call(bus_call("AddMatch", "s", [rule]))
        await self._register(bus)

    def disconnected(self, reason: str) -> None:
        self._bus = self._item = self._served = None
        self._cancel()
        self._set_host(present=False, reason=reason)

    async def _register(self, bus: MessageBus) -> None:
        watcher, shell = [await _owner(bus, name) for name in (WATCHER, GNOME_SHELL)]
        if bus is not self._bus or not bus.connected:
            return
        self._suit(bus, gnome=watcher is not None and watcher == shell)
        reply = await self._ask(bus, WATCHER, "RegisterStatusNotifierItem", "s", [ITEM_PATH])
        if reply is None:
            return
        if reply.message_type is MessageType.METHOD_RETURN:
            await self._look_for_host(bus)
        elif reply.error_name in _ABSENT:
            self._set_host(present=False, reason=_NO_WATCHER)
        else:
            self._set_host(present=False, reason=f"{WATCHER} answers {reply.error_name}")

    def _suit(self, bus: MessageBus, *, gnome: bool) -> None:
        """Export what this host handles best."""
        face = self._face
        item = StatusItem(face) if gnome else ActivatedStatusItem(face, self._activated)
        if type(item) is not type(self._item):
            bus.unexport(ITEM_PATH, self._item)
            bus.export(ITEM_PATH, item)
            self._item = item
        if self._served is not None:
            self._served.offered.clear()
        self._tree.gnome = gnome
        self._set_status(self.visible)
        self._open = self._removing = False
        self._tell(self._tree.show(self._menu))  # whole: this host has fetched nothing yet

    async def _look_for_host(self, bus: MessageBus) -> None:
        """Ask the watcher whether a host shows icons; KDE's watcher outlives the panel."""
        name = [WATCHER, "IsStatusNotifierHostRegistered"]
        reply = await self._ask(bus, f"{BUS_NAME}.Properties", "Get", "ss", name)
        if reply is None:
            return
        answered = reply.message_type is MessageType.METHOD_RETURN
        if answered and reply.body[0].value is False:
            self._set_host(present=False, reason=f"{WATCHER} knows of no panel")
        else:
            self._set_host(present=True, reason=f"shown by {WATCHER}")

    async def _ask(
        self, bus: MessageBus, interface: str, member: str, signature: str, body: list[Any]
    ) -> Message | None:
        """Return the watcher's answer, or None if the connection ended meanwhile."""
        reply = await bus.call(
            method_call(WATCHER, WATCHER_PATH, interface, member, signature, body)
        )
        return reply if bus is self._bus and bus.connected else None

    def _received(self, message: Message) -> bool:
        if message.message_type is MessageType.METHOD_CALL and self._served is not None:
            self._served.caller = message.sender  # which its methods are not told
        if message.message_type is not MessageType.SIGNAL or self._bus is None:
            return False
        match message.member:
            case "NameOwnerChanged" if message.sender == BUS_NAME and message.body[0] == WATCHER:
                if message.body[2]:
                    self._go(self._register(self._bus))
                else:
                    self._set_host(present=False, reason=_NO_WATCHER)
            case "StatusNotifierHostRegistered" if message.interface == WATCHER:
                self._go(self._register(self._bus))
            case "StatusNotifierHostUnregistered" if message.interface == WATCHER:
                self._go(self._look_for_host(self._bus))
        return False

    def _set_host(self, *, present: bool, reason: str) -> None:
        if (present, reason) == self.host:
            return
        self.host = (present, reason)
        log.info("tray: %s", reason)
        if self._host_callback is not None:
            self._host_callback(present, reason)

    def _opened(self) -> bool:
        before, shown = self._changes, self._open
        self._openings += 1
        self._open = False  # whatever changes now is there when it is seen
        if self._open_callback is not None:
            self._guarded(self._open_callback)
        self._update_menu()
        self._open = shown  # GNOME says "opened" first, then AboutToShow
        return self._changes != before

    def _shown(self, shown: bool) -> None:
        self._open = shown
        self._update_menu()

    def _clicked(self, number: int) -> None:
        node = self._tree.nodes.get(number)
        if node is None or node.row is None or not node.row.enabled:
            log.info("a click on a row that is gone or disabled does nothing")
            return
        asyncio.get_running_loop().call_soon(self._act, node.row)

    def _opened_below(self, number: int) -> None:
        key = self._tree.key_of(number)
        if key is not None and self._submenu_callback is not None:
            self._submenu_callback(key)

    def _activated(self) -> None:
        """Wait whether the host opens the menu, now that this click has failed."""
        asyncio.get_running_loop().call_later(_OPENS_WITHIN, self._not_opened, self._openings)

    def _not_opened(self, openings: int) -> None:
        unanswered = openings == self._openings and self._bus is not None
        if unanswered and self._activate_callback is not None:
            self._guarded(self._activate_callback)

    def _act(self, row: MenuItem) -> None:
        self._open = False  # a click closes it, although not every host says so
        self._guarded(lambda: row(self))
        self.update_menu()

    def _guarded(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001  (a failing action must not end the tray)
            log.error("the menu: %s", type(error).__name__)

    def _show(self) -> None:
        self._set_status(True)

    def _hide(self) -> None:
        self._set_status(False)

    def _set_status(self, visible: bool) -> None:
        status: Status = "Passive"
        if visible:
            # GNOME's extension shows it no otherwise, but redraws the picture it still knows.
            urgent = self._attention and not self._tree.gnome
            status = "NeedsAttention" if urgent else "Active"
        if status != self._face.status:
            self._face.status = status
            if self._item is not None:
                self._item.new_status()

    def _update_icon(self) -> None:
        self._icon_valid = True
        drawn = pixmaps(self._icon)
        if drawn != self._face.pixmaps:
            self._face.pixmaps = drawn
            if self._item is not None:
                self._item.new_icon()
                self._item.new_attention_icon()
                if self._tree.gnome:
                    # Its extension (46-1) ignores what comes while it converts another picture.
                    asyncio.get_running_loop().call_later(_TOLD_AGAIN, self._item.new_icon)

    def _update_title(self) -> None:
        self._face.heading = self._title
        if self._item is not None:
            self._item.new_tool_tip()

    def _update_menu(self) -> None:
        extent: Extent = "texts" if self._open or self._removing else "all"
        if self._tree.gnome and extent == "all":
            # GNOME's extension never moves a row, and puts new ones in the wrong place while gone
            # ones are there: first these leave.
            change = self._tree.show(self._menu, "removals")
            self._removing = change.layout is not None
            self._tell(change)
            if self._removing:
                return
        self._tell(self._tree.show(self._menu, extent))

    def _fetched(self) -> None:
        """Go on with what waited until the host had seen what left."""
        self._openings += 1
        if self._removing:
            self._removing = False
            self._tell(self._tree.show(self._menu))

    def _tell(self, change: MenuChange) -> None:
        if not change:
            return
        self._changes += 1
        if self._served is not None:
            self._served.announce(change)

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._went)

    def _went(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info("the tray: %s", type(error).__name__)

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()


async def _owner(bus: MessageBus, name: str) -> str | None:
    reply = await bus.call(bus_call("GetNameOwner", "s", [name]))
    return str(reply.body[0]) if reply.message_type is MessageType.METHOD_RETURN else None
