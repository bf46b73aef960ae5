"""What the rules know of one session, and the plain facts that follow from it."""

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
    SsoSession,
    TokenFacts,
    TokenStore,
    Trigger,
    Trouble,
)
from tray.core.profiles.start_url import same_portal
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """A job that is under way: who caused it, and who waits for its end."""

    attempt: int
    kind: JobKind
    requests: tuple[str, ...] = ()
    trigger: Trigger = "schedule"


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """
    A job that is to be started as soon as the session is free and the allowance permits (R5).

    Args:
        kind: of job.
        request: who waits for it; None: nobody.
        trigger: who wants it.
        fingerprint: of the token it is about; another one settles it.
    """

    kind: JobKind
    request: str | None = None
    trigger: Trigger = "user"
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Renewal:
    """A renewal in the allowances: when, who caused it, its token's life (None: none came)."""

    at: float
    trigger: Trigger
    life: float | None = None


@dataclass(frozen=True, slots=True)
class SignIn:
    """
    A sign-in that is under way, and who waits for its end.

    Args:
        attempt: its number; answers to another number are late and ignored.
        method, afresh: how it is done (L1, L9).
        opens: who opens the browser: the tray, or the terminal where it was typed (L6).
        deadline: when it is given up, seconds since the epoch (L4).
        fresh_start: the session before it was over when it began, so that it truly starts one.
        requests: who waits.
        url, user_code: known once the page can be opened.
        opened_at: when the tray last opened the page, seconds since the epoch.
    """

    attempt: int
    method: Literal["pkce", "device"]
    opens: Literal["resident", "caller"]
    deadline: float
    afresh: bool = False
    fresh_start: bool = False
    requests: tuple[str, ...] = ()
    url: str | None = None
    user_code: str | None = None
    opened_at: float | None = None


@dataclass(frozen=True, slots=True)
class Failing:
    """Why the last attempts brought nothing, since when, and when the next one is due."""

    reason: Reason
    sentence: str
    failures: int
    since: float
    next_at: float


@dataclass(frozen=True, slots=True)
class Session:
    """
    All the rules know of one session; never a secret.

    Args:
        config: what the config says.
        store: who keeps the refresh data (K1).
        contested: another program took it back so often that it stays in the file (K1).
        foreign: fingerprint of a token that belongs to the place this session's name meant
            before; it is never looked at here (fault 25). Only a file that does not say where
            its token is good needs it.
        file_status: what the last look at the cache file showed.
        absent_since: when the file was first missing; None once that has been judged (K5).
        torn_reads: how many looks in a row found it torn.
        bad: why the file cannot be used.
        token: the last good token seen; kept while a file is torn, bad or being judged.
        origin: fingerprint of the token with which this sign-in began, as far as we saw it; our
            own renewals keep it, another program's token does not: it may be another person's.
        life: the usual life of this sign-in's tokens, seconds.
        without_refresh_token: fingerprint of a token for which no refresh data exists anywhere.
        nothing_after: fingerprint of such a token, where its end brought nothing either.
        over: AWS has said that the sign-in session is dead.
        unconfirmed_at: a refusal the portal has not confirmed is asked about again then.
        end_confirmed: a second answer agreed with the known end.
        fresh_start: the next sign-in truly starts a session, because the last one has ended.
        removed: somebody signed out; fingerprint of the token that was signed out.
        notable: a reason worth showing although nothing fails.
        failing: the last attempt failed.
        renewals: those that count in the allowances (R5).
        retry_at: AWS asked not to be asked before then.
        advanced_at: when a program last had the next attempt made at once.
        freed_at: when an event of the machine last did.
        held_back: a renewal is wanted, and an allowance does not permit it yet.
        logins: sign-ins asked for where none seems needed; the portal is asked first (L7).
        job, queue: the job under way, and those that wait for it to end.
        sign_in: the sign-in under way.
        adopt_tried: fingerprint of the file whose adoption was last tried.
        adopted_at: when another program's sign-in was adopted.
        snoozed: the person asked for quiet until shortly before the end.
        memory: what survives a restart.
    """

    config: SsoSession
    store: TokenStore | None = None
    contested: bool = False
    foreign: str | None = None
    file_status: Literal["unseen", "present", "absent", "torn", "bad"] = "unseen"
    absent_since: float | None = None
    torn_reads: int = 0
    bad: FileBad | None = None
    token: TokenFacts | None = None
    origin: str | None = None
    life: float | None = None
    without_refresh_token: str | None = None
    nothing_after: str | None = None
    over: bool = False
    unconfirmed_at: float | None = None
    end_confirmed: bool = False
    fresh_start: bool = False
    removed: str | None = None
    notable: Reason | None = None
    failing: Failing | None = None
    renewals: tuple[Renewal, ...] = ()
    retry_at: float | None = None
    advanced_at: float | None = None
    freed_at: float | None = None
    held_back: bool = False
    job: Job | None = None
    queue: tuple[QueuedJob, ...] = ()
    sign_in: SignIn | None = None
    logins: tuple[SignInRequested, ...] = ()
    adopt_tried: str | None = None
    adopted_at: float | None = None
    snoozed: bool = False
    memory: Memory = field(default_factory=Memory)

    @property
    def key(self) -> str:
        """The session key of rule S1."""
        return self.config.key


