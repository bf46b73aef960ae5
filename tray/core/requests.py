"""What a person asks for in the menu beside signing in and out; part of the events."""

from __future__ import annotations

from typing import Literal

from tray.values import dataclass

SettingName = Literal["start-at-login", "warnings", "adopt", "default-follows", "process-follows"]
"""The settings the menu offers with a tick."""


@dataclass(frozen=True, slots=True)
class SignInAllRequested:
    """
    A person wants several sessions signed in to, one after the other (M1, W2).

    Args:
        keys: which; None = every one that needs it.
    """

    keys: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class UnlockRequested:
    """A person wants to unlock the keyring: only such a click may show its prompt."""


@dataclass(frozen=True, slots=True)
class ConsoleRequested:
    """A person wants a profile's AWS console in the browser."""

    profile: str


@dataclass(frozen=True, slots=True)
class LinkRequested:
    """A person wants the link of the sign-in under way, to open it elsewhere (L4)."""

    key: str


@dataclass(frozen=True, slots=True)
class EnvironmentRequested:
    """A person wants the lines that select a profile in a shell: names only, no credential."""

    profile: str


@dataclass(frozen=True, slots=True)
class SettingRequested:
    """A person ticked a setting in the menu."""

    name: SettingName
    on: bool


@dataclass(frozen=True, slots=True)
class SetUpRequested:
    """A person without any AWS config wants to know how to begin (M1)."""


@dataclass(frozen=True, slots=True)
class RolesRequested:
    """A person wants the accounts and roles of a session listed, to add a profile (M1)."""

    key: str


@dataclass(frozen=True, slots=True)
class AddProfileRequested:
    """A person picked a role to have a profile for."""

    key: str
    account_id: str
    role_name: str
