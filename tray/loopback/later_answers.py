"""Answers that are not there yet when the request is: one that comes, and one that goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from tray.loopback.http_messages import Response

MOST_UNREAD: Final = 8 * 1024 * 1024  # bytes that wait for a client that does not read


@dataclass(frozen=True, slots=True)
class Held:
    """An answer that any thread completes, within some seconds; after that ``late`` is sent."""

    answer: Future[Response]
    within: float
    late: Response


class Stream:
    """An answer without an end: any thread writes on, until one side is over."""

    def __init__(self, head: Response) -> None:
        self.head = head
        self._lock = threading.Lock()
        self._waiting = bytearray()
        self._wake: Callable[[], None] = lambda: None
        self._over = threading.Event()

    def write(self, piece: bytes) -> bool:
        """Send a piece; False once it is over, also for a client that has stopped reading."""
        with self._lock:
            if self.over:
                return False
            self._waiting += piece
            if len(self._waiting) > MOST_UNREAD:
                self._waiting.clear()
                self._over.set()
            wake = self._wake
        wake()
        return not self._over.is_set()

    def end(self) -> None:
        """End it; what was written before is still sent."""
        self._over.set()
        self._wake()

    @property
    def over(self) -> bool:
        return self._over.is_set()

    # --- For the server. ---

    def begin(self, wake: Callable[[], None]) -> None:
        """Have the server woken by each piece; those already written are waiting."""
        with self._lock:
            self._wake = wake
        wake()

    def taken(self) -> bytes:
        with self._lock:
            piece = bytes(self._waiting)
            self._waiting.clear()
        return piece
