"""The sentences of rows and answers: plain words, no secrets, no markup."""

from __future__ import annotations

from datetime import UTC, datetime

from tray.core.text.display_names import clean, session_name
from tray.core.text.shell_commands import login_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo
    from typing import assert_never

    from tray.core.events import FileBad
    from tray.core.model import Now, Profile, Reason
    from tray.core.state import TrayState
    from tray.core.views.view import SessionRow
else:

    def assert_never(value: object) -> None:
        """As `typing` has it; importing that takes as long as Python's start."""
        raise AssertionError(value)


REASONS: dict[Reason, str] = {
    "offline": "can't reach AWS",
    "refused": "AWS won't renew it",
    "session-over": "the sign-in session is over",
    "registration-expired": "its registration with AWS has expired",
    "keyring-locked": "keyring locked",
    "keyring-denied": "keyring access denied",
    "keyring-absent": "no keyring",
    "held-back": "renewed often enough for now",
    "keyring-waiting": "keyring not responding",
    "tls": "server certificate not trusted",
    "clock": "the computer's clock is wrong",
    "torn-file": "token file incomplete or not readable now",
    "bad-file": "token file damaged",
    "no-permission": "no permission to read the token file",
    "removed": "signed out, its token file was removed",
    "other": "the last attempt failed",
}

MISTAKE = "SSO Tray hit an internal error. For details, run: sso-tray log"


def internal_error(error: Exception) -> str:
    """Name only the kind of an error of ours; its text may hold anything."""
    return f"Internal error ({type(error).__name__}). For details, run: sso-tray log"


CLOCK_SUFFICES = 18 * 3600.0  # seconds from now up to which a time of day needs no day
WEEKDAY_SUFFICES = 6 * 86400.0  # and up to which a weekday is enough
NAMED_AT_MOST = 4  # how many names a sentence lists before it counts the rest


def span(seconds: float) -> str:
    """Return a duration as ``45 s``, ``12 min``, ``3 h 05 min`` or ``2 days``."""
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
    """Return a time of day in ``zone``, as `Now` has it."""
    try:
        moment = datetime.fromtimestamp(at, zone or UTC)
    except (OverflowError, ValueError, OSError):
        return "an unknown time"
    return moment.strftime(getattr(zone, "time_form", "%H:%M" if zone is not None else "%H:%MZ"))


def day(at: float, now: float, zone: tzinfo | None = None) -> str:
    """Return a time of day, with its day where that is not plain: ``Thu 17:42``, ``3 Dec``."""
    away = abs(at - now)
    if away < CLOCK_SUFFICES:
        return clock(at, zone)
    try:
        moment = datetime.fromtimestamp(at, zone or UTC)
    except (OverflowError, ValueError, OSError):
        return "an unknown time"
    form = getattr(zone, "date_form", f"{moment.day} %b")
    return moment.strftime(form) if away >= WEEKDAY_SUFFICES else f"{moment:%a} {clock(at, zone)}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 profile`` or ``3 profiles``."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def names(keys: Sequence[str]) -> str:
    return listed([called(key) for key in keys])


def called(key: str) -> str:
    """Name a session where it is only read, not typed."""
    return clean(session_name(key))


def listed(words: Sequence[str], limit: int = NAMED_AT_MOST) -> str:
    """List words as ``a``, ``a and b`` or ``a, b, c, d and 36 more``; empty for none."""
    shown = list(words[:limit])
    if len(words) > limit:
        shown.append(f"{len(words) - limit} more")
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


# --- Rows -----------------------------------------------------------------------------------


def row(row: SessionRow, now: float, zone: tzinfo | None = None) -> str:
    return f"{clean(row.name)}: {status(row, now, zone)}"


def status(  # noqa: RET503  (`assert_never` does not return)
    row: SessionRow, now: float, zone: tzinfo | None = None, *, standalone: bool = False
) -> str:
    """Word a session's state; `standalone`: no daemon runs that would try again by itself."""
    reason = REASONS[row.reason] if row.reason is not None else ""
    token_end = row.token_expires_at if row.token_expires_at is not None else now
    trying_at = row.next_attempt_at
    retry = "trying now" if trying_at is None else f"next try in {span(trying_at - now)}"
    if standalone:
        retry = "to try again, run: sso-tray renew"
    match row.state:
        case "signed-out":
            if row.can_undo:
                return "signed out on this machine"
            return reason if row.reason == "removed" else f"signed out{_in_brackets(reason)}"
        case "signing-in":
            return f"signing in – {_finish(row, now)}"
        case "signed-in":
            return f"signed in{_how_long(row, token_end, now, zone)}{_in_brackets(reason)}"
        case "ending":
            end = row.session_ends_at if row.session_ends_at is not None else token_end
            left = f"ends at {clock(end, zone)} ({span(end - now)} left)"
            return (left if end > now else "ending now") + (reason and f": {reason}")
        case "renewal-failing":
            works = f"works for {span(token_end - now)}, {retry}"
            return f"can't renew: {reason or REASONS['other']} ({works})"
        case "expired" if row.renews:
            return f"expired{reason and f': {reason}'} ({retry})"
        case "expired":
            why = "" if row.reason == "session-over" else reason
            return f"session expired{_in_brackets(why)} – sign in again"
        case "unreadable":
            return f"{reason or 'token file unreadable'} – sign in to replace it"
        case _:
            assert_never(row.state)


