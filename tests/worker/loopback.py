"""A plain client for the callback server: bytes out, bytes in, nothing tidied up on the way."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from email.parser import BytesParser
from urllib.parse import urlencode, urlsplit

from tray.secret import Secret
from tray.worker.callback import CallbackServer

PATIENCE = 60.0
STATE = Secret("the-state-of-this-sign-in-0123456789")
CODE = "the-code"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; status 0 where the connection ended without one."""

    status: int
    headers: dict[str, str]
    body: bytes
    raw: bytes


def port_of(server: CallbackServer) -> int:
    """Return the port a server listens at."""
    return urlsplit(server.redirect_uri).port or 0


def connect(port: int) -> socket.socket:
    """Open a connection and say nothing."""
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def target(**values: str) -> str:
    """Return path and query of a callback; the right state and a code unless told otherwise."""
    return "/oauth/callback?" + urlencode({"code": CODE, "state": STATE.reveal()} | values)


def request(
    port: int, path: str | None = None, *, method: str = "GET", host: str | None = None,
    headers: str = "",
) -> bytes:  # fmt: skip
    """Return a request's bytes; the right callback unless told otherwise."""
    named = f"127.0.0.1:{port}" if host is None else host
    return (
        f"{method} {path or target()} HTTP/1.1\r\nHost: {named}\r\n{headers}\r\n"
    ).encode("latin-1")  # fmt: skip


def send(port: int, data: bytes) -> Answer:
    """Send bytes on a connection of their own and read until it ends."""
    with connect(port) as connection:
        with suppress(ConnectionError):
            connection.sendall(data)
        return read(connection)


def read(connection: socket.socket) -> Answer:
    """Read an answer to the connection's end."""
    pieces = []
    with suppress(ConnectionError):
        while piece := connection.recv(65536):
            pieces.append(piece)
    raw = b"".join(pieces)
    head, _, body = raw.partition(b"\r\n\r\n")
    line, _, rest = head.partition(b"\r\n")
    if not line:
        return Answer(0, {}, b"", raw)
    headers = {name.lower(): value for name, value in BytesParser().parsebytes(rest).items()}
    return Answer(int(line.split()[1]), headers, body, raw)
