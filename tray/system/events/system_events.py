"""Sleep, screen lock, network, keyring, and which of them are missing; Linux only so far."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal

from tray.system import LINUX

if TYPE_CHECKING:
    from tray.system.dbus.bus_connection import Bus, BusClient  # other systems have no dbus-fast

SystemEventName = Literal[
    "asleep", "woke", "locked", "unlocked", "network-up", "network-down", "keyring-unlocked"
]

SYSTEM_BUS_RETRY_SECONDS: Final = 900.0  # a container hardly ever gets one


class SystemEvents:
    """``clients`` are for the session bus; they join the tray's connection."""

    def __init__(
        self, on_event: Callable[[SystemEventName], None], environ: Mapping[str, str]
    ) -> None:
        self.clients: tuple[BusClient, ...] = ()
        self._bus: Bus | None = None
        self._serving: asyncio.Task[None] | None = None
        self._reasons: Callable[[], dict[str, str | None]] = lambda: dict.fromkeys(
            ("sleep", "lock", "network"), "not available on this system"
        )
        if LINUX:
            self._follow(on_event, environ)

    def _follow(
        self, on_event: Callable[[SystemEventName], None], environ: Mapping[str, str]
    ) -> None:
        """Follow logind, NetworkManager, screen savers and the keyring."""
        from tray.system.dbus.bus_connection import Bus, system_bus_address
        from tray.system.events.keyring_service import KeyringService
        from tray.system.events.network import NetworkManager
        from tray.system.events.power import Logind
        from tray.system.events.screen import SCREEN_SAVERS, ScreenLock

        lock = ScreenLock(on_event)
        logind, network = Logind(on_event, lock, environ), NetworkManager(on_event)
        savers = tuple(saver(lock) for saver in SCREEN_SAVERS)
        self.clients = (*savers, KeyringService(on_event))
        self._reasons = lambda: {
            "sleep": logind.missing,
            "network": network.missing,
            "lock": logind.lock_missing if all(saver.missing for saver in savers) else None,
        }
        self._bus = Bus(
            "system bus",
            lambda: system_bus_address(environ),
            retry_seconds=SYSTEM_BUS_RETRY_SECONDS,
        )
        self._bus.join(logind)
        self._bus.join(network)

    def start(self) -> None:
        if self._bus is not None:
            self._serving = asyncio.get_running_loop().create_task(self._bus.serve())

    async def close(self) -> None:
        if self._bus is not None and self._serving is not None:
            self._bus.stop()
            await self._serving

    def missing(self) -> dict[str, str]:
        """Return why ``sleep``, ``lock`` or ``network`` events are missing, for each that is."""
        return {what: why for what, why in self._reasons().items() if why is not None}
