"""Which request is the sign-in's callback: one path, one host, one method, one state (L3)."""

from __future__ import annotations

import hmac
import string
from dataclasses import dataclass
from typing import Final, Literal, get_args
from urllib.parse import parse_qsl

from tray.secret import Secret

CALLBACK_PATH: Final = "/oauth/callback"

LONGEST_LINE: Final = 16 * 1024
"""Bytes of a request line; a code is some hundred characters."""
LONGEST_HEAD: Final = 64 * 1024
"""Bytes of line and headers: browsers send every cookie of 127.0.0.1, whoever's port set it."""

_LONGEST_CODE: Final = 8 * 1024
_MOST_PARAMETERS: Final = 20
_CODE_LETTERS: Final = frozenset(string.ascii_letters + string.digits + string.punctuation)

BrowserError = Literal[
    "access_denied",
    "invalid_request",
    "unauthorized_client",
    "unsupported_response_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "other",
]
"""The values of ``error`` in RFC 6749 4.1.2.1; whatever else comes is ``other``."""
_ERRORS: Final[tuple[BrowserError, ...]] = get_args(BrowserError)


@dataclass(frozen=True, slots=True)
class Callback:
    """
    What the browser brought back with the right state.

    Args:
        code: the authorization code; None where AWS sent an error instead.
        error: AWS's error; None with a code.
    """

    code: Secret | None = None
    error: BrowserError | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    A request that is not the callback; nothing of it is ever repeated in the answer.

    Args:
        status: the HTTP status, always 4xx.
        bodyless: the method takes an answer without body (HEAD).
    """

    status: int
    bodyless: bool = False


def head_end(received: bytes | bytearray) -> int | Refusal | None:
    """
    Find where a request's head ends.

    Returns:
        The offset after the empty line, None while more must come, or a refusal of what is
        too long already.
    """
    line = received.find(b"\r\n", 0, LONGEST_LINE)
    if line < 0 and len(received) >= LONGEST_LINE:
        return Refusal(414)
    end = received.find(b"\r\n\r\n", 0, LONGEST_HEAD)
    if end < 0:
        return Refusal(431) if len(received) >= LONGEST_HEAD else None
    return end + 4


def judge(head: bytes, *, host: str, state: Secret) -> Callback | Refusal:
    """
    Decide whether a request is the callback we wait for.

    Args:
        head: request line and headers, up to the empty line.
        host: what the Host header must be, exactly: ``127.0.0.1:41234`` (no DNS name can be
            rebound to that).
        state: the state of this sign-in, compared in constant time.

    Returns:
        What came back, or why it is none of it.
    """
    lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    words = lines[0].split(" ")
    headers = headers_of(lines[1:])
    if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0") or headers is None:
        return Refusal(400)
    method, target, _ = words
    refusal = _misdirected(method, target, headers, host)
    if refusal is not None:
        return Refusal(refusal, bodyless=method == "HEAD")
    return _callback(target.partition("?")[2], state)


def headers_of(lines: list[str]) -> dict[str, list[str]] | None:
    """Return all values by lower-case name, or None for what is no header (RFC 9112 5)."""
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            return None
        headers.setdefault(name.lower(), []).append(value.strip(" \t"))
    return headers


def _misdirected(
    method: str, target: str, headers: dict[str, list[str]], host: str
) -> int | None:  # fmt: skip
    """Return the status for a request to another place, in another way, or with a body."""
    hosts = headers.get("host", [])
    if len(hosts) != 1:
        return 400
    if hosts[0] != host:
        return 421
    if target.partition("?")[0] != CALLBACK_PATH:
        return 404
    if method != "GET":
        return 405
    if "transfer-encoding" in headers or headers.get("content-length", ["0"]) != ["0"]:
        return 400
    return None


def _callback(query: str, state: Secret) -> Callback | Refusal:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return Refusal(400)
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    states = values.get("state", [])
    if len(states) != 1 or not _same(states[0], state):
        return Refusal(403)
    codes, errors = values.get("code", []), values.get("error", [])
    if len(codes) + len(errors) != 1:
        return Refusal(400)
    if errors:
        known: BrowserError = next((name for name in _ERRORS if name == errors[0]), "other")
        return Callback(error=known)
    code = codes[0]
    if not code or len(code) > _LONGEST_CODE or not _CODE_LETTERS.issuperset(code):
        return Refusal(400)
    return Callback(code=Secret(code))


def _same(given: str, state: Secret) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), state.reveal().encode())
