"""Picking the active profile, by a click or a command (A7)."""

from __future__ import annotations

from dataclasses import replace

from tray.core import effects as fx
from tray.core import events as ev
from tray.core.effects import Effect
from tray.core.profiles.guards import is_managed
from tray.core.state import Step, TrayState
from tray.core.text import managed_text, menu_text, sentences


def recorded(state: TrayState, event: ev.ActiveRead) -> TrayState:
    if event.profile == state.active:
        return state
    return replace(state, active=event.profile, previous=state.active or state.previous)


def use(state: TrayState, event: ev.UseRequested) -> Step:
    refusal = _not_to_use(state, event.profile) if event.profile is not None else None
    if refusal is not None:
        return state, _told(event, *refusal)
    changed = event.profile != state.active
    previous = (state.active or state.previous) if changed else state.previous
    after = replace(state, active=event.profile, previous=previous)
    effects: tuple[Effect, ...] = (fx.RecordActive(event.profile, event.request),)
    if event.profile is not None:
        effects = (*effects, fx.RememberRole((event.profile,), "used"))
    if changed:
        effects = (*effects, fx.RecordHistory("active-profile", None, event.profile or "none"))
    return after, (*effects, *_told(event, 0, sentences.now_active(event.profile)))


def _told(event: ev.UseRequested, exit_code: int, sentence: str) -> tuple[Effect, ...]:
    """Answer a command, or a click, which shows nothing by itself."""
    if event.request is not None:
        return fx.done((event.request,), exit_code, sentence)
    title = menu_text.NOT_USED if exit_code else menu_text.active(event.profile)
    return (fx.Report(title, sentence, good=not exit_code),)


def _not_to_use(state: TrayState, name: str) -> tuple[int, str] | None:
    """Return exit code and sentence if a profile cannot be the active one (A7, C1)."""
    if is_managed(name, state.catalog.managed):
        return 1, sentences.managed_profile(name)
    if state.preferences.guarded is None and name != state.active:
        return 1, managed_text.guard_unknown(state.settings_problems)
    profile = next((one for one in state.catalog.profiles if one.name == name), None)
    if profile is None:
        return 2, sentences.no_such_profile(name)
    return (1, profile.problem) if profile.problem is not None else None
