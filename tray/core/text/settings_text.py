"""How ``settings`` says what a key's value is, and where it is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from tray.core.text.display_names import clean

Source = Literal["default", "config", "menu", "administrator", "unreadable"]
"""``unreadable``: what holds until the user's file can be read."""

_LONGEST: Final = 1000  # characters of a value, more than a person writes
_NOTHING: Final = {"browser": "the system's", "sessions": "none", "profiles": "none"}


def value(name: str, written: str | None) -> str:
    """``written``: as a settings file has it; None: nothing, or an unknown restriction."""
    if written is None:
        of_one = name.startswith(("sessions.", "profiles."))
        return "not set" if of_one else _NOTHING.get(name, "not known")
    return clean(written, _LONGEST)


def whence(source: Source, file: str | None, locked_by: str | None) -> str:
    if locked_by is not None:
        return f"locked by {clean(locked_by, _LONGEST)}"
    match source:
        case "default":
            return "default"
        case "config":
            return "config.toml"
        case "menu":
            return "the menu or page"
        case "administrator":
            return f"administrator: {clean(file or '', _LONGEST)}"
        case "unreadable":
            return "until your file can be read"


def no_such_setting(words: str) -> str:
    return f'No setting has "{clean(words)}" in its name.'


def unknown_setting(name: str, near: str | None) -> str:
    hint = f' Did you mean "{near}"?' if near else " To see all of them: sso-tray settings"
    return f'There is no setting "{clean(name)}".{hint}'


def locked(by: str) -> str:
    return f"Your administrator has set it in {clean(by, _LONGEST)}."


def elsewhere(name: str, source: Source, file: str) -> str:
    """Why a reset changes nothing."""
    match source:
        case "config":
            return f"{clean(name)} is set in {clean(file, _LONGEST)}. Change it there."
        case "administrator":
            return locked(file)
        case _:
            return f"{clean(name)} has its default already."


def now_set(name: str, shown: str) -> str:
    return f"{clean(name)} is {shown}."


def now_reset(name: str, shown: str, whence: str) -> str:
    return f"{clean(name)} is {shown} again ({whence})."


NAME_ONE: Final = "Name one setting, as in: sso-tray settings reset privacy.keep_days"
NAME_AND_VALUE: Final = "Name a setting and its value: sso-tray settings set privacy.keep_days 30"
SEEN_BY_OTHERS: Final = (
    "Other programs can read a password on a command line. Write this proxy into config.toml."
)

GROUPS: Final[Mapping[str, str]] = {
    "": "General",
    "accounts": "Accounts",
    "keyring": "Keyring",
    "privacy": "Privacy",
    "warnings": "Warnings",
    "sessions": "Sessions",
    "profiles": "Profiles",
    "compat": "Compatibility",
    "log": "Log",
}
"""By table, in the order of the form."""

HELP: Final[Mapping[str, str]] = {
    "allowed_start_urls": "Sign in to these portals only; none: to any.",
    "browser": "The command that opens pages, with %s for the address.",
    "colors": "Colours or labels of accounts by pattern, as in *prod*=red or *stage*=orange test.",
    "guarded": "Patterns of profiles that can be picked only after confirming.",
    "removed_file": "What a deleted token file means.",
    "start_daemon": "Whether commands start SSO Tray when they need it.",
    "accounts.refresh": "List accounts and roles once a day while they are used.",
    "accounts.tell_changes": "Show a notice when roles are added or removed.",
    "compat.empty_refresh_members": "Write empty refresh members, for the JavaScript SDK.",
    "keyring.adopt": "Move what “aws sso login” writes into the keyring.",
    "keyring.required": "Keep no refresh token in any file.",
    "keyring.service": "The name that items in the keyring are filed under.",
    "log.debug": "Log more; never a secret.",
    "privacy.keep_days": "Days for which the history is kept.",
    "privacy.names_in_notices": "Name sessions, accounts and roles in warnings.",
    "warnings.minutes_before": "Minutes before the end of a session at which you are warned.",
    "warnings.show": "Show warnings as notices; otherwise only the icon changes.",
}
HELP_OF_SESSION: Final[Mapping[str, str]] = {
    "length_hours": "The session length that your admin chose, in hours.",
    "browser": "The command that opens this session's pages.",
    "device_code": "Sign in with a code instead of a page that returns to this machine.",
    "ca_bundle": "The file of certificates that are trusted.",
    "proxy": "The proxy that this session's calls go through.",
    "endpoint_url": "The host of sign-in, renewal and portal.",
}
EXAMPLES: Final[Mapping[str, str]] = {
    "browser": "'firefox %s'",
    "ca_bundle": "/etc/ssl/corp.pem",
    "proxy": "http://proxy:3128",
    "endpoint_url": "https://sso.example",
}
"""Of what is set at a terminal alone, in a POSIX shell."""


def help_of(name: str, parts: tuple[str | None, str | None, str]) -> str:
    """Return a sentence for a setting; ``parts``: table, session or profile, and key."""
    table, owner, key = parts
    if owner is None:
        return HELP[name]
    return HELP_OF_SESSION[key] if table == "sessions" else "The command that opens its console."
