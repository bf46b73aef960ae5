"""
A small HTTP server on 127.0.0.1, open while a command or sign-in needs it (RFC 8252).

One thread serves every connection and never blocks on one, so no slow client delays another.
"""

from __future__ import annotations

import errno
import logging
import math
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Self

from tray.errors import UserMustAct
from tray.loopback.http_messages import Request, Response, body_length, head_end, parse
from tray.loopback.later_answers import Held, Stream
from tray.loopback.listening_port import ADDRESS, PORT_PAUSE, listen_patiently, no_port
from tray.loopback.peer_owner import PeerLookup

log = logging.getLogger(__name__)

MOST_CONNECTIONS: Final = 256  # beyond these, the longest silent one is dropped
HEAD_WITHIN: Final = 10.0  # seconds a connection has for its request
WRITTEN_WITHIN: Final = 5.0
DRAINED_WITHIN: Final = 0.3  # seconds to read on: closing on unread bytes destroys the answer
CLOSED_WITHIN: Final = 0.8  # seconds for the last answers to be sent; then everything is closed

_AT_ONCE: Final = 64
_PIECE: Final = 64 * 1024
_BOTH_WAYS: Final = selectors.EVENT_READ | selectors.EVENT_WRITE
_FEW_DESCRIPTORS: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


@dataclass(slots=True, eq=False)
class _Connection:
    socket: socket.socket
    deadline: float
    heard_at: float
    stage: Literal["reading", "held", "streaming", "writing", "draining"] = "reading"
    received: bytearray = field(default_factory=bytearray)
    held: Held | None = None
    stream: Stream | None = None
    unsent: bytes = b""


