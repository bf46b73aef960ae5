"""A keyring in one file, for tests with several processes: whole items, each change atomic."""

from __future__ import annotations

import json
from pathlib import Path

from tray.secret import Secret
from tray.storage.atomic_files import read_small, write_atomic
from tray.system.lock.file_lock import FileLock
from tray.worker.keyring.keyring_backends import LockState, keyring_locked


class FileBackend:
    """
    A keyring that several processes share and that outlives them.

    Args:
        path: its file; nothing is there at first.
    """

    name = "file"
    max_chars = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self._locked = path.with_suffix(".locked")

    def lock_state(self) -> LockState:
        """It is open unless it was locked."""
        return "locked" if self._locked.exists() else "ready"

    def lock(self) -> None:
        """Lock it, for every process."""
        self._locked.touch()

    def unlock(self) -> None:
        """Open it again."""
        self._locked.unlink(missing_ok=True)

    def get(self, username: str, /) -> Secret | None:
        """Read an item."""
        self._insist_on_open()
        found = self._items().get(username)
        return None if found is None else Secret(found)

    def set(self, username: str, value: Secret, /) -> None:
        """Write an item."""
        self._insist_on_open()
        with self._changing():
            self._write(self._items() | {username: value.reveal()})

    def delete(self, username: str, /) -> None:
        """Remove an item; none there is no error."""
        self._insist_on_open()
        with self._changing():
            self._write({name: text for name, text in self._items().items() if name != username})

    def _insist_on_open(self) -> None:
        if self._locked.exists():
            raise keyring_locked()

    def _items(self) -> dict[str, str]:
        try:
            items: dict[str, str] = json.loads(read_small(self._path))
        except FileNotFoundError:
            return {}
        return items

    def _write(self, items: dict[str, str]) -> None:
        write_atomic(self._path, json.dumps(items).encode())

    def _changing(self) -> FileLock:
        return FileLock(self._path.with_suffix(".lock"))
