"""Signing in: one at a time per session, joined by further requests, only ever by a click."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy
from tray.core.effects import Effect
from tray.core.model import Now, TokenFacts
from tray.core.profiles.start_url import is_allowed
from tray.core.session import Job, QueuedJob, Session, SignIn, in_file, lasting, refused
from tray.core.sessions.doubts import suspect
from tray.core.sessions.portal_sessions import others_checked
from tray.core.sessions.schedule import adopt_again_at
from tray.core.sessions.session_states import helps_afresh, renews, state_of
from tray.core.sessions.token_files import LOOK, new_token
from tray.core.state import Step, TrayState
from tray.core.text import daemon_text, menu_text, sentences


def wanted(state: TrayState, event: ev.SignInRequested, now: Now) -> Step:
    """Start a sign-in, join the one under way, or say that none is needed (L5, L7)."""
    session = state.sessions.get(event.key)
    if session is None:
        return state, fx.done((event.request,), 2, sentences.no_such_session(event.key))
    if session.config.problem is not None:
        return state, fx.done((event.request,), 1, session.config.problem)
    if not is_allowed(session.config.start_url, state.preferences.allowed_start_urls):
        return state, _refused(event, sentences.not_allowed(session.config.start_url))
    if session.sign_in is not None:
        return _join(state, session, session.sign_in, event, now)
    if not event.afresh and state_of(session, state.preferences, now) == "signed-in":
        # It may have been revoked unseen: only the portal can tell.
        asked = replace(session, logins=(*session.logins, event))
        running = session.job is not None and session.job.kind == "check"
        if not running and QueuedJob("check") not in asked.queue:
            asked = replace(asked, queue=(*asked.queue, QueuedJob("check")))
        return state.with_session(asked), ()
    return _begun(state, session, event, now)


def _refused(event: ev.SignInRequested, sentence: str) -> tuple[Effect, ...]:
    if event.request is None:
        return (fx.Report(menu_text.NO_SIGN_IN, sentence),)
    return fx.done((event.request,), 1, sentence)


def checked(state: TrayState, session: Session, now: Now) -> Step:
    """Answer the sign-ins that waited for the portal's word: none is needed, or they begin."""
    effects: list[Effect] = []
    for event in session.logins:
        session = replace(state.sessions[session.key], logins=())
        state = state.with_session(session)
        signed_in = state_of(session, state.preferences, now) == "signed-in"
        if session.sign_in is None and signed_in:
            until = _until(state, session, now)
            sentence = sentences.already_signed_in(event.key, until, now.zone)
            sentence += _alone(state, session, now)
            effects.extend(fx.done((event.request,), 0, sentence))
            continue
        if session.sign_in is not None:
            state, more = _join(state, session, session.sign_in, event, now)
        else:
            state, more = _begun(state, session, event, now)
        effects.extend(more)
    return state, tuple(effects)


def _begun(state: TrayState, session: Session, event: ev.SignInRequested, now: Now) -> Step:
    helps = helps_afresh(session, state.preferences, now)
    sign_in = SignIn(
        attempt=state.next_attempt,
        method=event.method or default_method(state, session),
        opens=event.opens,
        deadline=now.wall + policy.SIGN_IN_DEADLINE,
        afresh=helps if event.afresh is None else event.afresh,
        fresh_start=session.fresh_start or session.over or refused(session),
        requests=() if event.request is None else (event.request,),
    )
    start = fx.StartSignIn(
        session.config,
        sign_in.attempt,
        sign_in.method,
        sign_in.afresh,
        event.callback_port,
        event.request,
    )
    # Once for each click: if it is cancelled or fails, the queue does not start a second one.
    queue = tuple(key for key in state.sign_in_queue if key != event.key)
    after = replace(state, next_attempt=state.next_attempt + 1, sign_in_queue=queue)
    return after.with_session(replace(session, sign_in=sign_in)), (start,)


def default_method(state: TrayState, session: Session) -> Literal["pkce", "device"]:
    """Device code for legacy profiles and where the user set it, PKCE for the others (L1)."""
    by_code = session.config.legacy or session.key in state.preferences.device_code
    return "device" if by_code else "pkce"


def _until(state: TrayState, session: Session, now: Now) -> float | None:
    """Until when it works without the user; None where no end is in sight."""
    renewed = renews(session, state.preferences, now) and not state.alone
    return None if session.token is None or renewed else session.token.expires_at


def _alone(state: TrayState, session: Session, now: Now) -> str:
    """Say who renews a session that a command without a daemon has signed in to."""
    if session.token is None or not (state.alone and renews(session, state.preferences, now)):
        return ""
    until, filed = session.token.expires_at, in_file(session)
    told = daemon_text.without_daemon(
        until, now.zone, in_file=filed, beside=state.beside, host=state.host
    )
    return f" {told}"