class LoopbackServer:
    """
    Serve from ``__enter__`` to ``__exit__``. Only our own user and root are answered.

    ``handle`` runs in the server's thread and must not block; ``refuse`` makes the answer for a
    4xx or 500. ``unknown_peers``: serve where the system does not say who connects. ``report``
    gets one sentence, once, when another user has connected. ``largest_body``: bytes of a body
    that are read; 0: none is.
    """

    def __init__(
        self,
        handle: Callable[[Request], Response | Held | Stream],
        refuse: Callable[[int], Response] = Response,
        *,
        port: int = 0,
        unknown_peers: bool = False,
        report: Callable[[str], None] | None = None,
        head_within: float = HEAD_WITHIN,
        largest_body: int = 0,
    ) -> None:
        self._handle, self._refuse, self._report = handle, refuse, report
        self._largest_body = largest_body
        self._unknown_peers, self._head_within = unknown_peers, head_within
        self._wanted_port = port
        self.port = 0
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._waker, self._wakened = socket.socketpair()
        self._peers = PeerLookup()
        self._reported: set[str] = set()
        self._connections: dict[socket.socket, _Connection] = {}
        self._thread = threading.Thread(target=self._serve, name="loopback", daemon=True)
        self._closing_by: float | None = None

    @property
    def host(self) -> str:
        return f"{ADDRESS}:{self.port}"

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def __enter__(self) -> Self:
        """Bind, listen and serve; NoFreePort, or UserMustAct if it cannot see who connects."""
        try:
            if self._peers.open() is None and not self._unknown_peers:
                raise UserMustAct(
                    "This system doesn't say which user connects to a port on 127.0.0.1."
                )
            listen_patiently(self._listener, self._wanted_port)
        except (OSError, OverflowError) as error:
            self._close_sockets()
            raise no_port(self._wanted_port, error) from None
        except UserMustAct:
            self._close_sockets()
            raise
        self.port = self._listener.getsockname()[1]
        for waiting in (self._listener, self._wakened):
            waiting.setblocking(False)
            self._selector.register(waiting, selectors.EVENT_READ)
        self._waker.setblocking(False)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Close port and connections within a second, after the last answer is sent."""
        self._closing_by = time.monotonic() + CLOSED_WITHIN
        self._wake()
        self._thread.join(CLOSED_WITHIN + 5)

    def _wake(self, _: object = None) -> None:
        try:
            self._waker.send(b"!")
        except OSError:
            log.debug("the loopback server is awake already, or has ended")

    # --- From here on everything runs in the server's own thread. ---

    def _serve(self) -> None:
        try:
            while not self._done():
                for key, _ in self._selector.select(self._patience()):
                    if key.fileobj is self._listener:
                        self._accept_some()
                    elif key.fileobj is self._wakened:
                        self._wakened.recv(_PIECE)
                    elif isinstance(key.data, _Connection):
                        self._attend(key.data)
                self._answer_held()
                self._feed_streams()
                self._drop_late()
        finally:
            self._close_sockets()

    def _done(self) -> bool:
        """Whether to end: requested, and no answer is still on its way."""
        if self._closing_by is None:
            return False
        if self._listener.fileno() >= 0:
            self._selector.unregister(self._listener)
            self._listener.close()
        self._answer_held()
        for connection in list(self._connections.values()):
            if connection.stage in ("reading", "held", "streaming"):
                self._drop(connection)
        return not self._connections or time.monotonic() >= self._closing_by

    def _patience(self) -> float | None:
        deadlines = [one.deadline for one in self._connections.values() if one.deadline < math.inf]
        if self._closing_by is not None:
            deadlines.append(self._closing_by)
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _accept_some(self) -> None:
        """Accept a bounded number of connections; a full backlog costs clients a second."""
        for _ in range(_AT_ONCE):
            try:
                accepted, _ = self._listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                log.debug("a connection was not accepted (%s)", type(error).__name__)
                if error.errno in _FEW_DESCRIPTORS and not self._make_room():
                    time.sleep(PORT_PAUSE)  # the listener stays readable: this would spin
                return
            self._take(accepted)

    def _take(self, accepted: socket.socket) -> None:
        if not self._may_speak(accepted):
            accepted.close()
            return
        if len(self._connections) >= MOST_CONNECTIONS:
            self._make_room()
        accepted.setblocking(False)
        now = time.monotonic()
        connection = _Connection(accepted, now + self._head_within, now)
        self._connections[accepted] = connection
        self._selector.register(accepted, selectors.EVENT_READ, connection)
        self._attend(connection)

    def _may_speak(self, accepted: socket.socket) -> bool:
        """Decide by who is at the other end; no byte has been read yet."""
        peer = self._peers.peer(accepted)
        match peer.owner:
            case "another":
                who = "" if peer.uid is None else f" (uid {peer.uid})"  # Windows has none
                self._report_once(
                    f"Another user of this computer{who} has connected to "
                    f"{self.host} and was turned away."
                )
            case "unknown":
                self._report_once(f"It is not known which user has connected to {self.host}.")
        return peer.owner == "ours" or (peer.owner == "unknown" and self._unknown_peers)

    def _report_once(self, sentence: str) -> None:
        if sentence in self._reported:
            return
        self._reported.add(sentence)
        log.warning("%s", sentence)
        if self._report is not None:
            self._report(sentence)

    def _make_room(self) -> bool:
        """Drop the connection that has been silent longest, waiting ones last."""
        if not self._connections:
            return False
        self._drop(
            min(
                self._connections.values(),
                key=lambda it: (it.stage in ("held", "streaming"), it.heard_at),
            )
        )
        return True

    def _attend(self, connection: _Connection) -> None:
        try:
            if connection.stage == "writing":
                self._write(connection)
            elif connection.stream is not None and connection.unsent:
                self._send_on(connection)
            else:
                self._read(connection)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._drop(connection)

    def _read(self, connection: _Connection) -> None:
        piece = connection.socket.recv(_PIECE)
        if not piece:
            self._drop(connection)
            return
        if connection.stage != "reading":
            return  # whatever else it sends changes nothing
        connection.heard_at = time.monotonic()
        connection.received += piece
        end = head_end(connection.received)
        if end is None:
            return
        request = parse(bytes(connection.received[:end])) if end > 0 else None
        if request is not None and self._largest_body:
            length = body_length(request, self._largest_body)
            if 0 <= len(connection.received) - end < length:
                return
            body = bytes(connection.received[end : end + max(length, 0)])
            request, end = (replace(request, body=body), end) if length >= 0 else (None, length)
        connection.received.clear()
        if request is None:
            self._send(connection, self._refuse(-end if end < 0 else 400))
            return
        self._answer(connection, request)

    def _answer(self, connection: _Connection, request: Request) -> None:
        answer = self._handled(request)
        if isinstance(answer, Response):
            self._send(connection, answer, bodyless=request.method == "HEAD")
        elif isinstance(answer, Stream):
            connection.stage, connection.stream = "streaming", answer
            connection.unsent, connection.deadline = answer.head.encoded(endless=True), math.inf
            answer.begin(self._wake)
        else:
            connection.stage, connection.held = "held", answer
            connection.deadline = time.monotonic() + answer.within
            answer.answer.add_done_callback(self._wake)

    def _feed_streams(self) -> None:
        for connection in list(self._connections.values()):
            if connection.stream is None:
                continue
            connection.unsent += connection.stream.taken()
            if connection.unsent and math.isinf(connection.deadline):
                connection.deadline = time.monotonic() + WRITTEN_WITHIN
                self._selector.modify(connection.socket, _BOTH_WAYS, connection)
            elif connection.stream.over and not connection.unsent:
                self._drop(connection)

    def _send_on(self, connection: _Connection) -> None:
        sent = connection.socket.send(connection.unsent)
        connection.unsent = connection.unsent[sent:]
        connection.deadline = time.monotonic() + WRITTEN_WITHIN
        if not connection.unsent:
            connection.deadline = math.inf
            self._selector.modify(connection.socket, selectors.EVENT_READ, connection)

    def _handled(self, request: Request) -> Response | Held | Stream:
        try:
            return self._handle(request)
        except Exception as error:  # noqa: BLE001  (its text may hold anything; its kind does not)
            log.error("a request to %s failed (%s)", self.host, type(error).__name__)
            return self._refuse(500)

    def _answer_held(self) -> None:
        for connection in list(self._connections.values()):
            if connection.held is not None and connection.held.answer.done():
                self._send(connection, connection.held.answer.result())

    def _send(
        self, connection: _Connection, response: Response, *, bodyless: bool = False
    ) -> None:  # fmt: skip
        connection.stage, connection.held = "writing", None
        connection.deadline = time.monotonic() + WRITTEN_WITHIN
        connection.unsent = response.encoded(bodyless=bodyless)
        self._selector.modify(connection.socket, selectors.EVENT_WRITE, connection)
        self._attend(connection)

    def _write(self, connection: _Connection) -> None:
        sent = connection.socket.send(connection.unsent)
        connection.unsent = connection.unsent[sent:]
        if connection.unsent:
            return
        connection.stage = "draining"
        connection.deadline = time.monotonic() + DRAINED_WITHIN
        self._selector.modify(connection.socket, selectors.EVENT_READ, connection)
        connection.socket.shutdown(socket.SHUT_WR)

    def _drop_late(self) -> None:
        now = time.monotonic()
        for connection in list(self._connections.values()):
            if connection.deadline > now:
                continue
            if connection.held is not None:
                self._send(connection, connection.held.late)
            elif connection.stage == "reading" and connection.received:
                self._send(connection, self._refuse(408))
            else:
                self._drop(connection)

    def _drop(self, connection: _Connection) -> None:
        if self._connections.pop(connection.socket, None) is not None:
            self._selector.unregister(connection.socket)
            if connection.stream is not None:
                connection.stream.end()
        connection.socket.close()

    def _close_sockets(self) -> None:
        for connection in list(self._connections.values()):
            self._drop(connection)
        self._peers.close()
        self._selector.close()
        for one in (self._listener, self._waker, self._wakened):
            one.close()
