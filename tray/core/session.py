"""One session as the core knows it, and the facts that follow from that."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Literal

from tray.core import policy
from tray.core.effects import JobKind
from tray.core.events import FileBad, SignInRequested
from tray.core.model import (
    Memory,
    Now,
    Reason,
    Removal,
    SsoSession,
    TokenFacts,
    TokenStore,
    Trigger,
    Trouble,
)
from tray.core.profiles.start_url import instance_of, is_vanity, same_portal
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """A job under way: who caused it, and who waits for its end."""

    attempt: int
    kind: JobKind
    requests: tuple[str, ...] = ()
    trigger: Trigger = "schedule"
    fingerprint: str | None = None  # of the token seen when it began


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job to start as soon as the session is free and the allowance permits (R5)."""

    kind: JobKind
    request: str | None = None  # waits for it
    trigger: Trigger = "user"
    fingerprint: str | None = None  # of the token it is about; another one settles it


@dataclass(frozen=True, slots=True)
class Renewal:
    """A renewal in the allowances: when, who caused it, its token's life (None: none came)."""

    at: float
    trigger: Trigger
    life: float | None = None


@dataclass(frozen=True, slots=True)
class SignIn:
    attempt: int  # answers to another number are late and ignored
    method: Literal["pkce", "device"]  # L1
    # who opens the browser: the tray, or the terminal where it was typed (L6)
    opens: Literal["resident", "caller"]
    deadline: float  # when it is given up, seconds since the epoch (L4)
    afresh: bool = False  # L9
    # the previous session was over when it began, so it truly starts one
    fresh_start: bool = False
    requests: tuple[str, ...] = ()  # who waits
    url: str | None = None  # known once the page can be opened, as `user_code`
    user_code: str | None = None
    opened_at: float | None = None  # when the tray last opened the page, seconds since the epoch
    unlooked: bool = False  # a lean file came or changed meanwhile: looked at afterwards


@dataclass(frozen=True, slots=True)
class Failing:
    reason: Reason
    sentence: str
    failures: int
    since: float
    next_at: float


@dataclass(frozen=True, slots=True)
class Session:
    """All the core knows of one session; never a secret. Tokens are given by fingerprint."""

    config: SsoSession
    store: TokenStore | None = None  # K1
    contested: bool = False  # another program took it back so often that it stays in the file (K1)
    # a token of the place this session's name meant before, which is ignored (fault 25); needed
    # only if the file does not name its place
    foreign: str | None = None
    file_status: Literal["unseen", "present", "absent", "torn", "bad", "unread"] = "unseen"
    absent_since: float | None = None  # when the file was first missing; None once judged (K5)
    torn_reads: int = 0  # how many looks in a row found it torn
    bad: FileBad | None = None
    # the last good one seen; kept while a file is torn, bad or being judged
    token: TokenFacts | None = None
    file_ends_at: float | None = None  # the end that the file says, which anybody may have written
    # the token with which this sign-in began, as far as seen; our renewals keep it, another
    # program's token does not, as it may be another user's
    origin: str | None = None
    life: float | None = None  # usual life of this sign-in's tokens, seconds
    without_refresh_token: str | None = None  # a token without refresh data anywhere
    nothing_after: str | None = None  # such a token whose end brought nothing either
    over: bool = False  # AWS has said that the sign-in session is dead
    # when to ask again about a refusal the portal has not confirmed
    unconfirmed_at: float | None = None
    end_confirmed: bool = False  # a second answer agreed with the known end
    fresh_start: bool = False  # the last session has ended, so the next sign-in truly starts one
    notable: Reason | None = None  # worth showing although nothing fails
    failing: Failing | None = None
    renewals: tuple[Renewal, ...] = ()  # those that count in the allowances (R5)
    retry_at: float | None = None  # AWS asked not to be asked before then
    advanced_at: float | None = None  # when a program last advanced the next attempt
    freed_at: float | None = None  # when an event of the machine last did
    held_back: bool = False  # a renewal is wanted, but no allowance permits it yet
    job: Job | None = None
    queue: tuple[QueuedJob, ...] = ()
    sign_in: SignIn | None = None
    # asked for although none seems needed; the portal is asked first (L7)
    logins: tuple[SignInRequested, ...] = ()
    adopt_tried: str | None = None  # the file whose adoption was last tried
    adopt_again_at: float | None = None  # when to try again what the keyring or AWS held up
    adopted_at: float | None = None  # when another program's sign-in was adopted
    # monotonic seconds up to which the running time since a removal is counted
    ran_until: float | None = None
    snoozed: bool = False  # the user wants quiet until shortly before the end
    memory: Memory = field(default_factory=Memory)  # survives a restart

    @property
    def key(self) -> str:
        return self.config.key


def elsewhere(session: Session, token: TokenFacts) -> bool:
    """Whether a token's file names another start URL or region than the session (fault 25)."""
    if token.start_url or token.region:
        return not same_place(session.config, token.start_url, token.region)
    return token.fingerprint == session.foreign


def same_place(config: SsoSession, start_url: str, region: str) -> bool:
    """
    Whether a start URL and region are a session's, or empty; spelling does not count.

    AWS alone says in which region a vanity URL's portal is.
    """
    same_url = not start_url or same_portal(start_url, config.start_url)
    return same_url and (region in ("", config.region) or is_vanity(config.start_url))