def elsewhere(session: Session, token: TokenFacts) -> bool:
    """
    Whether a token is of another start URL or region than the session (fault 25).

    What the file says decides, so that it is known after a restart too.
    """
    if token.start_url or token.region:
        return not same_place(session.config, token.start_url, token.region)
    return token.fingerprint == session.foreign


def same_place(config: SsoSession, start_url: str, region: str) -> bool:
    """
    Whether a start URL and region are a session's; empty ones, which a file need not name, are.

    Trailing slash, query, fragment and case do not distinguish portals.
    """
    same_url = not start_url or same_portal(start_url, config.start_url)
    return same_url and region in ("", config.region)


def shares_portal(one: SsoSession, other: SsoSession) -> bool:
    """Whether another session is of the same portal, so that signing out of one ends both."""
    return one.key != other.key and same_place(one, other.start_url, other.region)


def refused(session: Session) -> bool:
    """Whether AWS has refused to renew the token we hold."""
    return session.token is not None and session.memory.refused == session.token.fingerprint


def has_refresh_data(session: Session) -> bool:
    """Whether anything exists, here or in the file, with which the token could be renewed."""
    token = session.token
    if token is None or session.without_refresh_token == token.fingerprint:
        return False
    return session.store == "keyring" or token.refreshable


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
    """
    Whether a renewal may run beside the sign-in under way, if there is one.

    A page may stay open for ten minutes; one that begins afresh has signed the old token out.
    """
    sign_in = session.sign_in
    return sign_in is None or (sign_in.url is not None and not sign_in.afresh)


def over_by(session: Session, now: Now) -> bool:
    """
    Whether the sign-in session is known to be dead, whatever its token's ``expiresAt`` says.

    The portal has said so, or a refused token's session ended before it; both are known again
    after a restart.
    """
    end = session.memory.end
    ended = end is not None and end.known == "exact" and end.at <= now.wall
    dead = session.token is not None and session.memory.dead == session.token.fingerprint
    return session.over or dead or (refused(session) and ended)


def remembering(session: Session) -> Session:
    """Return the session with the trouble it is in remembered, so that it outlives a restart."""
    failing, token = session.failing, session.token
    trouble = None
    if failing is not None and token is not None:
        trouble = Trouble(
            token.fingerprint,
            failing.reason,
            failing.sentence,
            failing.failures,
            failing.since,
            failing.next_at,
            session.retry_at,
        )
    if token is None or session.memory.trouble == trouble:
        return session
    return replace(session, memory=replace(session.memory, trouble=trouble))


def remembered_failing(memory: Memory, token: TokenFacts) -> Failing | None:
    """Return the trouble that was remembered of a token."""
    known = memory.trouble
    if known is None or known.token != token.fingerprint:
        return None
    return Failing(known.reason, known.sentence, known.failures, known.since, known.next_at)


def unreadable(session: Session) -> bool:
    """Whether the cache file cannot be used: then nobody but a sign-in writes it (fault 4)."""
    return session.file_status == "bad" or session.torn_reads > policy.TORN_READS


def usable(session: Session, now: Now) -> bool:
    """Whether SDKs can work with what is published now."""
    return (
        session.token is not None
        and session.file_status in ("present", "torn")
        and not unreadable(session)
        and not over_by(session, now)
        and session.token.expires_at > now.wall
    )


def awaits_judgement(session: Session) -> bool:
    """Whether a removed file must be asked about (K5): only where the keyring keeps a token."""
    return session.file_status == "absent" and session.store == "keyring"
