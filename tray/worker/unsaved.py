"""Refresh data that AWS has given and the keyring has not confirmed: never lost, never killed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 30.0


class Unsaved:
    """
    Go on trying to store what a renewal or sign-in has brought (R3).

    Each session's attempt runs in a thread of its own. When the process must end, `surrender`
    writes what is left by the other way: the full file.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        """Whether anything is still unsaved: then this process must not be killed."""
        with self._lock:
            return bool(self._waiting)

    def hold(
        self,
        key: str,
        store: Callable[[], bool],
        give_up: Callable[[], None],
        stored: Callable[[], None],
    ) -> None:
        """
        Keep trying.

        Args:
            key: the session; an older hold of it is replaced by the newer data.
            store: tries once; True once the keyring has confirmed (or it no longer matters).
            give_up: writes the full file instead and records keeper ``file``.
            stored: told after `store` succeeded.
        """
        waiting = _Waiting(key, store, give_up, stored)
        with self._lock:
            older = self._waiting.get(key)
            self._waiting[key] = waiting
        if older is not None:
            older.stop.set()
        thread = threading.Thread(target=self._try_on, args=(waiting,), daemon=True)
        thread.start()

    def drop(self, key: str) -> None:
        """Forget what is held for a session that has been signed out of."""
        with self._lock:
            waiting = self._waiting.pop(key, None)
        if waiting is not None:
            waiting.stop.set()

    def surrender(self) -> tuple[str, ...]:
        """Write everything left by the other way; return the sessions concerned."""
        with self._lock:
            left = tuple(self._waiting.values())
        for waiting in left:
            waiting.stop.set()
            with waiting.busy:
                if self._finish(waiting):
                    waiting.give_up()
        return tuple(waiting.key for waiting in left)

    def _try_on(self, waiting: _Waiting) -> None:
        pause = FIRST_PAUSE
        while not waiting.stop.wait(pause):
            with waiting.busy:
                if waiting.stop.is_set():
                    return
                if waiting.store():
                    if self._finish(waiting):
                        waiting.stored()
                    return
            pause = min(pause * 2, LONGEST_PAUSE)

    def _finish(self, waiting: _Waiting) -> bool:
        with self._lock:
            if self._waiting.get(waiting.key) is not waiting:
                return False
            del self._waiting[waiting.key]
            return True


class _Waiting:
    """One session's unsaved data, as the two ways to save it."""

    def __init__(
        self,
        key: str,
        store: Callable[[], bool],
        give_up: Callable[[], None],
        stored: Callable[[], None],
    ) -> None:
        self.key, self.store, self.give_up, self.stored = key, store, give_up, stored
        self.stop = threading.Event()
        self.busy = threading.Lock()
