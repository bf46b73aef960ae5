"""What shows icons and notices on the session bus, asked once on a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Literal

from dbus_fast import MessageFlag, MessageType
from dbus_fast.aio import MessageBus

from tray.system.dbus.bus_connection import (
    BUS_NAME,
    NoBus,
    bus_call,
    method_call,
    session_bus_address,
)
from tray.values import dataclass

WATCHER: Final = "org.kde.StatusNotifierWatcher"
WATCHER_PATH: Final = "/StatusNotifierWatcher"
NOTICES: Final = "org.freedesktop.Notifications"
NOTICES_PATH: Final = "/org/freedesktop/Notifications"

ITEM_PATH: Final = "/org/ayatana/NotificationItem/sso_tray"
"""Of our icon. Cinnamon opens the menu on a left click only for items below its parent."""


class NoAnswer(NoBus):
    """There is a bus, but who is asked on it is busy or hangs, as a desktop that is starting."""


@dataclass(frozen=True, slots=True)
class DesktopServices:
    # ``there``: a tray that does not tell what it shows; ``lost``: one that does not list our icon
    tray: Literal["none", "there", "ours", "lost"]
    notices: bool  # whether notices can be shown
    server: str = ""  # the notification service's name; empty if it is not running yet
    capabilities: frozenset[str] = frozenset()


def desktop_services(environ: Mapping[str, str]) -> DesktopServices:
    """Start nothing; raises `NoBus`, after three seconds `NoAnswer`."""
    address = session_bus_address(environ)
    try:
        return asyncio.run(asyncio.wait_for(_services(address), 3.0))
    except TimeoutError:
        raise NoAnswer("it does not answer") from None
    except OSError as error:
        why = error.strerror or type(error).__name__
    except Exception as error:  # noqa: BLE001  (dbus-fast: an address, a login, a cut line)
        why = type(error).__name__
    raise NoBus(why)


async def _services(address: str) -> DesktopServices:
    bus = await MessageBus(address).connect()
    try:
        running = (await bus.call(bus_call("ListNames"))).body[0]
        startable = (await bus.call(bus_call("ListActivatableNames"))).body[0]
        tray: Literal["none", "there", "ours", "lost"] = "none"
        if WATCHER in running:
            what = [WATCHER, "RegisteredStatusNotifierItems"]
            items = await _ask(bus, WATCHER, WATCHER_PATH, f"{BUS_NAME}.Properties", "Get", *what)
            tray = "there"
            if items is not None:
                shown = any(str(one).endswith(ITEM_PATH) for one in items[0].value)
                tray = "ours" if shown else "lost"
        elif WATCHER in startable:
            tray = "there"
        if NOTICES not in running:
            return DesktopServices(tray, NOTICES in startable)
        server = await _ask(bus, NOTICES, NOTICES_PATH, NOTICES, "GetServerInformation")
        able = await _ask(bus, NOTICES, NOTICES_PATH, NOTICES, "GetCapabilities")
        return DesktopServices(
            tray,
            notices=True,
            server=str(server[0]) if server else "",
            capabilities=frozenset(able[0] if able else ()),
        )
    finally:
        bus.disconnect()


async def _ask(
    bus: MessageBus, name: str, path: str, interface: str, member: str, *body: str
) -> list[Any] | None:
    signature, flags = "s" * len(body), MessageFlag.NO_AUTOSTART
    call = method_call(name, path, interface, member, signature, [*body], flags=flags)
    reply = await bus.call(call)
    return reply.body if reply.message_type is MessageType.METHOD_RETURN else None
