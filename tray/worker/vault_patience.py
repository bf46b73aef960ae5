"""
One keyring request at a time, and none that holds its caller up for ever.

A keyring may take 20 seconds (measured by others on locked-down PCs) or never answer: its
libraries have no time limits, and a thread stuck in one cannot be ended. So requests run in a
thread beside; a caller whose time is up goes on without it, and until that thread comes back
every further request is refused at once.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from tray.errors import KeyringUnavailable

T = TypeVar("T")


class Patience:
    """A queue of one for the keyring; a process has one, see `SHARED`."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._busy = False
        self._overdue = False
        # One thread for all: a renewal makes twenty requests, and starting a thread for each was
        # most of what ten renewals at once cost (measured).
        self._requests: queue.SimpleQueue[_Outcome[Any]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def within(self, deadline: float, request: Callable[[], T]) -> T:
        """
        Run one request in a thread and wait for it.

        Args:
            deadline: until when to wait, turn and request together, on `time.monotonic`.
            request: what to run; what it returns or raises is returned or raised.

        Raises:
            KeyringUnavailable: the time is up, or an earlier request still hangs (at once);
                the reason is ``keyring-waiting``.
        """
        outcome: _Outcome[T] = _Outcome(request)
        with self._change:
            free = self._change.wait_for(lambda: not self._busy or self._overdue, _left(deadline))
            if self._busy or not free:
                raise keyring_waiting()
            self._busy = True
            self._requests.put(outcome)
            self._insist_on_thread()
            if not self._change.wait_for(lambda: outcome.done, _left(deadline)):
                self._overdue = True
                self._change.notify_all()
                raise keyring_waiting()
        return outcome.result()

    def settled(self, timeout: float) -> bool:
        """
        Wait until no request is under way, an overdue one included.

        Args:
            timeout: seconds.

        Returns:
            Whether none is under way now; then the next request has its chance.
        """
        with self._change:
            return self._change.wait_for(lambda: not self._busy, timeout)

    def _insist_on_thread(self) -> None:
        """Have somebody to run requests; a forked process has nobody any more."""
        if self._thread is None or not self._thread.is_alive():
            # A daemon: a request that never comes back must not keep the process from ending.
            self._thread = threading.Thread(target=self._run, name="keyring", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            outcome = self._requests.get()
            outcome.run()
            with self._change:
                outcome.done = True
                self._busy = self._overdue = False
                self._change.notify_all()
            del outcome  # it may hold a secret, which must not wait here for the next request


class _Outcome(Generic[T]):
    """What a request came to, carried from its thread to the caller."""

    def __init__(self, request: Callable[[], T]) -> None:
        self._request = request
        self._values: list[T] = []
        self._error: BaseException | None = None
        self.done = False

    def run(self) -> None:
        try:
            self._values.append(self._request())
        except BaseException as error:  # noqa: BLE001  (it is raised in the caller's thread)
            self._error = error

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._values[0]


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


def keyring_waiting() -> KeyringUnavailable:
    """Return the error for a keyring that takes too long (``keyring-waiting``)."""
    return KeyringUnavailable(
        "The keyring does not answer; it is tried again.", reason="keyring-waiting"
    )


SHARED = Patience()
"""The process's own: one keyring request at a time, whoever asks."""
