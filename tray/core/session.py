"""The rules of one session: which state it is in, when it renews, when it ends."""

from __future__ import annotations

import hashlib
import statistics
from dataclasses import dataclass, field, replace
from typing import Literal

from tray.core import policy
from tray.core.effects import JobKind
from tray.core.events import FileBad
from tray.core.model import (
    EndKnown,
    Keeper,
    Memory,
    Now,
    Preferences,
    Reason,
    SessionEnd,
    SsoSession,
    State,
    TokenFacts,
)


@dataclass(frozen=True, slots=True)
class Job:
    """A job that is under way, and who waits for its end."""

    attempt: int
    kind: JobKind
    requests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in that is under way, and who waits for its end."""

    attempt: int
    method: Literal["pkce", "device"]
    opens: Literal["resident", "caller"]
    deadline: float
    afresh: bool = False
    fresh_start: bool = False
    requests: tuple[str, ...] = ()
    url: str | None = None
    user_code: str | None = None


@dataclass(frozen=True, slots=True)
class Failing:
    """Why the last attempt brought nothing, and when the next one is due."""

    reason: Reason
    sentence: str
    failures: int
    next_at: float


@dataclass(frozen=True, slots=True)
class Session:
    """
    All the rules know of one session; never a secret.

    Args:
        config: what the config says.
        keeper: who keeps the refresh data (K1).
        contested: another program took it back so often that it stays in the file (K1).
        sight: what the last look at the cache file showed.
        absent_since: when the file was first missing, seconds since the epoch.
        torn_reads: how many looks in a row found it torn.
        bad: why the file cannot be used.
        token: the last good token seen; kept while a file is torn, bad or being judged.
        life: the usual life of this sign-in's tokens, seconds.
        barren: fingerprint of a token for which no refresh data exists anywhere.
        over: AWS has said that the sign-in session is dead.
        unconfirmed_at: a refusal the portal has not confirmed is asked about again then.
        end_confirmed: a second answer agreed with the known end.
        fresh_start: the next sign-in truly starts a session, because the last one has ended.
        removed: somebody signed out; fingerprint of the token that was signed out.
        notable: a reason worth showing although nothing fails.
        failing: the last attempt failed.
        answered: when AWS answered renewals, and whether with a token (R5).
        job, wishes: the job under way, and what waits for it to end.
        sign_in: the sign-in under way.
        adopt_tried: fingerprint of the file whose adoption was last tried.
        adopted_at: when another program's sign-in was adopted.
        snoozed: the person asked for quiet until shortly before the end.
        memory: what survives a restart.
    """

    config: SsoSession
    keeper: Keeper | None = None
    contested: bool = False
    sight: Literal["unseen", "present", "absent", "torn", "bad"] = "unseen"
    absent_since: float | None = None
    torn_reads: int = 0
    bad: FileBad | None = None
    token: TokenFacts | None = None
    life: float | None = None
    barren: str | None = None
    over: bool = False
    unconfirmed_at: float | None = None
    end_confirmed: bool = False
    fresh_start: bool = False
    removed: str | None = None
    notable: Reason | None = None
    failing: Failing | None = None
    answered: tuple[tuple[float, bool], ...] = ()
    job: Job | None = None
    wishes: tuple[tuple[JobKind, str | None], ...] = ()
    sign_in: SignIn | None = None
    adopt_tried: str | None = None
    adopted_at: float | None = None
    snoozed: bool = False
    memory: Memory = field(default_factory=Memory)

    @property
    def key(self) -> str:
        """The session key of rule S1."""
        return self.config.key


def refused(session: Session) -> bool:
    """Whether AWS has refused to renew the token we hold."""
    return session.token is not None and session.memory.refused == session.token.fingerprint


def usable(session: Session, now: Now) -> bool:
    """Whether SDKs can work with what is published now."""
    return (
        session.token is not None
        and session.sight in ("present", "torn")
        and not session.over
        and session.token.expires_at > now.wall
    )


def renews(session: Session) -> bool:
    """Whether it goes on by itself: refresh data exists, is ours to use, and was not refused."""
    token = session.token
    if token is None or session.over or refused(session) or session.barren == token.fingerprint:
        return False
    if session.keeper == "released":
        return False
    return session.keeper == "keyring" or token.refreshable


def end_of(session: Session, preferences: Preferences) -> SessionEnd | None:
    """Return the end of the sign-in session, best knowledge first (DESIGN section 2)."""
    memory = session.memory
    if memory.end is not None:
        return memory.end
    if memory.started_at is None or session.token is None:
        return None
    cause = f"start-{memory.started_at:.0f}"
    for key, length in preferences.session_lengths:
        if key == session.key:
            return SessionEnd(memory.started_at + length, "set", cause)
    if memory.lengths:
        return SessionEnd(memory.started_at + statistics.median(memory.lengths), "learnt", cause)
    return None


def end_known(end: SessionEnd | None) -> EndKnown:
    """Return how well the end is known."""
    return "no" if end is None else end.known


def firm_end(session: Session, preferences: Preferences) -> SessionEnd | None:
    """Return the end if it is more than a guess: only such an end makes a state (S5)."""
    end = end_of(session, preferences)
    return end if end is not None and end.known in ("exact", "set") else None


def state_of(session: Session, preferences: Preferences, now: Now) -> State:
    """Decide the state of rule S5."""
    token = session.token
    if session.sign_in is not None:
        return "signing-in"
    if session.sight == "bad" or session.torn_reads > policy.TORN_READS:
        return "unreadable"
    if token is None:
        return "signed-out"
    if session.over or token.expires_at <= now.wall:
        return "expired"
    if refused(session):
        return "ending"
    end = firm_end(session, preferences)
    if end is not None and end.at - now.wall <= policy.ENDING_BEFORE:
        return "ending"
    return "signed-in" if session.failing is None else "renewal-failing"


def reason_of(session: Session, preferences: Preferences, now: Now) -> Reason | None:
    """Decide the reason of rule S6."""
    if session.bad is not None and session.sight == "bad":
        return session.bad.reason
    if session.torn_reads > policy.TORN_READS:
        return "torn-file"
    if session.token is None:
        return "removed" if session.removed else _trouble(session)
    if session.over:
        return "session-over"
    if refused(session):
        return "registration-expired" if session.notable == "registration-expired" else "refused"
    trouble = _trouble(session)
    if trouble is not None:
        return trouble
    ended = state_of(session, preferences, now) == "expired"
    return "session-over" if ended and _past_known_end(session, preferences, now) else None


def _trouble(session: Session) -> Reason | None:
    return session.failing.reason if session.failing is not None else session.notable


def _past_known_end(session: Session, preferences: Preferences, now: Now) -> bool:
    end = firm_end(session, preferences)
    return end is not None and end.at <= now.wall + policy.CLOCK_SLACK


def shown_end(session: Session, preferences: Preferences, now: Now) -> SessionEnd | None:
    """Return the end to show; a learnt one only while it lies ahead (a guess proven wrong)."""
    end = end_of(session, preferences)
    if end is not None and end.known == "learnt" and end.at <= now.wall:
        return None
    return end


def share(*parts: object) -> float:
    """Return a number in [0, 1) that depends on nothing but its arguments: jitter that repeats."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def planned_renewal(session: Session, machine: str) -> float | None:
    """Return when the token at hand is renewed if nothing goes wrong (R1), wall seconds."""
    token = session.token
    if token is None or not renews(session):
        return None
    end = session.memory.end
    if end is not None and end.known == "exact" and session.end_confirmed:
        # The token lasts until the session's own end; asking earlier again brings nothing.
        return max(end.at, token.expires_at) + policy.LAST_QUESTION_AFTER
    jitter = policy.RENEW_JITTER * share(machine, session.key)
    due = token.issued_at + token.life * (policy.RENEW_AT_LIFE - jitter)
    if token.life >= policy.LONG_LIFE:
        due = min(due, token.expires_at - policy.RENEW_LATEST)
    return due


