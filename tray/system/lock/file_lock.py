"""Locks across processes, released when the process that holds them dies (rule F2)."""

from __future__ import annotations

import hashlib
import os
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from tray.errors import Busy, OurBug, UserMustAct
from tray.storage.atomic_files import make_directories
from tray.system import WINDOWS

if WINDOWS:
    from tray.system.lock.windows_lock import lock_file, unlock_file
else:
    from tray.system.lock.posix_lock import lock_file, unlock_file

LockKind = Literal[
    "resident", "start", "session", "sign-in", "state", "config", "accounts", "listing"
]

_FIRST_WAIT: Final = 0.001
_LONGEST_WAIT: Final = 0.025


def lock_path(state: Path, kind: LockKind, key: str | None = None) -> Path:
    """``session`` and ``sign-in`` take a session key, the others none."""
    per_session = kind in {"session", "sign-in"}
    if per_session != (key is not None):
        raise OurBug(
            f"the lock {kind!r} was asked for {'without' if per_session else 'with'} a key"
        )
    if key is None:
        return state / "locks" / kind
    return state / "locks" / f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


class FileLock:
    """
    An exclusive lock: flock(2) on Linux and macOS, LockFileEx on Windows.

    The kernel releases it when its process dies. The file stays (removing it would let two
    processes lock two files of one name). Two `FileLock` objects exclude each other within one
    process, too. A forked child does not hold its parent's lock; a started program does not
    inherit it. ``with`` waits ``timeout`` seconds (None: for ever), then raises `Busy`.
    """

    def __init__(self, path: Path, *, timeout: float | None = None) -> None:
        self.path = path
        self._timeout = timeout
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        return self._descriptor is not None

    def acquire(self, timeout: float | None = 0) -> bool:
        """Take it within ``timeout`` seconds: 0 tries once, None waits for ever. UserMustAct."""
        if self.held:
            raise OurBug(f"the lock {self.path.name} was taken twice")
        deadline = None if timeout is None else time.monotonic() + timeout
        wait = _FIRST_WAIT
        while not self._try(block=deadline is None):
            if deadline is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                time.sleep(min(wait, left))
                wait = min(wait * 2, _LONGEST_WAIT)
        _held_locks.add(self)
        return True

    def release(self) -> None:
        """Harmless if it is not held."""
        if self._descriptor is None:
            return
        _held_locks.discard(self)
        unlock_file(self._descriptor)
        self.forget()

    def forget(self) -> None:
        """Close our descriptor without unlocking: a forked child shares it with its parent."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _try(self, *, block: bool) -> bool:
        descriptor = self._open()
        try:
            if lock_file(descriptor, block=block) and self._is_current(descriptor):
                self._descriptor, descriptor = descriptor, -1
                return True
            return False
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        try:
            make_directories(self.path.parent)
            return os.open(self.path, flags, 0o600)
        except OSError as error:
            raise UserMustAct(
                f"cannot open the lock {self.path}: {error.strerror}", reason="no-permission"
            ) from error

    def _is_current(self, descriptor: int) -> bool:
        """Whether the file we locked still has that name (it may have been removed)."""
        try:
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        except FileNotFoundError:
            return False

    def __enter__(self) -> Self:
        if not self.acquire(self._timeout):
            raise Busy(f"another process of SSO Tray is busy with this ({self.path.name})")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


_held_locks: weakref.WeakSet[FileLock] = weakref.WeakSet()


def _forget_all() -> None:
    for lock in list(_held_locks):
        lock.forget()
    _held_locks.clear()


if hasattr(os, "register_at_fork"):
    # A child with the descriptor would keep the lock after its parent's death.
    os.register_at_fork(after_in_child=_forget_all)
