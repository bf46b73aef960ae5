"""What a person sees, computed from the state: for the tray, for ``status``, for both the same."""

from __future__ import annotations

from collections.abc import Iterator

from tray.core.menu.listed_roles import Listing
from tray.core.model import EndKnown, Now, Profile, Reason, State, TokenStore
from tray.core.notices.notice_rules import in_use
from tray.core.profiles.guards import is_guarded
from tray.core.session import Session
from tray.core.sessions.schedule import next_attempt
from tray.core.sessions.session_end import end_known, shown_end
from tray.core.sessions.session_states import helps_afresh, reason_of, renews, state_of
from tray.core.state import TrayState
from tray.core.text import sentences
from tray.core.text.display_names import session_name
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class SessionRow:
    """
    One session as a person sees it; all times are seconds since the epoch.

    Args:
        key, start_url, region, profiles: from the config.
        name: what a person calls it (:func:`tray.core.text.display_names.session_name`).
        state, reason, token store: rules S5, S6, K1.
        token_expires_at: the end of the published access token.
        session_ends_at, session_end_known: the end of the sign-in session, and how well known.
        renews: whether it goes on by itself.
        next_attempt_at: when AWS is asked next; None while it is being asked, or never will be.
        sign_in_url, user_code, sign_in_deadline: while signing in.
        afresh: what the button "Sign in" does now is the afresh sign-in (L10), and says so.
        problem: why the session cannot be signed in to.
        in_use: False for a session nobody used for a week: it only colours its row (W2).
        listing: the roles that can be added, where somebody has asked for them.
    """

    key: str
    name: str
    start_url: str
    region: str
    profiles: tuple[str, ...]
    state: State
    reason: Reason | None
    store: TokenStore | None
    token_expires_at: float | None
    session_ends_at: float | None
    session_end_known: EndKnown
    renews: bool
    next_attempt_at: float | None
    sign_in_url: str | None
    user_code: str | None
    sign_in_deadline: float | None
    afresh: bool
    problem: str | None
    in_use: bool = True
    listing: Listing | None = None


@dataclass(frozen=True, slots=True)
class View:
    """
    Everything the tray draws and ``status`` prints.

    Args:
        sessions: a row each, config order.
        profiles: every profile, botocore's order.
        active_profile: None if none is picked or the picked one vanished (A7).
        worst: the most urgent state over the sessions in use, for the icon.
        attention: how many of them need a person.
        keyring_locked: whether the row "unlock keyring" belongs in the menu.
        problems: sentences about config, sessions and settings.
        guarded: whether the active profile matches a guarded pattern, for the mark (A7, M4).
        managed: the profiles that we wrote, which nobody picks.
    """

    sessions: tuple[SessionRow, ...]
    profiles: tuple[Profile, ...]
    active_profile: str | None
    worst: State
    attention: int
    keyring_locked: bool
    problems: tuple[str, ...]
    guarded: bool = False
    managed: frozenset[str] = frozenset()


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
    """Compute what a person sees; equal views need no redrawing."""
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
        problems=tuple(_problems(state, rows)),
        guarded=active is not None and is_guarded(active, state.preferences.guarded),
        managed=state.catalog.managed,
    )


def _needs_person(row: SessionRow) -> bool:
    return row.state in ("ending", "unreadable") or (row.state == "expired" and not row.renews)


def _problems(state: TrayState, rows: tuple[SessionRow, ...]) -> Iterator[str]:
    if state.config_problem is not None:
        yield state.config_problem
    yield from state.catalog.problems
    for row in rows:
        if row.problem is not None:
            yield row.problem
    if state.active is not None and state.active_profile is None and state.config_read:
        yield sentences.active_profile_gone(state.active)
    yield from state.settings_problems


def _row(state: TrayState, session: Session, now: Now) -> SessionRow:
    end = shown_end(session, state.preferences, now)
    sign_in = session.sign_in
    attempt = next_attempt(session, state.preferences, state.machine)
    return SessionRow(
        key=session.key,
        name=session_name(session.key),
        start_url=session.config.start_url,
        region=session.config.region,
        profiles=session.config.profiles,
        state=state_of(session, state.preferences, now),
        reason=reason_of(session, state.preferences, now),
        store=session.store,
        token_expires_at=session.token.expires_at if session.token is not None else None,
        session_ends_at=end.at if end is not None else None,
        session_end_known=end_known(end),
        renews=renews(session, state.preferences, now),
        next_attempt_at=None if session.job is not None else attempt,
        sign_in_url=sign_in.url if sign_in is not None else None,
        user_code=sign_in.user_code if sign_in is not None else None,
        sign_in_deadline=sign_in.deadline if sign_in is not None else None,
        afresh=helps_afresh(session, state.preferences, now),
        problem=session.config.problem,
        in_use=in_use(state, session, now),
        listing=state.listings.get(session.key),
    )
