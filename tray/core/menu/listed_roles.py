"""The roles of a session as they were listed for the menu: asked for, there, or not to be had."""

from __future__ import annotations

from tray.core.profiles.profile_planning import Assignment
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class Listing:
    """
    What is known of the roles a session gives.

    Args:
        attempt: of the question; a later one's answer is another.
        start_url, region: where it was asked.
        roles: by account and role; empty while they are asked for, or where there is a problem.
        problem: why there are none, or None.
        at: when the answer came, seconds since the epoch; None while it is awaited.
    """

    attempt: int
    start_url: str
    region: str
    roles: tuple[Assignment, ...] = ()
    problem: str | None = None
    at: float | None = None

    @property
    def asking(self) -> bool:
        """Whether AWS is being asked."""
        return self.at is None
