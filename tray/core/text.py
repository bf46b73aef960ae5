"""Every sentence a person reads that the rules decide on; plain words, no secrets, no markup."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, assert_never

from tray.core.model import Reason, State
from tray.core.words import clean

if TYPE_CHECKING:
    from tray.core.state import TrayState
    from tray.core.view import SessionRow

_PLAIN_WORD = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")

REASONS: dict[Reason, str] = {
    "offline": "AWS cannot be reached",
    "refused": "AWS does not renew it any more",
    "session-over": "the session has ended",
    "registration-expired": "the client registration has expired",
    "keyring-locked": "the keyring is locked",
    "keyring-denied": "the keyring refused the write",
    "keyring-absent": "there is no keyring; the refresh token stays in the file",
    "keyring-waiting": "waiting for the keyring",
    "tls": "the server's certificate is not trusted",
    "clock": "the clock is wrong",
    "torn-file": "the token cache file is empty or cut",
    "bad-file": "the token cache file cannot be read",
    "no-permission": "the token cache file may not be read",
    "removed": "signed out by another program",
    "other": "AWS answered with an error",
}


def span(seconds: float) -> str:
    """Say a length of time as a person would: ``45 s``, ``12 min``, ``3 h 05 min``, ``2 days``."""
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 120:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest:02d} min"
    return f"{hours // 24} days"


def clock(at: float, zone: tzinfo | None = None) -> str:
    """
    Say a moment as a time of day.

    Args:
        at: seconds since the epoch.
        zone: the reader's zone; None = UTC, and then it says so.
    """
    moment = datetime.fromtimestamp(at, zone or UTC)
    return f"{moment:%H:%M}" if zone is not None else f"{moment:%H:%M:%SZ}"


def state_words(state: State) -> str:
    """Say a state in words."""
    match state:
        case "signed-out":
            return "signed out"
        case "signing-in":
            return "signing in"
        case "signed-in":
            return "signed in"
        case "ending":
            return "ending"
        case "renewal-failing":
            return "renewal failing"
        case "expired":
            return "expired"
        case "unreadable":
            return "token file unreadable"
        case _:
            assert_never(state)


def row(row: SessionRow, now: float, zone: tzinfo | None = None) -> str:
    """Say one session in a line: its state, its time, and why."""
    words = [f"{clean(row.name)}: {state_words(row.state)}"]
    if row.state == "signing-in" and row.sign_in_deadline is not None:
        words.append(f"finish in the browser within {span(row.sign_in_deadline - now)}")
    elif row.state == "ending":
        end = row.session_ends_at or row.token_expires_at
        if end is not None:
            words.append(f"at {clock(end, zone)}, in {span(end - now)}")
    elif row.state in ("signed-in", "renewal-failing"):
        words.append(_time_left(row, now, zone))
    if row.reason is not None:
        words.append(REASONS[row.reason])
    if row.state == "renewal-failing" and row.next_attempt_at is not None:
        words.append(f"next try in {span(row.next_attempt_at - now)}")
    return ", ".join(word for word in words if word)


def _time_left(row: SessionRow, now: float, zone: tzinfo | None) -> str:
    if row.state == "renewal-failing" or not row.renews:
        return f"{span((row.token_expires_at or now) - now)} left"
    if row.session_ends_at is None:
        return "renews itself"
    about = "by about " if row.session_end_known == "learnt" else "until "
    return f"renews itself {about}{clock(row.session_ends_at, zone)}"


# --- Answers to a person's wishes -----------------------------------------------------------


def no_such_session(key: str) -> str:
    """Say that a session does not exist."""
    return f'There is no session "{clean(key)}" in the AWS config.'


def no_such_profile(name: str) -> str:
    """Say that a profile does not exist."""
    return f'There is no profile "{clean(name)}" in the AWS config.'


def now_active(name: str | None) -> str:
    """Say which profile is active."""
    return "No profile is active." if name is None else f'"{clean(name)}" is the active profile.'


def quitting(state: TrayState) -> str:
    """Say until when the AWS CLI goes on working after a plain Quit (K7)."""
    ends = [
        f"{clean(session.key)} until {clock(session.token.expires_at)}"
        for session in state.sessions.values()
        if session.token is not None and session.keeper == "keyring"
    ]
    if not ends:
        return "SSO Tray has quit."
    return f"SSO Tray has quit. The AWS CLI goes on working: {', '.join(ends)}."


def session_changed(key: str) -> str:
    """Say that the config took a session away while it was being signed in to."""
    return f'The session "{clean(key)}" was changed in the AWS config; sign in again.'


def released_not_renewed(key: str) -> str:
    """Say why a released session is not renewed by us."""
    return f'"{clean(key)}" was handed back to the AWS CLI, which renews it itself.'


def cannot_renew(key: str, *, usable: bool) -> str:
    """Say that only a sign-in helps."""
    if usable:
        return (
            f'"{clean(key)}" still works but cannot be renewed; it needs a sign-in when it ends.'
        )
    return f'"{clean(key)}" cannot be renewed: sign in with "sso-tray login {clean(key)}".'


def sign_in_first(key: str) -> str:
    """Say what to type before credentials can be given; it can be pasted into a shell."""
    return f"Nobody is signed in; sign in with: {login_command(key)}"


def login_command(key: str) -> str:
    """Return the command that signs in to a session, quoted for a POSIX shell."""
    name = clean(key, 200)
    if not _PLAIN_WORD.fullmatch(name):
        name = "'" + name.replace("'", "'\"'\"'") + "'"
    return f"sso-tray login {name}"


def renewed(key: str, expires_at: float) -> str:
    """Say that a renewal worked."""
    return f'"{clean(key)}" is renewed until {clock(expires_at)}.'


def renewal_refused(key: str) -> str:
    """Say that AWS refused."""
    return f'AWS does not renew "{clean(key)}" any more: sign in again.'


def renewals_limited(key: str) -> str:
    """Say that we hold back (R5)."""
    return f'"{clean(key)}" was asked for often enough; the next try waits.'


def signed_in(key: str, expires_at: float, *, renews: bool) -> str:
    """Say that a sign-in worked."""
    how = "it renews itself" if renews else f"until {clock(expires_at)}"
    return f'Signed in to "{clean(key)}": {how}.'


def already_signed_in(key: str, expires_at: float, *, renews: bool) -> str:
    """Say that no browser was opened because none is needed (L7)."""
    how = "it renews itself" if renews else f"it works until {clock(expires_at)}"
    return f'Already signed in to "{clean(key)}": {how}. Nothing was opened.'


def signed_out(key: str, remains: str | None) -> str:
    """Say that a sign-out worked, and what remains."""
    done = f'Signed out of "{clean(key)}".'
    return done if remains is None else f"{done} {remains}"


def signed_out_elsewhere(key: str) -> str:
    """Say that another program signed out (K5)."""
    return f'Another program signed out of "{clean(key)}".'


def not_signed_in(key: str) -> str:
    """Say that there is nothing to renew."""
    return f'"{clean(key)}" is not signed in.'


def published(key: str) -> str:
    """Say that a removed file was put back."""
    return f'The token cache file of "{clean(key)}" had been removed and was put back.'


def adopted(key: str) -> str:
    """Say that refresh data was taken into the keyring."""
    return f'The refresh token of "{clean(key)}" is kept in the keyring now.'


def nothing_to_cancel(key: str) -> str:
    """Say that no sign-in is under way."""
    return f'No sign-in to "{clean(key)}" is under way.'


def sign_in_cancelled(key: str) -> str:
    """Say that a sign-in was cancelled."""
    return f'The sign-in to "{clean(key)}" was cancelled.'


def sign_in_too_late(key: str) -> str:
    """Say that nobody finished a sign-in in time (L4)."""
    return f'The sign-in to "{clean(key)}" was not finished in time.'


# --- Notices --------------------------------------------------------------------------------


def names(keys: tuple[str, ...]) -> str:
    """List sessions for a sentence."""
    return ", ".join(clean(key) for key in keys)


def ending_notice(key: str, end: float, now: float) -> tuple[str, str]:
    """Return title and text of the warning before a session ends."""
    title = f"{clean(key)} ends in {span(end - now)}"
    return title, f"The session ends at {clock(end)}. Sign in to go on working without a break."


def expired_notice(keys: tuple[str, ...], reason: Reason | None) -> tuple[str, str]:
    """Return title and text for one or several sessions that have ended."""
    if len(keys) > 1:
        return f"{len(keys)} sessions have ended", f"Sign in again: {names(keys)}."
    if reason == "removed":
        return f"Signed out of {names(keys)}", "Another program signed out of this session."
    return f"{names(keys)} has ended", "Sign in again to go on working."


def failing_notice(key: str, reason: Reason, left: float) -> tuple[str, str]:
    """Return title and text for a renewal that keeps failing."""
    title = f"{clean(key)} cannot be renewed just now"
    return title, f"{REASONS[reason].capitalize()}. {span(left)} are left; we go on trying."


def keyring_notice(reason: Reason, keys: tuple[str, ...]) -> tuple[str, str]:
    """Return title and text for a keyring that a person has to see to."""
    return f"{REASONS[reason].capitalize()}", f"Until then these cannot be renewed: {names(keys)}."


def config_notice(sentence: str) -> tuple[str, str]:
    """Return title and text for a config that botocore refuses."""
    return "The AWS config cannot be read", f"{sentence} The last good one stays in use."


def adopted_notice(key: str) -> tuple[str, str]:
    """Return title and text for an adoption (K4)."""
    return (
        f"{clean(key)} is kept in the keyring now",
        "Its refresh token was moved from the file into the keyring. The AWS CLI goes on working.",
    )
