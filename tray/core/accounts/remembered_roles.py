"""Which roles the user has starred, and which were used last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from tray.core import policy
from tray.core.json_members import BadDocument, Members, list_of, number, text
from tray.core.model import Profile
from tray.values import dataclass

RoleKey = tuple[str, ...]
"""As `tray.core.accounts.role_search.RoleRow.key`: a profile, or session, account and role."""

VERSION: Final = 1
_WITHOUT_PROFILE: Final = ("session", "account_id", "role_name")


@dataclass(frozen=True, slots=True)
class RememberedRoles:
    favourites: tuple[RoleKey, ...] = ()  # in the order in which they were starred
    recent: tuple[RoleKey, ...] = ()  # the latest first

    def used(self, key: RoleKey) -> RememberedRoles:
        kept = (key, *(one for one in self.recent if one != key))
        return replace(self, recent=kept[: policy.RECENT_KEPT])

    def starred(self, key: RoleKey, *, on: bool) -> RememberedRoles:
        if on and key not in self.favourites:
            return replace(self, favourites=(*self.favourites, key)[-policy.FAVOURITES_KEPT :])
        if not on:
            return replace(self, favourites=tuple(one for one in self.favourites if one != key))
        return self

    def with_profiles(self, profiles: Iterable[Profile]) -> RememberedRoles:
        """Let a role that has a profile by now be that profile, the first one of the config."""
        keys = (*self.favourites, *self.recent)
        bare = {key for key in keys if len(key) > 1}
        if not bare:
            return self
        names: dict[RoleKey, RoleKey] = {}
        for one in profiles:
            key = (one.session or "", one.account_id or "", one.role_name or "")
            if key in bare and one.kind == "sso":
                names.setdefault(key, (one.name,))
        return RememberedRoles(
            tuple(dict.fromkeys(names.get(key, key) for key in self.favourites)),
            tuple(dict.fromkeys(names.get(key, key) for key in self.recent)),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "favourites": [_to_json(key) for key in self.favourites],
            "recent": [_to_json(key) for key in self.recent],
        }

    @classmethod
    def from_json(cls, document: object) -> RememberedRoles:
        """Raises `BadDocument`, also for a later version, whose file is to be left alone."""
        members = Members(document)
        if members.need("version", number) != VERSION:
            raise BadDocument("version")
        return cls(
            members.need("favourites", list_of(_from_json)),
            members.need("recent", list_of(_from_json)),
        )


def _to_json(key: RoleKey) -> dict[str, str]:
    names = ("profile",) if len(key) == 1 else _WITHOUT_PROFILE
    return dict(zip(names, key, strict=True))


def _from_json(document: object) -> RoleKey:
    members = Members(document)
    profile = members.get("profile", text, "")
    return (profile,) if profile else tuple(members.need(one, text) for one in _WITHOUT_PROFILE)
