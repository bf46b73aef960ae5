"""Who is on the session bus: asked once, with a connection of its own and a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from tray.system import LINUX

TRAY_HOST = "org.kde.StatusNotifierWatcher"
NOTICES = "org.freedesktop.Notifications"


def owned_names(
    environ: Mapping[str, str], names: Sequence[str], within: float = 3.0
) -> frozenset[str] | None:
    """
    Return which of some names somebody owns, or could be started for; None: no bus answers.

    Args:
        environ: ``DBUS_SESSION_BUS_ADDRESS`` counts.
        names: well-known names.
        within: seconds.
    """
    address = environ.get("DBUS_SESSION_BUS_ADDRESS")
    if not LINUX or not address:
        return None
    try:
        return asyncio.run(asyncio.wait_for(_owned(address, names), within))
    except Exception:  # noqa: BLE001  (a desktop may raise anything; the answer is "unknown")
        return None


async def _owned(address: str, names: Sequence[str]) -> frozenset[str]:
    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

    bus = await MessageBus(address).connect()
    try:
        found: set[str] = set()
        for member in ("ListNames", "ListActivatableNames"):
            answer = await bus.call(
                Message(
                    destination="org.freedesktop.DBus",
                    path="/org/freedesktop/DBus",
                    interface="org.freedesktop.DBus",
                    member=member,
                )
            )
            if answer.body:
                found.update(answer.body[0])
        return frozenset(found.intersection(names))
    finally:
        bus.disconnect()
