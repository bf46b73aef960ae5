"""
The language between the daemon and its clients: one JSON object a line, versioned, small.

A client connects, sends one request and reads lines until ``done`` or ``error``; only
``subscribe`` lasts until one side closes. Every line carries ``"v": 1``.

Requests: ``{"v", "program", "world", "op", ...}`` where ``world`` is `tray.system.paths.world` of
the caller (rule C3). A caller that does not know those rules, the credential helper, sends
``environ`` instead: its variables, see `tray.daemon.agent_server.world_of`. ``op`` is one of:

=============  ==========================================================================
``status``     -> ``done.status``: the document of rule C5; with ``network``, ``done.differing``,
               too: which variables of the caller's network are not the daemon's; with
               ``words`` (`tray.ipc.caller_words`) and ``coloured``, ``done.words`` instead: the
               text in hexadecimal, right behind ``sentence``
``subscribe``  -> ``status`` at once and after each change, ``notice``, ``withdraw`` as they come
``login``      ``session``, ``afresh``, ``method``, ``callback_port``, ``network`` (the caller's,
               see `tray.ipc.caller_network`, to sign in through); -> ``progress`` (``open``
               says whether this caller opens the page), perhaps ``report``, a sentence to show,
               then ``done``; closing the connection cancels a sign-in that no other client
               waits for
``cancel``     ``session``: end the sign-in under way
``logout`` ``undo`` ``renew`` ``release``   ``session``
``use``        ``profile`` or null
``credentials``  ``profile``, or null for the active one; -> ``done.credentials``: the
               ``credential_process`` document. Keep the members in the order ``exit``,
               ``sentence``, ``credentials``: the credential helper then needs no JSON reader
``profile``    ``profile``, or null; -> ``done``: ``profile`` and ``session`` in JSON,
               ``managed``, ``active``, ``marks`` of the config files as they were read,
               ``portal``: the portal's link to its console, or null
``environment``  as ``credentials``, with ``done.environment`` before it: see
               `tray.ipc.child_environment`; keep that order, too
``whoami``     ``profile``, or null; -> ``done.identity``
``quit``       end the daemon
=============  ==========================================================================

``done`` holds ``exit`` (rule C1) and ``sentence``, and ``passes`` if credentials failed for what
goes away by itself. ``error`` is ``other-world`` (the caller must act alone), ``version``,
``unknown-op`` or ``bad-request``, each with a ``sentence``.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

import tray
from tray.errors import TrayError, Unreachable
from tray.system import agent_socket

VERSION: Final = 1
REQUEST_LIMIT: Final = 64 * 1024
ANSWER_LIMIT: Final = 16 * 1024 * 1024  # bytes of a line; an answer may list 10,000 profiles
CONNECT_PATIENCE: Final = 2.0
_NO_JSON: Final = object()
# Seconds to wait for a connection, and for an answer that the daemon has at hand.
QUICK_ANSWER: Final = 10.0
_WAKES: Final = 1.0
_CHUNK: Final = 64 * 1024


class BadLine(TrayError):
    """A line that is not a message of this protocol; the sentence says what is wrong."""


class OtherWorld(TrayError):
    """The daemon lives in another world (paths, endpoints): the caller acts alone (C3)."""


def encode(message: Mapping[str, Any]) -> bytes:
    return json.dumps({"v": VERSION, **message}, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes, *, limit: int = REQUEST_LIMIT) -> dict[str, Any]:
    """Raises `BadLine`: too long, cut, no JSON object, nested too deeply, or another version."""
    if len(line) > limit:
        raise BadLine(f"A message is longer than {limit} bytes.")
    if not line.endswith(b"\n"):
        raise BadLine("A message was incomplete.")
    message = _read(line)
    if message is _NO_JSON:
        raise BadLine("A message isn't JSON.")
    if not isinstance(message, dict):
        raise BadLine("A message isn't a JSON object.")
    if message.get("v") != VERSION:
        raise BadLine(
            f"A message has a version other than {VERSION}. Restart SSO Tray after an upgrade."
        )
    return message


def _read(line: bytes) -> Any:
    """Return what a line holds, without an exception: a decoder's would carry the whole line."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return _NO_JSON


