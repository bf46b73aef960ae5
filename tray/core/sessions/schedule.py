"""When a session is renewed, retried, and when AWS has been asked enough (R1, R5)."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from tray.core import policy
from tray.core.model import Now, Preferences, Reason, TokenFacts, Trigger
from tray.core.session import (
    Renewal,
    Session,
    after_other_login,
    awaits_judgement,
    looked_for_again,
    renewable,
    unreadable,
)
from tray.core.sessions.after_sign_out import unproved
from tray.core.sessions.session_end import end_of, exact_end


def share(*parts: object) -> float:
    """Return jitter in [0, 1) that depends on nothing but its arguments."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode(errors="replace")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def planned_renewal(session: Session, preferences: Preferences, machine: str) -> float | None:
    """At half the life at the latest, and ahead of the SDKs' windows (R1); wall seconds."""
    token = session.token
    if token is None:
        return None
    if not renewable(session):
        # Another program's login without refresh data; the keyring's token follows it (K4).
        after = after_other_login(session)
        return token.expires_at + policy.LAST_QUESTION_AFTER if after else None
    if exact_end(session) is not None and session.end_confirmed:
        # It lasts until the session's own end; only then is there something new to learn.
        return token.expires_at + policy.LAST_QUESTION_AFTER
    jitter = policy.RENEW_JITTER * share(machine, session.key)
    # A file's mtime may be anything: its token is still renewed before its end.
    born = min(token.issued_at, token.expires_at - token.life)
    due = born + token.life * (1 - jitter) - _lead(token.life)
    end = end_of(session, preferences)
    if end is not None and end.known == "set":
        # Soon after the end the user has set, AWS's answer shows whether that was right.
        due = min(due, end.at + policy.SHORTENED_BY)
    return due


def _lead(life: float) -> float:
    leads = (window + policy.SDK_MARGIN for window in policy.SDK_WINDOWS)
    possible = (lead for lead in leads if lead <= life * (1 - policy.RENEW_AFTER_LIFE))
    return max(life * policy.RENEW_AT_LIFE, next(possible, 0.0))


def scheduled(session: Session, preferences: Preferences, machine: str) -> float | None:
    """Return when the next attempt is due: as planned, or after the back-off of a failed one."""
    if unreadable(session) or session.config.problem is not None:
        return None
    planned = planned_renewal(session, preferences, machine)
    awaited = awaits_judgement(session) or looked_for_again(session)
    if session.failing is not None and (planned is not None or awaited):
        return session.failing.next_at
    return planned


def next_attempt(session: Session, preferences: Preferences, machine: str) -> float | None:
    """Return when AWS will really be asked next, wall seconds, or None if it will not be."""
    due = scheduled(session, preferences, machine)
    moments = [] if due is None else [max(due, allowed_at(session, "schedule"))]
    if any(queued.kind == "renew" for queued in session.queue):
        moments.append(allowed_at(session, "program"))
    return min(moments, default=None)


def allowed_at(session: Session, trigger: Trigger) -> float:
    """Return a wall time; limits per token life, so that short ones cannot hammer AWS (R5)."""
    moments = [session.retry_at or 0.0]
    own = [one for one in session.renewals if one.trigger == trigger]
    brought = [(one.at, one.life) for one in own if one.life is not None]
    if len(brought) >= policy.RENEWALS_PER_LIFE:
        at, life = brought[-policy.RENEWALS_PER_LIFE]
        moments.append(at + min(_measured(life), _measured(brought[-1][1])))
    if trigger == "program" and session.advanced_at is not None:
        moments.append(session.advanced_at + policy.PROGRAMS_ADVANCE_EVERY)
    if trigger == "user" and len(own) >= policy.USER_ATTEMPTS:
        moments.append(own[-policy.USER_ATTEMPTS].at + policy.USER_ATTEMPTS_WITHIN)
    return max(moments)


def _measured(life: float) -> float:
    # A token cut short by its session's end says nothing about the lives before it.
    return life if life >= policy.SHORTEST_LIFE else policy.LIFE_UNMEASURED


