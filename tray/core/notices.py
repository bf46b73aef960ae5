"""Which notices hold, which are told, which are withdrawn (W1-W3): data in, data out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tray.core import effects as fx
from tray.core import policy, text
from tray.core.effects import Button, Effect, Notice
from tray.core.model import Now, Reason
from tray.core.session import Session, firm_end, reason_of, refused, renews, state_of
from tray.core.state import Shown, TrayState

KEYRING_TROUBLE: tuple[Reason, ...] = ("keyring-locked", "keyring-denied", "keyring-absent")


def notices(state: TrayState, now: Now) -> tuple[TrayState, tuple[Effect, ...]]:
    """
    Tell what holds and was not told, withdraw what no longer holds (W2).

    While the screen is locked or the machine sleeps nothing is told; what still holds afterwards
    is told then, once.

    Returns:
        The state that remembers what was told, and the effects for the screen.
    """
    holding = tuple(standing(state, now))
    state, withdrawn = _withdraw(state, holding)
    if state.asleep or state.locked:
        return state, withdrawn
    effects: list[Effect] = list(withdrawn)
    for notice in holding:
        if _was_told(state, notice):
            continue
        state = _remember(state, notice)
        grouped = _grouped(state, notice, now)
        for slot in _replaced(state, grouped):
            effects.append(fx.WithdrawNotice(slot))
            state = replace(state, shown={k: v for k, v in state.shown.items() if k != slot})
        shown = Shown(grouped.once_key, now.wall, grouped.category, grouped.keys)
        state = replace(state, shown={**state.shown, grouped.slot: shown})
        effects.append(fx.ShowNotice(grouped))
        effects.append(fx.Note(f"notice-{notice.category}", ", ".join(grouped.keys) or None))
    return state, tuple(effects)


def standing(state: TrayState, now: Now) -> Iterator[Notice]:
    """Yield every notice whose cause holds at this moment, told or not."""
    if state.config_problem is not None:
        title, body = text.config_notice(state.config_problem)
        yield Notice("config", f"config:{state.config_problem}", "config", "normal", title, body)
    for session in state.sessions.values():
        if _in_use(state, session, now):
            yield from _of_session(state, session, now)
    yield from _of_keyring(state)


def _of_session(state: TrayState, session: Session, now: Now) -> Iterator[Notice]:
    kind = state_of(session, state.preferences, now)
    if kind == "ending":
        yield from _ending(state, session, now)
    elif _has_ended(state, session, now):
        yield _expired(state, session, now)
    elif kind == "renewal-failing":
        yield from _failing(session, now)
    adopted_at = session.adopted_at if session.keeper == "keyring" else None
    if adopted_at is not None and adopted_at + policy.ADOPTED_SHOWN_FOR > now.wall:
        yield _adopted(session)


def _in_use(state: TrayState, session: Session, now: Now) -> bool:
    """Whether a person cares: the active profile's session, or used within a week (W2)."""
    if state.active_profile in session.config.profiles:
        return True
    used_at = session.memory.used_at
    return used_at is not None and used_at > now.wall - policy.IDLE_AFTER


def _ending(state: TrayState, session: Session, now: Now) -> Iterator[Notice]:
    token = session.token
    end = firm_end(session, state.preferences)
    at = end.at if end is not None else token.expires_at if token is not None else None
    if at is None:
        return
    crossed = [before for before in state.preferences.warn_before if at - now.wall <= before]
    if not crossed or (session.snoozed and len(crossed) < len(state.preferences.warn_before)):
        return
    cause = end.cause if end is not None else token.fingerprint if token is not None else ""
    last = len(crossed) == len(state.preferences.warn_before)
    title, body = text.ending_notice(session.key, at, now.wall)
    yield Notice(
        slot=f"session:{session.key}",
        once_key=f"ending:{cause}:{min(crossed):.0f}",
        category="ending",
        severity="urgent" if last else "normal",
        title=title,
        text=body,
        buttons=_ending_buttons(session, last=last),
        keys=(session.key,),
    )


def _ending_buttons(session: Session, *, last: bool) -> tuple[Button, ...]:
    keys = (session.key,)
    if refused(session):
        sign_in = Button("sign-in", "Sign in", keys)
    else:
        sign_in = Button("sign-in-afresh", "Sign in afresh", keys)
    return (sign_in,) if last else (sign_in, Button("snooze", "Snooze", keys))


def _has_ended(state: TrayState, session: Session, now: Now) -> bool:
    if session.token is None:
        return session.removed is not None and session.sign_in is None
    if state_of(session, state.preferences, now) != "expired":
        return False
    return not renews(session)  # what will renew itself is no notice (W3)


