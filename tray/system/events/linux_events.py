"""System events on Linux: logind, NetworkManager, screen savers and the keyring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

from tray.system.dbus.bus_connection import Bus, BusClient, system_bus_address
from tray.system.events.keyring_service import KeyringService
from tray.system.events.network import NetworkManager
from tray.system.events.power import Logind
from tray.system.events.screen import SCREEN_SAVERS, ScreenLock

SystemEventName = Literal[
    "asleep", "woke", "locked", "unlocked", "network-up", "network-down", "keyring-unlocked"
]

SYSTEM_BUS_RETRY_SECONDS: Final = 900.0  # a container hardly ever gets one


class LinuxEvents:
    def __init__(
        self, on_event: Callable[[SystemEventName], None], environ: Mapping[str, str]
    ) -> None:
        lock = ScreenLock(on_event)
        self._logind = Logind(on_event, lock, environ)
        self._network = NetworkManager(on_event)
        self._keyring = KeyringService(on_event)
        self._savers = tuple(saver(lock) for saver in SCREEN_SAVERS)
        self.bus = Bus(
            "system bus",
            lambda: system_bus_address(environ),
            retry_seconds=SYSTEM_BUS_RETRY_SECONDS,
        )
        self.bus.join(self._logind)
        self.bus.join(self._network)

    @property
    def on_session_bus(self) -> tuple[BusClient, ...]:
        return (*self._savers, self._keyring)

    def missing(self) -> dict[str, str]:
        reasons = {"sleep": self._logind.missing, "network": self._network.missing}
        if all(saver.missing for saver in self._savers):
            reasons["lock"] = self._logind.lock_missing
        return {what: why for what, why in reasons.items() if why is not None}
