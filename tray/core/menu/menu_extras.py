"""What the menu shows beside the view; gathering it needs no icon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import tzinfo

from tray.core.accounts.account_index import IndexState
from tray.core.accounts.remembered_roles import RememberedRoles
from tray.core.accounts.role_search import RoleRow
from tray.core.requests import PageRequested, TerminalCommand, TerminalRequested
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class MenuExtras:
    recent: tuple[str, ...] = ()  # lines of the history, newest first, already in words
    starts_at_login: bool = False  # the setting's state
    adopts: bool = True  # the settings' states
    warns: bool = True  # the settings' states
    restores: bool = False  # the settings' states
    # what in the AWS config follows the active profile: ``default``, ``process`` (A3)
    follow: tuple[str, ...] = ()
    remembered: RememberedRoles = RememberedRoles()
    index: IndexState = IndexState()
    roles: Sequence[RoleRow] = ()  # every role and profile that is known
    guarded: tuple[str, ...] | None = ()  # patterns of guarded names
    colors: tuple[str, ...] = ()  # of accounts, as in `Preferences`
    # an administrator's file by the setting that it locks: ``warnings.show``
    locked: Mapping[str, str] = field(default_factory=dict)
    keyring_required: bool = False  # no refresh token in any file (K9)
    zone: tzinfo | None = None  # the reader's zone
    page: bool = False  # whether the accounts page can be served here
    version: str = ""  # of the program

    def find(self, words: str, command: TerminalCommand) -> PageRequested | TerminalRequested:
        """Return what finds a row that has no room: the page with these words, or a terminal."""
        return PageRequested(words=words) if self.page else TerminalRequested(command)
