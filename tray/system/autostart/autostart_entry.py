"""
Whether SSO Tray starts at login: asked, set and taken back, in each system's own way.

Only what we wrote is rewritten or removed; an entry that somebody changed is theirs. Switching it
off in the desktop's own settings is no such change, and is respected.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

from tray.errors import UserMustAct

Status = Literal["on", "off", "changed"]
"""
``changed``: somebody else's hand was on the entry, and it is left alone. ``off``: there is none,
or it is switched off.
"""


class Autostart(ABC):
    """One system's way to start a program at login."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where the entry is, for a sentence."""

    @abstractmethod
    def status(self) -> Status:
        """
        Say what the system would do at the next login.

        Raises:
            OSError: the entry cannot be read.
        """

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
        """
        Start ``command`` at login; also where it was switched off before.

        Args:
            command: argv, its first word an absolute path.

        Raises:
            UserMustAct: the entry was changed by somebody else.
            OSError: it cannot be written.
        """
        if self._theirs():
            raise self._changed()
        self._write(command)

    def disable(self) -> None:
        """
        Start it no more; harmless where it does not start.

        Raises:
            UserMustAct: the entry was changed by somebody else.
            OSError: it cannot be removed.
        """
        if self.status() == "changed":
            raise self._changed()
        if not self._theirs():
            self._remove()

    def follow(self, command: Sequence[str]) -> bool:
        """
        Write the entry anew if it is on, ours, and names another place than the program is at now.

        For the start of the daemon: after an update or a move the next login finds it.

        Returns:
            Whether it was rewritten.

        Raises:
            OSError: it cannot be read or written.
        """
        written = self.written()
        if written is None or list(written) == list(command):
            return False
        self._write(command)
        return True

    def _changed(self) -> UserMustAct:
        return UserMustAct(f"{self.place} was edited by hand. Edit or remove it there.")


def digest(content: Any) -> str:
    """Return 16 hex digits of SHA-256 over what an entry says, to know our own again by (A4)."""
    written = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()[:16]
