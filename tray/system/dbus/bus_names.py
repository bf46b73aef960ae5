"""Which names are owned on the session bus, asked once on a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from dbus_fast.aio import MessageBus

from tray.system.dbus.bus_connection import NoBus, bus_call, session_bus_address

TRAY_HOST = "org.kde.StatusNotifierWatcher"
NOTICES = "org.freedesktop.Notifications"


def owned_names(environ: Mapping[str, str], names: Sequence[str]) -> frozenset[str]:
    """Return the names owned or startable; raises `NoBus` after three seconds."""
    address = session_bus_address(environ)
    try:
        return asyncio.run(asyncio.wait_for(_owned(address, names), 3.0))
    except TimeoutError:
        why = "it does not answer"
    except OSError as error:
        why = error.strerror or type(error).__name__
    except Exception as error:  # noqa: BLE001  (dbus-fast: an address, a login, a cut line)
        why = type(error).__name__
    raise NoBus(why)


async def _owned(address: str, names: Sequence[str]) -> frozenset[str]:
    bus = await MessageBus(address).connect()
    try:
        found: set[str] = set()
        for member in ("ListNames", "ListActivatableNames"):
            answer = await bus.call(bus_call(member))
            found.update(answer.body[0])
        return frozenset(found.intersection(names))
    finally:
        bus.disconnect()