def _join(
    state: TrayState, session: Session, sign_in: SignIn, event: ev.SignInRequested, now: Now
) -> Step:
    if event.request is not None:
        sign_in = replace(sign_in, requests=(*sign_in.requests, event.request))
    effects: list[Effect] = []
    if sign_in.url is not None and event.request is not None:
        # The page is open where the first click was; who joins is only shown the link.
        effects.append(_progress(event.request, sign_in, open_it=False))
    elif (url := sign_in.url) is not None and _may_reopen(sign_in, now):
        sign_in = replace(sign_in, opened_at=now.wall)
        effects.append(fx.OpenBrowser(session.key, url))
    return state.with_session(replace(session, sign_in=sign_in)), tuple(effects)


def _may_reopen(sign_in: SignIn, now: Now) -> bool:
    """A click may reopen a closed tab, but a double click opens no two (T18)."""
    opened_at = sign_in.opened_at
    return opened_at is None or abs(now.wall - opened_at) >= policy.REOPEN_AFTER


def _progress(request: str, sign_in: SignIn, *, open_it: bool) -> fx.Reply:
    return fx.Reply(
        request,
        "progress",
        sentence="open" if open_it else "wait",
        url=sign_in.url,
        user_code=sign_in.user_code,
        deadline=sign_in.deadline,
        afresh=sign_in.afresh,
    )


def reported(state: TrayState, event: ev.SignInReported) -> tuple[Effect, ...]:
    """Pass on what the terminals that wait should say of a sign-in that goes on."""
    _, sign_in = _current(state, event.key, event.attempt)
    requests = () if sign_in is None else sign_in.requests
    return tuple(fx.Reply(request, "report", sentence=event.sentence) for request in requests)


def ready(state: TrayState, event: ev.SignInReady, now: Now) -> Step:
    """Open the page where the click was made (L6), and show the link to all who wait."""
    session, sign_in = _current(state, event.key, event.attempt)
    if session is None or sign_in is None or sign_in.url is not None:
        return state, ()
    context = sign_in.opens == "resident"
    sign_in = replace(
        sign_in,
        opened_at=now.wall if context else None,
        url=event.url,
        user_code=event.user_code,
        deadline=_deadline(sign_in, event),
        # Where no token could be read, AWS has not been asked: what runs there runs on.
        afresh=sign_in.afresh and event.older_ended,
    )
    effects: list[Effect] = []
    if context:
        effects.append(fx.OpenBrowser(event.key, event.url))
    for number, request in enumerate(sign_in.requests):
        effects.append(_progress(request, sign_in, open_it=not context and number == 0))
    if sign_in.afresh:
        # It has signed the portal session out (L9), whatever becomes of us meanwhile.
        state = others_checked(state, session)
        # Of one whose file another program is writing it has signed out as well.
        if session.token is not None and session.file_status in ("present", "torn"):
            memory = replace(session.memory, dead=session.token.fingerprint)
            if state.alone:  # nobody asks AWS afterwards; its refresh token is no good either
                memory = replace(memory, refused=session.token.fingerprint)
            session = replace(session, memory=memory)
    return state.with_session(replace(session, sign_in=sign_in)), tuple(effects)


def _deadline(sign_in: SignIn, event: ev.SignInReady) -> float:
    """The code's own life for the device code, ten minutes for the rest (L4)."""
    if not event.deadline:
        return sign_in.deadline
    if sign_in.method == "device":
        return event.deadline
    return min(sign_in.deadline, event.deadline)


def signed_in(state: TrayState, event: ev.SignedIn, now: Now) -> Step:
    """Take in a new sign-in; an answer to a cancelled attempt changes nothing."""
    session, sign_in = _current(state, event.key, event.attempt)
    if session is None or sign_in is None:
        return state, ()
    # As known when it began: by now our own file may have been seen and taken as new.
    started = replace(session, fresh_start=sign_in.fresh_start or sign_in.afresh)
    seen = replace(
        started, file_status="present", absent_since=None, torn_reads=0, bad=None, sign_in=None
    )
    after = new_token(seen, event.token, started)
    dropped = session.job is not None and not _outlives(session.job, event.token)
    notified = lasting(after.memory.notified)
    after = replace(
        after,
        store=event.store,
        contested=False,
        notable=event.reason,
        without_refresh_token=None,
        adopt_tried=event.token.fingerprint,
        adopt_again_at=adopt_again_at(event.token, event.reason, now),
        adopted_at=None,
        renewals=(),
        retry_at=None,
        job=None if dropped else session.job,
        memory=replace(
            after.memory,
            used_at=now.wall,
            refused=None,
            given=event.token,
            notified=notified,
            removal=None,
            signed_out=False,
        ),
    )
    sentence = sentences.signed_in(event.key, _until(state, after, now), now.zone)
    sentence += _alone(state, after, now)
    if event.sentence:
        sentence = f"{sentence} {event.sentence}"
    waiting = sign_in.requests
    if session.job is not None and dropped:
        waiting += session.job.requests
    note = fx.RecordHistory("signed-in", event.key)
    # The file may have changed while this event was on its way.
    look = fx.InspectTokenFile(event.key)
    offer = (fx.OfferSettings(),) if sign_in.opens == "resident" else ()
    return state.with_session(after), (note, *fx.done(waiting, 0, sentence), look, *offer)


