"""The words of the domain as data: what a session, a profile and a token are to the rules."""

from __future__ import annotations

from datetime import tzinfo
from typing import Literal

from tray.values import dataclass

State = Literal[
    "signed-out",
    "signing-in",
    "signed-in",
    "ending",
    "renewal-failing",
    "expired",
    "unreadable",
]
"""The states of rule S5, as ``status --json`` spells them."""

Reason = Literal[
    "offline",
    "refused",
    "session-over",
    "registration-expired",
    "keyring-locked",
    "keyring-denied",
    "keyring-absent",
    "keyring-waiting",
    "tls",
    "clock",
    "torn-file",
    "bad-file",
    "no-permission",
    "removed",
    "other",
]
"""The reasons of rule S6; None means there is nothing to explain."""

TokenStore = Literal["keyring", "file", "released"]
"""Who keeps the refresh data of a session (rule K1); None means it was never signed in."""

EndKnown = Literal["exact", "set", "learnt", "no"]
"""How well the end of the sign-in session is known (DESIGN section 2)."""

ProfileKind = Literal["sso", "chained", "other"]


@dataclass(frozen=True, slots=True)
class Now:
    """
    The clocks, read once by the loop for each event.

    Args:
        wall: seconds since the epoch, UTC; may jump either way.
        mono: seconds of a monotonic clock; stops while the machine sleeps.
        zone: the person's time zone, for the times in sentences; None = UTC, marked ``Z``.
    """

    wall: float
    mono: float
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """
    One profile as ``~/.aws/config`` and ``~/.aws/credentials`` give it, merged.

    Args:
        name: the profile's name, unquoted, case-sensitive.
        kind: ``sso`` (its own sso_* keys), ``chained`` (``source_profile`` leads to an SSO
            profile) or ``other`` (rule S3).
        session: the session key (rule S1) it belongs to, or None for ``other``.
        account_id: ``sso_account_id``; for chained profiles that of the SSO profile at the end.
        role_name: ``sso_role_name``; likewise.
        region: the profile's own ``region``, or None.
        problem: one sentence why it cannot be used (missing or inconsistent keys), or None.
    """

    name: str
    kind: ProfileKind = "other"
    session: str | None = None
    account_id: str | None = None
    role_name: str | None = None
    region: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class SsoSession:
    """
    One login: an ``[sso-session]`` section, or all legacy profiles with the same start URL.

    Args:
        key: the session key of rule S1: the section's name, or the start URL as written.
        start_url: ``sso_start_url`` as written.
        region: ``sso_region``.
        scopes: registration scopes; never empty (``sso:account:access`` by default, rule L2).
        legacy: whether it comes from ``sso_start_url`` profiles rather than a section.
        profiles: names of the profiles that belong to it, chained ones included, file order.
        problem: one sentence why it cannot be signed in to (no start URL, no region, http:), or
            None.
    """

    key: str
    start_url: str
    region: str
    scopes: tuple[str, ...] = ("sso:account:access",)
    legacy: bool = False
    profiles: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """
    What the two files of the user say, read in one pass.

    Args:
        sessions: in file order; legacy sessions at their first profile's place.
        profiles: every profile botocore lists, in botocore's order (rule C4).
        problems: sentences for what could be read but not used.
        managed: names of the profiles that we wrote ourselves; picking one would be a circle.
    """

    sessions: tuple[SsoSession, ...] = ()
    profiles: tuple[Profile, ...] = ()
    problems: tuple[str, ...] = ()
    managed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """
    What the rules may know of a published access token: never the token.

    Args:
        fingerprint: 16 hex digits of SHA-256 over the access token; tells tokens apart.
        expires_at: ``expiresAt`` in seconds since the epoch.
        issued_at: when its life began, as well as we know: AWS's answer, else the file's mtime.
        refreshable: whether the *file* carries refresh data (rule K4 would adopt it).
        start_url, region: where it is good, as the file says; empty where it does not say.
    """

    fingerprint: str
    expires_at: float
    issued_at: float
    refreshable: bool = False
    start_url: str = ""
    region: str = ""

    @property
    def life(self) -> float:
        """The token's whole life in seconds, never negative."""
        return max(0.0, self.expires_at - self.issued_at)


@dataclass(frozen=True, slots=True)
class Preferences:
    """
    What the user's settings mean to the rules.

    Args:
        warn_before: seconds before a known end at which a notice is due, longest first.
        adopt: whether files with refresh data are taken into the keyring (K4).
        guarded: patterns of profile names that are never switched by a timer (A7).
        session_lengths: seconds of the sign-in session by session key, where the user set it.
    """

    warn_before: tuple[float, ...] = (900.0, 300.0)
    adopt: bool = True
    guarded: tuple[str, ...] = ()
    session_lengths: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """
    The end of a sign-in session, as well as it is known.

    Args:
        at: seconds since the epoch.
        known: ``exact``, ``set`` or ``learnt`` (DESIGN section 2).
        cause: fingerprint of the token that taught us; one end is warned about once.
    """

    at: float
    known: EndKnown
    cause: str


@dataclass(frozen=True, slots=True)
class Memory:
    """
    What the rules remember of a session over a restart (``state.json``).

    Args:
        started_at: when a sign-in truly started the session, seconds since the epoch.
        lengths: observed lengths in seconds, newest last.
        end: the known end.
        refused: fingerprint of the token whose renewal was refused.
        used_at: when a person signed in or credentials were given out.
        told: once-keys of notices already told.
    """

    started_at: float | None = None
    lengths: tuple[float, ...] = ()
    end: SessionEnd | None = None
    refused: str | None = None
    used_at: float | None = None
    told: frozenset[str] = frozenset()
