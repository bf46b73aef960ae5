"""Every role and profile that is known, made ready once for menu and search, and those used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from tray.core import policy
from tray.core.accounts.account_index import IndexState, role_rows
from tray.core.accounts.remembered_roles import RememberedRoles, RoleKey
from tray.core.accounts.role_search import RoleRow, RoleSearch
from tray.core.effects import RememberRole
from tray.core.model import Profile
from tray.core.state import TrayState
from tray.storage.file_mark import file_mark
from tray.storage.remembered_file import NAME, change_remembered, read_remembered


class KnownRoles:
    """Called on the loop; what it returns is made anew only when something has changed."""

    def __init__(self, state_directory: Path, state: Callable[[], TrayState]) -> None:
        self._directory = state_directory
        self._state = state
        self._made_of: tuple[object, ...] = ()
        self._rows: list[RoleRow] = []
        self._search: tuple[list[RoleRow], RememberedRoles, RoleSearch] | None = None
        self._forgetting: asyncio.TimerHandle | None = None
        self._mark: tuple[int, ...] | None = None
        self._named_by: Sequence[Profile] | None = None
        self._remembered = RememberedRoles()

    def rows(self) -> list[RoleRow]:
        state = self._state()
        made_of = (state.index.sessions, state.catalog, state.preferences.guarded)
        if not _same(self._made_of, made_of):
            self._made_of = made_of
            self._rows = role_rows(*made_of)
        return self._rows

    def index(self) -> IndexState:
        return self._state().index

    def search(self) -> RoleSearch:
        """Return the search over all of them, favourites and recent ones first."""
        rows, remembered = self.rows(), self.remembered()
        if self._search is None or not _same(self._search[:2], (rows, remembered)):
            first = (*remembered.favourites, *remembered.recent)
            self._search = rows, remembered, RoleSearch(rows, first)
        if self._forgetting is not None:
            self._forgetting.cancel()
        loop = asyncio.get_running_loop()
        self._forgetting = loop.call_later(policy.SEARCH_KEPT, self._forget)
        return self._search[2]

    def _forget(self) -> None:
        self._search = self._forgetting = None

    def remembered(self) -> RememberedRoles:
        """Commands write the file, too."""
        mark, profiles = file_mark(self._directory / NAME), self._profiles()
        if mark != self._mark or profiles is not self._named_by:
            self._mark, self._named_by = mark, profiles
            self._remembered = read_remembered(self._directory).with_profiles(profiles)
        return self._remembered

    def remember(self, effect: RememberRole) -> None:
        """Write the file; raises `TrayError` or OSError, without which only this is lost."""
        profiles = self._profiles()

        def change(before: RememberedRoles) -> RememberedRoles:
            return _changed(before.with_profiles(profiles), effect.role, effect)

        change_remembered(self._directory, change)

    def _profiles(self) -> Sequence[Profile]:
        return self._state().catalog.profiles


def _same(made_of: tuple[object, ...], now: tuple[object, ...]) -> bool:
    """Whether it is the very same; comparing 10,000 rows would take as long as making them."""
    pairs = zip(made_of, now, strict=False)
    return len(made_of) == len(now) and all(one is other for one, other in pairs)


def _changed(before: RememberedRoles, role: RoleKey, effect: RememberRole) -> RememberedRoles:
    if effect.how == "used":
        return before.used(role)
    return before.starred(role, on=effect.how == "starred")
