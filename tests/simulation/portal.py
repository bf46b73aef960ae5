"""AWS's side of a session, as far as the rules can tell: what it grants, refuses and forgets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

HOUR = 3600.0
REGISTRATION = 90 * 24 * HOUR
"""Seconds a client registration lives."""


@dataclass(frozen=True, slots=True)
class Given:
    """
    A token AWS gave out: its name, its refresh token's number, and its life.

    Args:
        name: stands for the access token's fingerprint.
        refresh: number of the refresh token beside it, None where there is none.
        family: number of the sign-in both come from.
        issued, ends: true time, seconds.
    """

    name: str
    refresh: int | None
    family: int
    issued: float
    ends: float


@dataclass(slots=True)
class Portal:
    """
    One Identity Center, for one user.

    Refresh tokens rotate with grace: the previous one is taken until the new one was used.

    Args:
        place: start URL, which also names its tokens apart from another portal's.
        length: seconds of a portal session.
    """

    place: str
    length: float
    number: int = 0
    ends: float | None = None
    family: int = 0
    registered_until: float = REGISTRATION
    _accepted: dict[int, set[int]] = field(default_factory=dict)
    _alive: dict[str, float] = field(default_factory=dict)

    def lives(self, at: float) -> bool:
        """Whether a portal session is under way."""
        return self.ends is not None and at < self.ends

    def sign_in(self, at: float) -> Given:
        """Sign in: a living session is joined and keeps its end (G1)."""
        if not self.lives(at):
            self.ends = at + self.length
            self._accepted.clear()
        self.family += 1
        self.registered_until = max(self.registered_until, at + REGISTRATION)
        return self._give(at, self.family, None)

    def sign_out(self) -> None:
        """End the portal session: every token of it is dead at once."""
        self.ends = None
        self._accepted.clear()
        self._alive.clear()

    def cut_short(self, at: float) -> None:
        """End the portal session as an identity provider does: tokens live on, grants do not."""
        if self.lives(at):
            self.ends = at
            self._accepted.clear()

    def refresh(self, refresh: int, at: float) -> Given | Literal["refused", "registration"]:
        """Answer a refresh."""
        if at >= self.registered_until:
            return "registration"
        family = self._family(refresh)
        if not self.lives(at) or family is None:
            return "refused"
        return self._give(at, family, refresh)

    def check(self, name: str, at: float) -> bool:
        """Whether the portal takes an access token."""
        return self._alive.get(name, at) > at

    def accepts(self, refresh: int | None, at: float) -> bool:
        """Whether a refresh token would be taken now."""
        if refresh is None or at >= self.registered_until:
            return False
        return self.lives(at) and self._family(refresh) is not None

    def _family(self, refresh: int) -> int | None:
        return next((one for one, taken in self._accepted.items() if refresh in taken), None)

    def _give(self, at: float, family: int, used: int | None) -> Given:
        assert self.ends is not None
        self.number += 1
        given = Given(
            f"{self.place}#{self.number}",
            self.number,
            family,
            at,
            at + min(HOUR, float(int(self.ends - at) + 1)),
        )
        self._accepted[family] = {one for one in (self.number, used) if one is not None}
        self._alive[given.name] = given.ends
        return given

    def granted(self, at: float) -> bool:
        """Whether any refresh token of this portal session would be taken from anybody."""
        return self.lives(at) and bool(self._accepted)
