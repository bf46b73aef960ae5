"""Everything that can happen to the rules; the world speaks to them in these words only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Literal

from tray.core.model import Catalog, Memory, Preferences, Reason, TokenFacts, TokenStore, Trigger
from tray.core.outcomes import (
    Outcome,
)
from tray.core.profiles.profile_planning import Assignment
from tray.core.requests import (
    AddProfileRequested,
    ConsoleRequested,
    EnvironmentRequested,
    LinkRequested,
    RolesRequested,
    SettingRequested,
    SetUpRequested,
    SignInAllRequested,
    UnlockRequested,
)
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class RecordsRead:
    """
    ``state.json`` was read; all by session key.

    Args:
        stores: the token stores.
        memories: what the rules remember.
        contested: the sessions that stay in their file.
        newest: fingerprints of the newest tokens that the keyring took.
    """

    stores: Mapping[str, TokenStore | None]
    memories: Mapping[str, Memory]
    contested: frozenset[str] = frozenset()
    newest: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class PreferencesRead:
    """
    The settings were read, at start or after a change.

    Args:
        preferences: those in force; the last good ones, where a file is broken now.
        problems: sentences about the settings' files.
    """

    preferences: Preferences
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActiveRead:
    """The recorded active profile was read, at start or after another program changed it."""

    profile: str | None


@dataclass(frozen=True, slots=True)
class ConfigRead:
    """``~/.aws/config`` was read and accepted."""

    catalog: Catalog


@dataclass(frozen=True, slots=True)
class ConfigBroken:
    """``~/.aws/config`` was refused, as botocore refuses it; ``sentence`` names file and line."""

    sentence: str


@dataclass(frozen=True, slots=True)
class FileAbsent:
    """There is no cache file."""


@dataclass(frozen=True, slots=True)
class FileTorn:
    """The cache file is empty or cut: somebody is writing it."""


@dataclass(frozen=True, slots=True)
class FileBad:
    """The cache file cannot be used; the sentence names file and member."""

    reason: Reason
    sentence: str


TokenFileStatus = FileAbsent | FileTorn | FileBad | TokenFacts
"""What a look at a cache file can show."""


@dataclass(frozen=True, slots=True)
class TokenFileInspected:
    """The cache file of a session was looked at."""

    key: str
    file_status: TokenFileStatus


@dataclass(frozen=True, slots=True)
class Tick:
    """The moment asked for by ``next_look`` has come."""


@dataclass(frozen=True, slots=True)
class SystemEvent:
    """
    The machine changed.

    ``woke``, ``network-up`` and ``unlocked`` let a waiting renewal try at once (R5); ``asleep``
    and ``locked`` hold notices back; ``keyring-unlocked`` ends keyring waits.
    """

    what: Literal[
        "asleep", "woke", "network-up", "network-down", "locked", "unlocked", "clock-set",
        "keyring-unlocked",
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class JobDone:
    """A job ended; an attempt that is no longer awaited is ignored (fault 71)."""

    key: str
    attempt: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Stored:
    """The keyring has confirmed a refresh token that was published before (R3)."""

    key: str


@dataclass(frozen=True, slots=True)
class PortalAnswered:
    """The portal gave role credentials: the way to AWS is open again."""

    key: str


@dataclass(frozen=True, slots=True)
class TokenRejected:
    """The portal answered 401 although the file is in place: one refresh decides (R6)."""

    key: str
    fingerprint: str


# --- Signing in -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignInRequested:
    """
    The user asked to sign in.

    Args:
        key: the session.
        request: who waits for the answer, or None for the tray.
        afresh: end the running portal session first (L9); None = what helps (L10).
        method: ``pkce`` or ``device``; None = by the session's style (L1).
        opens: who opens the browser: the ``daemon``, or the ``caller`` where it was typed.
        callback_port: fixed port for the loopback server, or None.
    """

    key: str
    request: str | None = None
    afresh: bool | None = None
    method: Literal["pkce", "device"] | None = None
    opens: Literal["resident", "caller"] = "resident"
    callback_port: int | None = None


@dataclass(frozen=True, slots=True)
class SignInReady:
    """The page can be opened: the loopback server is listening, or the device code is there."""

    key: str
    attempt: int
    url: str
    user_code: str | None = None
    deadline: float = 0.0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in succeeded; ``sentence`` says what else the person should know (L12)."""

    key: str
    attempt: int
    token: TokenFacts
    store: TokenStore
    reason: Reason | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class SignInFailed:
    """
    A sign-in ended without a token; an older token is still in place.

    Args:
        key, attempt: which one.
        sentence, reason: why.
        lost: its process died, so that nobody knows how far it came.
    """

    key: str
    attempt: int
    sentence: str
    reason: Reason = "other"
    lost: bool = False


