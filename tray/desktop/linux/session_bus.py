"""The session bus connection, kept by `tray.system.dbus.bus_connection.Bus`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tray.system.dbus.bus_connection import Bus, session_bus_address

RETRY_SECONDS: Final = 60.0  # longest wait between two tries while there is no bus (fault 72)


class SessionBus(Bus):
    def __init__(
        self, environ: Mapping[str, str], *, retry_seconds: float = RETRY_SECONDS
    ) -> None:
        super().__init__(
            "session bus", lambda: session_bus_address(environ), retry_seconds=retry_seconds
        )
