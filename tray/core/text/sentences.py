"""What a person reads in rows and answers; plain words, no secrets, no markup."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, assert_never

from tray.core.events import FileBad
from tray.core.model import Now, Profile, Reason, State
from tray.core.text.display_names import clean, session_name
from tray.core.text.shell_commands import login_command

if TYPE_CHECKING:
    from tray.core.state import TrayState
    from tray.core.views.view import SessionRow

REASONS: dict[Reason, str] = {
    "offline": "AWS cannot be reached",
    "refused": "AWS does not renew it any more",
    "session-over": "the session is over",
    "registration-expired": "its registration with AWS has expired",
    "keyring-locked": "the keyring is locked",
    "keyring-denied": "the keyring refuses access",
    "keyring-absent": "no keyring is available",
    "keyring-waiting": "the keyring has not answered yet",
    "tls": "the server's certificate is not trusted",
    "clock": "the computer's clock is wrong",
    "torn-file": "its token file is empty or cut short",
    "bad-file": "its token file is damaged",
    "no-permission": "its token file may not be read",
    "removed": "another program signed out",
    "other": "the last attempt failed",
}

MISTAKE = "SSO Tray made a mistake; its log says more."

NAMED_AT_MOST = 4
"""How many sessions a sentence lists before it counts the rest."""


def span(seconds: float) -> str:
    """Say a length of time as a person would: ``45 s``, ``12 min``, ``3 h 05 min``, ``2 days``."""
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes = (whole + 30) // 60
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
    try:
        moment = datetime.fromtimestamp(at, zone or UTC)
    except (OverflowError, ValueError, OSError):
        return "a time far away"
    return f"{moment:%H:%M}" if zone is not None else f"{moment:%H:%MZ}"


def names(keys: Sequence[str]) -> str:
    """List sessions for a sentence, the first few by name."""
    return listed([called(key) for key in keys])


def called(key: str) -> str:
    """Name a session where a person only reads it, and need not type it."""
    return clean(session_name(key))


def listed(words: Sequence[str]) -> str:
    """List words for a sentence: ``a``, ``a and b``, ``a, b, c, d and 36 more``."""
    shown = list(words[:NAMED_AT_MOST])
    if len(words) > NAMED_AT_MOST:
        shown.append(f"{len(words) - NAMED_AT_MOST} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


# --- Rows -----------------------------------------------------------------------------------


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
            return "unreadable"
        case _:
            assert_never(state)


def row(row: SessionRow, now: float, zone: tzinfo | None = None) -> str:
    """Say one session in a line: its state, its time, why, and what happens next."""
    words = [_state_and_time(row, now, zone)]
    if row.reason is not None and row.state != "signing-in":
        words.append(REASONS[row.reason])
    if row.state == "unreadable":
        words.append("sign in to replace it")
    if row.state == "renewal-failing" or (row.state == "expired" and row.renews):
        at = row.next_attempt_at
        words.append("trying now" if at is None else f"next try in {span(at - now)}")
    elif row.state == "expired":
        words.append("sign in again")
    return f"{clean(row.name)}: {', '.join(words)}"


def _state_and_time(row: SessionRow, now: float, zone: tzinfo | None) -> str:
    words = state_words(row.state)
    token_end = row.token_expires_at if row.token_expires_at is not None else now
    if row.state == "signing-in":
        return f"{words}, {_finish(row, now)}"
    if row.state == "renewal-failing":
        return f"{words}, {span(token_end - now)} left"
    if row.state == "ending":
        end = row.session_ends_at if row.session_ends_at is not None else token_end
        return (
            f"{words} at {clock(end, zone)}, in {span(end - now)}" if end > now else "ending now"
        )
    if row.state == "signed-in":
        return f"{words}{_how_long(row, token_end, zone)}"
    return words


def _finish(row: SessionRow, now: float) -> str:
    if row.sign_in_deadline is None:
        return "finish in the browser"
    code = f"with code {clean(row.user_code)} " if row.user_code is not None else ""
    return f"finish in the browser {code}within {span(row.sign_in_deadline - now)}"


def _how_long(row: SessionRow, token_end: float, zone: tzinfo | None) -> str:
    if not row.renews:
        return f" until {clock(token_end, zone)}"
    if row.session_ends_at is None:
        return ", renews itself"
    by = "by about" if row.session_end_known == "learnt" else "by"
    return f", renews itself, new sign-in {by} {clock(row.session_ends_at, zone)}"


# --- Answers to a person's wishes -----------------------------------------------------------


def no_such_session(key: str) -> str:
    """Say that a session does not exist."""
    return f'There is no session "{clean(key)}" in the AWS config.'


def no_such_profile(name: str) -> str:
    """Say that a profile does not exist."""
    return f'There is no profile "{clean(name)}" in the AWS config.'


NO_ACTIVE_PROFILE = "No profile is active: pick one in the menu, or with: sso-tray use PROFILE"


def given_to(profile: Profile, asker: str) -> str:
    """
    Return the history's words for who got which profile's credentials, and of which role.

    The role is in quotes: what stands in quotes is masked in reports, in the config or not.
    """
    words = clean(profile.name)
    if profile.account_id and profile.role_name:
        role = f'"{clean(profile.account_id)}/{clean(profile.role_name)}"'
        # What a chain ends with stands in the config alone; this is the role it begins with.
        words += f" (through {role})" if profile.kind == "chained" else f" ({role})"
    return f"{words}, to {asker}" if asker else words


def active_profile_gone(name: str) -> str:
    """Say that the active profile vanished, so that none is active (A7)."""
    gone = f'The active profile "{clean(name)}" is no longer in the AWS config.'
    return f"{gone} No profile is active."


def managed_profile(name: str) -> str:
    """Say why our own profile cannot be the active one (A7)."""
    return f'"{clean(name)}" is the profile that follows the active one; use another.'


def now_active(name: str | None) -> str:
    """Say which profile is active."""
    return "No profile is active." if name is None else f'"{clean(name)}" is the active profile.'


def first_pick() -> str:
    """Say how a pick takes effect, which nothing does by itself (A3)."""
    return (
        'to let a bare "aws" follow it: sso-tray apply default; your shells: sso-tray shell-init;'
        " one command: sso-tray exec."
    )


def quitting(state: TrayState, now: Now) -> str:
    """Say until when the AWS CLI goes on working after a plain Quit (K7)."""
    ends = [
        f"{clean(session.key)} until {clock(session.token.expires_at, now.zone)}"
        for session in state.sessions.values()
        if session.token is not None
        and session.store == "keyring"
        and session.token.expires_at > now.wall
    ]
    if not ends:
        return "SSO Tray has quit."
    return f"SSO Tray has quit. Without it the AWS CLI works with {listed(ends)}."


def session_changed(key: str) -> str:
    """Say that the config took a session away while somebody waited for it."""
    return f'"{clean(key)}" was changed in the AWS config just now. Please try again.'


def released_not_renewed(key: str) -> str:
    """Say why a released session is not renewed by us."""
    return f'"{clean(key)}" was handed back to the AWS CLI, which renews it when it is used.'


def file_unreadable(key: str, bad: FileBad | None) -> str:
    """Say that the token file has to be replaced before anything can be renewed."""
    why = bad.sentence if bad is not None else f'The token file of "{clean(key)}" is cut short.'
    return f"{why} Sign in to replace it: {login_command(key)}"


def cannot_renew(key: str, *, usable: bool) -> str:
    """Say that only a sign-in helps."""
    if usable:
        return f'"{clean(key)}" still works, but only a new sign-in can prolong it.'
    return f'"{clean(key)}" cannot be renewed. Sign in with: {login_command(key)}'


def renewed(key: str, expires_at: float, zone: tzinfo | None) -> str:
    """Say that a renewal worked."""
    return f'"{clean(key)}" is renewed; the new token lasts until {clock(expires_at, zone)}.'


def renewal_refused(key: str) -> str:
    """Say that AWS refused."""
    return f'AWS does not renew "{clean(key)}" any more. Please sign in again.'


def unconfirmed(key: str) -> str:
    """Say that AWS refused, and could not be asked what that means."""
    return f'AWS does not renew "{clean(key)}", and the portal cannot be reached to say why.'


def renewals_limited(key: str, wait: float) -> str:
    """Say that we hold back (R5)."""
    return f'"{clean(key)}" was asked for often enough; the next try is in {span(wait)}.'


def signed_in(key: str, until: float | None, zone: tzinfo | None) -> str:
    """Say that a sign-in worked; ``until`` is None where it renews itself."""
    how = "It renews itself." if until is None else f"It works until {clock(until, zone)}."
    return f'Signed in to "{clean(key)}". {how}'


def already_signed_in(key: str, until: float | None, zone: tzinfo | None) -> str:
    """Say that no browser was opened because none is needed (L7)."""
    how = "and it renews itself" if until is None else f"until {clock(until, zone)}"
    return f'Already signed in to "{clean(key)}", {how}. Nothing was opened.'


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
    return f'The token file of "{clean(key)}" was missing and has been put back.'


def older_file(key: str) -> str:
    """Say why a token file of an earlier time is not renewed from."""
    return f"{key}: its token file is an older one, so it is not renewed from."


def adopted(key: str) -> str:
    """Say that refresh data was taken into the keyring."""
    return f'The refresh token of "{clean(key)}" is now kept in the keyring.'


def nothing_to_cancel(key: str) -> str:
    """Say that no sign-in is under way."""
    return f'No sign-in to "{clean(key)}" is under way.'


def sign_in_cancelled(key: str) -> str:
    """Say that a sign-in was cancelled."""
    return f'The sign-in to "{clean(key)}" was cancelled.'


def sign_in_too_late(key: str) -> str:
    """Say that nobody finished a sign-in in time (L4)."""
    return f'The sign-in to "{clean(key)}" was not finished in time.'
