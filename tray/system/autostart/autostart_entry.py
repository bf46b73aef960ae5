"""
Whether SSO Tray starts at login, in each system's own way.

Only what we wrote is rewritten or removed; an entry that someone changed is theirs. Switching it
off in the desktop's own settings is not such a change, and is respected.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

from tray.errors import UserMustAct

Status = Literal["on", "off", "changed"]
""""changed": someone else edited it, and it is left alone. "off": absent or disabled."""


class Autostart(ABC):
    @property
    @abstractmethod
    def place(self) -> str:
        """Where the entry is, for a sentence."""

    @abstractmethod
    def status(self) -> Status:
        """What the system would do at the next login; raises OSError if it cannot be read."""

    @abstractmethod
    def written(self) -> Sequence[str] | None:
        """Return the command of an entry that is on and ours, else None."""

    @abstractmethod
    def _theirs(self) -> bool:
        """Whether there is an entry of our name, on or off, that we did not write."""

    @abstractmethod
    def _write(self, command: Sequence[str]) -> None:
        """Write our entry, over ours or none."""

    @abstractmethod
    def _remove(self) -> None:
        """Remove our entry, if there is one."""

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
        """
        Rewrite an entry that is on and ours if the program has moved; return whether it was.

        At the daemon's start: after an update or a move the next login finds it. Raises OSError.
        """
        written = self.written()
        if written is None or list(written) == list(command):
            return False
        self._write(command)
        return True

    def _changed(self) -> UserMustAct:
        return UserMustAct(f"{self.place} was edited by hand. Edit or remove it there.")


def digest(content: Any) -> str:
    """Return 16 hex digits of SHA-256 over an entry's content, to recognise our own by (A4)."""
    written = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()[:16]
