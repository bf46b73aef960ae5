"""Whatever is due by now is started: adoptions, judgements, renewals, ends of waiting."""

from __future__ import annotations

from dataclasses import replace

from tray.core import effects as fx
from tray.core import policy
from tray.core.effects import Effect, JobKind
from tray.core.menu import menu_actions
from tray.core.model import Now
from tray.core.session import Failing, Job, Session, awaits_judgement
from tray.core.sessions import signing_in
from tray.core.sessions.schedule import allowance, next_attempt
from tray.core.sessions.token_files import forgotten
from tray.core.state import TrayState
from tray.core.text import sentences

Step = tuple[TrayState, tuple[Effect, ...]]

ASKS_AWS: tuple[JobKind, ...] = ("renew", "judge-removed", "check")
"""The jobs whose answers rule R5 limits; a sign-out is a person's and has no limit."""


def upkeep(state: TrayState, now: Now) -> Step:
    """Start what is due; at most one job a session at a time."""
    effects: list[Effect] = []
    for key in () if state.quitting else tuple(state.sessions):
        state, more = _sign_in_overdue(state, state.sessions[key], now)
        effects.extend(more)
        session = state.sessions[key]
        if session.job is not None:
            continue
        if _gone(session, now):
            session = forgotten(session, removed=True)
            state = state.with_session(session)
        state, started = _start_due(state, session, now)
        effects.extend(started)
    if not state.quitting:
        state, queued = menu_actions.next_in_queue(state, now)
        effects.extend(queued)
    return state, tuple(effects)


def _sign_in_overdue(state: TrayState, session: Session, now: Now) -> Step:
    sign_in = session.sign_in
    if sign_in is None or sign_in.deadline > now.wall:
        return state, ()
    # Nobody was there to finish it: nobody is for the ones queued behind it either.
    state = replace(state, sign_in_queue=())
    return signing_in.given_up(state, session, sentences.sign_in_too_late(session.key), now)


def _gone(session: Session, now: Now) -> bool:
    """Whether the file stays away and no token was kept that could be asked about (K5)."""
    since = session.absent_since
    if session.file_status != "absent" or session.store == "keyring" or session.token is None:
        return False
    return since is None or since + policy.REMOVED_DELAY <= now.wall


def _start_due(state: TrayState, session: Session, now: Now) -> Step:
    if session.wishes:
        return _start_wish(state, session, now)
    if state.asleep or session.sign_in is not None or session.config.problem is not None:
        return state, ()  # a sign-in's result is the newer truth; nothing of ours runs beside it
    kind = _due(state, session, now)
    if kind is None:
        return state, ()
    allowed_at = allowance(session, now)
    if kind in ASKS_AWS and allowed_at > now.wall:
        return state.with_session(_limited(session, kind, allowed_at, now)), ()
    return _start(state, session, kind, ())


def _start_wish(state: TrayState, session: Session, now: Now) -> Step:
    wish = session.wishes[0][0]
    requests = tuple(request for kind, request in session.wishes if kind == wish and request)
    session = replace(session, wishes=tuple(kept for kept in session.wishes if kept[0] != wish))
    if wish == "renew" and session.store == "released":
        # It was released while this wish was waiting; whoever uses it renews it now (K7).
        tells = fx.done(requests, 1, sentences.released_not_renewed(session.key))
        state, started = _start_due(state.with_session(session), session, now)
        return state, (*tells, *started)
    allowed_at = allowance(session, now)
    if wish == "renew" and allowed_at > now.wall:
        # Told to who asked; a doubt nobody asked about has to wait.
        held = session if requests else _limited(session, wish, allowed_at, now)
        tells = fx.done(
            requests, 1, sentences.renewals_limited(session.key, allowed_at - now.wall)
        )
        state, started = _start_due(state.with_session(held), held, now)
        return state, (*tells, *started)
    judge = wish == "renew" and awaits_judgement(session)
    return _start(state, session, "judge-removed" if judge else wish, requests)


def _due(state: TrayState, session: Session, now: Now) -> JobKind | None:
    if awaits_judgement(session):
        return "judge-removed" if _judgement_due(session, now) else None
    if session.file_status in ("torn", "bad"):
        return None  # somebody else's write is under way, or for a person to look at
    if _adoptable(state, session):
        return "adopt"
    if session.unconfirmed_at is not None:
        return "check" if _check_due(session, session.unconfirmed_at, now) else None
    attempt = next_attempt(session, state.preferences, state.machine)
    return "renew" if attempt is not None and attempt <= now.wall else None


def _check_due(session: Session, at: float, now: Now) -> bool:
    token = session.token
    # Past the token's own end the answer would change nothing any more.
    return at <= now.wall and token is not None and token.expires_at > now.wall


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
    if token is None or session.file_status != "present" or not token.refreshable:
        return False
    if session.store == "released" or session.contested:
        return False
    if session.adopt_tried == token.fingerprint:
        return False
    return state.preferences.adopt or session.store != "file"


def _limited(session: Session, kind: JobKind, until: float, now: Now) -> Session:
    """Say when AWS may be asked again, and wait until then (R5)."""
    before = session.failing
    reason = before.reason if before is not None else "other"
    failures = before.failures if before is not None else 1
    since = before.since if before is not None else now.wall
    sentence = sentences.renewals_limited(session.key, until - now.wall)
    at = until if kind == "check" else session.unconfirmed_at
    failing = Failing(reason, sentence, failures, since, until)
    return replace(session, failing=failing, unconfirmed_at=at)


def _start(state: TrayState, session: Session, kind: JobKind, requests: tuple[str, ...]) -> Step:
    attempt = state.next_attempt
    session = replace(session, job=Job(attempt, kind, requests))
    if kind == "check":
        session = replace(session, unconfirmed_at=None)
    if kind == "adopt" and session.token is not None:
        session = replace(session, adopt_tried=session.token.fingerprint)
    start = fx.StartJob(session.config, attempt, kind, adopt=state.preferences.adopt)
    return replace(state, next_attempt=attempt + 1).with_session(session), (start,)
