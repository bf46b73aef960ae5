"""What the rows of the menu say."""

from __future__ import annotations

from tray.core.text.display_names import clean, session_name

COPIED_LINK = "sign-in link"
COPIED_ENVIRONMENT = "environment"
COPIED_SET_UP = "command"

SIGN_IN = "Sign in"
SIGN_IN_AFRESH = "Sign in afresh (ends this session first)"
SIGN_OUT = "Sign out"
RENEW_NOW = "Renew now"
CANCEL = "Cancel signing in"
COPY_LINK = "Copy sign-in link"
UNLOCK = "Unlock keyring"
NO_PROFILE = "No profile active"
NONE_ACTIVE = "None"
OPEN_CONSOLE = "Open AWS console"
COPY_ENVIRONMENT = "Copy environment"
SETTINGS = "Settings"
START_AT_LOGIN = "Start at login"
WARNINGS = "Warn before a session ends"
DEFAULT_FOLLOWS = "A bare aws follows the active profile"
PROCESS_FOLLOWS = "AWS_PROFILE=sso-tray is the active profile"
FOLLOWING_REFUSED = "The AWS config cannot follow the active profile"
OFFER_DEFAULT = "Let a bare aws follow this choice"
ADOPT = "Keep refresh tokens in the keyring"
RECENT = "Recent activity"
NOTHING_RECENT = "Nothing yet"
HELP = "Help"
HELP_LINES = (
    "All commands: sso-tray --help",
    "What each session is doing: sso-tray status --watch",
)
QUIT = "Quit"
QUIT_AND_HAND_BACK = "Quit and hand sessions back to the AWS CLI"
SET_UP = "Set up AWS access"
SET_UP_COMMAND = "sso-tray add"
SET_UP_HOW = f"Type in a terminal: {SET_UP_COMMAND}"
SET_UP_COPY = "Copy this command"
ADD_PROFILE = "Add profile"
LIST_ROLES = "Add profile: list accounts and roles"
LISTING_ROLES = "Add profile: listing accounts and roles …"
LIST_AGAIN = "List again"
MORE_ROLES = f"The others: {SET_UP_COMMAND}"
NO_ROLES = "AWS gives you no role in any account."
LISTING_LOST = "The accounts and roles could not be listed; try again."
NO_KEYRING = "No keyring: refresh tokens stay in the files"
NO_KEYRING_HOW = "Start GNOME Keyring, KWallet or KeePassXC, then sign in again"
MORE = "The others: sso-tray use NAME"


def sign_in_to_all(count: int) -> str:
    """Say what one click does for several sessions."""
    return f"Sign in to all ({count})"


def active(name: str | None) -> str:
    """Say which profile is active, on the row that opens the choice."""
    return NO_PROFILE if name is None else f"Profile: {clean(name)}"


def profile(name: str, *, guarded: bool, problem: bool) -> str:
    """Name a profile in the choice; what should make a person think twice stands behind it."""
    words = clean(name)
    if guarded:
        words += "  (guarded)"
    return f"{words}  (incomplete)" if problem else words


def account(account_id: str | None, count: int) -> str:
    """Name an account that holds several profiles; None: those whose account is not known."""
    whose = "Other profiles" if account_id is None else f"Account {clean(account_id)}"
    return f"{whose} ({count})"


def accounts(first: str | None, last: str | None) -> str:
    """Name a group of accounts by its first and last one; None: profiles without one."""
    ends = [clean(one) if one is not None else "others" for one in (first, last)]
    return f"Accounts {ends[0]} … {ends[1]}"


def named_account(account_id: str, name: str) -> str:
    """Name an account as its organisation does, and by its number."""
    return f"{clean(name, 40)} ({clean(account_id)})" if name else f"Account {clean(account_id)}"


def named_accounts(first: str, last: str) -> str:
    """Name a group of accounts by its first and last one."""
    return f"{clean(first, 30)} … {clean(last, 30)}"


def role(name: str, profile_name: str | None) -> str:
    """Name a role that can be added, or say which profile there is for it."""
    words = clean(name, 48)
    return words if profile_name is None else f"{words}: profile {clean(profile_name, 48)}"


def roles_listed(key: str, roles: int, accounts: int) -> tuple[str, str]:
    """Say that the roles can be picked now, and where."""
    name = clean(session_name(key))
    if not roles:
        return f"{name}: no profile to add", NO_ROLES
    count = "1 role" if roles == 1 else f"{roles} roles"
    where = "1 account" if accounts == 1 else f"{accounts} accounts"
    return f"{name}: {count} in {where}", f"Pick one in the menu: {name} > {ADD_PROFILE}."


def roles_not_listed(key: str) -> str:
    """Head the reason why the roles could not be listed."""
    return f"{clean(session_name(key))}: no accounts listed"


def profile_added(name: str) -> tuple[str, str]:
    """Say that a profile was added, and how it is used."""
    return f"Added profile {clean(name)}", f"In a terminal: aws --profile {clean(name)} …"


def profile_not_added(name: str) -> str:
    """Head the reason why a profile could not be added."""
    return f"Profile {clean(name)} was not added"


def sessions(first: str, last: str) -> str:
    """Name a group of sessions by its first and last one."""
    return f"{clean(first, 30)} … {clean(last, 30)}"


def more_sessions(count: int) -> str:
    """Name the submenu of the sessions that found no room."""
    return f"More sessions ({count})"


def problem(sentence: str) -> str:
    """Say what is wrong, on one row."""
    return clean(sentence, 110)


def user_code(code: str) -> str:
    """Show the code a person compares with the page (L8)."""
    return f"Code: {clean(code)}"


def tooltip(attention: int, active_profile: str | None) -> str:
    """Say the essence in one line, for the icon's tooltip."""
    who = f", profile {clean(active_profile)}" if active_profile is not None else ""
    if attention == 0:
        return f"SSO Tray{who}"
    need = "1 session needs you" if attention == 1 else f"{attention} sessions need you"
    return f"SSO Tray: {need}{who}"


def not_copied(what: str, words: str) -> tuple[str, str]:
    """Show what could not be copied, because this system has no clipboard we can use."""
    return f"Copy the {what} from here", words.strip()


def no_tray(reason: str) -> str:
    """Say why no icon is seen, what brings it, and that everything else goes on."""
    return (
        f"No tray shows the icon ({reason}). It comes with a panel that has one, on GNOME with "
        "the AppIndicator extension; everything else works."
    )


_HAPPENED = {
    "signed-in": "signed in",
    "renewed": "renewed",
    "refused": "no longer renewed by AWS",
    "signed-out": "signed out",
    "signed-out-elsewhere": "signed out by another program",
    "adopted": "moved into the keyring",
    "released": "handed back to the AWS CLI",
    "contested": "left in its file",
    "published-again": "token file put back",
    "sign-in-failed": "sign-in failed",
    "active-profile": "active profile",
    "credentials": "credentials given out",
    "profile-added": "profile added",
}


_ABOUT_A_PROFILE = ("active-profile", "credentials", "profile-added")


def happened(what: str, key: str | None, detail: str, when: str) -> str:
    """Say one line of the history; ``when`` is a time of day."""
    words = _HAPPENED.get(what, what.replace("-", " "))
    whom = f" {clean(session_name(key))}" if key else ""
    about = f" {clean(detail)}" if what in _ABOUT_A_PROFILE and detail else ""
    return f"{when} {words}{about}{whom}"
