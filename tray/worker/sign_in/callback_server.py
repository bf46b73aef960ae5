"""
The loopback server of one sign-in: it waits for one request and is disturbed by no other (L3).

One thread serves every connection without ever blocking on one, so that an idle preconnect, a
client that sends a byte a second or a flood of forgeries costs the real browser nothing. RFC 8252
7.3 and 8.3: the loopback address as a literal, any free port, open only while somebody signs in.
"""

from __future__ import annotations

import logging
import selectors
import socket
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Literal, Self

from tray.errors import OurBug, UserMustAct
from tray.secret import Secret
from tray.system import WINDOWS
from tray.worker.sign_in import sign_in_pages
from tray.worker.sign_in.callback_request import CALLBACK_PATH, Callback, Refusal, head_end, judge

log = logging.getLogger(__name__)

MOST_CONNECTIONS: Final = 64
"""With more than these the one that has been silent longest makes room."""
HEAD_WITHIN: Final = 10.0
"""Seconds a connection may take to say what it wants."""
HELD_FOR: Final = 20.0
"""Seconds the browser is kept waiting for the end of the sign-in before it is told so."""
WRITTEN_WITHIN: Final = 5.0
DRAINED_WITHIN: Final = 0.3
"""Seconds for reading on after an answer: closing on unread bytes would destroy the answer."""
CLOSED_WITHIN: Final = 0.8
"""Seconds for the last answers to get through; then everything is closed."""

PORT_TRIES: Final = 3
PORT_PAUSE: Final = 0.2
"""How often any port is asked for, and the seconds in between (fault 57)."""

_PIECE: Final = 64 * 1024
_ADDRESS: Final = "127.0.0.1"
_EXCLUSIVE: Final = getattr(socket, "SO_EXCLUSIVEADDRUSE", ~socket.SO_REUSEADDR)

Stage = Literal["reading", "held", "writing", "draining"]


@dataclass(slots=True, eq=False)
class _Connection:
    socket: socket.socket
    deadline: float
    stage: Stage = "reading"
    received: bytearray = field(default_factory=bytearray)
    unsent: bytes = b""


class NoFreePort(UserMustAct):
    """There is no port to wait for the browser's answer at."""


