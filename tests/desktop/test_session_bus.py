from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from tests.desk import Bus, private_bus
from tests.desktop.tray_host import Told
from tray.desktop.linux.session_bus import SessionBus
from tray.system.dbus.bus_connection import NoBus, session_bus_address


class BusClient:
    """Someone on the connection who tells what happens."""

    def __init__(self) -> None:
        self.told = Told()

    async def connected(self, bus: object) -> None:  # noqa: ARG002  (a tenant's)
        """Take note."""
        self.told("connected")

    def disconnected(self, reason: str) -> None:
        """Take note."""
        self.told(reason)


def test_the_variable_wins_over_the_usual_socket(tmp_path: Path) -> None:
    """DBUS_SESSION_BUS_ADDRESS is taken as it is; without it, systemd's socket if there is one."""
    with socket.socket(socket.AF_UNIX) as usual:
        usual.bind(str(tmp_path / "bus"))
        runtime = {"XDG_RUNTIME_DIR": str(tmp_path)}

        assert "unix:path=/x" == session_bus_address(
            {**runtime, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}
        )
        assert f"unix:path={tmp_path}/bus" == session_bus_address(runtime)


def test_a_file_that_is_no_socket_is_no_bus(tmp_path: Path) -> None:
    """A plain file named ``bus`` is not taken for one."""
    (tmp_path / "bus").touch()

    with pytest.raises(NoBus, match="DBUS_SESSION_BUS_ADDRESS is not set"):
        session_bus_address({"XDG_RUNTIME_DIR": str(tmp_path)})


def test_a_bus_at_the_usual_place_is_found_when_it_starts() -> None:
    """A bus that comes later at the usual place is joined, told to every tenant in turn."""

    async def scene(bus: Bus) -> list[object]:
        clients = [BusClient(), BusClient()]
        store = SessionBus({"XDG_RUNTIME_DIR": str(bus.socket.parent)}, retry_seconds=0.02)
        for client in clients:
            store.join(client)
        serving = asyncio.create_task(store.serve())
        missing = [await client.told.next() for client in clients]
        bus.start({})
        for client in clients:
            await client.told.next(lambda word: word == "connected")
        store.stop()
        await serving
        return missing

    with private_bus() as bus:
        bus.stop()

        reason = "no session bus: DBUS_SESSION_BUS_ADDRESS is not set"
        assert [reason, reason] == asyncio.run(scene(bus))


def test_stopping_ends_a_long_wait_at_once() -> None:
    """Stop is heard while the next try is a minute away."""

    async def scene() -> None:
        store = SessionBus({})
        client = BusClient()
        store.join(client)
        serving = asyncio.create_task(store.serve())
        await client.told.next()
        store.stop()
        async with asyncio.timeout(20):
            await serving

    asyncio.run(scene())
