"""The domain as data: sessions, profiles and tokens, as far as the core may know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from typing import Any, ClassVar, Final, Literal, get_args

from tray.core import policy
from tray.core.connection import AWS_DEFAULTS, ConnectionSettings
from tray.core.json_members import (
    Check,
    Document,
    MayLack,
    Members,
    flag,
    list_of,
    moment,
    number,
    one_of,
    optional,
    read,
    text,
    written,
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
class Profile(Document):
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

    TYPE: ClassVar = "Profile"
    MEMBERS: ClassVar = {
        "name": text,
        "kind": one_of(get_args(ProfileKind)),
        "session": optional(text),
        "account_id": optional(text),
        "role_name": optional(text),
        "region": optional(text),
        "problem": optional(text),
        "connection": MayLack(ConnectionSettings.from_json),
        "of_the_asker": MayLack(flag),
    }


@dataclass(frozen=True, slots=True)
class SsoSession(Document):
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

    TYPE: ClassVar = "SsoSession"
    MEMBERS: ClassVar = {
        "key": text,
        "start_url": text,
        "region": text,
        "scopes": list_of(text),
        "legacy": flag,
        "profiles": list_of(text),
        "problem": optional(text),
        "connection": MayLack(ConnectionSettings.from_json),
        "disagreements": MayLack(list_of(text)),
    }

    @property
    def origin(self) -> tuple[str, str]:
        """Which portal what was listed in it is of."""
        return (self.start_url, self.region)


@dataclass(frozen=True, slots=True)
class Catalog(Document):
    # in file order; legacy sessions at their first profile's place
    sessions: tuple[SsoSession, ...] = ()
    profiles: tuple[Profile, ...] = ()  # in botocore's order (C4)
    problems: tuple[str, ...] = ()  # sentences for what could be read but not used
    # profiles that we wrote; picking one would be a circle; not in JSON
    managed: frozenset[str] = frozenset()

    MEMBERS: ClassVar = {
        "sessions": list_of(SsoSession.from_json),
        "profiles": list_of(Profile.from_json),
        "problems": list_of(text),
    }


@dataclass(frozen=True, slots=True)
class TokenFacts(Document):
    """What the core may know of a published access token: never the token."""

    fingerprint: str  # 16 hex digits of SHA-256 over the access token
    expires_at: float  # seconds since the epoch
    issued_at: float  # AWS's answer, else the file's mtime
    refreshable: bool = False  # whether the *file* carries refresh data (K4 would adopt it)
    start_url: str = ""  # as in the file; empty where it does not say
    region: str = ""

    TYPE: ClassVar = "TokenFacts"
    MEMBERS: ClassVar = {
        "fingerprint": text,
        "expires_at": number,
        "issued_at": number,
        "refreshable": flag,
        "start_url": text,
        "region": text,
    }

    @property
    def life(self) -> float:
        """The token's life in seconds, 0 to 12 h as AWS gives: a file or clock may be wrong."""
        return min(max(0.0, self.expires_at - self.issued_at), policy.LONGEST_LIFE)


@dataclass(frozen=True, slots=True)
class Preferences:
    # seconds before a known end at which a notice is due, longest first
    warn_before: tuple[float, ...] = policy.WARN_BEFORE
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
class SessionEnd(Document):
    at: float  # seconds since the epoch
    known: EndKnown
    cause: str  # fingerprint of the token that showed it; one end is warned about once

    TYPE: ClassVar = "SessionEnd"
    MEMBERS: ClassVar = {
        "at": moment,
        "known": one_of(("exact", "set", "learnt")),
        "cause": text,
    }


@dataclass(frozen=True, slots=True)
class Trouble(Document):
    """A renewal that failed, as remembered across a restart."""

    token: str  # fingerprint of the token to renew
    reason: Reason
    sentence: str
    failures: int  # failed attempts of the schedule in a row
    since: float  # time of the first one
    next_at: float  # next attempt of the schedule
    retry_at: float | None = None  # AWS asked not to be asked before then

    MEMBERS: ClassVar = {
        "token": text,
        "reason": one_of(get_args(Reason)),
        "sentence": text,
        "failures": lambda value: int(number(value)),
        "since": moment,
        "next_at": moment,
        "retry_at": MayLack(optional(moment)),
    }


@dataclass(frozen=True, slots=True)
class Removal(Document):
    """A token file was removed while AWS still took the token (K5): until Undo or a sign-in."""

    token: str  # its fingerprint
    at: float = 0.0  # when it was judged, seconds since the epoch
    ran: float = 0.0  # seconds that SSO Tray has run since, counted by the hour
    again: bool = False  # soon after an earlier removal was undone
    dropped: bool = False  # too late for an Undo: the keyring keeps nothing any more

    MEMBERS: ClassVar = {
        "token": text,
        "at": moment,
        "ran": number,
        "again": flag,
        "dropped": flag,
    }


def _set_of_texts(document: object) -> frozenset[str]:
    return frozenset(Members(document).need("items", list_of(text)))


@dataclass(frozen=True, slots=True)
class Memory(Document):
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

    # Version 0.1 drops a memory with other members: new ones belong in `session_records`.
    TYPE: ClassVar = "Memory"
    MEMBERS: ClassVar = {
        "started_at": MayLack(optional(moment)),
        "lengths": MayLack(list_of(moment)),
        "end": MayLack(optional(SessionEnd.from_json)),
        "refused": MayLack(optional(text)),
        "used_at": MayLack(optional(moment)),
        "told": MayLack(_set_of_texts),
    }

    def to_json(self) -> dict[str, Any]:
        told = {"type": "frozenset", "items": sorted(self.notified)}
        return {**Document.to_json(self), "told": told}

    def beside_to_json(self) -> dict[str, Any]:
        return written(self, _BESIDE, self.__slots__[len(self.MEMBERS) :])

    def with_beside(self, document: object) -> Memory:
        fields = self.__slots__[len(self.MEMBERS) :]
        return replace(self, **read(Members(document), _BESIDE, fields))


_BESIDE: Final[Mapping[str, Check]] = {
    "dead": MayLack(optional(text)),
    "trouble": MayLack(optional(Trouble.from_json)),
    "removed": MayLack(optional(text)),
    "removal": MayLack(optional(Removal.from_json)),
    "undone_at": MayLack(optional(moment)),
    "signed_out": MayLack(flag),
    "given": MayLack(optional(TokenFacts.from_json)),
    "doubted": MayLack(optional(text)),
}
"""Of a memory's later fields, which version 0.1 does not know."""
