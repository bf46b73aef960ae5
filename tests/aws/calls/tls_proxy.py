"""A proxy on loopback behind which every https host is ours."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.aws.calls.wire import self_signed
from tray.fake_aws.identity_center import IdentityCenter
from tray.system import WINDOWS

Answer = Callable[[bytes], bytes]


class TlsProxy:
    """
    Takes CONNECT, answers as the host, and passes what is AWS's on to an Identity Center.

    Args:
        center: what AWS is.
        folder: where the certificate goes.
        others: hosts that answer by themselves: from a request's head to the whole answer.
        aws: hosts of AWS.
    """

    def __init__(
        self, center: IdentityCenter, folder: Path, others: dict[str, Answer], aws: tuple[str, ...]
    ) -> None:
        self.asked: list[tuple[str, str]] = []
        self._context, bundle = self_signed(folder, others=(*others, *aws))
        self.bundle = str(bundle)
        self._others = others
        host, port = center.url.removeprefix("http://").split(":")
        self._center = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        """What the proxy variables are set to."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def variables(self) -> dict[str, str]:
        """Return the environment that leads everything here."""
        return {"HTTPS_PROXY": self.url, "NO_PROXY": "127.0.0.1", "AWS_CA_BUNDLE": self.bundle}

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if not WINDOWS:  # where a close wakes the accept
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._served, args=(client,), daemon=True).start()

    def _served(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            host = _head(client).split()[1].decode().partition(":")[0]
            client.sendall(b"HTTP/1.1 200 Here\r\n\r\n")
            with self._context.wrap_socket(client, server_side=True) as near:
                head = _head(near)
                self.asked.append((head.split()[0].decode(), host))
                if host in self._others:
                    near.sendall(self._others[host](head))
                    return
                with socket.create_connection(self._center) as far:
                    far.sendall(head)
                    threading.Thread(target=_copy, args=(near, far), daemon=True).start()
                    _copy(far, near)


def _head(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data and (chunk := connection.recv(65536)):
        data += chunk
    return data


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
