"""Getting a port of 127.0.0.1 to listen at: any free one, or the one that is named."""

from __future__ import annotations

import logging
import socket
import time
from typing import Final

from tray.errors import UserMustAct
from tray.system import WINDOWS

log = logging.getLogger(__name__)

ADDRESS: Final = "127.0.0.1"
PORT_TRIES: Final = 3
PORT_PAUSE: Final = 0.2  # number of tries for any free port, and the seconds in between

_BACKLOG: Final = 4096  # the most Linux allows; closed connections count too
_EXCLUSIVE: Final = getattr(socket, "SO_EXCLUSIVEADDRUSE", ~socket.SO_REUSEADDR)


class NoFreePort(UserMustAct):
    """No port of 127.0.0.1 can be had, or not the one that was named."""


def listen_patiently(listener: socket.socket, port: int) -> None:
    """Ask for any free port (0) a few times, for a named one once; OSError, OverflowError."""
    for _ in range(0 if port else PORT_TRIES - 1):
        try:
            _listen(listener, port)
        except OSError as error:
            log.warning("no port of %s is free (%s)", ADDRESS, error.strerror)
            time.sleep(PORT_PAUSE)
        else:
            return
    _listen(listener, port)


def _listen(listener: socket.socket, port: int) -> None:
    if WINDOWS:
        # There SO_REUSEADDR would let another program share the port.
        listener.setsockopt(socket.SOL_SOCKET, _EXCLUSIVE, 1)
    elif port:
        # Connections of the last server may linger; two listeners still exclude each other.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((ADDRESS, port))
    listener.listen(_BACKLOG)


def no_port(port: int, error: OSError | OverflowError) -> NoFreePort:
    why = getattr(error, "strerror", None) or "no such port"
    where = f"{ADDRESS}:{port}" if port else f"a port of {ADDRESS}"
    return NoFreePort(f"{where[0].upper()}{where[1:]} can't be opened: {why}.")