def shares_portal(one: SsoSession, other: SsoSession) -> bool:
    """Whether both are of the same portal or instance, so that signing out of one ends both."""
    if one.key == other.key:
        return False
    instance = instance_of(one.start_url)
    if instance is not None and instance == instance_of(other.start_url):
        return True
    return same_place(one, other.start_url, other.region)


def for_the_keyring(reason: Reason | None) -> bool:
    return reason is not None and reason.startswith("keyring-")


def refused(session: Session) -> bool:
    return session.token is not None and session.memory.refused == session.token.fingerprint


def has_refresh_data(session: Session) -> bool:
    token = session.token
    if token is None or session.without_refresh_token == token.fingerprint:
        return False
    return session.store == "keyring" or token.refreshable


def in_file(session: Session) -> bool:
    """Whether the token file holds refresh data, so that the AWS CLI and SDKs renew it."""
    return session.token is not None and session.token.refreshable


def renewable(session: Session) -> bool:
    """Whether asking AWS for the next token is ours to do and may bring one."""
    if session.over or refused(session) or session.store == "released":
        return False
    return has_refresh_data(session)


def after_other_login(session: Session) -> bool:
    """Whether the keyring may hold a token to renew with once the one in the file has ended."""
    token = session.token
    return (
        token is not None
        and session.store == "keyring"
        and session.without_refresh_token == token.fingerprint
        and session.nothing_after != token.fingerprint
        and session.notable != "registration-expired"
        and not session.over
        and not refused(session)
    )


def renews_meanwhile(session: Session) -> bool:
    """Whether a renewal may run beside a sign-in; an afresh one has signed the old token out."""
    sign_in = session.sign_in
    return sign_in is None or (sign_in.url is not None and not sign_in.afresh)


def over_by(session: Session, now: Now) -> bool:
    """Whether the session is dead, as the portal or a refusal after its end has shown."""
    end = session.memory.end
    ended = end is not None and end.known == "exact" and end.at <= now.wall
    dead = session.token is not None and session.memory.dead == session.token.fingerprint
    return session.over or dead or (refused(session) and ended)


def remembering(session: Session) -> Session:
    """Keep back-off and ``Retry-After`` on record; no failures: only AWS's wish is left."""
    failing, token, patience = session.failing, session.token, session.retry_at
    if failing is None and patience is not None:
        failing = Failing("other", "", 0, patience, patience)
    trouble = None
    if failing is not None and token is not None:
        trouble = Trouble(
            token.fingerprint,
            failing.reason,
            failing.sentence,
            failing.failures,
            failing.since,
            failing.next_at,
            patience,
        )
    if token is None or session.memory.trouble == trouble:
        return session
    return replace(session, memory=replace(session.memory, trouble=trouble))


def remembered_failing(memory: Memory, token: TokenFacts) -> Failing | None:
    known = memory.trouble
    if known is None or known.token != token.fingerprint or not known.failures:
        return None
    return Failing(known.reason, known.sentence, known.failures, known.since, known.next_at)


def remembered_patience(memory: Memory, session: Session) -> float | None:
    return memory.trouble.retry_at if memory.trouble is not None else session.retry_at


def ends_early(session: Session, file: TokenFacts, now: Now) -> bool:
    """Whether somebody has written an earlier end into our lean file: SDKs believe it (K4)."""
    token = session.token
    return (
        token is not None
        and session.store == "keyring"
        and not file.refreshable
        and session.file_ends_at != file.expires_at
        and file.expires_at + policy.CLOCK_SLACK < token.expires_at
        and token.expires_at > now.wall
    )


def unreadable(session: Session) -> bool:
    """Whether the cache file cannot be used: then only a sign-in writes it (fault 4)."""
    return session.file_status in ("bad", "unread") or session.torn_reads > policy.TORN_READS


def usable(session: Session, now: Now) -> bool:
    return (
        session.token is not None
        and session.file_status in ("present", "torn")
        and not unreadable(session)
        and not over_by(session, now)
        and session.token.expires_at > now.wall
    )


def awaits_judgement(session: Session) -> bool:
    """Whether a removed file must be asked about (K5): only where the keyring keeps a token."""
    absent = session.file_status == "absent" and session.store == "keyring"
    # A login that followed a removal may be removed in its turn.
    return absent and (session.memory.removal is None or session.token is not None)


def looked_for_again(session: Session) -> bool:
    """Whether a look for what a sign-in left that died has failed: no token store is known yet."""
    nothing = session.token is None and session.file_status == "absent"
    return nothing and session.failing is not None and session.memory.removal is None


def can_undo(session: Session) -> bool:
    """Whether it is signed out on this machine only, and the keyring still keeps it (K5)."""
    return kept_for_undo(session) is not None and session.token is None


def kept_for_undo(session: Session) -> Removal | None:
    """Return the removal that can be undone, unless a file that has appeared ends it."""
    removal = session.memory.removal
    return None if removal is None or removal.dropped else removal


def lasting(notified: frozenset[str], fingerprint: str = "") -> frozenset[str]:
    """
    Return what stays shown when a new session begins: adoption is explained once (K4).

    So is what was told of its token, where a file is put back that was here before (W2).
    """
    news = max((once for once in notified if once.startswith("accounts:")), default="")
    return frozenset(
        once
        for once in notified
        if once.startswith("adopted:") or once == news or fingerprint in once.split(":")[1:]
    )
