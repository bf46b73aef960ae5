"""The texts of the menu's rows."""

from __future__ import annotations

from collections.abc import Sequence

from tray.core.requests import SettingName
from tray.core.text.display_names import clean, session_name
from tray.core.text.sentences import counted
from tray.core.text.shell_commands import quoted

COPIED_LINK = "sign-in link"
COPIED_ENVIRONMENT = "AWS_PROFILE command"
COPIED_CONSOLE_LINK = "link to the console"
COPIED_FOR_TERMINAL = "command for a terminal"

SIGN_IN = "Sign in"
SIGN_IN_AFRESH = "Sign out and sign in again"
SIGN_OUT = "Sign out"
SIGN_OUT_AT_AWS = "Sign out at AWS"
UNDO_SIGN_OUT = "Undo sign-out"
NOT_UNDONE = "The sign-out was not undone"
RENEW_NOW = "Renew now"
CANCEL = "Cancel sign-in"
COPY_LINK = "Copy sign-in link"
UNLOCK = "Unlock keyring"
NO_PROFILE = "No active profile"
NONE_ACTIVE = "None"
OPEN_CONSOLE = "Open AWS console"
COPY_ENVIRONMENT = "Copy AWS_PROFILE command"
COPY_CONSOLE_LINK = "Copy link to the console"
FAVOURITES = "Favourites and recent"
ALL_ACCOUNTS = "All accounts"
CONSOLE_OF = "Open AWS console:"
USE_PROFILE = "Use profile:"
SETTINGS = "Settings"
ACCOUNTS_PAGE = "Accounts…"
SETTINGS_PAGE = "All settings…"
PAGE_NOT_OPENED = "The accounts page wasn't opened"
SETTING_LABELS: dict[SettingName, str] = {
    "start-at-login": "Start at login",
    "warnings": "Warn before a session ends",
    "default-follows": "Use the active profile as the AWS default",
    "process-follows": 'Provide an "sso-tray" profile for IDEs',
    "adopt": "Keep refresh tokens in the keyring",
    "restore-removed": "Put removed token files back",
}
ON, OFF = "On", "Off"
COPY_REFUSED = "Nothing was copied"
SETTING_REFUSED = "The setting was not changed"
NO_SIGN_IN = "No sign-in was started"
STILL_LOCKED = "The keyring is still locked"
NOT_STARRED = "Your favourites were not changed"
NOT_USED = "The profile was not changed"
NO_BROWSER = "No browser could be opened"
OFFER_DEFAULT = "Use this profile as the AWS default"
RECENT = "Recent activity"
NOTHING_RECENT = "No activity yet"
HELP = "Help"
RUN_DOCTOR = "Run doctor"
HELP_LINES = ("All commands: sso-tray --help", "The guide: sso-tray guide")
RIGHT_CLICK = "Right-click the icon for its menu."
QUIT = "Quit"
SET_UP = "Set up AWS access"
SET_UP_COMMAND = "sso-tray add"
ADD_PROFILE = "Add profile"
LIST_ROLES = "Add profile: list accounts and roles"
LISTING_ROLES = "Add profile: listing accounts and roles…"
LIST_AGAIN = "Refresh list"
MORE_ROLES = f"More: {SET_UP_COMMAND}"
NO_ROLES = "You have no role in any account."
NO_KEYRING_HOW = "Start GNOME Keyring, KWallet or KeePassXC, then sign in again"
MORE_SESSIONS = "More: sso-tray status"


def quit_and_hand_back(*, keyring_required: bool) -> str:
    if keyring_required:
        return "Sign out of the sessions in the keyring and quit"
    return "Return sessions to the AWS CLI and quit"


def no_keyring(*, required: bool) -> str:
    if required:
        return "No keyring, and refresh tokens are allowed nowhere else"
    return "No keyring: refresh tokens stay in the token files"


def locked_by(file: str) -> str:
    return f"Settings locked by {clean(file, 80)}"


def setting(name: SettingName, *, locked: bool) -> str:
    return SETTING_LABELS[name] + (" (set by your administrator)" if locked else "")


def sign_in_to(name: str, *, afresh: bool) -> str:
    return f"{SIGN_IN_AFRESH}: {clean(name)}" if afresh else f"{SIGN_IN} to {clean(name)}"


def sign_in_to_all(count: int) -> str:
    return f"Sign in to all ({count})"


def active(name: str | None, label: str = "") -> str:
    if name is None:
        return NO_PROFILE
    return f"Profile: {clean(name)}" + (f"  ({clean(label)})" if label else "")


def profile(name: str, *, guarded: bool, problem: bool, label: str = "") -> str:
    """``label`` of the account, by the person's own pattern."""
    words = (clean(label), "guarded" if guarded else "", "incomplete" if problem else "")
    said = ", ".join(word for word in words if word)
    return clean(name) + (f"  ({said})" if said else "")


def account(account_id: str | None, name: str, count: int) -> str:
    """An account that holds several profiles; None: those whose account is not known."""
    whose = "Other profiles" if account_id is None else named_account(account_id, name)
    return f"{whose}: {count}" if name else f"{whose} ({count})"


def use(*, active: bool, guarded: bool) -> str:
    if active:
        return "In use"
    return "Use  (guarded)" if guarded else "Use"


def star(name: str = "", *, on: bool) -> str:
    """Name the profile where the menu does not."""
    which = f" {clean(name)}" if name else ""
    return f"Add{which} to favourites" if on else f"Remove{which} from favourites"


def favourite(text: str) -> str:
    return f"★ {text}"