def _in_brackets(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _finish(row: SessionRow, now: float) -> str:
    if row.sign_in_deadline is None:
        return "finish in the browser"
    what = f"confirm code {clean(row.user_code)}" if row.user_code is not None else "finish"
    return f"{what} in the browser ({span(row.sign_in_deadline - now)} left)"


def _how_long(row: SessionRow, token_end: float, now: float, zone: tzinfo | None) -> str:
    if not row.renews:
        return f" until {clock(token_end, zone)}"
    if row.renewed_by == "clients":
        return f" until {clock(token_end, zone)}, the AWS CLI renews it when used"
    if row.session_ends_at is not None:
        guess = row.session_end_known == "learnt"
        return f"{', ends by about' if guess else ' until'} {day(row.session_ends_at, now, zone)}"
    if row.session_began_at is None:
        return ", renews itself"
    return f", renews itself · session began {day(row.session_began_at, now, zone)}"


# --- Answers to requests --------------------------------------------------------------------


def no_such_session(key: str) -> str:
    return f'The AWS config has no session "{clean(key)}".'


def not_allowed(start_url: str) -> str:
    return (
        f"Signing in at {clean(start_url, 200)} is not allowed here: it is none of the "
        "allowed_start_urls in the settings."
    )


def keyring_required(why: str) -> str:
    return (
        f"{why} Refresh tokens may be kept in the keyring only (keyring.required in the "
        "settings), so the sign-in was not started."
    )


def kept_nowhere(lasts: float) -> str:
    return (
        "The keyring didn't take the refresh token, and no file may have it (keyring.required in "
        f"the settings). The session can't be renewed and ends in {span(lasts)}."
    )


def not_from_file(key: str) -> str:
    return (
        f'The refresh token of "{clean(key)}" is in its file, where another program put it. SSO '
        "Tray renews it once the keyring takes it (keyring.required in the settings)."
    )


def no_such_profile(name: str) -> str:
    return f'The AWS config has no profile "{clean(name)}".'


def credentials_of_the_asker(name: str) -> str:
    return f'The credentials of the profile "{clean(name)}" depend on who asks; that acts alone.'


NO_ACTIVE_PROFILE = "No profile is active. Pick one in the menu or run: sso-tray use PROFILE"


def role_of(account_id: str, role_name: str) -> str:
    return f'"{clean(account_id)}/{clean(role_name)}"'


def given_to(profile: Profile, asker: str) -> str:
    """The history's detail. The role is in quotes: reports mask quoted text."""
    text = clean(profile.name)
    if profile.account_id and profile.role_name:
        role = role_of(profile.account_id, profile.role_name)
        # The config alone knows the role a chain ends with; this is the one it begins with.
        text += f" (through {role})" if profile.kind == "chained" else f" ({role})"
    return f"{text}, to {asker}" if asker else text


def shorter_than_asked(seconds: float) -> str:
    minutes = counted(max(0, round(seconds / 60)), "minute")
    return f"AWS gave credentials that last {minutes}: the role allows no longer."


def active_profile_gone(name: str) -> str:
    """Rule A7: none is active then."""
    gone = f'The active profile "{clean(name)}" is no longer in the AWS config.'
    return f"{gone} No profile is active."


def refused_accounts(accounts: Sequence[str]) -> str:
    what = "the account" if len(accounts) == 1 else "the accounts"
    return f"AWS doesn't list your roles in {what} {listed(accounts, 3)}. Their profiles stay."


def managed_profile(name: str) -> str:
    return f'"{clean(name)}" always follows the active profile. Pick another profile.'


def now_active(name: str | None) -> str:
    return "No profile is active." if name is None else f'"{clean(name)}" is the active profile.'


# How a pick takes effect, which nothing does by itself (A3).
FIRST_PICK = "to make it the default everywhere, run: sso-tray apply default"


def quitting(state: TrayState, now: Now) -> str:
    """Say how the AWS CLI works after a plain Quit, for ever or until when (K7)."""
    done = "SSO Tray has quit."
    lent = [
        clean(session.key)
        for session in state.sessions.values()
        if session.token is not None
        and session.store == "file"
        and session.token.refreshable
        and not session.over
    ]
    if lent:
        done += f" The AWS CLI and SDKs now renew {listed(lent)} when they use it."
    ends = [
        f"{clean(session.key)} until {clock(session.token.expires_at, now.zone)}"
        for session in state.sessions.values()
        if session.token is not None
        and session.store == "keyring"
        and session.token.expires_at > now.wall
    ]
    return f"{done} The AWS CLI keeps working with {listed(ends)}." if ends else done


def session_changed(key: str) -> str:
    return f'"{clean(key)}" has just changed in the AWS config. Try again.'


def released_not_renewed(key: str) -> str:
    return f'"{clean(key)}" was returned to the AWS CLI, which renews it when needed.'


def file_unreadable(key: str, bad: FileBad | None) -> str:
    why = bad.sentence if bad is not None else f'The token file of "{clean(key)}" is incomplete.'
    return f"{why} To replace it, run: {login_command(key)}"


def cannot_renew(key: str, *, usable: bool) -> str:
    if usable:
        return f'"{clean(key)}" still works, but only a new sign-in can extend it.'
    return f'"{clean(key)}" can\'t be renewed. Run: {login_command(key)}'


def renewed(key: str, expires_at: float, zone: tzinfo | None) -> str:
    return f'Renewed "{clean(key)}". The new token is valid until {clock(expires_at, zone)}.'


def renewal_refused(key: str) -> str:
    return f'AWS won\'t renew "{clean(key)}". Sign in again.'


def unconfirmed(key: str) -> str:
    return f"AWS won't renew \"{clean(key)}\", and the access portal can't be reached to ask why."


def renewals_limited(key: str, wait: float) -> str:
    return f'Too many renewals of "{clean(key)}". Next try in {span(wait)}.'


def signed_in(key: str, until: float | None, zone: tzinfo | None) -> str:
    """``until`` is None where it renews itself."""
    if until is None:
        return f'Signed in to "{clean(key)}". It renews automatically.'
    return f'Signed in to "{clean(key)}" until {clock(until, zone)}.'


def already_signed_in(key: str, until: float | None, zone: tzinfo | None) -> str:
    """No browser was opened because none is needed (L7)."""
    if until is None:
        return f'You\'re already signed in to "{clean(key)}". It renews automatically.'
    return f'You\'re already signed in to "{clean(key)}" until {clock(until, zone)}.'


def signed_out(key: str, remains: str | None) -> str:
    return f'Signed out of "{clean(key)}".' + ("" if remains is None else f" {remains}")


def ends_too(key: str, others: Sequence[str]) -> str:
    same = "it uses" if len(others) == 1 else "they use"
    ended = names(others)
    return f'Signing out of "{clean(key)}" also ends {ended}: {same} the same Identity Center.'


def shares_token_file(*, same: bool) -> str:
    if same:
        both = "to sign in or out with one config does so with the other"
        return f"~/.aws/config has it, too, and both use one token file: {both}."
    both = "each sign-in replaces that of the other"
    return f"In ~/.aws/config it is another portal, and both use one token file: {both}."


RESTART = (
    "Programs that run on the AWS SDKs for Rust, Java, C++ and Ruby keep the old sign-in: restart "
    'them afterwards. Those with credentials from "sso-tray endpoint" or the credential helper '
    "continue."
)


def own_network_fails(differing: Sequence[str]) -> str:
    """SSO Tray signed in through a terminal's network, and its own doesn't reach AWS."""
    return (
        "SSO Tray itself can't reach AWS to renew the session, as it runs without this terminal's "
        f"{listed(differing, 3)}. Set ca_bundle or proxy for the session (sso-tray guide "
        "files-and-settings), or restart SSO Tray from this terminal."
    )


def signed_out_elsewhere(key: str) -> str:
    """Another program signed out (K5)."""
    return f'Another program signed out of "{clean(key)}".'


def published(key: str) -> str:
    return f'The token file of "{clean(key)}" was missing and has been restored.'


def removed(key: str) -> str:
    """Signed out by removing the token file, which ends nothing at AWS (K5)."""
    undo = f"{login_command(key)} --undo"
    return (
        f'"{clean(key)}" was signed out on this machine: its token file was removed. To sign in, '
        f"run: {login_command(key)}. To undo it, run: {undo}"
    )


def undone(key: str) -> str:
    return f'"{clean(key)}" is signed in again, as before its token file was removed.'


def nothing_to_undo(key: str) -> str:
    return f'Nothing to undo: "{clean(key)}" was not signed out by removing its token file.'


def removal_dropped(key: str) -> str:
    return f'"{clean(key)}" stays signed out; its tokens were deleted from the keyring.'


def older_file(key: str) -> str:
    return f"{key}: its token file is an older one, so it is not renewed from."


def adopted(key: str) -> str:
    return f'The refresh token of "{clean(key)}" is now in the keyring.'


def nothing_to_cancel(key: str) -> str:
    return f'No sign-in to "{clean(key)}" is in progress.'


EARLIER_ENDED = "The previous session is already signed out, so sign in again."
"""What an afresh sign-in leaves when it does not succeed (L9)."""


def sign_in_cancelled(key: str, *, earlier_ended: bool = False) -> str:
    sentence = f'The sign-in to "{clean(key)}" was cancelled.'
    return f"{sentence} {EARLIER_ENDED}" if earlier_ended else sentence


def sign_in_too_late(key: str) -> str:
    return f'The sign-in to "{clean(key)}" timed out.'