def next_attempt(session: Session, machine: str) -> float | None:
    """Return when the next renewal attempt is due, wall seconds, or None if none will be made."""
    planned = planned_renewal(session, machine)
    if session.failing is not None and (planned is not None or awaits_judgement(session)):
        return session.failing.next_at
    return planned


def awaits_judgement(session: Session) -> bool:
    """Whether a removed file must be asked about (K5): only where the keyring keeps a token."""
    return session.sight == "absent" and session.keeper == "keyring"


def allowance(session: Session, now: Now) -> float:
    """
    Return from when on AWS may be asked again (R5), wall seconds; at or before now = at once.

    Successes are limited per token life, so that tokens with a tiny life cannot make us hammer;
    refusals and errors per hour.
    """
    life = session.life or (session.token.life if session.token else policy.HOUR)
    good = sorted(at for at, ok in session.answered if ok and at > now.wall - life)
    bad = sorted(at for at, ok in session.answered if not ok and at > now.wall - policy.HOUR)
    waits = [now.wall]
    if len(good) >= policy.RENEWALS_PER_LIFE:
        waits.append(good[-policy.RENEWALS_PER_LIFE] + life)
    if len(bad) >= policy.TROUBLES_PER_HOUR:
        waits.append(bad[-policy.TROUBLES_PER_HOUR] + policy.HOUR)
    return max(waits)


def noted_answer(session: Session, now: Now, *, good: bool) -> Session:
    """Return the session with one more answer of AWS counted (R5)."""
    horizon = now.wall - max(policy.HOUR, session.life or 0.0)
    kept = tuple(entry for entry in session.answered if horizon < entry[0] <= now.wall)
    return replace(session, answered=(*kept, (now.wall, good)))


def backoff(session: Session, machine: str, failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: 1, 2, 4 .. 300, full jitter."""
    doublings = min(failures - 1, 16)
    most = min(policy.BACKOFF_MOST, policy.BACKOFF_FIRST * 2.0**doublings)
    fingerprint = session.token.fingerprint if session.token else ""
    # Never below a tenth: a draw near zero would spend the hour's allowance in one second.
    return most * (0.1 + 0.9 * share(machine, session.key, fingerprint, failures))
