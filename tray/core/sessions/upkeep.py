"""Starts whatever is due by now: adoptions, judgements, renewals, ends of waiting."""

from __future__ import annotations

from dataclasses import replace

from tray.core import effects as fx
from tray.core import policy
from tray.core.effects import Effect, JobKind
from tray.core.menu import menu_actions
from tray.core.model import Now, Trigger
from tray.core.session import (
    Job,
    QueuedJob,
    Session,
    awaits_judgement,
    can_undo,
    looked_for_again,
    over_by,
    refused,
    renewable,
    renews_meanwhile,
    usable,
)
from tray.core.sessions import signing_in
from tray.core.sessions.after_sign_out import unproved
from tray.core.sessions.job_results import over
from tray.core.sessions.removed_files import running_time_counted
from tray.core.sessions.schedule import allowed_at, scheduled, without_future
from tray.core.sessions.token_files import forgotten
from tray.core.state import Step, TrayState
from tray.core.text import sentences


def upkeep(state: TrayState, now: Now) -> Step:
    """Start what is due; at most one job a session at a time."""
    effects: list[Effect] = []
    for key in () if state.quitting else tuple(state.sessions):
        state, more = _sign_in_overdue(state, state.sessions[key], now)
        effects.extend(more)
        session = without_future(state.sessions[key], now)
        state = state.with_session(session)
        if session.job is not None:
            continue
        if _gone(session, now):
            session = forgotten(session, removed=not unproved(session))
        if session.token is None and session.store == "file":
            # Of a login without refresh data no store is on record: nothing is left of it.
            session = replace(session, store=state.recalled.stores.get(key))
        session = running_time_counted(session, now)
        session = _to_prove(state, session, now)
        state = state.with_session(session)
        state, started = _start_due(state, session, now)
        effects.extend(started)
        session = state.sessions[key]
        if session.logins and session.job is None:
            state, begun = signing_in.checked(state, session, now)
            effects.extend(begun)
    if not state.quitting:
        state, queued = menu_actions.next_in_queue(state, now)
        effects.extend(queued)
    return state, tuple(effects)


def _sign_in_overdue(state: TrayState, session: Session, now: Now) -> Step:
    sign_in = session.sign_in
    if sign_in is None or sign_in.deadline > now.wall:
        return state, ()
    # The user was not there to finish it, nor is for those queued behind it.
    state = replace(state, sign_in_queue=())
    return signing_in.given_up(state, session, sentences.sign_in_too_late(session.key))


def _gone(session: Session, now: Now) -> bool:
    """Whether the file stays away and no token was kept that could be asked about (K5)."""
    since = session.absent_since
    if session.file_status != "absent" or session.store == "keyring" or session.token is None:
        return False
    return since is None or since + policy.REMOVED_DELAY <= now.wall


def _to_prove(state: TrayState, session: Session, now: Now) -> Session:
    """After a sign-out the portal is asked about a token that no adoption asks AWS about (K6)."""
    if state.alone or not unproved(session) or over_by(session, now):
        return session
    if session.unconfirmed_at is not None:
        return session
    held_up = session.adopt_again_at is not None and session.notable == "offline"
    held_up = held_up and session.store != "released"
    if session.queue or held_up or _adoptable(state, session):
        return session
    return replace(session, unconfirmed_at=now.wall)


def _start_due(state: TrayState, session: Session, now: Now) -> Step:
    """Start the one job that the queue or the schedule wants, as far as AWS may be asked (R5)."""
    session, answers = _settled(session, now)
    due = _scheduled_job(state, session, now)
    held_back = due == "renew" and allowed_at(session, "schedule") > now.wall
    due = None if held_back else due
    queued = _first_allowed(state, session, now, joins=due == "renew")
    if queued is not None:
        state, started = _start(state, session, queued.kind, queued.trigger, now)
        return state, (*answers, *started)
    if due is not None:
        state, started = _start(state, session, due, "schedule", now)
        return state, (*answers, *started)
    held_back = (held_back or bool(session.queue)) and session.failing is None
    if held_back != session.held_back:
        session = replace(session, held_back=held_back)
    unchanged = session is state.sessions[session.key]
    return state if unchanged else state.with_session(session), answers


def _settled(session: Session, now: Now) -> tuple[Session, tuple[Effect, ...]]:
    answers: list[Effect] = []
    for queued in session.queue:
        answer = _last_word(session, queued, now) if queued.kind == "renew" else None
        if answer is None:
            continue
        answers.extend(fx.done((queued.request,), *answer))
        session = replace(session, queue=tuple(one for one in session.queue if one != queued))
        if queued.request is None and session.store == "released":
            session = _asked_about(session, queued)
        if queued.request is None and _nothing_renews(session) and not refused(session):
            session = over(session, now)  # the portal has refused the token
    return session, tuple(answers)


def _asked_about(session: Session, doubt: QueuedJob) -> Session:
    """Let the portal decide about a token that was doubted before its session was released."""
    check = QueuedJob("check")
    about = session.token is not None and session.token.fingerprint == doubt.fingerprint
    settled = not about or session.over or check in session.queue
    return session if settled else replace(session, queue=(*session.queue, check))


def _nothing_renews(session: Session) -> bool:
    released = session.store == "released"
    return not (released or renewable(session) or awaits_judgement(session))


