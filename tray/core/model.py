"""The domain as data: sessions, profiles and tokens, as far as the core may know them."""

from __future__ import annotations

from dataclasses import replace
from datetime import tzinfo
from typing import Any, Literal, get_args

from tray.core import policy
from tray.core.connection import AWS_DEFAULTS, ConnectionSettings
from tray.core.file_removal import Removal
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
"""Where a session's refresh data are kept (K1); None means it was never signed in."""

Trigger = Literal["schedule", "program", "user"]
"""Who wants a renewal: the clock, a program that needs credentials, or the user (R5)."""

EndKnown = Literal["exact", "set", "learnt", "no"]
"""How well the end of the sign-in session is known (G1)."""

ProfileKind = Literal["sso", "chained", "other"]


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that the rules depend on; ``key`` names the session of a token file."""

    kind: Literal[
        "token",
        "config",
        "settings",
        "records",
        "active-profile",
        "managed",
        "watch",
        "socket",
        "accounts",
        "logins",
    ]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Now:
    """The clocks, read once by the loop for each event."""

    wall: float  # seconds since the epoch, UTC; may jump either way
    mono: float  # monotonic seconds; stops while the machine sleeps
    # The user's, for times in sentences; None = UTC, marked ``Z``. Its `time_form`
    # and `date_form`, if it has them, are how it is written.
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as ``~/.aws/config`` and ``~/.aws/credentials`` give it, merged."""

    name: str  # unquoted, case-sensitive
    kind: ProfileKind = "other"  # ``chained``: ``source_profile`` leads to an SSO profile (S3)
    session: str | None = None  # the session key (S1), None for ``other``
    # for chained profiles that of the SSO profile at the end, as `role_name`
    account_id: str | None = None
    role_name: str | None = None
    region: str | None = None
    problem: str | None = None  # one sentence why it cannot be used
    connection: ConnectionSettings = AWS_DEFAULTS
    # its credentials depend on the variables, folder and container of the program that asks
    of_the_asker: bool = False

    def to_json(self) -> dict[str, Any]:
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
            "of_the_asker": self.of_the_asker,
        }

    @classmethod
    def from_json(cls, document: object) -> Profile:
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
            members.get("of_the_asker", flag, False),
        )


@dataclass(frozen=True, slots=True)
class SsoSession:
    """One login: an ``[sso-session]`` section, or all legacy profiles with the same start URL."""

    key: str  # rule S1: the section's name, or the start URL as written
    start_url: str  # as written
    region: str
    scopes: tuple[str, ...] = ("sso:account:access",)  # registration scopes, never empty (L2)
    legacy: bool = False  # from ``sso_start_url`` profiles rather than a section
    profiles: tuple[str, ...] = ()  # chained ones included, file order
    # one sentence why it cannot be signed in to (no start URL, no region, http:)
    problem: str | None = None
    connection: ConnectionSettings = AWS_DEFAULTS  # the settings on which all its profiles agree
    disagreements: tuple[str, ...] = ()  # those on which they don't
    # whether ~/.aws/config, if not the one in use, has that name, for which portal; not in JSON
    shared: Literal["no", "same", "other"] = "no"

    def to_json(self) -> dict[str, Any]:
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
            "disagreements": list(self.disagreements),
        }

    @classmethod
    def from_json(cls, document: object) -> SsoSession:
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
            members.get("disagreements", list_of(text), ()),
        )


