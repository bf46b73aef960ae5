"""Whatever is due by now is started: adoptions, judgements, renewals, ends of waiting."""

from __future__ import annotations

from dataclasses import replace

from tray.core import effects as fx
from tray.core import policy, text
from tray.core.effects import Effect, JobKind
from tray.core.files import forgotten
from tray.core.model import Now
from tray.core.session import (
    Failing,
    Job,
    Session,
    allowance,
    awaits_judgement,
    next_attempt,
)
from tray.core.state import TrayState

Step = tuple[TrayState, tuple[Effect, ...]]


def upkeep(state: TrayState, now: Now) -> Step:
    """Start what is due; at most one job a session at a time."""
    effects: list[Effect] = []
    for key in state.sessions:
        state, more = _sign_in_overdue(state, state.sessions[key], now)
        effects.extend(more)
        session = state.sessions[key]
        if session.job is not None:
            continue
        if session.sight == "absent" and session.keeper != "keyring" and session.token is not None:
            state = state.with_session(forgotten(session, removed=True))  # K5: no kept token
            session = state.sessions[key]
        state, started = _start_due(state, session, now)
        effects.extend(started)
    return state, tuple(effects)


def _sign_in_overdue(state: TrayState, session: Session, now: Now) -> Step:
    sign_in = session.sign_in
    if sign_in is None or sign_in.deadline > now.wall:
        return state, ()
    sentence = text.sign_in_too_late(session.key)
    tells = fx.done(sign_in.requests, 1, sentence)
    after = state.with_session(replace(session, sign_in=None))
    return after, (fx.CancelSignIn(session.key, sign_in.attempt), *tells)


def _start_due(state: TrayState, session: Session, now: Now) -> Step:
    if session.wishes:
        kind, _ = session.wishes[0]
        requests = tuple(request for wish, request in session.wishes if wish == kind and request)
        rest = tuple(wish for wish in session.wishes if wish[0] != kind)
        return _start(state, replace(session, wishes=rest), kind, requests)
    if session.sign_in is not None:
        return state, ()  # its result is the newer truth; nothing automatic runs beside it
    kind_due = _due(state, session, now)
    if kind_due is None:
        return state, ()
    if kind_due == "renew":
        allowed_at = allowance(session, now)
        if allowed_at > now.wall:
            return state.with_session(_limited(session, allowed_at)), ()
    return _start(state, session, kind_due, ())


def _due(state: TrayState, session: Session, now: Now) -> JobKind | None:
    if awaits_judgement(session):
        return "judge-removed" if _judgement_due(session, now) else None
    if _adoptable(state, session):
        return "adopt"
    if session.unconfirmed_at is not None and session.unconfirmed_at <= now.wall:
        return "check"
    attempt = next_attempt(session, state.machine)
    return "renew" if attempt is not None and attempt <= now.wall else None


def _judgement_due(session: Session, now: Now) -> bool:
    if session.failing is not None:
        return session.failing.next_at <= now.wall
    since = session.absent_since
    return since is not None and (
        since + policy.REMOVED_DELAY <= now.wall
        # Nothing of this session was seen yet: the file went away while we did not run.
        or session.token is None
    )


def _adoptable(state: TrayState, session: Session) -> bool:
    token = session.token
    if token is None or session.sight != "present" or not token.refreshable:
        return False
    if session.keeper == "released" or session.contested:
        return False
    if session.adopt_tried == token.fingerprint:
        return False
    return state.preferences.adopt or session.keeper != "file"


def _limited(session: Session, until: float) -> Session:
    failures = session.failing.failures if session.failing is not None else 1
    reason = session.failing.reason if session.failing is not None else "other"
    return replace(
        session, failing=Failing(reason, text.renewals_limited(session.key), failures, until)
    )


def _start(state: TrayState, session: Session, kind: JobKind, requests: tuple[str, ...]) -> Step:
    attempt = state.next_attempt
    session = replace(session, job=Job(attempt, kind, requests), unconfirmed_at=None)
    if kind == "adopt" and session.token is not None:
        session = replace(session, adopt_tried=session.token.fingerprint)
    start = fx.StartJob(session.config, attempt, kind, adopt=state.preferences.adopt)
    return replace(state, next_attempt=attempt + 1).with_session(session), (start,)
