"""The state machine: one event in, the next state and the effects out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy, unread_files
from tray.core import requests as rq
from tray.core.accounts import index_listing
from tray.core.effects import Effect
from tray.core.menu import add_profile_menu, menu_actions
from tray.core.model import Memory, Now
from tray.core.notices.notice_delivery import notices
from tray.core.outcomes import Failed
from tray.core.profiles import profile_picking
from tray.core.session import QueuedJob, remembering, renewable
from tray.core.sessions import doubts, job_results, renewal_requests, signing_in, token_files
from tray.core.sessions.schedule import freed
from tray.core.sessions.upkeep import upkeep
from tray.core.state import Step, TrayState, clock_known, clock_set
from tray.core.text import menu_text, sentences


def step(state: TrayState, event: ev.Event, now: Now) -> Step:
    """In order: the event, the upkeep (what is due is started), the notices, the records."""
    after, answers = _answer(unread_files.noted(state, event, now), event, now)
    after = menu_actions.handing_back_too(state, after)
    answers = (*answers, *unread_files.looks(after, event, now))
    after, started = upkeep(after, now)
    after, listing = index_listing.due(after, now)
    started = (*started, *listing)
    for session in after.sessions.values():
        kept = remembering(session)
        after = after if kept is session else after.with_session(kept)
    if menu_actions.handed_back(after):
        after, farewell = _quit(after, ev.QuitRequested(_requester(after)), now)
        answers = (*answers, *farewell)
    after, shown = notices(after, now)
    forgets = (one for one in _forgets(state, after) if one not in answers)
    return after, (*forgets, *answers, *started, *shown, *_keeps(state, after))


def _answer(state: TrayState, event: ev.Event, now: Now) -> Step:
    if isinstance(event, ev.IndexEvent):
        return index_listing.answered(state, event, now)
    match event:
        case ev.RecordsRead():
            return token_files.recalled(clock_known(state, now), event), ()
        case ev.PreferencesRead():
            return replace(
                state, preferences=event.preferences, settings_problems=event.problems
            ), ()
        case ev.ActiveRead():
            return profile_picking.recorded(state, event), ()
        case ev.ConfigRead():
            return token_files.config_read(state, event)
        case ev.ConfigBroken():
            return replace(state, config_problem=event.sentence, config_read=True), ()
        case ev.LoginsRead():
            return replace(state, signed_out_logins=event.signed_out), ()
        case ev.TokenFileInspected():
            return token_files.tokens_read(state, event, now)
        case ev.Tick() | ev.InputUnread() | ev.InputRead():
            return state, ()
        case ev.SystemEvent():
            return _system_event(state, event, now), ()
        case ev.JobDone():
            return _job_done(state, event, now)
        case ev.Stored():
            return job_results.stored(state, event), ()
        case ev.PortalAnswered():
            return _freed(state, now, event.key), ()
        case ev.TokenRejected():
            return renewal_requests.doubted(state, event, now), ()
        case ev.SignInRequested():
            return signing_in.wanted(state, event, now)
        case ev.SignInReady():
            return signing_in.ready(state, event, now)
        case ev.SignInReported():
            return state, signing_in.reported(state, event)
        case ev.SignedIn():
            return signing_in.signed_in(state, event, now)
        case ev.SignInFailed():
            return signing_in.failed(state, event)
        case ev.SignInCancelled():
            return signing_in.cancelled(state, event)
        case ev.RequesterLeft():
            return signing_in.left(state, event)
        case ev.SignOutRequested():
            return _sign_out(state, event)
        case ev.RenewRequested():
            return renewal_requests.renew_wanted(state, event, now)
        case ev.UndoRequested():
            return renewal_requests.undo_wanted(state, event)
        case ev.ReleaseRequested():
            return renewal_requests.enqueue(state, event.key, QueuedJob("release", event.request))
        case ev.UseRequested():
            return profile_picking.use(state, event)
        case ev.SnoozeRequested():
            return _with(state, event.key, snoozed=True), ()
        case rq.SignInAllRequested():
            return menu_actions.sign_in_all(state, event)
        case ev.UnlockFailed():
            return state, (fx.Report(menu_text.STILL_LOCKED, event.sentence),)
        case rq.StatusRequested():
            return menu_actions.status(state, now)
        case rq.ConsoleRequested():
            return menu_actions.console(state, event, now)
        case rq.ConsoleLinkRequested():
            return menu_actions.console_url(state, event)
        case rq.FavouriteRequested():
            return menu_actions.favourite(state, event)
        case (
            rq.UnlockRequested()
            | rq.PageRequested()
            | rq.TerminalRequested()
            | rq.SettingRequested()
        ):
            return state, (fx.CarryOut(event),)
        case rq.LinkRequested():
            return menu_actions.link(state, event)
        case rq.EnvironmentRequested():
            return menu_actions.environment(state, event)
        case rq.AddProfileRequested():
            return add_profile_menu.add_wanted(state, event)
        case ev.ProfileAdded():
            return add_profile_menu.added(state, event)
        case ev.CredentialsGiven():
            return _used(state, event, now), ()
        case ev.Ending():
            return replace(state, quitting=True), ()
        case ev.QuitRequested():
            if state.lending and not event.hand_back:
                return _quit(state, event, now)  # asked for twice: now
            return menu_actions.hand_back(state, event)
        case _:
            assert_never(event)


def _job_done(state: TrayState, event: ev.JobDone, now: Now) -> Step:
    session = state.sessions.get(event.key)
    job = session.job if session is not None else None
    after, effects = job_results.job_done(state, event, now)
    awaited = job is not None and job.attempt == event.attempt and job.kind == "release"
    if after.handing_back is None or not awaited or not isinstance(event.outcome, Failed):
        return after, effects
    after, farewell = menu_actions.not_handed_back(after, event.outcome.sentence)
    return after, (*effects, *farewell)


def _requester(state: TrayState) -> str | None:
    return None if state.handing_back == menu_actions.HOME_CLICK else state.handing_back


def _sign_out(state: TrayState, event: ev.SignOutRequested) -> Step:
    session = state.sessions.get(event.key)
    given_up: tuple[Effect, ...] = ()
    if session is not None:
        sentence = sentences.sign_in_cancelled(event.key)
        state, given_up = signing_in.given_up(state, session, sentence)
    state, effects = renewal_requests.enqueue(
        state, event.key, QueuedJob("sign-out", event.request)
    )
    return state, (*given_up, *effects)


def _quit(state: TrayState, event: ev.QuitRequested, now: Now) -> Step:
    asked = tuple(dict.fromkeys((event.request, _requester(state))))
    farewell = fx.done(asked, 0, sentences.quitting(state, now))
    effects: list[Effect] = []
    state = replace(state, quitting=True, handing_back=None, lending=False)
    for key in tuple(state.sessions):
        session = state.sessions[key]
        state, given_up = signing_in.given_up(state, session, sentences.sign_in_cancelled(key))
        effects.extend(given_up)
    return state, (*effects, *farewell, fx.Quit())


def _with(state: TrayState, key: str, *, snoozed: bool) -> TrayState:
    session = state.sessions.get(key)
    return state if session is None else state.with_session(replace(session, snoozed=snoozed))


def _used(state: TrayState, event: ev.CredentialsGiven, now: Now) -> TrayState:
    session = state.sessions.get(event.key)
    if session is None:
        return state
    used_at = session.memory.used_at
    if used_at is not None and 0 <= now.wall - used_at < policy.USED_GRAIN:
        return state
    memory = replace(session.memory, used_at=now.wall)
    return state.with_session(replace(session, memory=memory))


def _system_event(state: TrayState, event: ev.SystemEvent, now: Now) -> TrayState:
    match event.what:
        case "asleep":
            return replace(state, asleep=True)
        case "locked":
            return replace(state, locked=True)
        case "network-down":
            return replace(state, offline=True)
        case "woke":
            state = replace(state, asleep=False, clock_offset=now.wall - now.mono)
            awake = _failing_anew(_adopted_anew(state, now), now)
            return _freed(awake, now)
        case "unlocked":
            return _freed(_adopted_anew(replace(state, locked=False), now), now)
        case "network-up":
            return _freed(replace(state, offline=False), now)
        case "clock-set":
            state = _without_future(clock_set(state, now), now)
            state = index_listing.without_future(state, now)
            return _doubting_later_tokens(_freed(state, now), now)
        case "keyring-unlocked":
            return renewal_requests.keyring_tried_again(state, now)
        case _:
            assert_never(event.what)


def _freed(state: TrayState, now: Now, only: str | None = None) -> TrayState:
    for key, session in state.sessions.items():
        if only in (None, key):
            state = state.with_session(freed(session, now))
    return state


def _failing_anew(state: TrayState, now: Now) -> TrayState:
    """Count what failed before the machine slept from now: a network needs a moment (W1)."""
    for session in state.sessions.values():
        if session.failing is not None:
            failing = replace(session.failing, since=now.wall)
            state = state.with_session(replace(session, failing=failing))
    return state


def _adopted_anew(state: TrayState, now: Now) -> TrayState:
    """Count an adoption not yet shown from now: its notice is shown for ten minutes."""
    for session in state.sessions.values():
        explained = f"adopted:{session.key}" in session.memory.notified
        if session.adopted_at is not None and not explained:
            state = state.with_session(replace(session, adopted_at=now.wall))
    return state


def _without_future(state: TrayState, now: Now) -> TrayState:
    """Let waits that began before the clock was set back end in time (fault 29)."""
    for known in state.sessions.values():
        session = known
        since, sign_in = session.absent_since, session.sign_in
        if since is not None and since > now.wall:
            session = replace(session, absent_since=now.wall)
        if sign_in is not None:
            deadline = min(sign_in.deadline, now.wall + policy.SIGN_IN_DEADLINE)
            session = replace(session, sign_in=replace(sign_in, deadline=deadline))
        state = state.with_session(session)
    return state


def _doubting_later_tokens(state: TrayState, now: Now) -> TrayState:
    """Let one refresh decide about tokens issued while the clock was ahead (fault 29)."""
    for session in state.sessions.values():
        token = session.token
        if token is None or token.issued_at <= now.wall + policy.CLOCK_SLACK:
            continue
        if renewable(session) and session.job is None and session.sign_in is None:
            state = state.with_session(doubts.suspect(session))
    return state


def _forgets(before: TrayState, after: TrayState) -> Iterator[Effect]:
    for key, session in before.sessions.items():
        now_there = after.sessions.get(key)
        if now_there is None or now_there.origin != session.origin:
            yield fx.ForgetCredentials(key)


def _keeps(before: TrayState, after: TrayState) -> tuple[Effect, ...]:
    if not after.config_read:
        return ()
    return tuple(
        fx.SaveMemory(session.key, session.memory)
        for session in after.sessions.values()
        if session.memory != _kept_memory(before, session.key)
    )


def _kept_memory(before: TrayState, key: str) -> Memory:
    known = before.sessions.get(key)
    return known.memory if known is not None else before.recalled.memories.get(key, Memory())
