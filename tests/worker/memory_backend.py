"""A strict keyring in memory: it fails where a real one would, and wherever it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from tray.errors import KeyringDenied
from tray.secret import Secret
from tray.worker.keyring.keyring_backends import LockState

T = TypeVar("T")


class Killed(BaseException):
    """The process was killed here."""


@dataclass
class MemoryBackend:
    """
    A keyring.

    Like the real ones it takes one request at a time, knows nothing of what it keeps, and would
    prompt if it were used while locked; both mistakes of its user fail the test.

    Args:
        max_chars: the longest text of one item in UTF-16 units; longer ones are an error, as
            1783 is on Windows.
        deletes_first: whether a write removes the old item before it adds the new, as macOS does.
    """

    max_chars: int | None = None
    deletes_first: bool = False
    name: str = "memory"
    state: LockState = "ready"
    refuses_unlock: bool = False
    refuses_writes: bool = False
    loses_writes: bool = False
    garbles_writes: bool = False
    kill_after: int | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    items: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    changes: int = 0
    _using: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.gate.set()

    def lock_state(self) -> LockState:
        """Tell the state; never prompts."""
        with self._request("lock_state"):
            return self.state

    def unlock(self) -> None:
        """Unlock, unless told to refuse."""
        with self._request("unlock"):
            if self.refuses_unlock:
                msg = "the keyring was not unlocked"
                raise KeyringDenied(msg)
            self.state = "ready"

    def get(self, username: str, /) -> Secret | None:
        """Read an item."""
        with self._request(f"get {username}", prompts=True):
            found = self.items.get(username)
            return None if found is None else Secret(found)

    def set(self, username: str, value: Secret, /) -> None:
        """Write an item."""
        with self._request(f"set {username}", prompts=True):
            text = value.reveal()
            units = len(text.encode("utf-16-le")) // 2
            if self.refuses_writes or (self.max_chars is not None and units > self.max_chars):
                msg = "the keyring refuses"
                raise KeyringDenied(msg)
            if self.deletes_first:
                self._change(lambda: self.items.pop(username, None))
            kept = text[:-1] + "~" if self.garbles_writes else text
            if not self.loses_writes:
                self._change(lambda: self.items.update({username: kept}))

    def delete(self, username: str, /) -> None:
        """Remove an item; none there is no error."""
        with self._request(f"delete {username}", prompts=True):
            if username in self.items:
                self._change(lambda: self.items.pop(username))

    def _change(self, change: Callable[[], T]) -> None:
        if self.kill_after is not None and self.changes >= self.kill_after:
            raise Killed
        self.changes += 1
        change()

    @contextmanager
    def _request(self, what: str, *, prompts: bool = False) -> Iterator[None]:
        assert self._using.acquire(blocking=False), "two requests at once"
        try:
            self.requests.append(what)
            self.gate.wait()
            assert not (prompts and self.state == "locked"), "this would have prompted"
            yield
        finally:
            self._using.release()
