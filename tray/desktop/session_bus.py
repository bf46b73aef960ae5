"""Where the session bus is; the connection to it is kept by `tray.system.bus.Bus`."""

from __future__ import annotations

import logging
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tray.system.bus import Bus, NoBus

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 60.0
"""The longest time between two tries while there is no bus (fault 72)."""


def session_bus_address(environ: Mapping[str, str]) -> str:
    """
    Return where the session bus listens.

    That is ``DBUS_SESSION_BUS_ADDRESS``, else the socket ``$XDG_RUNTIME_DIR/bus`` that systemd
    keeps (sd_bus_default_user(3)), which is right where only the variable was lost.

    Raises:
        NoBus: there is neither.
    """
    address = environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    if address:
        return address
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime:
        usual = Path(runtime) / "bus"
        try:
            if stat.S_ISSOCK(usual.stat().st_mode):
                return f"unix:path={usual}"
        except OSError as error:
            log.debug("%s: %s", usual, error.strerror)
    raise NoBus("DBUS_SESSION_BUS_ADDRESS is not set")


class SessionBus(Bus):
    """
    The connection to the session bus.

    Args:
        environ: where the address is looked up, anew for each try.
        retry_seconds: the longest time between two tries.
    """

    def __init__(
        self, environ: Mapping[str, str], *, retry_seconds: float = RETRY_SECONDS
    ) -> None:
        super().__init__(
            "session bus", lambda: session_bus_address(environ), retry_seconds=retry_seconds
        )
