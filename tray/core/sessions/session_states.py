"""Which state a session is in, and why (S5, S6); what "sign in" must do to help (L10)."""

from __future__ import annotations

from tray.core import policy
from tray.core.model import Now, Preferences, Reason, State
from tray.core.session import (
    Session,
    has_refresh_data,
    over_by,
    refused,
    renewable,
    unreadable,
)
from tray.core.sessions.after_sign_out import unproved
from tray.core.sessions.session_end import exact_end, firm_end


def state_of(session: Session, preferences: Preferences, now: Now) -> State:
    """Rule S5."""
    token = session.token
    if session.sign_in is not None:
        return "signing-in"
    if unreadable(session):
        return "unreadable"
    if token is None:
        return "signed-out"
    if over_by(session, now):
        return "expired"
    if unproved(session):
        return "signed-out"
    if token.expires_at <= now.wall:
        return "expired"
    if refused(session) or session.notable == "registration-expired":
        return "ending"
    if end_is_near(session, preferences, now):
        return "ending"
    return "signed-in" if session.failing is None else "renewal-failing"


def end_is_near(session: Session, preferences: Preferences, now: Now) -> bool:
    """Whether a firm end is 30 minutes or less away, or past (S5)."""
    end = firm_end(session, preferences)
    return end is not None and end.at - now.wall <= policy.ENDING_BEFORE


def renews(session: Session, preferences: Preferences, now: Now) -> bool:
    """Whether it needs no user; an SDK renews a released session with refresh data (K7)."""
    if unproved(session) or end_is_near(session, preferences, now):
        return False
    handed_back = session.store == "released" and not session.over and not refused(session)
    return renewable(session) or (handed_back and has_refresh_data(session))


def past_exact_end(session: Session, now: Now) -> bool:
    end = exact_end(session)
    return end is not None and end.at <= now.wall + policy.CLOCK_SLACK


def reason_of(session: Session, preferences: Preferences, now: Now) -> Reason | None:
    """Rule S6."""
    if session.bad is not None and session.file_status == "bad":
        return session.bad.reason
    if unreadable(session):
        return "torn-file"
    trouble = session.failing.reason if session.failing is not None else session.notable
    if session.token is None:
        return "removed" if session.memory.removed else trouble
    kind = state_of(session, preferences, now)
    if over_by(session, now):
        return "session-over"
    if kind == "expired" and (refused(session) or past_exact_end(session, now)):
        return "session-over"
    if refused(session):
        return "refused"
    return "held-back" if trouble is None and session.held_back else trouble


def helps_afresh(session: Session, preferences: Preferences, now: Now) -> bool:
    """Whether a plain sign-in would only inherit the end of AWS's living session (L10)."""
    return (
        end_is_near(session, preferences, now)
        and not over_by(session, now)
        and not past_exact_end(session, now)
        and not refused(session)
        and session.notable != "registration-expired"
        and has_refresh_data(session)
    )