class AgentClient:
    """`sockets` is where the daemon may listen, best first (`Paths.runtime_sockets`)."""

    def __init__(self, sockets: tuple[Path, ...], world: Mapping[str, str]) -> None:
        self._sockets = sockets
        self._world = dict(world)
        self._connection: agent_socket.Connection | None = None

    def __enter__(self) -> Self:
        """Raises `Unreachable` if no daemon listens."""
        trouble: Unreachable | None = None
        for path in self._sockets:
            try:
                self._connection = agent_socket.connection(path, CONNECT_PATIENCE)
            except Unreachable as error:
                trouble = error
            else:
                return self
        raise trouble or Unreachable("SSO Tray isn't running.")

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(
        self, op: str, *, patience: float | None = QUICK_ANSWER, **members: Any
    ) -> Iterator[dict[str, Any]]:
        """
        Send a request and yield its answers; the last one has ``done``.

        `patience` is in seconds for each line, or None. One that takes longer than what is at hand
        is asked meanwhile whether it answers at all. Raises OtherWorld: act alone; Unreachable: it
        went away, is mute, or speaks another version; BadLine: it rejected the request.
        """
        if self._connection is None:
            raise Unreachable("SSO Tray isn't running.")
        self._connection.settimeout(QUICK_ANSWER)
        request = {"program": tray.__version__, "world": self._world, "op": op, **members}
        try:
            self._connection.sendall(encode(request))
            for line in self._lines(self._connection, patience):
                message = _checked(decode(line, limit=ANSWER_LIMIT))
                yield message
                if "done" in message:
                    return
        except TimeoutError:
            raise Unreachable("SSO Tray doesn't answer.") from None
        except OSError as error:
            raise Unreachable(f"SSO Tray stopped ({error.strerror}).") from None
        raise Unreachable("SSO Tray stopped.")

    def done(self, op: str, *, patience: float | None = QUICK_ANSWER, **members: Any) -> Any:
        """Send a request and return the last answer; raises as `ask`."""
        *_, last = self.ask(op, patience=patience, **members)
        return last["done"]

    def _lines(
        self, connection: agent_socket.Connection, patience: float | None
    ) -> Iterator[bytes]:
        """Yield lines as they come, the last one possibly truncated; raises `TimeoutError`."""
        waiting = b""
        while True:
            line, newline, rest = waiting.partition(b"\n")
            if newline or len(waiting) > ANSWER_LIMIT:
                yield line + newline
                waiting = rest
                continue
            self._wait(connection, patience)
            chunk = connection.recv(_CHUNK)
            if not chunk:
                break
            waiting += chunk
        if waiting:
            yield waiting

    def _wait(self, connection: agent_socket.Connection, patience: float | None) -> None:
        """Wake every second: Python misses a Ctrl-C that arrives right before a wait."""
        deadline = math.inf if patience is None else time.monotonic() + patience
        # A subscriber may wait for days, and only a living daemon keeps the connection open.
        doubts = patience is not None and patience > QUICK_ANSWER
        doubted_at = time.monotonic() + QUICK_ANSWER
        while (left := deadline - time.monotonic()) > 0:
            if agent_socket.readable(connection, min(left, _WAKES)):
                return
            if doubts and time.monotonic() >= doubted_at:
                if not self._answers():
                    break
                doubted_at = time.monotonic() + QUICK_ANSWER
        raise TimeoutError

    def _answers(self) -> bool:
        """Whether it says how things stand, which it has at hand, to another connection."""
        try:
            with AgentClient(self._sockets, self._world) as other:
                other.done("status")
        except Unreachable:
            return False
        except TrayError:
            return True
        return True


def _checked(message: dict[str, Any]) -> dict[str, Any]:
    error = message.get("error")
    if error is None:
        return message
    sentence = str(message.get("sentence", "SSO Tray refused the request."))
    if error == "other-world":
        raise OtherWorld(sentence)
    if error == "version":
        raise Unreachable(sentence)
    raise BadLine(sentence)
