"""Which notices are shown, joined and withdrawn (W2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tray.core import effects as fx
from tray.core import policy
from tray.core.effects import Button, ButtonAction, Effect, Notice
from tray.core.model import Now
from tray.core.notices.notice_rules import standing
from tray.core.state import TrayState, VisibleNotice
from tray.core.text import notice_text

GROUPED: tuple[notice_text.GroupedCategory, ...] = (
    "ending",
    "expired",
    "renewal-failing",
    "adopted",
    "removed",
)


REMOVED_ACTIONS: tuple[ButtonAction, ...] = ("undo-removal", "restore-removed", "sign-out")


def notices(state: TrayState, now: Now) -> tuple[TrayState, tuple[Effect, ...]]:
    """Show what holds and was not shown, withdraw what no longer holds (W2)."""
    holding = tuple(standing(state, now))
    state, withdrawn = _withdraw(state, holding)
    if state.asleep or state.locked or state.quitting:
        return state, withdrawn
    due = tuple(notice for notice in holding if not _was_shown(state, notice))
    effects: list[Effect] = list(withdrawn)
    for notice in due:
        state = _remember(state, notice)
        key = notice.keys[0] if len(notice.keys) == 1 else None
        effects.append(fx.RecordHistory(f"notice-{notice.category}", key))
    for notice in _joined(state, holding, due, now):
        swallowed = _swallowed(state, notice)
        effects.extend(fx.WithdrawNotice(slot) for slot in swallowed)
        kept = {slot: shown for slot, shown in state.shown.items() if slot not in swallowed}
        new = VisibleNotice(notice.once_key, now.wall, notice.category, notice.keys)
        state = replace(state, shown={**kept, notice.slot: new})
        if not state.preferences.names_in_notices:
            title, text = notice_text.nameless(notice.category, notice.at, now)
            notice = replace(notice, title=title, text=text)  # noqa: PLW2901  (the same, said less)
        effects.append(fx.ShowNotice(notice))
    return state, tuple(effects)


def _was_shown(state: TrayState, notice: Notice) -> bool:
    if notice.once_key in state.notified:
        return True
    sessions = [state.sessions[key] for key in notice.keys]
    if notice.category == "renewal-failing" and any(one.job is not None for one in sessions):
        return True  # it is being tried at this moment; its end decides
    return any(notice.once_key in session.memory.notified for session in sessions)


def _remember(state: TrayState, notice: Notice) -> TrayState:
    if notice.category in ("config", "keyring"):
        return replace(state, notified=state.notified | {notice.once_key})
    for key in notice.keys:
        session = state.sessions[key]
        memory = session.memory
        memory = replace(memory, notified=memory.notified | {notice.once_key})
        state = state.with_session(replace(session, memory=memory))
    return state


def _withdraw(
    state: TrayState, holding: tuple[Notice, ...]
) -> tuple[TrayState, tuple[Effect, ...]]:
    causes = {notice.once_key for notice in holding}
    speaking = {(notice.category, key) for notice in holding for key in notice.keys}
    gone = tuple(
        slot
        for slot, shown in state.shown.items()
        if shown.once_key not in causes
        and not any((shown.category, key) in speaking for key in shown.keys)
    )
    kept = {slot: shown for slot, shown in state.shown.items() if slot not in gone}
    # A keyring that is locked again later, or a config broken again, is a new cause.
    state = replace(state, shown=kept, notified=state.notified & causes)
    return state, tuple(fx.WithdrawNotice(slot) for slot in gone)


def _joined(
    state: TrayState, holding: tuple[Notice, ...], due: tuple[Notice, ...], now: Now
) -> list[Notice]:
    """Return what to show: notices of one kind that fire within a minute as one (W2)."""
    shown: list[Notice] = [notice for notice in due if notice.category not in GROUPED]
    for category in GROUPED:
        fresh = [notice for notice in due if notice.category == category]
        if not fresh:
            continue
        keys = {key for notice in fresh for key in notice.keys}
        keys |= _recently_shown(state, category, now)
        members = [
            notice
            for notice in holding
            if notice.category == category and not keys.isdisjoint(notice.keys)
        ]
        shown.append(members[0] if len(members) == 1 else _group(category, members, now))
    return shown


def _recently_shown(state: TrayState, category: notice_text.GroupedCategory, now: Now) -> set[str]:
    return {
        key
        for shown in state.shown.values()
        if shown.category == category and abs(now.wall - shown.at) <= policy.GROUP_WITHIN
        for key in shown.keys
    }


def _group(category: notice_text.GroupedCategory, members: Sequence[Notice], now: Now) -> Notice:
    keys = tuple(key for notice in members for key in notice.keys)
    ends = tuple((key, notice.at) for notice in members for key in notice.keys)
    title, body = notice_text.group_notice(category, ends, now)
    urgent = any(notice.severity == "urgent" for notice in members)
    moments = [notice.at for notice in members if notice.at is not None]
    return Notice(
        slot=f"group:{category}",
        once_key=members[-1].once_key,
        category=category,
        severity="urgent" if urgent else "normal",
        title=title,
        text=body,
        buttons=_group_buttons(members, keys),
        keys=keys,
        at=min(moments, default=None),
    )


def _group_buttons(members: Sequence[Notice], keys: tuple[str, ...]) -> tuple[Button, ...]:
    """Offer the buttons that all have; "Sign in" then does for each what helps (L10)."""
    offered = [{button.action for button in notice.buttons} for notice in members]
    buttons: list[Button] = []
    if all(actions & {"sign-in", "sign-in-afresh"} for actions in offered):
        afresh = any("sign-in-afresh" in actions for actions in offered)
        buttons.append(Button("sign-in", notice_text.sign_in_button(afresh=afresh), keys))
    if all("snooze" in actions for actions in offered):
        buttons.append(Button("snooze", notice_text.SNOOZE_BUTTON, keys))
    if all("undo-adoption" in actions for actions in offered):
        buttons.append(Button("undo-adoption", notice_text.UNDO_BUTTON, keys))
    buttons += (
        Button(action, notice_text.REMOVED_BUTTONS[action], keys)
        for action in REMOVED_ACTIONS
        if all(action in actions for actions in offered)
    )
    return tuple(buttons)


def _swallowed(state: TrayState, notice: Notice) -> tuple[str, ...]:
    """Return the slots a notice makes superfluous; in its own slot it replaces by itself."""
    return tuple(
        slot
        for slot, shown in state.shown.items()
        if slot != notice.slot
        and shown.category == notice.category
        and set(shown.keys) <= set(notice.keys)
    )
