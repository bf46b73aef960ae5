"""What is worth a notice now, whether shown before or not (W1, W3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from tray.core import policy
from tray.core.effects import Button, ButtonAction, Notice, NoticeCategory
from tray.core.model import Now, Removal
from tray.core.session import Session, renewable, unreadable
from tray.core.sessions.session_end import firm_end
from tray.core.sessions.session_states import (
    helps_afresh,
    past_exact_end,
    reason_of,
    renews,
    state_of,
)
from tray.core.state import TrayState, failing_warns_at
from tray.core.text import notice_text

KEYRING_TROUBLE: tuple[notice_text.KeyringReason, ...] = get_args(notice_text.KeyringReason)


def standing(state: TrayState, now: Now) -> Iterator[Notice]:
    if state.config_problem is not None:
        title, body = notice_text.config_notice(state.config_problem)
        yield Notice("config", f"config:{state.config_problem}", "config", "normal", title, body)
    for session in state.sessions.values():
        if in_use(state, session, now):
            yield from _of_session(state, session, now)
    yield from _of_keyring(state, now)
    yield from _of_accounts(state, now)


def in_use(state: TrayState, session: Session, now: Now) -> bool:
    """Whether the session is the active profile's, or was used within a week (W2)."""
    if state.active_profile in session.config.profiles:
        return True
    used_at = session.memory.used_at
    return used_at is not None and used_at > now.wall - policy.IDLE_AFTER


def _of_session(state: TrayState, session: Session, now: Now) -> Iterator[Notice]:
    kind = state_of(session, state.preferences, now)
    if session.memory.removal is not None and kind == "signed-out":
        yield _removed(session, session.memory.removal)
    elif kind == "ending":
        yield from _ending(state, session, now)
    elif _has_ended(state, session, now):
        yield _expired(state, session, now)
    elif kind in ("renewal-failing", "expired"):
        yield from _failing(session, now)
    adopted_at = session.adopted_at if session.store == "keyring" else None
    if adopted_at is not None and adopted_at + policy.ADOPTED_SHOWN_FOR > now.wall:
        yield _adopted(session, required=state.preferences.keyring_required)


def _ending(state: TrayState, session: Session, now: Now) -> Iterator[Notice]:
    end = firm_end(session, state.preferences)
    warn_before = state.preferences.warn_before
    if end is None or not warn_before:
        return
    crossed = [before for before in warn_before if end.at - now.wall <= before]
    last = len(crossed) == len(warn_before)
    if not crossed or (session.snoozed and not last):
        return
    afresh = helps_afresh(session, state.preferences, now)
    action: ButtonAction = "sign-in-afresh" if afresh else "sign-in"
    sign_in = Button(action, notice_text.sign_in_button(afresh=afresh), (session.key,))
    snooze = Button("snooze", notice_text.SNOOZE_BUTTON, (session.key,))
    yield Notice(
        f"session:{session.key}",
        f"ending:{end.cause}:{min(crossed):.0f}",
        "ending",
        "urgent" if last else "normal",
        *notice_text.ending_notice(session.key, end.at, now, afresh=afresh),
        (sign_in,) if last else (sign_in, snooze),
        (session.key,),
        at=end.at,
    )


def _has_ended(state: TrayState, session: Session, now: Now) -> bool:
    """Whether only the user can bring it back: what renews itself is no notice (W3)."""
    if session.sign_in is not None:
        return False
    if session.token is None:
        return session.memory.removed is not None and not unreadable(session)
    if state_of(session, state.preferences, now) != "expired":
        return False
    if not renewable(session):
        return not renews(session, state.preferences, now)
    # One refresh decides about a passed end; AWS's own word counts if that finds no answer.
    return past_exact_end(session, now) and session.failing is not None


def _expired(state: TrayState, session: Session, now: Now) -> Notice:
    token, removed = session.token, session.memory.removed
    fingerprint = token.fingerprint if token is not None else removed
    text = notice_text.expired_notice(session.key, reason_of(session, state.preferences, now))
    sign_in = Button("sign-in", notice_text.sign_in_button(afresh=False), (session.key,))
    slot, once_key = f"session:{session.key}", f"expired:{fingerprint}"
    return Notice(slot, once_key, "expired", "urgent", *text, (sign_in,), (session.key,))


def _failing(session: Session, now: Now) -> Iterator[Notice]:
    token, failing = session.token, session.failing
    if token is None or failing is None or failing.reason in KEYRING_TROUBLE:
        return
    if failing_warns_at(failing, token) > now.wall:
        return
    title, body = notice_text.failing_notice(
        session.key, failing.reason, failing.sentence, token.expires_at, now
    )
    slot, once_key = f"session:{session.key}", f"failing:{token.fingerprint}"
    keys, end = (session.key,), token.expires_at
    yield Notice(slot, once_key, "renewal-failing", "normal", title, body, (), keys, end)


def _adopted(session: Session, *, required: bool) -> Notice:
    slot = f"adopted:{session.key}"
    undo = Button("undo-adoption", notice_text.UNDO_BUTTON, (session.key,))
    text = notice_text.adopted_notice(session.key)
    return Notice(
        slot, slot, "adopted", "normal", *text, () if required else (undo,), (session.key,)
    )


def _removed(session: Session, removal: Removal) -> Notice:
    keys = (session.key,)
    actions: tuple[ButtonAction, ...] = ("undo-removal", "sign-out")
    category: NoticeCategory = "removed"
    if removal.dropped:
        category, actions = "dropped", ("sign-in",)
    elif removal.again:
        actions = ("undo-removal", "restore-removed", "sign-out")
    once_key = f"{category}:{removal.token}:{removal.at:.0f}"
    text = notice_text.removed_notice(keys, dropped=removal.dropped)
    buttons = tuple(Button(one, notice_text.REMOVED_BUTTONS[one], keys) for one in actions)
    slot = f"session:{session.key}"
    return Notice(slot, once_key, category, "normal", *text, buttons, keys)


def _of_accounts(state: TrayState, now: Now) -> Iterator[Notice]:
    for key, known in state.index.sessions.items():
        session, changes = state.sessions.get(key), known.changes
        if session is None or changes is None or changes.told:
            continue
        if known.origin != session.config.origin:
            continue
        if not state.preferences.tell_accounts or not in_use(state, session, now):
            continue
        if abs(now.wall - changes.at) > policy.INDEX_TOLD_WITHIN:
            continue
        text = notice_text.accounts_notice(key, changes.appeared, changes.vanished)
        slot, once_key = f"accounts:{key}", f"accounts:{changes.at:.0f}"
        yield Notice(slot, once_key, "accounts", "quiet", *text, (), (key,))


def _of_keyring(state: TrayState, now: Now) -> Iterator[Notice]:
    for reason in KEYRING_TROUBLE:
        keys = tuple(
            session.key
            for session in state.sessions.values()
            if session.store == "keyring"
            and session.failing is not None
            and session.failing.reason == reason
            and in_use(state, session, now)
        )
        if not keys:
            continue
        unlock = Button("unlock-keyring", notice_text.UNLOCK_BUTTON, keys)
        buttons = (unlock,) if reason == "keyring-locked" else ()
        text = notice_text.keyring_notice(reason, keys)
        yield Notice("keyring", f"keyring:{reason}", "keyring", "urgent", *text, buttons, keys)
