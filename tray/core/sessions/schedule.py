"""When a session is renewed, tried again, and when AWS has been asked enough (R1, R5)."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from tray.core import policy
from tray.core.model import Now, Preferences
from tray.core.session import Session, awaits_judgement, renewable, unreadable
from tray.core.sessions.session_end import end_of, exact_end


def share(*parts: object) -> float:
    """Return a number in [0, 1) that depends on nothing but its arguments: jitter that repeats."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode(errors="replace")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def planned_renewal(session: Session, preferences: Preferences, machine: str) -> float | None:
    """
    Return when the token at hand is renewed if nothing goes wrong (R1), wall seconds.

    Half the life leaves 30 minutes of an hour and more of longer ones, so that no SDK, which
    looks at 15 minutes and less, ever has to.
    """
    token = session.token
    if token is None or not renewable(session):
        return None
    if exact_end(session) is not None and session.end_confirmed:
        # It lasts until the session's own end; only then is there something new to hear.
        return token.expires_at + policy.LAST_QUESTION_AFTER
    jitter = policy.RENEW_JITTER * share(machine, session.key)
    due = token.issued_at + token.life * (policy.RENEW_AT_LIFE - jitter)
    end = end_of(session, preferences)
    if end is not None and end.known == "set":
        # Soon after the end the user has set, AWS's answer shows whether that was right.
        due = min(due, end.at + policy.SHORTENED_BY)
    return due


def next_attempt(session: Session, preferences: Preferences, machine: str) -> float | None:
    """Return when AWS is asked next, wall seconds, or None if it will not be."""
    if unreadable(session) or session.config.problem is not None:
        return None
    planned = planned_renewal(session, preferences, machine)
    if session.failing is not None and (planned is not None or awaits_judgement(session)):
        return session.failing.next_at
    return planned


def allowance(session: Session, now: Now) -> float:
    """
    Return from when on AWS may be asked again (R5), wall seconds; at or before now = at once.

    Successes are limited per token life, so that ever shorter tokens cannot make us hammer; other
    answers per hour. Answers dated after now are from before the clock was set back.
    """
    window = _life(session)
    past = [(at, good) for at, good in session.answered if at <= now.wall]
    good = sorted(at for at, good in past if good and at > now.wall - window)
    bad = sorted(at for at, good in past if not good and at > now.wall - policy.HOUR)
    waits = [now.wall]
    if len(good) >= policy.RENEWALS_PER_LIFE:
        waits.append(good[-policy.RENEWALS_PER_LIFE] + window)
    if len(bad) >= policy.TROUBLES_PER_HOUR:
        waits.append(bad[-policy.TROUBLES_PER_HOUR] + policy.HOUR)
    return max(waits)


def _life(session: Session) -> float:
    life = session.life or (session.token.life if session.token is not None else 0.0)
    return life if life >= policy.SHORTEST_LIFE else policy.HOUR


def noted_answer(session: Session, now: Now, *, good: bool) -> Session:
    """Return the session with one more answer of AWS counted (R5)."""
    horizon = now.wall - max(policy.HOUR, _life(session))
    kept = tuple(entry for entry in session.answered if horizon < entry[0] <= now.wall)
    return replace(session, answered=(*kept, (now.wall, good)))


def backoff(session: Session, machine: str, failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: 1, 2, 4 .. 300, full jitter."""
    doublings = min(max(failures - 1, 0), 16)
    most = min(policy.BACKOFF_MOST, policy.BACKOFF_FIRST * 2.0**doublings)
    fingerprint = session.token.fingerprint if session.token else ""
    # Never below a tenth: a draw near zero would spend the hour's allowance in one second.
    return most * (0.1 + 0.9 * share(machine, session.key, fingerprint, failures))
