"""A plain client for the callback server: bytes out, bytes in, nothing tidied up on the way."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from email.parser import BytesParser
from urllib.parse import urlencode, urlsplit

from tray.secret import Secret
from tray.worker.sign_in.callback import CallbackServer

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


FORGERY_STATUS = (403, 403, 404, 404, 405, 421)
"""How each kind of :func:`forged` is answered, in turn."""


def forged(port: int, number: int, state: Secret = STATE) -> bytes:
    """
    Return the so-manieth forgery (T4): each differs from the real callback in one thing.

    Args:
        port: of the callback server.
        number: its place in the row; the kinds take turns.
        state: the right one, for those that are wrong in another place.
    """
    right = state.reveal()
    match number % len(FORGERY_STATUS):
        case 0:
            return request(port, target(state=f"guess-{number}"))
        case 1:
            return request(port, f"/oauth/callback?error=access_denied&state={number}")
        case 2:
            return request(port, target(state=right).replace("/oauth/", f"/oauth/{number}/"))
        case 3:
            path = f"/oauth/{number}?code=x&state={right}"
            return request(port, path, method="POST")
        case 4:
            return request(
                port, target(state=right), method=("POST", "PUT", "HEAD")[number // 6 % 3]
            )
        case _:
            hosts = ("localhost:{}", "evil.example:{}", "127.0.0.1", "127.0.0.1:{}0")
            return request(port, target(state=right), host=hosts[number // 6 % 4].format(port))


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
