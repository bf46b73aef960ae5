"""
AWS's own host names on loopback, for a client that can be pointed nowhere else.

The client runs in a mount namespace with a hosts file of its own and no name server (as root on
Linux); nothing outside of the namespace sees that.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.aws.calls.wire import self_signed
from tray.fake_aws.identity_center import IdentityCenter

_SERVICES: Final = ("portal.sso", "oidc", "sts")
_INSIDE: Final = (
    'mount --bind "$1" /etc/hosts && mount --bind /dev/null /etc/resolv.conf && shift && exec "$@"'
)


def lacking() -> str | None:
    """Return in a sentence why there can be no such namespace here, or None."""
    if not shutil.which("unshare") or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "A mount namespace takes root on Linux, and unshare."
    return None


@dataclass(frozen=True, slots=True)
class Names:
    """
    What leads a client to these names.

    Args:
        under: runs a command where they are known.
        variables: whom it trusts, and no proxy.
    """

    under: tuple[str, ...]
    variables: dict[str, str]


@contextmanager
def aws_hosts(center: IdentityCenter, folder: Path) -> Iterator[Names]:
    """
    Serve Identity Center, portal and STS by their own names until the end of the block.

    Args:
        center: what AWS is.
        folder: where certificate and hosts file go.
    """
    folder.mkdir(exist_ok=True)
    names = tuple(f"{service}.{center.region}.amazonaws.com" for service in _SERVICES)
    context, bundle = self_signed(folder, others=names)
    # Each has an address of its own, since all need the one port.
    numbers = (127, 64 + secrets.randbelow(64), secrets.randbelow(255), secrets.randbelow(253) + 1)
    address = ".".join(map(str, numbers))
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{address} {' '.join(names)}\n")
    listener = socket.create_server((address, 443))

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=passed_on, args=(client,), daemon=True).start()

    def passed_on(client: socket.socket) -> None:
        with (
            suppress(OSError),
            client,
            context.wrap_socket(client, server_side=True) as near,
            socket.create_connection(("127.0.0.1", center.port)) as far,
        ):
            threading.Thread(target=_copy, args=(near, far), daemon=True).start()
            _copy(far, near)

    threading.Thread(target=serve, daemon=True).start()
    try:
        under = ("unshare", "--mount", "sh", "-c", _INSIDE, "sh", str(hosts))
        yield Names(under, {"SSL_CERT_FILE": str(bundle), "HTTPS_PROXY": ""})
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