def _expired(state: TrayState, session: Session, now: Now) -> Notice:
    fingerprint = session.token.fingerprint if session.token is not None else session.removed
    reason = reason_of(session, state.preferences, now)
    title, body = text.expired_notice((session.key,), reason)
    return Notice(
        slot=f"session:{session.key}",
        once_key=f"expired:{fingerprint}",
        category="expired",
        severity="urgent",
        title=title,
        text=body,
        buttons=(Button("sign-in", "Sign in", (session.key,)),),
        keys=(session.key,),
    )


def _failing(session: Session, now: Now) -> Iterator[Notice]:
    token, failing = session.token, session.failing
    if token is None or failing is None or failing.reason in KEYRING_TROUBLE:
        return
    left = token.expires_at - now.wall
    # A token of a few minutes' life is always this near its end; half of it is the measure then.
    if left >= min(policy.FAILING_WARNS_UNDER, token.life * policy.RENEW_AT_LIFE * 0.8):
        return
    title, body = text.failing_notice(session.key, failing.reason, left)
    yield Notice(
        slot=f"session:{session.key}",
        once_key=f"failing:{token.fingerprint}",
        category="renewal-failing",
        severity="normal",
        title=title,
        text=body,
        keys=(session.key,),
    )


def _adopted(session: Session) -> Notice:
    title, body = text.adopted_notice(session.key)
    return Notice(
        slot=f"adopted:{session.key}",
        once_key=f"adopted:{session.key}",
        category="adopted",
        severity="normal",
        title=title,
        text=body,
        buttons=(Button("undo-adoption", "Undo", (session.key,)),),
        keys=(session.key,),
    )


def _of_keyring(state: TrayState) -> Iterator[Notice]:
    for reason in KEYRING_TROUBLE:
        keys = tuple(
            session.key
            for session in state.sessions.values()
            if session.keeper == "keyring"
            and session.failing is not None
            and session.failing.reason == reason
        )
        if not keys:
            continue
        title, body = text.keyring_notice(reason, keys)
        unlock = (Button("unlock-keyring", "Unlock", keys),) if reason == "keyring-locked" else ()
        yield Notice(
            "keyring", f"keyring:{reason}", "keyring", "urgent", title, body, unlock, keys
        )


def _was_told(state: TrayState, notice: Notice) -> bool:
    if notice.once_key in state.told:
        return True
    return any(
        notice.once_key in state.sessions[key].memory.told
        for key in notice.keys
        if key in state.sessions
    )


def _remember(state: TrayState, notice: Notice) -> TrayState:
    if notice.category in ("config", "keyring") or not notice.keys:
        return replace(state, told=state.told | {notice.once_key})
    for key in notice.keys:
        session = state.sessions[key]
        told = session.memory.told | {notice.once_key}
        state = state.with_session(replace(session, memory=replace(session.memory, told=told)))
    return state


def _withdraw(
    state: TrayState, holding: tuple[Notice, ...]
) -> tuple[TrayState, tuple[Effect, ...]]:
    causes = {notice.once_key for notice in holding}
    by_key = {(notice.category, key) for notice in holding for key in notice.keys}
    gone = tuple(
        slot
        for slot, shown in state.shown.items()
        if shown.once_key not in causes
        and not any((shown.category, key) in by_key for key in shown.keys)
    )
    ended = {once for once in state.told if once.split(":")[0] in ("config", "keyring")} - causes
    if not gone and not ended:
        return state, ()
    kept = {slot: shown for slot, shown in state.shown.items() if slot not in gone}
    # A keyring that is locked again tomorrow, or a config broken anew, is a new cause.
    state = replace(state, shown=kept, told=state.told - ended)
    return state, tuple(fx.WithdrawNotice(slot) for slot in gone)


def _grouped(state: TrayState, notice: Notice, now: Now) -> Notice:
    """Join notices of ended sessions that fire within a minute (W2)."""
    if notice.category != "expired":
        return notice
    recent = [
        shown
        for shown in state.shown.values()
        if shown.category == "expired" and now.wall - shown.at <= policy.GROUP_WITHIN
    ]
    keys = tuple(dict.fromkeys(key for shown in recent for key in shown.keys)) + notice.keys
    keys = tuple(dict.fromkeys(keys))
    if len(keys) == 1:
        return notice
    title, body = text.expired_notice(keys, None)
    button = Button("sign-in", "Sign in", keys)
    return replace(notice, slot="ended", title=title, text=body, buttons=(button,), keys=keys)


def _replaced(state: TrayState, notice: Notice) -> tuple[str, ...]:
    """Slots a grouped notice swallows; a notice in its own slot replaces itself."""
    if notice.slot != "ended":
        return ()
    return tuple(
        slot
        for slot, shown in state.shown.items()
        if slot != "ended" and shown.category == "expired" and set(shown.keys) <= set(notice.keys)
    )
