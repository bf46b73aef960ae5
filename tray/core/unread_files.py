"""Files that could not be read: nothing changes, it is told, they are read again (S4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Literal

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy
from tray.core.model import InputFile, Now
from tray.core.session import Session
from tray.core.state import TrayState, Unread

_READ: Final[dict[type, Literal["records", "settings", "active-profile", "config", "logins"]]] = {
    ev.RecordsRead: "records",
    ev.PreferencesRead: "settings",
    ev.ActiveRead: "active-profile",
    ev.ConfigRead: "config",
    ev.ConfigBroken: "config",
    ev.LoginsRead: "logins",
}


def unread(state: TrayState, file: InputFile, sentence: str, now: Now) -> TrayState:
    before = state.unread.get(file)
    looks = 1 if before is None else before.looks + 1
    since = now.mono if before is None else before.since
    pause = min(policy.UNREAD_FIRST * 2 ** min(looks - 1, 16), policy.UNREAD_MOST)
    one = Unread(sentence, since, looks, now.mono + pause)
    return replace(state, unread={**state.unread, file: one})


def read(state: TrayState, file: InputFile, now: Now) -> TrayState:
    if file not in state.unread:
        return state
    left = {one: why for one, why in state.unread.items() if one != file}
    state = replace(state, unread=left)
    for session in state.sessions.values():
        if file in (InputFile("records"), InputFile("token", session.key)):
            state = state.with_session(_due(session, now))
    return state


def _due(session: Session, now: Now) -> Session:
    """Let be tried again now what failed meanwhile: no worker could read the file either."""
    again, asked, failing = session.adopt_again_at, session.unconfirmed_at, session.failing
    if again is not None and session.notable == "other":
        again = min(again, now.wall)
    if failing is not None and failing.reason == "other":
        failing = replace(failing, next_at=min(failing.next_at, now.wall))
    asked = None if asked is None else min(asked, now.wall)
    return replace(session, adopt_again_at=again, unconfirmed_at=asked, failing=failing)


def noted(state: TrayState, event: ev.Event, now: Now) -> TrayState:
    match event:
        case ev.InputUnread():
            return unread(state, event.file, event.sentence, now)
        case ev.InputRead():
            return read(state, event.file, now)
    kind = _READ.get(type(event))
    return state if kind is None else read(state, InputFile(kind), now)


def looks(state: TrayState, event: ev.Event, now: Now) -> tuple[fx.ReadAgain, ...]:
    """
    Every tick reads all of them again; any other event those whose moment has passed unseen.

    No token file while a job of its session runs: the look after that reads it again.
    """
    tick = isinstance(event, ev.Tick)
    at_work = {InputFile("token", one.key) for one in state.sessions.values() if one.job}
    return tuple(
        fx.ReadAgain(file)
        for file, one in state.unread.items()
        if (tick or one.next_at <= now.mono) and file not in at_work
    )


def told(state: TrayState, now: Now) -> Iterator[str]:
    for one in state.unread.values():
        if one.since + policy.UNREAD_TOLD_AFTER <= now.mono:
            yield one.sentence
