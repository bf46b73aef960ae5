"""The roles of a session as listed for the menu: requested, available, or failed."""

from __future__ import annotations

from tray.core.profiles.profile_planning import Assignment
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class Listing:
    attempt: int  # answers to an earlier attempt are ignored
    start_url: str
    region: str
    roles: tuple[Assignment, ...] = ()  # sorted by account and role; empty until listed
    problem: str | None = None
    at: float | None = None  # time of the answer, seconds since the epoch; None while awaited

    @property
    def asking(self) -> bool:
        return self.at is None
