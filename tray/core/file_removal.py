"""What is remembered of a token file that was removed while AWS still took the token (K5)."""

from __future__ import annotations

from typing import Any

from tray.core.json_members import Members, flag, moment, number, text
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class Removal:
    """A sign-out on this machine, until Undo or a sign-in."""

    token: str  # its fingerprint
    at: float = 0.0  # when it was judged, seconds since the epoch
    ran: float = 0.0  # seconds that SSO Tray has run since, counted by the hour
    again: bool = False  # soon after an earlier removal was undone
    dropped: bool = False  # too late for an Undo: the keyring keeps nothing any more

    def to_json(self) -> dict[str, Any]:
        return {
            "token": self.token,
            "at": self.at,
            "ran": self.ran,
            "again": self.again,
            "dropped": self.dropped,
        }

    @classmethod
    def from_json(cls, document: object) -> Removal:
        members = Members(document)
        return cls(
            members.need("token", text),
            members.need("at", moment),
            members.need("ran", number),
            members.need("again", flag),
            members.need("dropped", flag),
        )
