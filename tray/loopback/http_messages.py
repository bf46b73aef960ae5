"""HTTP/1.1 as far as a loopback server needs it (RFC 9112): one request, one answer, closed."""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

LONGEST_LINE: Final = 16 * 1024  # bytes of a request line
LONGEST_HEAD: Final = 64 * 1024  # bytes; browsers send all cookies of 127.0.0.1, of any port


@dataclass(frozen=True, slots=True)
class Request:
    """A request, with all header values by lower-case name; few servers read a body."""

    method: str
    path: str = field(repr=False)
    query: str = field(repr=False)
    headers: dict[str, list[str]] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = field(default=b"", repr=False)
    content_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    allow: str = "GET"  # what a 405 names

    def encoded(self, *, bodyless: bool = False, endless: bool = False) -> bytes:
        """Return its bytes; of an endless one the head, and a body that the connection ends."""
        lines = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            f"Date: {formatdate(usegmt=True)}",
            f"Content-Type: {self.content_type}",
            *(() if endless else (f"Content-Length: {len(self.body)}",)),
            "Connection: close",
            "Cache-Control: no-store",
            "Referrer-Policy: no-referrer",
            "X-Content-Type-Options: nosniff",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        if self.status == HTTPStatus.METHOD_NOT_ALLOWED:
            lines.append(f"Allow: {self.allow}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        return head if bodyless else head + self.body


def head_end(received: bytes | bytearray) -> int | None:
    """Return the offset after the empty line, None while more must come, or minus a 4xx status."""
    line = received.find(b"\r\n", 0, LONGEST_LINE)
    if line < 0 and len(received) >= LONGEST_LINE:
        return -HTTPStatus.REQUEST_URI_TOO_LONG
    end = received.find(b"\r\n\r\n", 0, LONGEST_HEAD)
    if end < 0:
        too_long = len(received) >= LONGEST_HEAD
        return -HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if too_long else None
    return end + 4


def parse(head: bytes) -> Request | None:
    """Return the request in a head that ends with the empty line; None if it is invalid."""
    lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
        return None
    headers: dict[str, list[str]] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            return None
        headers.setdefault(name.lower(), []).append(value.strip(" \t"))
    path, _, query = parts[1].partition("?")
    return Request(parts[0], path, query, headers)


def body_length(request: Request, most: int) -> int:
    """Return how many bytes of body follow the head, or minus the 4xx that refuses them."""
    lengths = request.headers.get("content-length", ["0"])
    if "transfer-encoding" in request.headers:
        return -HTTPStatus.LENGTH_REQUIRED
    if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
        return -HTTPStatus.BAD_REQUEST
    # Its digits are counted first: Python refuses to read thousands of them.
    if len(lengths[0]) > 12 or int(lengths[0]) > most:
        return -HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return int(lengths[0])


def page_refusal(request: Request, *, host: str, path: str) -> int | None:
    """Return the status that refuses all but a GET of one page, at exactly this host; or None."""
    hosts = request.headers.get("host", [])
    if len(hosts) != 1:
        return 400
    if hosts[0] != host:
        return 421
    if not hmac.compare_digest(request.path.encode(), path.encode()):
        return 404
    if request.method != "GET":
        return 405
    lengths = request.headers.get("content-length", ["0"])
    return 400 if "transfer-encoding" in request.headers or lengths != ["0"] else None


def names_loopback(host: str, port: int) -> bool:
    """Whether a Host header is a spelling of loopback, with this port or without one."""
    try:
        parts = urlsplit(f"//{host}")
        name, named_port = (parts.hostname or "").removesuffix("."), parts.port
        if parts.netloc != host or "@" in host or named_port not in (None, port):
            return False
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
