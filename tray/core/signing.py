"""Signing in: one at a time per session, joined by whoever asks again, only ever by a click."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy, text
from tray.core.effects import Effect
from tray.core.files import new_token
from tray.core.model import Now
from tray.core.session import Session, SignIn, refused, renews, state_of
from tray.core.state import TrayState

Step = tuple[TrayState, tuple[Effect, ...]]


def wanted(state: TrayState, event: ev.SignInWanted, now: Now) -> Step:
    """Start a sign-in, join the one under way, or say that none is needed (L5, L7)."""
    session = state.sessions.get(event.key)
    if session is None:
        return state, fx.done((event.request,), 1, text.no_such_session(event.key))
    if session.config.problem is not None:
        return state, fx.done((event.request,), 1, session.config.problem)
    if session.sign_in is not None:
        return _join(state, session, session.sign_in, event)
    if not event.afresh and state_of(session, state.preferences, now) == "signed-in":
        by_itself = renews(session)
        expires_at = session.token.expires_at if session.token is not None else now.wall
        sentence = text.already_signed_in(event.key, expires_at, renews=by_itself)
        return state, fx.done((event.request,), 0, sentence)
    sign_in = SignIn(
        attempt=state.next_attempt,
        method=event.method or default_method(session),
        opens=event.opens,
        deadline=now.wall + policy.SIGN_IN_DEADLINE,
        afresh=helps_afresh(session, state, now) if event.afresh is None else event.afresh,
        fresh_start=session.fresh_start or session.over or refused(session),
        requests=() if event.request is None else (event.request,),
    )
    start = fx.StartSignIn(
        session.config, sign_in.attempt, sign_in.method, sign_in.afresh, event.callback_port
    )
    after = replace(state, next_attempt=state.next_attempt + 1)
    return after.with_session(replace(session, sign_in=sign_in)), (start,)


def default_method(session: Session) -> Literal["pkce", "device"]:
    """PKCE for sso-sessions, device code for legacy profiles (L1)."""
    return "device" if session.config.legacy else "pkce"


def helps_afresh(session: Session, state: TrayState, now: Now) -> bool:
    """
    Decide what "Sign in" must do to help (L10).

    While AWS's session still lives, a plain sign-in would inherit its end; only ending it first
    restarts the clock. Once AWS has refused to go on, a plain sign-in starts a new session.
    """
    ending = state_of(session, state.preferences, now) == "ending"
    return ending and not refused(session)


def _join(state: TrayState, session: Session, sign_in: SignIn, event: ev.SignInWanted) -> Step:
    if event.request is None:
        if sign_in.url is None:
            return state, ()
        return state, (fx.OpenBrowser(session.key, sign_in.url),)
    joined = replace(sign_in, requests=(*sign_in.requests, event.request))
    after = state.with_session(replace(session, sign_in=joined))
    if sign_in.url is None:
        return after, ()
    # The page is open where the first click was; the one who joins is shown the link, no more.
    return after, (_progress(event.request, sign_in, open_it=False),)


def _progress(request: str, sign_in: SignIn, *, open_it: bool) -> fx.Tell:
    return fx.Tell(
        request,
        "progress",
        sentence="open" if open_it else "wait",
        url=sign_in.url,
        user_code=sign_in.user_code,
        deadline=sign_in.deadline,
    )


def ready(state: TrayState, event: ev.SignInReady) -> Step:
    """Open the page where the click was made (L6), and show the link to all who wait."""
    session, sign_in = _current(state, event.key, event.attempt)
    if session is None or sign_in is None:
        return state, ()
    sign_in = replace(
        sign_in,
        url=event.url,
        user_code=event.user_code,
        deadline=min(sign_in.deadline, event.deadline) if event.deadline else sign_in.deadline,
    )
    effects: list[Effect] = []
    if sign_in.opens == "resident":
        effects.append(fx.OpenBrowser(event.key, event.url))
    for number, request in enumerate(sign_in.requests):
        opens = sign_in.opens == "caller" and number == 0
        effects.append(_progress(request, sign_in, open_it=opens))
    return state.with_session(replace(session, sign_in=sign_in)), tuple(effects)


def signed_in(state: TrayState, event: ev.SignedIn, now: Now) -> Step:
    """Take in a new sign-in; an answer to an attempt that was cancelled changes nothing."""
    session, sign_in = _current(state, event.key, event.attempt)
    if session is None or sign_in is None:
        return state, ()
    # What we knew when it began: by now our own file may have been seen and taken for news.
    started = replace(session, fresh_start=sign_in.fresh_start or sign_in.afresh)
    seen = replace(
        started, sight="present", absent_since=None, torn_reads=0, bad=None, sign_in=None
    )
    after = new_token(seen, event.token, started)
    after = replace(
        after,
        keeper=event.keeper,
        contested=False,
        notable=event.reason,
        barren=None,
        adopt_tried=event.token.fingerprint,
        adopted_at=None,
        answered=(),
        job=None,  # the result of an older renewal is dropped (fault 62)
        memory=replace(after.memory, used_at=now.wall, refused=None, told=frozenset()),
    )
    sentence = text.signed_in(event.key, event.token.expires_at, renews=renews(after))
    if event.sentence:
        sentence = f"{sentence} {event.sentence}"
    waiting = sign_in.requests + (session.job.requests if session.job is not None else ())
    tells = fx.done(waiting, 0, sentence)
    effects: tuple[Effect, ...] = (
        fx.ForgetCredentials(event.key),
        fx.Note("signed-in", event.key),
    )
    return state.with_session(after), (*effects, *tells)


def failed(state: TrayState, event: ev.SignInFailed) -> Step:
    """Drop a sign-in that brought nothing; the older token is kept (fault 60)."""
    session, sign_in = _current(state, event.key, event.attempt)
    if session is None or sign_in is None:
        return state, ()
    tells = fx.done(sign_in.requests, 1, event.sentence)
    note = fx.Note("sign-in-failed", event.key, event.reason)
    return state.with_session(replace(session, sign_in=None)), (note, *tells)


def cancelled(state: TrayState, event: ev.SignInCancelled) -> Step:
    """End a sign-in because a person said so."""
    session = state.sessions.get(event.key)
    if session is None or session.sign_in is None:
        return state, fx.done((event.request,), 1, text.nothing_to_cancel(event.key))
    sign_in = session.sign_in
    sentence = text.sign_in_cancelled(event.key)
    tells = fx.done(sign_in.requests, 1, sentence)
    after = state.with_session(replace(session, sign_in=None))
    cancel = fx.CancelSignIn(event.key, sign_in.attempt)
    return after, (cancel, *tells, *fx.done((event.request,), 0, sentence))


def left(state: TrayState, event: ev.RequesterLeft) -> Step:
    """End a sign-in whose only requester has gone; one that others wait for goes on."""
    session = state.sessions.get(event.key)
    if session is None or session.sign_in is None:
        return state, ()
    sign_in = session.sign_in
    if event.request not in sign_in.requests:
        return state, ()
    others = tuple(request for request in sign_in.requests if request != event.request)
    if others or sign_in.opens == "resident":
        kept = replace(sign_in, requests=others)
        return state.with_session(replace(session, sign_in=kept)), ()
    after = state.with_session(replace(session, sign_in=None))
    return after, (fx.CancelSignIn(event.key, sign_in.attempt),)


def _current(
    state: TrayState, key: str, attempt: int
) -> tuple[Session | None, SignIn | None]:  # fmt: skip
    session = state.sessions.get(key)
    if session is None or session.sign_in is None or session.sign_in.attempt != attempt:
        return None, None
    return session, session.sign_in
