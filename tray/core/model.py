"""The words of the domain as data: what a session, a profile and a token are to the rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import tzinfo
from typing import Any, Literal, get_args

from tray.core import policy
from tray.core.connection import AWS_DEFAULTS, ConnectionSettings
from tray.core.json_members import (
    Members,
    flag,
    list_of,
    moment,
    number,
    one_of,
    optional,
    text,
)
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
    "held-back",
    "other",
]
"""The reasons of rule S6; None means there is nothing to explain."""

TokenStore = Literal["keyring", "file", "released"]
"""Who keeps the refresh data of a session (rule K1); None means it was never signed in."""

Trigger = Literal["schedule", "program", "user"]
"""Who wants a renewal: the clock, a program that needs credentials, or a person (rule R5)."""

EndKnown = Literal["exact", "set", "learnt", "no"]
"""How well the end of the sign-in session is known (G1)."""

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
        connection: how its own settings say to reach AWS.
    """

    name: str
    kind: ProfileKind = "other"
    session: str | None = None
    account_id: str | None = None
    role_name: str | None = None
    region: str | None = None
    problem: str | None = None
    connection: ConnectionSettings = AWS_DEFAULTS

    def to_json(self) -> dict[str, Any]:
        """Return it for a worker."""
        return {
            "type": "Profile",
            "name": self.name,
            "kind": self.kind,
            "session": self.session,
            "account_id": self.account_id,
            "role_name": self.role_name,
            "region": self.region,
            "problem": self.problem,
            "connection": self.connection.to_json(),
        }

    @classmethod
    def from_json(cls, document: object) -> Profile:
        """Read what `to_json` wrote; raises `BadDocument`."""
        members = Members(document)
        return cls(
            members.need("name", text),
            members.need("kind", one_of(get_args(ProfileKind))),
            members.need("session", optional(text)),
            members.need("account_id", optional(text)),
            members.need("role_name", optional(text)),
            members.need("region", optional(text)),
            members.need("problem", optional(text)),
            members.get("connection", ConnectionSettings.from_json, AWS_DEFAULTS),
        )


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
        connection: how to reach AWS: the settings on which all its profiles agree.
    """

    key: str
    start_url: str
    region: str
    scopes: tuple[str, ...] = ("sso:account:access",)
    legacy: bool = False
    profiles: tuple[str, ...] = ()
    problem: str | None = None
    connection: ConnectionSettings = AWS_DEFAULTS

    def to_json(self) -> dict[str, Any]:
        """Return it for a worker."""
        return {
            "type": "SsoSession",
            "key": self.key,
            "start_url": self.start_url,
            "region": self.region,
            "scopes": list(self.scopes),
            "legacy": self.legacy,
            "profiles": list(self.profiles),
            "problem": self.problem,
            "connection": self.connection.to_json(),
        }

    @classmethod
    def from_json(cls, document: object) -> SsoSession:
        """Read what `to_json` wrote; raises `BadDocument`."""
        members = Members(document)
        return cls(
            members.need("key", text),
            members.need("start_url", text),
            members.need("region", text),
            members.need("scopes", list_of(text)),
            members.need("legacy", flag),
            members.need("profiles", list_of(text)),
            members.need("problem", optional(text)),
            members.get("connection", ConnectionSettings.from_json, AWS_DEFAULTS),
        )


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

    def to_json(self) -> dict[str, Any]:
        """Return it for the state directory; ``managed`` is found anew."""
        return {
            "sessions": [session.to_json() for session in self.sessions],
            "profiles": [profile.to_json() for profile in self.profiles],
            "problems": list(self.problems),
        }

    @classmethod
    def from_json(cls, document: object) -> Catalog:
        """Read what `to_json` wrote; raises `BadDocument`."""
        members = Members(document)
        return cls(
            members.need("sessions", list_of(SsoSession.from_json)),
            members.need("profiles", list_of(Profile.from_json)),
            members.need("problems", list_of(text)),
        )


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
        """
        The token's life in seconds, as far as it is believed: 0 to 12 h.

        AWS gives no longer one; a longer one was written by hand or by a broken clock.
        """
        return min(max(0.0, self.expires_at - self.issued_at), policy.LONGEST_LIFE)

    def to_json(self) -> dict[str, Any]:
        """Return it as a worker's answer has it."""
        return {
            "type": "TokenFacts",
            "fingerprint": self.fingerprint,
            "expires_at": self.expires_at,
            "issued_at": self.issued_at,
            "refreshable": self.refreshable,
            "start_url": self.start_url,
            "region": self.region,
        }

    @classmethod
    def from_json(cls, document: object) -> TokenFacts:
        """Read what `to_json` wrote; raises `BadDocument`."""
        members = Members(document)
        return cls(
            members.need("fingerprint", text),
            members.need("expires_at", number),
            members.need("issued_at", number),
            members.need("refreshable", flag),
            members.need("start_url", text),
            members.need("region", text),
        )


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
        known: ``exact``, ``set`` or ``learnt`` (G1).
        cause: fingerprint of the token that taught us; one end is warned about once.
    """

    at: float
    known: EndKnown
    cause: str

    def to_json(self) -> dict[str, Any]:
        """Return it as ``state.json`` has it."""
        return {"type": "SessionEnd", "at": self.at, "known": self.known, "cause": self.cause}

    @classmethod
    def from_json(cls, document: object) -> SessionEnd:
        """Read what `to_json` wrote; raises `BadDocument`."""
        members = Members(document)
        known: tuple[EndKnown, ...] = ("exact", "set", "learnt")
        return cls(
            members.need("at", moment),
            members.need("known", one_of(known)),
            members.need("cause", text),
        )


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    A renewal that failed, as it outlives a restart.

    Args:
        token: fingerprint of the token that was to be renewed.
        reason, sentence: why.
        failures: attempts of the schedule that failed in a row.
        since: when the first one failed.
        next_at: when the schedule tries again.
        retry_at: AWS asked not to be asked before then.
    """

    token: str
    reason: Reason
    sentence: str
    failures: int
    since: float
    next_at: float
    retry_at: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as ``state.json`` has it."""
        return {
            "token": self.token,
            "reason": self.reason,
            "sentence": self.sentence,
            "failures": self.failures,
            "since": self.since,
            "next_at": self.next_at,
            "retry_at": self.retry_at,
        }

    @classmethod
    def from_json(cls, document: object) -> Trouble:
        """Read what `to_json` wrote; raises `BadDocument`."""
        members = Members(document)
        return cls(
            members.need("token", text),
            members.need("reason", one_of(get_args(Reason))),
            members.need("sentence", text),
            int(members.need("failures", number)),
            members.need("since", moment),
            members.need("next_at", moment),
            members.get("retry_at", optional(moment), None),
        )


@dataclass(frozen=True, slots=True)
class Memory:
    """
    What the rules remember of a session across restarts (``state.json``).

    Args:
        started_at: when a sign-in truly started the session, seconds since the epoch.
        lengths: observed lengths in seconds, newest last.
        end: the known end.
        refused: fingerprint of the token whose renewal was refused.
        used_at: when the user signed in or credentials were given out.
        notified: once-keys of the notices already shown.
        dead: fingerprint of a token that the portal has refused.
        trouble: why renewing fails, if it does.
        given: the newest token that AWS gave us; what it says of its life counts, not the file.
    """

    started_at: float | None = None
    lengths: tuple[float, ...] = ()
    end: SessionEnd | None = None
    refused: str | None = None
    used_at: float | None = None
    notified: frozenset[str] = frozenset()
    dead: str | None = None
    trouble: Trouble | None = None
    given: TokenFacts | None = None

    def to_json(self) -> dict[str, Any]:
        """
        Return it as ``state.json`` has it.

        Version 0.1 drops a memory that lacks one of these members or has another one: what is
        remembered beside them belongs in the session's entry, `tray.storage.session_records`.
        """
        return {
            "type": "Memory",
            "started_at": self.started_at,
            "lengths": list(self.lengths),
            "end": self.end and self.end.to_json(),
            "refused": self.refused,
            "used_at": self.used_at,
            "told": {"type": "frozenset", "items": sorted(self.notified)},
        }

    @classmethod
    def from_json(cls, document: object) -> Memory:
        """Read what `to_json` wrote; an absent member is as by default; raises `BadDocument`."""
        members = Members(document)
        members.get("type", one_of(("Memory",)), "Memory")
        return cls(
            started_at=members.get("started_at", optional(moment), None),
            lengths=members.get("lengths", list_of(moment), _NONE),
            end=members.get("end", optional(SessionEnd.from_json), None),
            refused=members.get("refused", optional(text), None),
            used_at=members.get("used_at", optional(moment), None),
            notified=members.get("told", _set_of_texts, frozenset()),
        )

    def beside_to_json(self) -> dict[str, Any]:
        """Return what stands beside it in the session's entry."""
        return {
            "dead": self.dead,
            "trouble": self.trouble and self.trouble.to_json(),
            "given": self.given and self.given.to_json(),
        }

    def with_beside(self, document: object) -> Memory:
        """
        Return it with what `beside_to_json` wrote.

        Raises:
            BadDocument: a member is wrong.
        """
        members = Members(document)
        return replace(
            self,
            dead=members.get("dead", optional(text), None),
            trouble=members.get("trouble", optional(Trouble.from_json), None),
            given=members.get("given", optional(TokenFacts.from_json), None),
        )


_NONE: tuple[float, ...] = ()


def _set_of_texts(document: object) -> frozenset[str]:
    return frozenset(Members(document).need("items", list_of(text)))
