"""All events: what can happen to the core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Literal

from tray.core import requests as rq
from tray.core.accounts.account_index import SessionAccounts
from tray.core.model import (
    Catalog,
    InputFile,
    Memory,
    Preferences,
    Reason,
    TokenFacts,
    TokenStore,
    Trigger,
)
from tray.core.outcomes import Outcome
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class RecordsRead:
    """``state.json`` was read; all by session key."""

    stores: Mapping[str, TokenStore | None]
    memories: Mapping[str, Memory]
    contested: frozenset[str] = frozenset()  # stay in their file
    # fingerprints of the newest tokens that the keyring took
    newest: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class PreferencesRead:
    preferences: Preferences  # the last good ones, if a file is broken now
    problems: tuple[str, ...] = ()  # sentences about the settings' files


@dataclass(frozen=True, slots=True)
class ActiveRead:
    profile: str | None


@dataclass(frozen=True, slots=True)
class ConfigRead:
    catalog: Catalog


@dataclass(frozen=True, slots=True)
class ConfigBroken:
    sentence: str


@dataclass(frozen=True, slots=True)
class LoginsRead:
    """What ``aws login`` keeps was looked at."""

    signed_out: tuple[str, ...]  # profiles with a ``login_session`` that nobody is signed in to


@dataclass(frozen=True, slots=True)
class FileAbsent:
    """There is no cache file."""


@dataclass(frozen=True, slots=True)
class FileTorn:
    """The cache file is empty or truncated: a program is writing it."""


@dataclass(frozen=True, slots=True)
class FileBad:
    """The cache file cannot be used; the sentence names file and member."""

    reason: Reason
    sentence: str


@dataclass(frozen=True, slots=True)
class FileUnread:
    """The machine could not read the cache file just now, which says nothing about it."""

    sentence: str


TokenFileStatus = FileAbsent | FileTorn | FileBad | FileUnread | TokenFacts


@dataclass(frozen=True, slots=True)
class TokenFileInspected:
    key: str
    file_status: TokenFileStatus


@dataclass(frozen=True, slots=True)
class InputUnread:
    """The machine could not read a file just now, which says nothing about it."""

    file: InputFile
    sentence: str


@dataclass(frozen=True, slots=True)
class InputRead:
    """A file that is none of the rules' inputs, but was unread, has been read."""

    file: InputFile


@dataclass(frozen=True, slots=True)
class Tick:
    """The time asked for by ``next_look`` has come."""


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
    key: str


@dataclass(frozen=True, slots=True)
class TokenRejected:
    """The portal answered 401 although the file is in place: one refresh decides (R6)."""

    key: str
    fingerprint: str


# --- Signing in -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignInRequested:
    key: str
    request: str | None = None  # waits for the answer; None: the tray
    # end the running portal session first (L9); None: if that helps (L10)
    afresh: bool | None = None
    method: Literal["pkce", "device"] | None = None  # None: by the session's style (L1)
    # who opens the browser: the daemon, or the caller where it was typed
    opens: Literal["resident", "caller"] = "resident"
    callback_port: int | None = None  # fixed port for the loopback server


@dataclass(frozen=True, slots=True)
class SignInReady:
    """The page can be opened: the loopback server is listening, or the device code is there."""

    key: str
    attempt: int
    url: str
    user_code: str | None = None
    deadline: float = 0.0
    older_ended: bool = False  # whether a sign-in afresh found a token to sign out with (L9)