def counted(session: Session, trigger: Trigger, now: Now, life: float | None = None) -> Session:
    since = now.wall - policy.LONGEST_LIFE
    kept = tuple(one for one in session.renewals if one.at > since)
    return replace(session, renewals=(*kept, Renewal(now.wall, trigger, life)))


def backoff(
    session: Session, machine: str, failures: int, now: Now, reason: Reason = "other"
) -> float:
    """Seconds to wait: 1, 2, 4 .. 300 with full jitter, less for shorter lives."""
    token, failing = session.token, session.failing
    most = min(policy.BACKOFF_MOST, policy.BACKOFF_FIRST * 2.0 ** min(max(failures - 1, 0), 16))
    if token is not None and token.expires_at > now.wall:
        most = min(most, max(policy.BACKOFF_LEAST, token.life * policy.BACKOFF_SHARE))
    if reason in ("keyring-waiting", "keyring-locked", "keyring-absent"):
        silent = now.wall - failing.since if failing is not None else 0.0
        most = min(most, max(policy.KEYRING_BACKOFF, silent * policy.KEYRING_BACKOFF_SHARE))
    fingerprint = token.fingerprint if token is not None else ""
    # At least a tenth: near zero there would be no pause.
    return most * (0.1 + 0.9 * share(machine, session.key, fingerprint, failures))


def freed(session: Session, now: Now) -> Session:
    """Let what waits try now, once in five minutes, as networks come and go (R1, R5)."""
    failing, freed_at = session.failing, session.freed_at
    asked_at, again_at = session.unconfirmed_at, session.adopt_again_at
    waits = [0.0 if failing is None else failing.next_at, asked_at or 0.0]
    if unproved(session):  # shown as signed out until AWS has answered
        waits.append(again_at or 0.0)
        again_at = None if again_at is None else now.wall
    if max(waits) <= now.wall:
        return session
    if freed_at is not None and now.wall - freed_at < policy.EVENTS_ADVANCE_EVERY:
        return session
    return replace(
        session,
        failing=None if failing is None else replace(failing, next_at=now.wall),
        freed_at=now.wall,
        unconfirmed_at=None if asked_at is None else now.wall,
        adopt_again_at=again_at,
    )


def adopt_again_at(
    token: TokenFacts | None, reason: Reason | None, now: Now, refused: str | None = None
) -> float | None:
    """
    Return when to try again, wall seconds, what the keyring or AWS held up for a reason.

    A full file that the keyring refuses stays as it is until it is renewed; there may be none. One
    that AWS has `refused` will not be, and the keyring may have kept another (K4).
    """
    full = token is not None and token.refreshable and token.fingerprint != refused
    settled = ("keyring-denied", "keyring-absent") if full else ()
    return None if reason is None or reason in settled else now.wall + policy.BACKOFF_MOST


def without_future(session: Session, now: Now) -> Session:
    """Drop times that only a clock that was ahead can have set (fault 29)."""
    wall, failing = now.wall + policy.CLOCK_SLACK, session.failing
    soon = wall + policy.BACKOFF_MOST
    if failing is not None and (failing.next_at > soon or failing.since > wall):
        since, next_at = min(failing.since, now.wall), min(failing.next_at, now.wall)
        session = replace(session, failing=replace(failing, since=since, next_at=next_at))
    if session.unconfirmed_at is not None and session.unconfirmed_at > soon:
        session = replace(session, unconfirmed_at=now.wall)
    if session.adopt_again_at is not None and session.adopt_again_at > soon:
        session = replace(session, adopt_again_at=now.wall)
    if session.retry_at is not None and session.retry_at > wall + policy.RETRY_AFTER_MOST:
        session = replace(session, retry_at=None)
    moments = (session.advanced_at, session.freed_at, *(one.at for one in session.renewals))
    if all(at is None or at <= wall for at in moments):
        return session
    renewals = tuple(one for one in session.renewals if one.at <= wall)
    return replace(session, renewals=renewals, advanced_at=None, freed_at=None)
