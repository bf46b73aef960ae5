"""The moods of a Linux machine: logind, NetworkManager and screen savers put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

from tray.system.dbus.bus_connection import Bus, BusClient, system_bus_address
from tray.system.events.network import NetworkManager
from tray.system.events.power import Logind
from tray.system.events.screen import SCREEN_SAVERS, ScreenLock

SystemEventName = Literal["asleep", "woke", "locked", "unlocked", "network-up", "network-down"]
"""The names of `tray.core.events.SystemEvent` that the system reports."""

SYSTEM_BUS_RETRY_SECONDS: Final = 900.0
"""A machine without one (a container) hardly ever gets one; trying must not wake us much."""


class LinuxEvents:
    """All sources, each telling in the same words."""

    def __init__(
        self, tell: Callable[[SystemEventName], None], environ: Mapping[str, str]
    ) -> None:
        lock = ScreenLock(tell)
        self._logind = Logind(tell, lock, environ)
        self._network = NetworkManager(tell)
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
        """What lives on the session bus."""
        return self._savers

    def missing(self) -> dict[str, str]:
        """Say what is not told, and why; see `SystemEvents.missing`."""
        said = {"sleep": self._logind.missing, "network": self._network.missing}
        if all(saver.missing for saver in self._savers):
            said["lock"] = self._logind.lock_missing
        return {what: why for what, why in said.items() if why is not None}