@dataclass(frozen=True, slots=True)
class SignInReported:
    """Something that does not end it: another user has connected, the browser brought an error."""

    key: str
    attempt: int
    sentence: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in succeeded; ``sentence`` says what else the user should know (L12)."""

    key: str
    attempt: int
    token: TokenFacts
    store: TokenStore
    reason: Reason | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class SignInFailed:
    """An older token is still in place."""

    key: str
    attempt: int
    sentence: str
    reason: Reason = "other"
    lost: bool = False  # its process died, at an unknown step


@dataclass(frozen=True, slots=True)
class UnlockFailed:
    """The keyring is still locked after a click that was to unlock it."""

    sentence: str


@dataclass(frozen=True, slots=True)
class SignInCancelled:
    key: str
    request: str | None = None


@dataclass(frozen=True, slots=True)
class RequesterLeft:
    """The terminal that asked for a sign-in is gone (Ctrl-C, closed)."""

    key: str
    request: str


# --- Adding profiles ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProfileAdded:
    """A profile was written into the AWS config; ``refusal`` says why it was not."""

    key: str
    name: str
    refusal: str | None = None


# --- The index of accounts and roles --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountsRead:
    """The index was read, here without e-mails."""

    sessions: Mapping[str, SessionAccounts]
    used_at: float | None = None  # when a surface last needed it, seconds since the epoch


@dataclass(frozen=True, slots=True)
class AccountsProgress:
    attempt: int
    done: int  # accounts whose roles are known
    total: int


@dataclass(frozen=True, slots=True)
class AccountsListed:
    attempt: int


@dataclass(frozen=True, slots=True)
class AccountsNotListed:
    """``rejected``: the portal refused the access token."""

    attempt: int
    sentence: str
    rejected: bool = False
    retry_after: float | None = None  # seconds AWS asked for


IndexEvent = (
    AccountsRead
    | rq.AccountsUsed
    | rq.AccountsRequested
    | AccountsProgress
    | AccountsListed
    | AccountsNotListed
)


# --- Other requests -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignOutRequested:
    key: str
    request: str | None = None


@dataclass(frozen=True, slots=True)
class RenewRequested:
    key: str
    request: str | None = None
    trigger: Trigger = "user"  # whose allowance it uses (R5)
    fingerprint: str | None = None  # of the token that no longer works; another one settles it


@dataclass(frozen=True, slots=True)
class UndoRequested:
    """Take back a sign-out on this machine: the removal of the token file (K5)."""

    key: str
    request: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseRequested:
    key: str
    request: str | None = None


@dataclass(frozen=True, slots=True)
class UseRequested:
    profile: str | None
    request: str | None = None


@dataclass(frozen=True, slots=True)
class SnoozeRequested:
    """The user wants no more warnings of this end until shortly before it (W3)."""

    key: str


@dataclass(frozen=True, slots=True)
class CredentialsGiven:
    key: str


@dataclass(frozen=True, slots=True)
class QuitRequested:
    request: str | None = None
    hand_back: bool = False  # release every session to the AWS CLI first (K7)


@dataclass(frozen=True, slots=True)
class Ending:
    """We end, as at a logout: nothing is started any more, what is under way may still end."""


Event = (
    RecordsRead
    | PreferencesRead
    | ActiveRead
    | ConfigRead
    | ConfigBroken
    | LoginsRead
    | TokenFileInspected
    | InputUnread
    | InputRead
    | Tick
    | SystemEvent
    | JobDone
    | Stored
    | PortalAnswered
    | TokenRejected
    | SignInRequested
    | SignInReady
    | SignInReported
    | SignedIn
    | SignInFailed
    | SignInCancelled
    | UnlockFailed
    | RequesterLeft
    | SignOutRequested
    | RenewRequested
    | UndoRequested
    | ReleaseRequested
    | UseRequested
    | SnoozeRequested
    | rq.SignInAllRequested
    | rq.UnlockRequested
    | rq.ConsoleRequested
    | rq.ConsoleLinkRequested
    | rq.FavouriteRequested
    | rq.TerminalRequested
    | rq.LinkRequested
    | rq.EnvironmentRequested
    | rq.SettingRequested
    | rq.StatusRequested
    | rq.PageRequested
    | rq.AddProfileRequested
    | ProfileAdded
    | IndexEvent
    | CredentialsGiven
    | QuitRequested
    | Ending
)
