"""Sleep, screen lock, network, keyring, and which of them are missing; Linux only so far."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tray.system import LINUX

if TYPE_CHECKING:
    from tray.system.dbus.bus_connection import BusClient  # other systems have no dbus-fast
    from tray.system.events.linux_events import LinuxEvents, SystemEventName


class SystemEvents:
    def __init__(
        self, on_event: Callable[[SystemEventName], None], environ: Mapping[str, str]
    ) -> None:
        self._linux: LinuxEvents | None = None
        self._serving: asyncio.Task[None] | None = None
        if LINUX:
            from tray.system.events.linux_events import LinuxEvents

            self._linux = LinuxEvents(on_event, environ)

    @property
    def clients(self) -> tuple[BusClient, ...]:
        """Clients for the session bus; they join the tray's connection."""
        return self._linux.on_session_bus if self._linux is not None else ()

    def start(self) -> None:
        if self._linux is not None:
            self._serving = asyncio.get_running_loop().create_task(self._linux.bus.serve())

    async def close(self) -> None:
        if self._linux is not None and self._serving is not None:
            self._linux.bus.stop()
            await self._serving

    def missing(self) -> dict[str, str]:
        """Return why ``sleep``, ``lock`` or ``network`` events are missing, for each that is."""
        if self._linux is None:
            reason = "not available on this system"
            return {"sleep": reason, "lock": reason, "network": reason}
        return self._linux.missing()