@dataclass(frozen=True, slots=True)
class Catalog:
    # in file order; legacy sessions at their first profile's place
    sessions: tuple[SsoSession, ...] = ()
    profiles: tuple[Profile, ...] = ()  # in botocore's order (C4)
    problems: tuple[str, ...] = ()  # sentences for what could be read but not used
    managed: frozenset[str] = frozenset()  # profiles that we wrote; picking one would be a circle

    def to_json(self) -> dict[str, Any]:
        """Without ``managed``, which is found anew."""
        return {
            "sessions": [session.to_json() for session in self.sessions],
            "profiles": [profile.to_json() for profile in self.profiles],
            "problems": list(self.problems),
        }

    @classmethod
    def from_json(cls, document: object) -> Catalog:
        members = Members(document)
        return cls(
            members.need("sessions", list_of(SsoSession.from_json)),
            members.need("profiles", list_of(Profile.from_json)),
            members.need("problems", list_of(text)),
        )


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What the core may know of a published access token: never the token."""

    fingerprint: str  # 16 hex digits of SHA-256 over the access token
    expires_at: float  # seconds since the epoch
    issued_at: float  # AWS's answer, else the file's mtime
    refreshable: bool = False  # whether the *file* carries refresh data (K4 would adopt it)
    start_url: str = ""  # as in the file; empty where it does not say
    region: str = ""

    @property
    def life(self) -> float:
        """The token's life in seconds, 0 to 12 h as AWS gives: a file or clock may be wrong."""
        return min(max(0.0, self.expires_at - self.issued_at), policy.LONGEST_LIFE)

    def to_json(self) -> dict[str, Any]:
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
    # seconds before a known end at which a notice is due, longest first
    warn_before: tuple[float, ...] = (900.0, 300.0)
    adopt: bool = True  # take files with refresh data into the keyring (K4)
    # patterns of profile names that only the user switches to or from (A7); None: not known
    guarded: tuple[str, ...] | None = ()
    # seconds of the sign-in session by session key, if the user set it
    session_lengths: tuple[tuple[str, float], ...] = ()
    # names of the settings with which a session is reached, by its key
    reached_by: tuple[tuple[str, tuple[str, ...]], ...] = ()
    device_code: tuple[str, ...] = ()  # keys of sessions to sign in to with a code (L1)
    # start URLs or patterns of them, elsewhere a sign-in is refused; empty: anywhere, None: nobody
    allowed_start_urls: tuple[str, ...] | None = ()
    keyring_required: bool = False  # no refresh token in any file (K9)
    names_in_notices: bool = True  # whether a warning names sessions, accounts and roles
    list_accounts: bool = True  # every day, while a surface that needs them is used
    tell_accounts: bool = True  # when roles have appeared or vanished
    # colours and labels of accounts, each as ``*prod*=red`` (`account_marks.parsed`)
    colors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionEnd:
    at: float  # seconds since the epoch
    known: EndKnown
    cause: str  # fingerprint of the token that showed it; one end is warned about once

    def to_json(self) -> dict[str, Any]:
        return {"type": "SessionEnd", "at": self.at, "known": self.known, "cause": self.cause}

    @classmethod
    def from_json(cls, document: object) -> SessionEnd:
        members = Members(document)
        known: tuple[EndKnown, ...] = ("exact", "set", "learnt")
        return cls(
            members.need("at", moment),
            members.need("known", one_of(known)),
            members.need("cause", text),
        )


@dataclass(frozen=True, slots=True)
class Trouble:
    """A renewal that failed, as remembered across a restart."""

    token: str  # fingerprint of the token to renew
    reason: Reason
    sentence: str
    failures: int  # failed attempts of the schedule in a row
    since: float  # time of the first one
    next_at: float  # next attempt of the schedule
    retry_at: float | None = None  # AWS asked not to be asked before then

    def to_json(self) -> dict[str, Any]:
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
    """What is remembered of a session across restarts (``state.json``)."""

    # when a sign-in truly started the session, seconds since the epoch
    started_at: float | None = None
    lengths: tuple[float, ...] = ()  # observed lengths in seconds, newest last
    end: SessionEnd | None = None
    refused: str | None = None  # fingerprint of the token whose renewal was refused
    used_at: float | None = None  # when the user signed in or credentials were given out
    notified: frozenset[str] = frozenset()  # once-keys of the notices already shown
    # fingerprint of a token that the portal has refused, or that a sign-in afresh has ended (L9)
    dead: str | None = None
    trouble: Trouble | None = None
    removed: str | None = None  # fingerprint of the token that was signed out elsewhere (K5)
    removal: Removal | None = None  # signed out on this machine only, until Undo or a sign-in
    undone_at: float | None = None  # when that was last undone, seconds since the epoch
    signed_out: bool = False  # a token that appears counts once AWS has taken it (K6)
    # the newest token AWS gave us; its life counts, not the file's
    given: TokenFacts | None = None
    doubted: str | None = None  # fingerprint of a token that a program saw refused (R6)

    def to_json(self) -> dict[str, Any]:
        """Version 0.1 drops a memory with other members: new ones belong in `session_records`."""
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
        return {
            "dead": self.dead,
            "trouble": self.trouble and self.trouble.to_json(),
            "given": self.given and self.given.to_json(),
            "removed": self.removed,
            "removal": self.removal and self.removal.to_json(),
            "undone_at": self.undone_at,
            "signed_out": self.signed_out,
            "doubted": self.doubted,
        }

    def with_beside(self, document: object) -> Memory:
        members = Members(document)
        return replace(
            self,
            dead=members.get("dead", optional(text), None),
            trouble=members.get("trouble", optional(Trouble.from_json), None),
            given=members.get("given", optional(TokenFacts.from_json), None),
            removed=members.get("removed", optional(text), None),
            removal=members.get("removal", optional(Removal.from_json), None),
            undone_at=members.get("undone_at", optional(moment), None),
            signed_out=members.get("signed_out", flag, default=False),
            doubted=members.get("doubted", optional(text), None),
        )


_NONE: tuple[float, ...] = ()


def _set_of_texts(document: object) -> frozenset[str]:
    return frozenset(Members(document).need("items", list_of(text)))
