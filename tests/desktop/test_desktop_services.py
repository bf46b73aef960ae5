"""What ``doctor`` learns of a desktop from its session bus."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from tests.desk import Bus, private_bus
from tests.desktop.notification_daemon import notification_daemon
from tests.desktop.stage import staged
from tests.desktop.tray_host import tray
from tray.system.dbus.bus_connection import NoBus
from tray.system.dbus.desktop_services import DesktopServices, NoAnswer, desktop_services


async def seen(bus: Bus) -> DesktopServices:
    """Look from a thread of its own, as a command looks from its process."""
    environ = {"DBUS_SESSION_BUS_ADDRESS": bus.address}
    return await asyncio.to_thread(desktop_services, environ)


def test_our_own_icon_is_looked_for_in_the_tray() -> None:
    """No tray, a tray without our icon, one with it, and one that lost it are told apart."""

    async def scene(bus: Bus) -> list[str]:
        said: list[str] = [(await seen(bus)).tray]
        async with tray(bus.address) as host:
            said.append((await seen(bus)).tray)
            async with staged(bus) as stage:
                await stage.present()
                said.append((await seen(bus)).tray)
                host.items.clear()
                said.append((await seen(bus)).tray)
        return said

    with private_bus() as bus:
        assert ["none", "lost", "ours", "lost"] == asyncio.run(scene(bus))


def test_the_notification_service_says_who_it_is() -> None:
    """Its name and what it can, or that there is none."""

    async def scene(bus: Bus) -> None:
        assert not (await seen(bus)).notices
        async with notification_daemon(bus.address, ["body", "actions"], name="mako"):
            found = await seen(bus)

        assert (True, "mako", frozenset({"body", "actions"})) == (
            found.notices,
            found.server,
            found.capabilities,
        )

    with private_bus() as bus:
        asyncio.run(scene(bus))


def test_a_desktop_that_does_not_answer_is_no_missing_one(tmp_path: Path) -> None:
    """One that is starting, or busy, takes the connection and says nothing."""
    path = tmp_path / "bus"
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(path))
        mute.listen()

        with pytest.raises(NoAnswer, match="it does not answer"):
            desktop_services({"DBUS_SESSION_BUS_ADDRESS": f"unix:path={path}"})


def test_without_a_bus_the_reason_is_said() -> None:
    """A path where nothing listens is a reason, not a traceback."""
    with pytest.raises(NoBus, match="No such file"):
        desktop_services({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere/bus"})
