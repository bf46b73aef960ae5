"""
Prints the desktop's color scheme as the settings portal has it: a process of its own.

The portal looks into ``/proc/PID/root`` of whoever asks, which the kernel allows of no process
that forbids core dumps, as the daemon does ("Unable to open", xdg-desktop-portal 1.16, measured).
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Any, Final

from dbus_fast import MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus

from tray.system.dbus.bus_connection import NoBus, method_call, session_bus_address

NAME: Final = "org.freedesktop.portal.Desktop"
PATH: Final = "/org/freedesktop/portal/desktop"
SETTINGS: Final = "org.freedesktop.portal.Settings"
NAMESPACE: Final = "org.freedesktop.appearance"
KEY: Final = "color-scheme"
METHODS: Final = ("ReadOne", "Read")  # the second before version 2 of the interface

_PATIENCE: Final = 5.0  # seconds


def unwrapped(value: Any) -> int | None:
    """Return the number in an answer: ``Read`` wraps it twice."""
    while isinstance(value, Variant):
        value = value.value
    return value if isinstance(value, int) else None


async def scheme(environ: Mapping[str, str]) -> int | None:
    """Ask, never starting the portal; None for an error or no answer. Raises NoBus, OSError."""
    bus = await MessageBus(bus_address=session_bus_address(environ)).connect()
    for member in METHODS:
        message = method_call(
            NAME, PATH, SETTINGS, member, "ss", [NAMESPACE, KEY], flags=MessageFlag.NO_AUTOSTART
        )
        async with asyncio.timeout(_PATIENCE):
            reply = await bus.call(message)
        if reply.message_type is MessageType.METHOD_RETURN:
            return unwrapped(reply.body[0])
    return None


def main() -> int:
    """Print the number; 1 without one."""
    try:
        found = asyncio.run(scheme(os.environ))
    except (NoBus, OSError, TimeoutError):
        found = None
    if found is not None:
        sys.stdout.write(f"{found}\n")
    return int(found is None)


if __name__ == "__main__":
    sys.exit(main())
