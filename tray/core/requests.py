"""What the user asks for in the menu apart from signing in and out; part of the events."""

from __future__ import annotations

from typing import Literal

from tray.core.accounts.remembered_roles import RoleKey
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class AccountsUsed:
    """A surface that needs the accounts and roles was opened: menu, page, search."""


@dataclass(frozen=True, slots=True)
class AccountsRequested:
    """List the accounts and roles of a session now."""

    key: str


SettingName = Literal[
    "start-at-login", "warnings", "adopt", "default-follows", "process-follows", "restore-removed"
]
"""The settings that the menu offers as check boxes, the last one a notice alone."""

TerminalCommand = Literal["add", "use", "console --pick", "doctor"]


@dataclass(frozen=True, slots=True)
class SignInAllRequested:
    """Sign in to several sessions, one after the other (M1, W2)."""

    keys: tuple[str, ...] | None = None  # None = every one that needs it


@dataclass(frozen=True, slots=True)
class UnlockRequested:
    """Unlock the keyring; only this click may show its prompt."""


@dataclass(frozen=True, slots=True)
class StatusRequested:
    """A click on the icon where the desktop opens no menu for it (M2)."""


PageName = Literal["accounts", "sessions", "history", "settings", "setup", "help"]
"""What the accounts page shows first."""


@dataclass(frozen=True, slots=True)
class PageRequested:
    """Open the accounts page, which a process of its own serves, with its search filled in."""

    page: PageName = "accounts"
    words: str = ""


@dataclass(frozen=True, slots=True)
class ConsoleRequested:
    """Open the console of any role; the active profile stays."""

    role: RoleKey


@dataclass(frozen=True, slots=True)
class ConsoleLinkRequested:
    """Copy the portal's link to a role's console, which carries no secret."""

    role: RoleKey


@dataclass(frozen=True, slots=True)
class FavouriteRequested:
    role: RoleKey
    on: bool


@dataclass(frozen=True, slots=True)
class TerminalRequested:
    """Run a command of ours in a terminal window; where there is none, copy it."""

    command: TerminalCommand


@dataclass(frozen=True, slots=True)
class LinkRequested:
    """The user wants the link of the sign-in under way, to open it elsewhere (L4)."""

    key: str


@dataclass(frozen=True, slots=True)
class EnvironmentRequested:
    """Copy the lines that select a profile in a shell: names only, no credential."""

    profile: str


@dataclass(frozen=True, slots=True)
class SettingRequested:
    """Write a setting the menu offers; it comes back as ``PreferencesRead``."""

    name: SettingName
    on: bool


@dataclass(frozen=True, slots=True)
class AddProfileRequested:
    key: str
    account_id: str
    role_name: str