def role_in(account_id: str, name: str, role_name: str) -> str:
    """A role that has no profile."""
    return f"{clean(name, 32) or clean(account_id)}: {clean(role_name, 32)}"


def list_accounts(*, failed: bool) -> str:
    return "List all accounts" + (" (the last try failed)" if failed else "")


def more(count: int) -> str:
    return f"Find… ({count} more)"


def about(version: str) -> str:
    return f"SSO Tray {version}"


def named_account(account_id: str, name: str, label: str = "") -> str:
    said = f", {clean(label)}" if label else ""
    if name:
        return f"{clean(name, 40)} ({clean(account_id)}{said})"
    return f"Account {clean(account_id)}{said}"


def range_of(first: str, last: str) -> str:
    return f"{clean(first, 30)} … {clean(last, 30)}"


def role(name: str, profile_name: str | None) -> str:
    text = clean(name, 48)
    return text if profile_name is None else f"{text}: profile {clean(profile_name, 48)}"


def roles_listed(key: str, roles: int, accounts: int) -> tuple[str, str]:
    name = clean(session_name(key))
    if not roles:
        return f"{name}: no profiles to add", NO_ROLES
    found = f"{counted(roles, 'role')} in {counted(accounts, 'account')}"
    return f"{name}: {found}", f"Pick one in the menu below {name}."


def roles_not_listed(key: str) -> str:
    return f"{clean(session_name(key))}: accounts not listed"


def profile_added(name: str) -> tuple[str, str]:
    return f"Added profile {clean(name)}", f"To use it: aws --profile {clean(name)} …"


def profile_not_added(name: str) -> str:
    return f"Profile {clean(name)} was not added"


def more_sessions(count: int) -> str:
    return f"More sessions ({count})"


def problem(sentence: str) -> str:
    return clean(sentence, 110)


def signed_out_logins(profiles: Sequence[str]) -> str:
    """Profiles of ``aws login``, in which only the AWS CLI signs in."""
    if len(profiles) == 1:
        one = profiles[0]
        return clean(f'Signed out: "{one}". Run: aws login --profile {quoted(one)}', 110)
    return clean(
        f'Signed out of {len(profiles)} profiles of "aws login": {", ".join(profiles)}', 110
    )


def user_code(code: str) -> str:
    """The code to compare with the page (L8)."""
    return f"Code: {clean(code)}"


def tooltip(attention: int, active_profile: str | None, label: str = "") -> str:
    who = f", profile {clean(active_profile)}" if active_profile is not None else ""
    who += f" ({clean(label)})" if label else ""
    if attention == 0:
        return f"SSO Tray{who}"
    needs = "needs" if attention == 1 else "need"
    return f"SSO Tray: {counted(attention, 'session')} {needs} attention{who}"


def no_browser(key: str, profile_name: str | None, *, console: bool) -> str:
    """What to do instead of the page of a sign-in, or of a role's console."""
    if profile_name is None and console:
        return f"Copy the link from the menu: {COPY_CONSOLE_LINK}."
    if profile_name is not None:
        return f"For the link, run: sso-tray console {clean(profile_name)} --print"
    return f"Copy the link from the menu: {clean(session_name(key))} > {COPY_LINK}."


def copied(what: str) -> tuple[str, str]:
    return "Copied", f"The {what} is on the clipboard."


def not_copied(what: str, text: str) -> tuple[str, str]:
    return f"Copy the {what} from here", text.strip()


def no_tray(reason: str) -> str:
    advice = "Add a system tray to your panel, or on GNOME the AppIndicator extension. "
    if reason.startswith("no session bus"):
        advice = "It needs a desktop session. "
    elif reason.endswith("at import"):
        advice = ""  # a module is missing: no panel helps
    return f"The icon can't be shown ({reason}). {advice}Everything else works."


_HAPPENED = {
    "signed-in": "signed in",
    "renewed": "renewed",
    "refused": "AWS refused to renew",
    "signed-out": "signed out",
    "signed-out-elsewhere": "signed out by another program",
    "adopted": "refresh token moved to the keyring",
    "released": "returned to the AWS CLI",
    "contested": "refresh token left in the token file",
    "published-again": "token file restored",
    "removed": "signed out on this machine, its token file was removed",
    "undone": "sign-out on this machine undone",
    "dropped": "tokens of the removed session deleted",
    "sign-in-failed": "sign-in failed",
    "active-profile": "active profile",
    "profile-added": "added profile",
    "console-opened": "opened the console of",
}
_NAMES_A_PROFILE = ("active-profile", "profile-added", "console-opened")
_ASKED_FOR = {"credentials": "used", "whoami": "identified"}


def happened(what: str, key: str | None, detail: str, when: str, *, brief: bool = True) -> str:
    """As in ``17:42 corp: signed in``; ``brief`` omits who got credentials and the role."""
    if what in _ASKED_FOR:
        profile, _, asker = detail.rpartition(", to ")
        profile, asker = (profile, asker) if profile else (detail, "a program")
        if brief:
            profile, asker = profile.partition(' ("')[0], asker.partition(" (")[0]
            profile = profile.partition(" (through")[0]
        text = f"{clean(asker)} {_ASKED_FOR[what]} {clean(profile, 160)}"
    else:
        text = _HAPPENED.get(what, what.replace("-", " "))
        text += f" {clean(detail)}" if what in _NAMES_A_PROFILE and detail else ""
    whom = f"{clean(session_name(key))}: " if key else ""
    return f"{when} {whom}{text}".strip()
