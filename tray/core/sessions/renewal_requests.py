"""Renewals asked for by a user, a program, or a refusal of the portal."""

from __future__ import annotations

from dataclasses import replace

from tray.core import effects as fx
from tray.core import events as ev
from tray.core.model import InputFile, Now
from tray.core.session import (
    QueuedJob,
    awaits_judgement,
    can_undo,
    for_the_keyring,
    refused,
    renewable,
    unreadable,
    usable,
)
from tray.core.sessions.doubts import remembered, suspect
from tray.core.sessions.job_results import over
from tray.core.state import Step, TrayState
from tray.core.text import sentences


def enqueue(state: TrayState, key: str, queued: QueuedJob) -> Step:
    """Queue a job, or join the one under way; the upkeep starts it as soon as it may."""
    session, request = state.sessions.get(key), queued.request
    if session is None:
        return state, fx.done((request,), 2, sentences.no_such_session(key))
    job = session.job
    if job is not None and job.kind == queued.kind:
        requests = (*job.requests, request) if request else job.requests
        return state.with_session(replace(session, job=replace(job, requests=requests))), ()
    return state.with_session(replace(session, queue=(*session.queue, queued))), ()


def renew_wanted(state: TrayState, event: ev.RenewRequested, now: Now) -> Step:
    """Renew on request; where only a sign-in helps, say so at once."""
    session = state.sessions.get(event.key)
    if session is None:
        return state, fx.done((event.request,), 2, sentences.no_such_session(event.key))
    if session.config.problem is not None:
        return state, fx.done((event.request,), 1, session.config.problem)
    if session.store == "released":
        return state, fx.done((event.request,), 1, sentences.released_not_renewed(event.key))
    unread = state.unread.get(InputFile("token", event.key))
    if session.file_status == "unread" and unread is not None:
        return state, fx.done((event.request,), 1, unread.sentence)
    if unreadable(session):
        sentence = sentences.file_unreadable(event.key, session.bad)
        return state, fx.done((event.request,), 3, sentence)
    token = session.token
    if token is not None and event.fingerprint not in (None, token.fingerprint):
        sentence = sentences.renewed(event.key, token.expires_at, now.zone)
        return state, fx.done((event.request,), 0, sentence)
    if can_undo(session):
        return state, fx.done((event.request,), 3, sentences.removed(event.key))
    if not renewable(session) and not awaits_judgement(session):
        works = usable(session, now)
        sentence = sentences.cannot_renew(event.key, usable=works)
        return state, fx.done((event.request,), 1 if works else 3, sentence)
    queued = QueuedJob("renew", event.request, event.trigger, event.fingerprint)
    return enqueue(state, event.key, queued)


def undo_wanted(state: TrayState, event: ev.UndoRequested) -> Step:
    """Undo a sign-out on this machine (K5), if there is one."""
    session = state.sessions.get(event.key)
    if session is not None and not can_undo(session):
        return state, fx.done((event.request,), 1, sentences.nothing_to_undo(event.key))
    return enqueue(state, event.key, QueuedJob("undo-removal", event.request))


def doubted(state: TrayState, event: ev.TokenRejected, now: Now) -> TrayState:
    """One refresh decides about a token that the portal rejects (R6), unless refused (R4)."""
    session = state.sessions.get(event.key)
    if session is None or session.token is None:
        return state
    if session.token.fingerprint != event.fingerprint:
        return state
    if session.job is None and refused(session):
        return state.with_session(over(session, now))
    return state.with_session(suspect(remembered(session)))


def keyring_tried_again(state: TrayState, now: Now) -> TrayState:
    """Retry what failed for the keyring, and adopt what had to stay in a file (L12)."""
    for known in state.sessions.values():
        again = None if known.adopt_again_at is None else now.wall
        session = replace(known, adopt_tried=None, adopt_again_at=again)
        failing = known.failing
        if failing is not None and for_the_keyring(failing.reason):
            session = replace(session, failing=replace(failing, next_at=now.wall))
        state = state.with_session(session)
    return state
