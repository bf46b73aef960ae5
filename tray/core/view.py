"""What a person sees, computed from the state: for the tray, for ``status``, for both the same."""

from __future__ import annotations

from dataclasses import dataclass

from tray.core import text
from tray.core.model import EndKnown, Keeper, Now, Profile, Reason, State
from tray.core.session import (
    Session,
    end_known,
    next_attempt,
    reason_of,
    refused,
    renews,
    shown_end,
    state_of,
)
from tray.core.state import TrayState


@dataclass(frozen=True, slots=True)
class SessionRow:
    """
    One session as a person sees it; all times are seconds since the epoch.

    Args:
        key, name, start_url, region, profiles: from the config.
        state, reason, keeper: rules S5, S6, K1.
        token_expires_at: the end of the published access token.
        session_ends_at, session_end_known: the end of the sign-in session, and how well known.
        renews: whether it goes on by itself.
        next_attempt_at: when the next renewal is due.
        sign_in_url, user_code, sign_in_deadline: while signing in.
        afresh: what the button "Sign in" does now is the afresh sign-in (L10), and says so.
        problem: why the session cannot be signed in to.
    """

    key: str
    name: str
    start_url: str
    region: str
    profiles: tuple[str, ...]
    state: State
    reason: Reason | None
    keeper: Keeper | None
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


@dataclass(frozen=True, slots=True)
class View:
    """
    Everything the tray draws and ``status`` prints.

    Args:
        sessions: a row each, config order.
        profiles: every profile, botocore's order.
        active_profile: None if none is picked or the picked one vanished (A7).
        worst: the most urgent state over all sessions, for the icon.
        attention: how many sessions need a person.
        keyring_locked: whether the row "unlock keyring" belongs in the menu.
        problems: sentences about config and sessions.
    """

    sessions: tuple[SessionRow, ...]
    profiles: tuple[Profile, ...]
    active_profile: str | None
    worst: State
    attention: int
    keyring_locked: bool
    problems: tuple[str, ...]


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
    needy = tuple(row for row in rows if row.state in ("expired", "ending", "unreadable"))
    states = {row.state for row in rows}
    worst: State = next((one for one in _URGENCY if one in states), "signed-out")
    problems = [state.config_problem] if state.config_problem is not None else []
    problems += state.catalog.problems
    problems += [row.problem for row in rows if row.problem is not None]
    if state.active is not None and state.active_profile is None and state.config_read:
        problems.append(text.no_such_profile(state.active))
    return View(
        sessions=rows,
        profiles=state.catalog.profiles,
        active_profile=state.active_profile,
        worst=worst,
        attention=len(needy),
        keyring_locked=any(row.reason == "keyring-locked" for row in rows),
        problems=tuple(problems),
    )


def _row(state: TrayState, session: Session, now: Now) -> SessionRow:
    end = shown_end(session, state.preferences, now)
    sign_in = session.sign_in
    kind = state_of(session, state.preferences, now)
    return SessionRow(
        key=session.key,
        name=session.key,
        start_url=session.config.start_url,
        region=session.config.region,
        profiles=session.config.profiles,
        state=kind,
        reason=reason_of(session, state.preferences, now),
        keeper=session.keeper,
        token_expires_at=session.token.expires_at if session.token is not None else None,
        session_ends_at=end.at if end is not None else None,
        session_end_known=end_known(end),
        renews=renews(session),
        next_attempt_at=next_attempt(session, state.machine),
        sign_in_url=sign_in.url if sign_in is not None else None,
        user_code=sign_in.user_code if sign_in is not None else None,
        sign_in_deadline=sign_in.deadline if sign_in is not None else None,
        afresh=kind == "ending" and not refused(session),
        problem=session.config.problem,
    )