def _last_word(session: Session, queued: QueuedJob, now: Now) -> tuple[int, str] | None:
    """Return exit code and sentence for a renewal that will not be started."""
    key, token, failing = session.key, session.token, session.failing
    if session.store == "released":
        # It was released while this renewal was waiting; whoever uses it renews it now (K7).
        return 1, sentences.released_not_renewed(key)
    if token is not None and queued.fingerprint not in (None, token.fingerprint):
        return 0, sentences.renewed(key, token.expires_at, now.zone)
    if can_undo(session):
        return 3, sentences.removed(key)
    if _nothing_renews(session):
        works = usable(session, now) and queued.request is not None
        return 1 if works else 3, sentences.cannot_renew(key, usable=works)
    wait = allowed_at(session, queued.trigger) - now.wall
    if wait <= 0 or (queued.trigger == "program" and queued.request is None):
        return None
    if queued.trigger == "program":
        next_at = failing.next_at if failing is not None else now.wall + wait
        wait = min(wait, max(next_at, session.retry_at or 0.0) - now.wall)
        if wait <= policy.PROGRAMS_WAIT:
            return None
    return 1, failing.sentence if failing is not None else sentences.renewals_limited(key, wait)


def _first_allowed(
    state: TrayState, session: Session, now: Now, *, joins: bool
) -> QueuedJob | None:
    """
    Return the first queued job that may start now; programs join a renewal that is due.

    Asleep, what nobody waits for begins no more than what the schedule wants: the machine may stop
    in the middle of it.
    """
    for queued in session.queue:
        if state.asleep and queued.trigger == "schedule":
            continue
        if queued.kind != "renew":
            return queued
        gone = awaits_judgement(session) and session.absent_since is not None
        if gone and not _stays_away(state, session, now):
            continue
        if allowed_at(session, queued.trigger) <= now.wall and not (
            joins and queued.trigger == "program"
        ):
            return queued
    return None


def _scheduled_job(state: TrayState, session: Session, now: Now) -> JobKind | None:
    if state.lending:
        return None  # what is lent must not be adopted before the end
    if state.asleep or session.config.problem is not None or not renews_meanwhile(session):
        return None
    attempt = scheduled(session, state.preferences, state.machine)
    renewal: JobKind | None = "renew" if attempt is not None and attempt <= now.wall else None
    if session.sign_in is not None:
        return renewal  # of the rest a sign-in's result is the newer truth
    patient = session.retry_at is not None and session.retry_at > now.wall
    if awaits_judgement(session) or looked_for_again(session):
        return "judge-removed" if _judgement_due(state, session, now) and not patient else None
    if can_undo(session):
        removal = session.memory.removal
        return "drop-removed" if removal and removal.ran >= policy.REMOVED_KEPT else None
    if session.file_status in ("torn", "bad"):
        return None  # another program is writing it, or the user has to look at it
    # Adopting a token that has expired renews it at once.
    early = patient and not usable(session, now)
    if (_adoptable(state, session) and not early) or (_held_up(session, now) and not patient):
        return "adopt"
    at = session.unconfirmed_at
    if at is not None and not patient and _check_due(session, at, now):
        return "check"
    return renewal


def _check_due(session: Session, at: float, now: Now) -> bool:
    token = session.token
    # Past the token's own end the answer would change nothing any more.
    return at <= now.wall and token is not None and token.expires_at > now.wall


def _judgement_due(state: TrayState, session: Session, now: Now) -> bool:
    if session.failing is not None:
        return session.failing.next_at <= now.wall
    return _stays_away(state, session, now)


def _stays_away(state: TrayState, session: Session, now: Now) -> bool:
    since = session.absent_since
    return since is not None and (
        since + policy.REMOVED_DELAY <= now.wall
        # Nothing of this session was seen yet: the file went away while we did not run.
        or session.token is None
        or state.alone
    )


def _adoptable(state: TrayState, session: Session) -> bool:
    token = session.token
    if token is None or session.file_status != "present" or not token.refreshable:
        return False
    if session.store == "released" and not state.preferences.keyring_required:
        return False
    if session.contested:
        return False
    if session.adopt_tried == token.fingerprint:
        return False
    return state.preferences.adopt or session.store != "file"


def _held_up(session: Session, now: Now) -> bool:
    again = session.adopt_again_at
    if session.file_status != "present" or session.store == "released":
        return False
    return again is not None and again <= now.wall


def _start(state: TrayState, session: Session, kind: JobKind, trigger: Trigger, now: Now) -> Step:
    """Start a job; it answers every queued one of its kind."""
    attempt = state.next_attempt
    requests = tuple(one.request for one in session.queue if one.kind == kind and one.request)
    queue = tuple(one for one in session.queue if one.kind != kind)
    judged = kind == "renew" and awaits_judgement(session)
    about = session.token.fingerprint if session.token is not None else None
    job = Job(attempt, "judge-removed" if judged else kind, requests, trigger, about)
    session = replace(session, job=job, queue=queue, held_back=False)
    if trigger == "program":
        session = replace(session, advanced_at=now.wall)
    if kind == "check":
        session = replace(session, unconfirmed_at=None)
    if kind == "adopt":
        session = replace(session, adopt_tried=about or session.adopt_tried, adopt_again_at=None)
    start = fx.StartJob(session.config, attempt, job.kind, adopt=state.preferences.adopt)
    return replace(state, next_attempt=attempt + 1).with_session(session), (start,)
