"""Whether SSO Tray starts at login; only what we wrote is rewritten, never an edited entry."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from tray.errors import UserMustAct
from tray.storage.atomic_files import (
    make_directories,
    read_small,
    remove_stale_temps,
    write_atomic,
)

_LIMIT: Final = 64 * 1024

Status = Literal["on", "off", "changed"]
""""changed": someone else edited it, and it is left alone. "off": absent or disabled."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry as it stands; the command is known of our own only."""

    on: bool
    ours: bool
    command: Sequence[str] | None


class Autostart(ABC):
    @property
    @abstractmethod
    def place(self) -> str:
        """Where the entry is, for a sentence."""

    @abstractmethod
    def _found(self) -> Found | None:
        """Return the entry of our name, on or off, whoever wrote it."""

    @abstractmethod
    def _write(self, command: Sequence[str]) -> None:
        """Write our entry, over ours or none."""

    @abstractmethod
    def _remove(self) -> None:
        """Remove our entry, if there is one."""

    def status(self) -> Status:
        """What the system would do at the next login; raises OSError if it cannot be read."""
        found = self._found()
        if found is None or not found.on:
            return "off"
        return "on" if found.ours else "changed"

    def written(self) -> Sequence[str] | None:
        """Return the command of an entry that is on and ours, else None."""
        found = self._found()
        return found.command if found is not None and found.on and found.ours else None

    def _theirs(self) -> bool:
        found = self._found()
        return found is not None and not found.ours

    def enable(self, command: Sequence[str]) -> None:
        """Also where it was switched off; raises UserMustAct if the entry was edited, OSError."""
        if self._theirs():
            raise self._changed()
        self._write(command)

    def disable(self) -> None:
        """Repeatable; raises UserMustAct if the entry was edited, OSError."""
        if self.status() == "changed":
            raise self._changed()
        if not self._theirs():
            self._remove()

    def follow(self, command: Sequence[str]) -> bool:
        """Rewrite an entry that is on and ours if the program has moved; whether it was."""
        written = self.written()
        if written is None or list(written) == list(command):
            return False
        self._write(command)
        return True

    def _changed(self) -> UserMustAct:
        return UserMustAct(f"{self.place} was edited by hand. Edit or remove it there.")


class FileEntry(Autostart):
    """An entry that is a file of its own."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def place(self) -> str:
        return str(self._file)

    def _remove(self) -> None:
        self._file.unlink(missing_ok=True)

    def _data(self) -> bytes | None:
        try:
            return read_small(self._file, _LIMIT)
        except FileNotFoundError:
            return None

    def _save(self, data: bytes) -> None:
        make_directories(self._file.parent)
        remove_stale_temps(self._file.parent)
        write_atomic(self._file, data, mode=0o644)


def digest(content: Any) -> str:
    """Return 16 hex digits of SHA-256 over an entry's content, to recognise our own by (A4)."""
    written = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()[:16]