@dataclass(frozen=True, slots=True)
class SignInCancelled:
    """The user cancelled the sign-in."""

    key: str
    request: str | None = None


@dataclass(frozen=True, slots=True)
class RequesterLeft:
    """Who typed a sign-in has gone away (Ctrl-C, a closed terminal)."""

    key: str
    request: str


# --- Adding profiles ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RolesListed:
    """The portal listed every role of a session's user, by account and role."""

    key: str
    attempt: int
    roles: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class ListingFailed:
    """The roles could not be listed; ``rejected``: the portal did not want the access token."""

    key: str
    attempt: int
    sentence: str
    rejected: bool = False


@dataclass(frozen=True, slots=True)
class ProfileAdded:
    """A profile was written into the AWS config; ``refusal`` says why it was not."""

    key: str
    name: str
    refusal: str | None = None


# --- Other requests -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignOutRequested:
    """The user asked to sign out."""

    key: str
    request: str | None = None


@dataclass(frozen=True, slots=True)
class RenewRequested:
    """
    A person or a program wants the token renewed now.

    Args:
        key: the session.
        request: who waits for the answer.
        trigger: whose allowance it is (R5).
        fingerprint: of the token that does not serve any more; another one settles it.
    """

    key: str
    request: str | None = None
    trigger: Trigger = "user"
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseRequested:
    """The user asked to hand the refresh data back to the file."""

    key: str
    request: str | None = None


@dataclass(frozen=True, slots=True)
class UseRequested:
    """The user picked the active profile; None = none."""

    profile: str | None
    request: str | None = None


@dataclass(frozen=True, slots=True)
class SnoozeRequested:
    """The user wants to hear of this end only shortly before it (W3)."""

    key: str


@dataclass(frozen=True, slots=True)
class CredentialsGiven:
    """Role credentials of this session were handed out."""

    key: str


@dataclass(frozen=True, slots=True)
class QuitRequested:
    """
    The daemon should end.

    Args:
        request: who waits for the answer.
        hand_back: release every session to the AWS CLI first (K7).
    """

    request: str | None = None
    hand_back: bool = False


Event = (
    RecordsRead
    | PreferencesRead
    | ActiveRead
    | ConfigRead
    | ConfigBroken
    | TokenFileInspected
    | Tick
    | SystemEvent
    | JobDone
    | Stored
    | PortalAnswered
    | TokenRejected
    | SignInRequested
    | SignInReady
    | SignedIn
    | SignInFailed
    | SignInCancelled
    | RequesterLeft
    | SignOutRequested
    | RenewRequested
    | ReleaseRequested
    | UseRequested
    | SnoozeRequested
    | SignInAllRequested
    | UnlockRequested
    | ConsoleRequested
    | LinkRequested
    | EnvironmentRequested
    | SettingRequested
    | SetUpRequested
    | RolesRequested
    | RolesListed
    | ListingFailed
    | AddProfileRequested
    | ProfileAdded
    | CredentialsGiven
    | QuitRequested
)