def _outlives(job: Job, token: TokenFacts) -> bool:
    """
    Whether a job counts that was under way when the news of a sign-in came.

    The result of an older renewal does not (fault 62), that of a sign-out asked for does. So does
    AWS's word on the new token itself, which a program may have seen refused before this news.
    """
    asked = job.kind in ("renew", "check") and job.fingerprint == token.fingerprint
    return asked or job.kind in ("sign-out", "release")


def failed(state: TrayState, event: ev.SignInFailed) -> Step:
    """Drop a sign-in that brought nothing; the older token is kept (fault 60)."""
    session, sign_in = _current(state, event.key, event.attempt)
    if session is None or sign_in is None:
        given_up_before = state.sessions.get(event.key)
        if event.lost and given_up_before is not None:
            state = state.with_session(_looked_for(given_up_before))
        return state, ()
    note = fx.RecordHistory("sign-in-failed", event.key, event.reason)
    tells = fx.done(sign_in.requests, 1, event.sentence)
    left = _without_sign_in(session, sign_in)
    if event.lost:
        left = _looked_for(left)
    return state.with_session(left), (note, *tells)


def _looked_for(session: Session) -> Session:
    """Look for what a sign-in left that died between the keyring and the file (K8)."""
    look = QueuedJob("judge-removed" if session.file_status == "absent" else "adopt")
    return replace(session, queue=(*session.queue, look))


def cancelled(state: TrayState, event: ev.SignInCancelled) -> Step:
    session = state.sessions.get(event.key)
    if session is None or session.sign_in is None:
        return state, fx.done((event.request,), 1, sentences.nothing_to_cancel(event.key))
    sentence = _cancelled(event.key, session.sign_in)
    after, effects = given_up(state, session, sentence)
    return after, (*effects, *fx.done((event.request,), 0, sentence))


def given_up(state: TrayState, session: Session, sentence: str) -> Step:
    """End a sign-in from our side, with the reason for everyone who waits."""
    sign_in = session.sign_in
    if sign_in is None:
        return state, ()
    cancel = fx.CancelSignIn(session.key, sign_in.attempt)
    after = state.with_session(_without_sign_in(session, sign_in))
    return after, (cancel, *fx.done(sign_in.requests, 1, sentence))


def _without_sign_in(session: Session, sign_in: SignIn) -> Session:
    """Drop a sign-in; if it had ended the session (L9), AWS shows what is left."""
    left = replace(session, sign_in=None)
    if sign_in.unlooked:
        left = replace(left, queue=(*left.queue, LOOK))
    if not sign_in.afresh or sign_in.url is None or session.token is None:
        return left
    if session.token.fingerprint == session.memory.dead:
        return suspect(left)
    # What another program wrote meanwhile it may have been given before that.
    return replace(left, queue=(*left.queue, QueuedJob("check")))


def left(state: TrayState, event: ev.RequesterLeft) -> Step:
    """End a sign-in whose only requester has gone; one that others wait for continues."""
    session = state.sessions.get(event.key)
    if session is None:
        return state, ()
    logins = tuple(login for login in session.logins if login.request != event.request)
    if logins != session.logins:
        return state.with_session(replace(session, logins=logins)), ()
    sign_in = session.sign_in
    if sign_in is None or event.request not in sign_in.requests:
        return state, ()
    others = tuple(request for request in sign_in.requests if request != event.request)
    kept = replace(session, sign_in=replace(sign_in, requests=others))
    if others or sign_in.opens == "resident":
        return state.with_session(kept), ()
    return given_up(state, kept, _cancelled(event.key, sign_in))


def _cancelled(key: str, sign_in: SignIn) -> str:
    ended = sign_in.afresh and sign_in.url is not None
    return sentences.sign_in_cancelled(key, earlier_ended=ended)


def _current(
    state: TrayState, key: str, attempt: int
) -> tuple[Session | None, SignIn | None]:  # fmt: skip
    session = state.sessions.get(key)
    if session is None or session.sign_in is None or session.sign_in.attempt != attempt:
        return None, None
    return session, session.sign_in
