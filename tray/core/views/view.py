"""What the user sees, computed from the state: the same for the tray and for ``status``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from tray.core import unread_files
from tray.core.accounts.account_marks import NO_MARK, Mark, mark_of
from tray.core.connection import disagreement
from tray.core.model import EndKnown, Now, Profile, Reason, State, TokenStore
from tray.core.notices.notice_rules import in_use
from tray.core.profiles.guards import is_guarded
from tray.core.session import Session, can_undo, in_file
from tray.core.sessions.after_sign_out import unproved
from tray.core.sessions.schedule import next_attempt
from tray.core.sessions.session_end import end_known, shown_end
from tray.core.sessions.session_states import helps_afresh, reason_of, renews, state_of
from tray.core.state import TrayState
from tray.core.text import sentences
from tray.core.text.display_names import clean, session_name
from tray.values import dataclass

RenewedBy = Literal["sso-tray", "clients"]
"""We, or the AWS CLI and SDKs when they use a file with refresh data."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """All times are seconds since the epoch."""

    key: str
    name: str  # `tray.core.text.display_names.session_name`
    start_url: str
    region: str
    profiles: tuple[str, ...]
    state: State  # S5
    reason: Reason | None  # S6
    store: TokenStore | None  # K1
    token_expires_at: float | None  # of the published access token
    session_ends_at: float | None  # of the sign-in session
    session_end_known: EndKnown
    renews: bool
    # when AWS is asked next; None while it is being asked, or never will be
    next_attempt_at: float | None
    sign_in_url: str | None = None
    user_code: str | None = None
    sign_in_deadline: float | None = None
    afresh: bool = False  # "Sign in" now does, and is called, the afresh sign-in (L10)
    problem: str | None = None  # why the session cannot be signed in to
    in_use: bool = True  # False: unused for a week, only colours its row (W2)
    disagreement: str | None = None  # on how its profiles are reached, as a sentence
    shared: str | None = None  # what it has in common with another config, as a sentence
    renewed_by: RenewedBy | None = None  # who renews it; None if it does not renew
    can_undo: bool = False  # signed out on this machine only (K5)
    renewable: bool = False  # asking AWS may bring a token, by whoever does
    session_began_at: float | None = None  # as far as a sign-in of ours has shown


@dataclass(frozen=True, slots=True)
class View:
    sessions: tuple[SessionRow, ...]  # config order
    profiles: tuple[Profile, ...]  # botocore's order
    active_profile: str | None  # None if none is picked or the picked one vanished (A7)
    worst: State  # the most urgent state of the sessions in use, for the icon
    attention: int  # how many of them need the user
    keyring_locked: bool  # the menu offers to unlock it
    problems: tuple[str, ...]  # sentences about config, sessions and settings
    guarded: bool = False  # the active profile matches a guarded pattern (A7, M4)
    signed_out_logins: tuple[str, ...] = ()  # profiles of ``aws login``, no problem of ours
    mark: Mark = NO_MARK  # of the active profile's account
    managed: frozenset[str] = frozenset()  # the profiles that we wrote, which cannot be picked


_URGENCY: tuple[State, ...] = (
    "expired",
    "ending",
    "unreadable",
    "renewal-failing",
    "signing-in",
    "signed-out",
    "signed-in",
)


def view(state: TrayState, now: Now) -> View:
    """Equal views need no redrawing."""
    rows = tuple(_row(state, session, now) for session in state.sessions.values())
    used = tuple(row for row in rows if row.in_use)
    states = {row.state for row in used or rows}
    active = state.active_profile
    return View(
        sessions=rows,
        profiles=state.catalog.profiles,
        active_profile=active,
        worst=next((one for one in _URGENCY if one in states), "signed-out"),
        attention=sum(_needs_person(row) for row in used),
        keyring_locked=any(row.reason == "keyring-locked" for row in rows),
        problems=tuple(_problems(state, rows, now)),
        # Where the guard is not known, what stands is left alone.
        guarded=active is not None
        and state.preferences.guarded is not None
        and is_guarded(active, state.preferences.guarded),
        mark=_mark(state, active),
        signed_out_logins=state.signed_out_logins,
        managed=state.catalog.managed,
    )


def _mark(state: TrayState, active: str | None) -> Mark:
    marks = state.preferences.colors
    profile = next((one for one in state.catalog.profiles if one.name == active), None)
    if not marks or profile is None:
        return NO_MARK
    known = state.index.sessions.get(profile.session or "")
    accounts = () if known is None else known.accounts
    names = (one.name for one in accounts if one.account_id == profile.account_id)
    return mark_of(marks, profile.name, profile.account_id, next(names, ""))


def _needs_person(row: SessionRow) -> bool:
    return row.state in ("ending", "unreadable") or (row.state == "expired" and not row.renews)


def _problems(state: TrayState, rows: tuple[SessionRow, ...], now: Now) -> Iterator[str]:
    yield from unread_files.told(state, now)
    if state.config_problem is not None:
        yield state.config_problem
    yield from state.catalog.problems
    for row in rows:
        if row.problem is not None:
            yield row.problem
        if state.sessions[row.key].config.shared == "other" and row.shared is not None:
            yield row.shared
    if state.active is not None and state.active_profile is None and state.config_read:
        yield sentences.active_profile_gone(state.active)
    yield from state.settings_problems


def _shared(session: Session) -> str | None:
    if session.config.shared == "no":
        return None
    told = sentences.shares_token_file(same=session.config.shared == "same")
    return f"{clean(session_name(session.key))}: {told}"


def _row(state: TrayState, session: Session, now: Now) -> SessionRow:
    end = shown_end(session, state.preferences, now)
    sign_in, token = session.sign_in, session.token
    own = dict(state.preferences.reached_by).get(session.key, ())
    attempt = next_attempt(session, state.preferences, state.machine)
    renewable = renews(session, state.preferences, now)
    by_clients = state.alone or session.store == "released"
    renewed = renewable and not (state.alone and not in_file(session))
    return SessionRow(
        key=session.key,
        name=session_name(session.key),
        start_url=session.config.start_url,
        region=session.config.region,
        profiles=session.config.profiles,
        state=state_of(session, state.preferences, now),
        reason=reason_of(session, state.preferences, now),
        store=session.store,
        token_expires_at=None if token is None or unproved(session) else token.expires_at,
        session_ends_at=end.at if end is not None else None,
        session_end_known=end_known(end),
        renews=renewed,
        renewed_by=None if not renewed else "clients" if by_clients else "sso-tray",
        renewable=renewable,
        can_undo=can_undo(session),
        next_attempt_at=None if session.job is not None else attempt,
        sign_in_url=sign_in.url if sign_in is not None else None,
        user_code=sign_in.user_code if sign_in is not None else None,
        sign_in_deadline=sign_in.deadline if sign_in is not None else None,
        afresh=helps_afresh(session, state.preferences, now),
        problem=session.config.problem,
        in_use=in_use(state, session, now),
        disagreement=disagreement(session.key, session.config.disagreements, own),
        shared=_shared(session),
        session_began_at=session.memory.started_at,
    )
