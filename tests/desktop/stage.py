"""An icon on a private bus, with or without a tray, for a test to play on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.desk import Bus, private_bus
from tests.desktop.tray_host import PATIENCE, Host, Told, tray
from tray.desktop.icon.icon_state import SIZES, Picture
from tray.desktop.linux.session_bus import SessionBus
from tray.desktop.linux.status_notifier import StatusNotifierIcon
from tray.desktop.menu.menu_rows import Menu, Row

RED: Picture = {size: bytes((255, 200, 30, 10)) * size * size for size in SIZES}


class Stage:
    """
    What a test has in hand.

    Args:
        bus: the daemon.
        icon: the icon, connected by ``keeper``.
        store: the connection.
        told: what ``on_host`` told.
    """

    def __init__(self, bus: Bus, menu: Menu | None) -> None:
        self.bus = bus
        self.icon = StatusNotifierIcon("sso-tray", RED, "SSO Tray: all well", menu)
        self.told = Told()
        self.icon.on_host(self.told)
        environ = {"DBUS_SESSION_BUS_ADDRESS": bus.address}
        self.store = SessionBus(environ, retry_seconds=0.05)
        self.store.join(self.icon)

    async def present(self) -> str:
        """Wait until a tray shows the icon and return what was told."""
        return str((await self.told.next(lambda word: word[0]))[1])

    async def absent(self) -> str:
        """Wait until no tray shows the icon and return the reason."""
        return str((await self.told.next(lambda word: not word[0]))[1])

    async def absent_for(self, reason: str) -> None:
        """Wait until exactly this is told."""
        await self.told.next(lambda word: word == (False, reason))


@asynccontextmanager
async def staged(bus: Bus, menu: Menu | None = None) -> AsyncIterator[Stage]:
    """Serve an icon on a bus."""
    stage = Stage(bus, menu)
    serving = asyncio.create_task(stage.store.serve())
    try:
        yield stage
    finally:
        stage.store.stop()
        async with asyncio.timeout(PATIENCE):
            await serving


def play(
    scene: Callable[[Stage, Host], Awaitable[None]],
    menu: Menu | None = None,
    *,
    gnome: bool = False,
) -> None:
    """Run a scene on an icon that a tray shows; the tray has found no fault with it."""

    async def run(bus: Bus) -> None:
        async with tray(bus.address, gnome=gnome) as host, staged(bus, menu) as stage:
            await stage.present()
            await scene(stage, host)
            assert [] == host.faults

    with private_bus() as bus:
        asyncio.run(run(bus))


def rows(*keys: str) -> Menu:
    """Return a menu of plain rows that do nothing, each saying its key."""
    return Menu(*(Row(key, key, lambda: None) for key in keys))
