"""Refresh data from AWS that is saved nowhere yet: never lost, never killed (R3)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tray.errors import KeyringUnavailable

log = logging.getLogger(__name__)

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 30.0
ATTEMPT_PATIENCE = 15.0
"""Seconds `settle` waits for an attempt under way; the keyring's own limit is shorter."""
FILES_TIMEOUT = 2.0
"""Seconds `save_in_files` waits in all for attempts under way, should the keyring hang."""


class Unsaved:
    """Keeps trying to save refresh data, each session's in its own thread."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        """Whether anything is unsaved: then this process must not be killed."""
        with self._lock:
            return bool(self._waiting)

    def hold(
        self,
        key: str,
        store: Callable[[], None],
        give_up: Callable[[], None],
        stored: Callable[[], None],
    ) -> None:
        """Retry `store` until it raises nothing, then call `stored`; `give_up` is for the end."""
        waiting = _Waiting(key, store, give_up, stored)
        with self._lock:
            older = self._waiting.get(key)
            self._waiting[key] = waiting
        if older is not None:
            older.stop.set()
        thread = threading.Thread(target=self._try_on, args=(waiting,), daemon=True)
        thread.start()

    def drop(self, key: str) -> None:
        with self._lock:
            waiting = self._waiting.pop(key, None)
        if waiting is not None:
            waiting.stop.set()

    def settle(self, key: str) -> None:
        """Save a session's data now, without its lock: a renewal must start from the newest."""
        with self._lock:
            waiting = self._waiting.get(key)
        if waiting is None:
            return
        if not waiting.busy.acquire(timeout=ATTEMPT_PATIENCE):
            raise KeyringUnavailable(
                "The keyring hasn't answered an earlier write yet.", reason="keyring-waiting"
            )
        try:
            if not waiting.stop.is_set() and self._holds(waiting):
                waiting.store()
                self._saved(waiting)
        finally:
            waiting.busy.release()

    def save_in_files(self, key: str | None = None) -> tuple[str, ...]:
        """Save the rest in full files, within seconds; call it without a session's lock."""
        with self._lock:
            left = [one for one in self._waiting.values() if key in (None, one.key)]
        for waiting in left:
            waiting.stop.set()
        until = time.monotonic() + FILES_TIMEOUT
        return tuple(waiting.key for waiting in left if self._given_up(waiting, until))

    def _given_up(self, waiting: _Waiting, until: float) -> bool:
        idle = waiting.busy.acquire(timeout=max(0.0, until - time.monotonic()))
        try:
            if not self._finish(waiting):
                return False
            waiting.give_up()
        except Exception as error:  # noqa: BLE001  (the other sessions still have their turn)
            log.error("%s: its refresh token is lost (%s)", waiting.key, type(error).__name__)
            return False
        finally:
            if idle:
                waiting.busy.release()
        return True

    def _try_on(self, waiting: _Waiting) -> None:
        pause = FIRST_PAUSE
        while not waiting.stop.wait(pause):
            with waiting.busy:
                if waiting.stop.is_set() or self._tried(waiting):
                    return
            pause = min(pause * 2, LONGEST_PAUSE)

    def _tried(self, waiting: _Waiting) -> bool:
        try:
            waiting.store()
        except Exception as error:  # noqa: BLE001  (whatever it is, only this process has the data)
            log.info("%s: still not saved (%s)", waiting.key, type(error).__name__)
            return False
        self._saved(waiting)
        return True

    def _saved(self, waiting: _Waiting) -> None:
        waiting.stop.set()
        if self._finish(waiting):
            waiting.stored()

    def _holds(self, waiting: _Waiting) -> bool:
        with self._lock:
            return self._waiting.get(waiting.key) is waiting

    def _finish(self, waiting: _Waiting) -> bool:
        with self._lock:
            if self._waiting.get(waiting.key) is not waiting:
                return False
            del self._waiting[waiting.key]
            return True


@dataclass(eq=False, slots=True)
class _Waiting:
    key: str
    store: Callable[[], None]
    give_up: Callable[[], None]
    stored: Callable[[], None]
    # Looked up when one is made: the simulation puts a clock of its own there.
    stop: threading.Event = field(default_factory=lambda: threading.Event())  # noqa: PLW0108
    busy: threading.Lock = field(default_factory=lambda: threading.Lock())  # noqa: PLW0108