class CallbackServer:
    """
    Listen for the callback from ``__enter__`` to ``__exit__``, and answer it when all is done.

    The response to the callback is held back until `finish` says how the sign-in ended, so that
    the page tells the truth; a reload meanwhile, or a second callback, gets the same page.

    Args:
        key: the session, named on the page of a sign-in that takes long.
        state: what tells the callback from a forgery; 256 random bits.
        port: a fixed port, or None for any free one.
        head_within: seconds a connection may take to say what it wants.
        held_for: seconds until a waiting browser is told that it may go.
    """

    def __init__(
        self,
        key: str,
        state: Secret,
        *,
        port: int | None = None,
        head_within: float = HEAD_WITHIN,
        held_for: float = HELD_FOR,
    ) -> None:
        self._key, self._state = key, state
        self._head_within, self._held_for = head_within, held_for
        self._wanted_port = port or 0
        self._host = ""
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._waker, self._wakened = socket.socketpair()
        self._connections: dict[socket.socket, _Connection] = {}
        self._thread = threading.Thread(target=self._serve, name="callback", daemon=True)
        self._callback: Callback | None = None
        self._called = threading.Event()
        self._page: sign_in_pages.Page | None = None
        self._closing_by: float | None = None
        self._listening = False

    @property
    def redirect_uri(self) -> str:
        """Where AWS sends the browser back to; known once it listens."""
        return f"http://{self._host}{CALLBACK_PATH}"

    def __enter__(self) -> Self:
        """
        Bind, listen and serve.

        Raises:
            NoFreePort: none can be had, or not the one that was named.
        """
        try:
            self._listen_at_last()
        except (OSError, OverflowError) as error:
            self._close_sockets()
            raise _no_port(self._wanted_port, error) from None
        self._host = f"{_ADDRESS}:{self._listener.getsockname()[1]}"
        for waiting in (self._listener, self._wakened):
            waiting.setblocking(False)
            self._selector.register(waiting, selectors.EVENT_READ)
        self._waker.setblocking(False)
        self._listening = True
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close port and connections, within a second, once the last answer got through."""
        self._closing_by = time.monotonic() + CLOSED_WITHIN
        self._wake()
        self._thread.join(CLOSED_WITHIN + 5)

    def wait(self, seconds: float) -> Callback | None:
        """
        Wait for the callback.

        Raises:
            OurBug: the server's thread has died.
        """
        if self._called.wait(seconds):
            return self._callback
        if not self._thread.is_alive():
            msg = "The server that waits for the browser has died."
            raise OurBug(msg)
        return None

    def finish(self, page: sign_in_pages.Page) -> None:
        """Answer the callback, and whoever sends it again."""
        self._page = page
        self._wake()

    def _listen_at_last(self) -> None:
        """Take any port in one of a few tries (fault 57); one that was named is not waited for."""
        for _ in range(0 if self._wanted_port else PORT_TRIES - 1):
            try:
                self._listen()
            except OSError as error:
                log.warning("no port to wait for the browser at (%s)", error.strerror)
                time.sleep(PORT_PAUSE)
            else:
                return
        self._listen()

    def _listen(self) -> None:
        if WINDOWS:
            # There SO_REUSEADDR would let another program share the port.
            self._listener.setsockopt(socket.SOL_SOCKET, _EXCLUSIVE, 1)
        elif self._wanted_port:
            # The last sign-in's connections may linger; two listeners still exclude each other.
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((_ADDRESS, self._wanted_port))
        self._listener.listen(2 * MOST_CONNECTIONS)

    def _wake(self) -> None:
        try:
            self._waker.send(b"!")
        except OSError:
            log.debug("the callback server has been wakened before, or has ended")

    # --- From here on everything runs in the server's own thread. ---

    def _serve(self) -> None:
        try:
            while not self._done():
                for key, _ in self._selector.select(self._patience()):
                    if key.fileobj is self._listener:
                        self._accept()
                    elif key.fileobj is self._wakened:
                        self._wakened.recv(_PIECE)
                    elif isinstance(key.data, _Connection):
                        self._attend(key.data)
                self._answer_held()
                self._let_go_of_late_ones()
        finally:
            self._close_sockets()

    def _done(self) -> bool:
        """Whether to end: asked to, and nobody is left whose answer is still on its way."""
        if self._closing_by is None:
            return False
        if self._listening:
            self._listening = False
            self._selector.unregister(self._listener)
            self._listener.close()
        for connection in list(self._connections.values()):
            if connection.stage == "reading" or (connection.stage == "held" and not self._page):
                self._drop(connection)
        return not self._connections or time.monotonic() >= self._closing_by

    def _patience(self) -> float | None:
        deadlines = [connection.deadline for connection in self._connections.values()]
        if self._closing_by is not None:
            deadlines.append(self._closing_by)
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _accept(self) -> None:
        try:
            accepted, _ = self._listener.accept()
        except OSError as error:
            log.debug("a connection was gone before it was taken (%s)", type(error).__name__)
            return
        if len(self._connections) >= MOST_CONNECTIONS:
            self._drop(min(self._connections.values(), key=_expendable))
        accepted.setblocking(False)
        connection = _Connection(accepted, time.monotonic() + self._head_within)
        self._connections[accepted] = connection
        self._selector.register(accepted, selectors.EVENT_READ, connection)
        self._attend(connection)

    def _attend(self, connection: _Connection) -> None:
        try:
            if connection.stage == "writing":
                self._write(connection)
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
        connection.received += piece
        end = head_end(connection.received)
        if end is None:
            return
        if isinstance(end, int):
            head = bytes(connection.received[:end])
            self._take(connection, judge(head, host=self._host, state=self._state))
        else:
            self._take(connection, end)

    def _take(self, connection: _Connection, verdict: Callback | Refusal) -> None:
        connection.received.clear()
        if isinstance(verdict, Refusal):
            log.debug("a request to the callback address was refused (%d)", verdict.status)
            page = sign_in_pages.refused(verdict.status)
            self._send(connection, page.response(bodyless=verdict.bodyless))
            return
        connection.stage = "held"
        connection.deadline = time.monotonic() + self._held_for
        if self._callback is None:
            self._callback = verdict
            self._called.set()

    def _answer_held(self) -> None:
        page = self._page
        if page is None:
            return
        for connection in list(self._connections.values()):
            if connection.stage == "held":
                self._send(connection, page.response())

    def _send(self, connection: _Connection, response: bytes) -> None:
        connection.stage = "writing"
        connection.deadline = time.monotonic() + WRITTEN_WITHIN
        connection.unsent = response
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

    def _let_go_of_late_ones(self) -> None:
        now = time.monotonic()
        for connection in list(self._connections.values()):
            if connection.deadline > now:
                continue
            if connection.stage == "held":
                self._send(connection, sign_in_pages.unfinished(self._key).response())
            elif connection.stage == "reading" and connection.received:
                self._send(connection, sign_in_pages.refused(408).response())
            else:
                self._drop(connection)

    def _drop(self, connection: _Connection) -> None:
        if self._connections.pop(connection.socket, None) is not None:
            self._selector.unregister(connection.socket)
        connection.socket.close()

    def _close_sockets(self) -> None:
        for connection in list(self._connections.values()):
            self._drop(connection)
        self._selector.close()
        for one in (self._listener, self._waker, self._wakened):
            one.close()


def _expendable(connection: _Connection) -> tuple[bool, float]:
    """Order connections by how little is lost with them: never the one that is held, if others."""
    return connection.stage == "held", connection.deadline


def _no_port(port: int, error: OSError | OverflowError) -> NoFreePort:
    why = getattr(error, "strerror", None) or "no such port"
    where = f"{_ADDRESS}:{port}" if port else _ADDRESS
    return NoFreePort(
        f"The browser's answer cannot be waited for at {where}: {why}. "
        "Another port, or a sign-in by code, may work."
    )
