"""HTTP on a loopback port: reads requests, writes answers, and breaks connections on demand."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from tray.fake_aws.http.wire_format import Request, Response

_LONGEST_BODY = 1 << 20
_IDLE_SECONDS = 30.0

Ending = Literal["whole", "cut", "dropped", "reset"]


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer, and what happens to the connection afterwards."""

    answer: Response
    ending: Ending = "whole"


class HttpServer(socketserver.TCPServer):
    """One thread per connection, keep-alive, and a close that leaves neither port nor thread."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self, port: int, handle: Callable[[Request], Reply], clock: Callable[[], float]
    ) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.handle = handle
        self.clock = clock
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._to_reset: set[socket.socket] = set()
        self._stopping = threading.Event()
        self._acceptor = threading.Thread(target=self._accept, name="identity-center", daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._acceptor.start()

    def stop(self) -> None:
        """Stop accepting, end all connections, free the port and wait for the threads."""
        self._stopping.set()
        # Wakes the acceptor, which waits in accept() rather than polling.
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._acceptor.join()
        self.server_close()
        with self._lock:
            threads = list(self._open.items())
        for _, connection in threads:
            _end(connection)
        for thread, _ in threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                connection, address = self.socket.accept()
            except OSError:
                # The client left before we took its connection, or no descriptor is free.
                self._stopping.wait(0.05)
                continue
            if self._stopping.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection, address), daemon=True)
            with self._lock:
                self._open[thread] = connection
            thread.start()

    def _serve(self, connection: socket.socket, client_address: object) -> None:
        try:
            _Connection(connection, client_address, self)
        except OSError:
            # The client left in the middle; there is no one to answer.
            connection.close()
        finally:
            with self._lock:
                reset = connection in self._to_reset
                self._to_reset.discard(connection)
                del self._open[threading.current_thread()]
            if not reset:
                _end(connection)
            connection.close()

    def reset(self, connection: socket.socket) -> None:
        """End the connection in a reset (RST) instead of an orderly close."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with self._lock:
            self._to_reset.add(connection)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    server: HttpServer

    def parse_request(self) -> bool:
        """Parse as the base class does, then handle every method the same way."""
        if not super().parse_request():
            return False
        setattr(self, f"do_{self.command}", self._serve)
        return True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Print nothing: the request log is elsewhere, and a URL can hold secrets."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
        elif not length.isdigit():
            self._refuse(HTTPStatus.BAD_REQUEST)
        elif int(length) > _LONGEST_BODY:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._answer(self._read(int(length)))

    def _read(self, length: int) -> Request:
        target = urlsplit(self.path)
        return Request(
            method=self.command,
            path=target.path,
            query=tuple(parse_qsl(target.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
            base_url=self.server.url,
        )

    def _answer(self, request: Request) -> None:
        reply = self.server.handle(request)
        if reply.ending != "whole":
            self.close_connection = True
        if reply.ending == "reset":
            self.server.reset(self.connection)
            return
        if reply.ending == "dropped":
            return
        head, body = self._encode(reply.answer)
        if reply.ending == "cut":
            body = body[: len(body) // 2]
        self.wfile.write(head + (b"" if self.command == "HEAD" else body))

    def _encode(self, answer: Response) -> tuple[bytes, bytes]:
        phrase = self.responses.get(answer.status, ("Unassigned", ""))[0]
        lines = [
            f"HTTP/1.1 {answer.status} {phrase}",
            f"Date: {self.date_time_string(self.server.clock())}",
            f"Content-Length: {len(answer.body)}",
        ]
        if answer.content_type is not None:
            lines.append(f"Content-Type: {answer.content_type}")
        lines += [f"{name}: {value}" for name, value in answer.headers]
        if self.close_connection:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), answer.body

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self.wfile.write(self._encode(Response(status))[0])


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # Already ended by the client.
        return
