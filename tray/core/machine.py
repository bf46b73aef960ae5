"""The machine: one event in, the next state and the effects out. Everything that moves is here."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import files, jobs, signing, text
from tray.core.effects import Effect
from tray.core.model import Now
from tray.core.notices import notices
from tray.core.session import Session
from tray.core.state import TrayState
from tray.core.upkeep import upkeep

Step = tuple[TrayState, tuple[Effect, ...]]


def step(state: TrayState, event: ev.Event, now: Now) -> Step:
    """
    Answer one event.

    Three things happen, always in this order: the event itself; the upkeep (whatever is due by
    now is started); the notices (whatever holds and was not told yet). What has to survive a
    restart is asked to be kept.

    Args:
        state: the state before.
        event: what happened.
        now: both clocks, read once.

    Returns:
        The state after, and what the world is asked to do, in order.
    """
    after, answers = _answer(state, event, now)
    after, started = upkeep(after, now)
    after, told = notices(after, now)
    return after, (*answers, *started, *told, *_keeps(state, after))


def _answer(state: TrayState, event: ev.Event, now: Now) -> Step:
    match event:
        case ev.Recalled():
            return files.recalled(state, event), ()
        case ev.PreferencesRead():
            return replace(state, preferences=event.preferences), ()
        case ev.ActiveRead():
            return _active_read(state, event), ()
        case ev.ConfigRead():
            return files.config_read(state, event)
        case ev.ConfigBroken():
            return replace(state, config_problem=event.sentence, config_read=True), ()
        case ev.TokensRead():
            return files.tokens_read(state, event, now)
        case ev.Tick():
            return state, ()
        case ev.Mood():
            return _mood(state, event), ()
        case ev.JobDone():
            return jobs.job_done(state, event, now)
        case ev.Stored():
            return jobs.stored(state, event), ()
        case ev.Doubted():
            return jobs.doubted(state, event, now), ()
        case ev.SignInWanted():
            return signing.wanted(state, event, now)
        case ev.SignInReady():
            return signing.ready(state, event)
        case ev.SignedIn():
            return signing.signed_in(state, event, now)
        case ev.SignInFailed():
            return signing.failed(state, event)
        case ev.SignInCancelled():
            return signing.cancelled(state, event)
        case ev.RequesterLeft():
            return signing.left(state, event)
        case ev.SignOutWanted():
            return jobs.wished(state, event.key, "sign-out", event.request)
        case ev.RenewWanted():
            return jobs.renew_wanted(state, event, now)
        case ev.ReleaseWanted():
            return jobs.wished(state, event.key, "release", event.request)
        case ev.UseWanted():
            return _use(state, event)
        case ev.SnoozeWanted():
            return _with(state, event.key, snoozed=True), ()
        case ev.CredentialsGiven():
            return _used(state, event, now), ()
        case ev.QuitWanted():
            return _quit(state, event)
        case _:
            assert_never(event)


def _active_read(state: TrayState, event: ev.ActiveRead) -> TrayState:
    if event.profile == state.active:
        return state
    return replace(state, active=event.profile, previous=state.active or state.previous)


def _use(state: TrayState, event: ev.UseWanted) -> Step:
    known = event.profile is None or any(
        profile.name == event.profile for profile in state.catalog.profiles
    )
    if not known:
        return state, fx.done((event.request,), 1, text.no_such_profile(event.profile or ""))
    changed = event.profile != state.active
    previous = (state.active or state.previous) if changed else state.previous
    after = replace(state, active=event.profile, previous=previous)
    sentence = text.now_active(event.profile)
    effects: tuple[Effect, ...] = (fx.RecordActive(event.profile),)
    if changed:
        effects = (*effects, fx.Note("active-profile", None, event.profile or "none"))
    return after, (*effects, *fx.done((event.request,), 0, sentence))


def _quit(state: TrayState, event: ev.QuitWanted) -> Step:
    cancels = tuple(
        fx.CancelSignIn(session.key, session.sign_in.attempt)
        for session in state.sessions.values()
        if session.sign_in is not None
    )
    return state, (*cancels, *fx.done((event.request,), 0, text.quitting(state)), fx.Quit())


def _with(state: TrayState, key: str, *, snoozed: bool) -> TrayState:
    session = state.sessions.get(key)
    return state if session is None else state.with_session(replace(session, snoozed=snoozed))


def _used(state: TrayState, event: ev.CredentialsGiven, now: Now) -> TrayState:
    session = state.sessions.get(event.key)
    if session is None:
        return state
    memory = replace(session.memory, used_at=now.wall)
    return state.with_session(replace(session, memory=memory))


def _mood(state: TrayState, event: ev.Mood) -> TrayState:
    match event.what:
        case "asleep":
            return replace(state, asleep=True)
        case "locked":
            return replace(state, locked=True)
        case "network-down":
            return replace(state, offline=True)
        case "woke":
            return _impatient(replace(state, asleep=False))
        case "unlocked":
            return _impatient(replace(state, locked=False))
        case "network-up":
            return _impatient(replace(state, offline=False))
        case "clock-set" | "keyring-unlocked":
            return _impatient(state)
        case _:
            assert_never(event.what)


def _impatient(state: TrayState) -> TrayState:
    """Let everything that waits for its next attempt try at once (R1); the allowance stays."""
    for session in state.sessions.values():
        if session.failing is not None:
            waiting = replace(session.failing, failures=0, next_at=float("-inf"))
            state = state.with_session(replace(session, failing=waiting))
    return state


def _keeps(before: TrayState, after: TrayState) -> tuple[Effect, ...]:
    def changed(session: Session) -> bool:
        old = before.sessions.get(session.key)
        return old is None or old.memory != session.memory

    if not after.config_read:
        return ()
    return tuple(
        fx.Keep(session.key, session.memory)
        for session in after.sessions.values()
        if changed(session) and session.memory != _recalled_memory(before, session)
    )


def _recalled_memory(before: TrayState, session: Session) -> object:
    known = before.sessions.get(session.key)
    return before.recalled.memories.get(session.key) if known is None else known.memory
