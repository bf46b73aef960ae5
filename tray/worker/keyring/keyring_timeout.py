"""
One keyring request at a time, with a time limit, which keyring's libraries do not have.

A thread stuck in one cannot be ended: its caller continues without it, and until it returns every
further request is refused at once.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from tray.errors import KeyringUnavailable

T = TypeVar("T")


class Patience:
    """A queue of one for the keyring; a process has one, see `SHARED`."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._waiting: deque[_Turn[Any]] = deque()
        self._running: _Turn[Any] | None = None
        self._overdue = False
        # One thread for all, and each caller woken separately: threads started or woken in vain
        # were most of the cost of ten simultaneous renewals (measured).
        self._thread: threading.Thread | None = None

    def within(self, deadline: float, request: Callable[[], T]) -> T:
        """Run a request before `deadline` (`time.monotonic`), else raise ``keyring-waiting``."""
        turn: _Turn[T] = _Turn(request)
        with self._change:
            if self._overdue:
                raise keyring_waiting()
            self._waiting.append(turn)
            self._insist_on_thread()
            self._change.notify_all()
        if not turn.over(deadline):
            with self._change:
                self._give_up(turn)
        return turn.result()

    def settled(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds; whether no request is under way, overdue ones included."""
        with self._change:
            return self._change.wait_for(
                lambda: self._running is None and not self._waiting, timeout
            )

    def _give_up(self, turn: _Turn[Any]) -> None:
        """Release a caller whose time is up; if its request hangs, also all behind it."""
        if turn is self._running:
            self._overdue = True
            behind = list(self._waiting)
            self._waiting.clear()
        elif turn in self._waiting:
            self._waiting.remove(turn)
            behind = []
        else:
            return  # it has just come back
        for one in (turn, *behind):
            one.refuse()

    def _insist_on_thread(self) -> None:
        """Start the thread if there is none, as after a fork."""
        if self._thread is None or not self._thread.is_alive():
            # A daemon: a request that never comes back must not keep the process from ending.
            self._thread = threading.Thread(target=self._run, name="keyring", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._waiting:
                    self._change.wait()
                turn = self._running = self._waiting.popleft()
            turn.run()
            with self._change:
                self._running, self._overdue = None, False
                turn.end()
                self._change.notify_all()
            del turn  # it may hold a secret, which must not wait here for the next request


class _Turn(Generic[T]):
    def __init__(self, request: Callable[[], T]) -> None:
        self._request = request
        self._values: list[T] = []
        self._error: BaseException | None = None
        self._refused = False
        self._over = threading.Lock()
        self._over.acquire()

    def run(self) -> None:
        try:
            self._values.append(self._request())
        except BaseException as error:  # noqa: BLE001  (it is raised in the caller's thread)
            self._error = error

    def refuse(self) -> None:
        self._refused = True
        self.end()

    def end(self) -> None:
        """Release the caller; repeatable."""
        if self._over.locked():
            self._over.release()

    def over(self, deadline: float) -> bool:
        return self._over.acquire(timeout=_left(deadline))

    def result(self) -> T:
        if self._refused:
            raise keyring_waiting()
        if self._error is not None:
            raise self._error
        return self._values[0]


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


def keyring_waiting() -> KeyringUnavailable:
    return KeyringUnavailable(
        "The keyring doesn't answer. SSO Tray will retry.", reason="keyring-waiting"
    )


SHARED = Patience()
