"""Role credentials in memory only: one portal call for all who wait, dropped on sign-out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final

from tray.core.model import Profile
from tray.core.policy import MINUTE
from tray.core.text.timestamps import parse_timestamp
from tray.values import dataclass

FRESH_FOR: Final = 15 * MINUTE  # seconds; SDKs fetch again with less than this left
LAST_MINUTE: Final = MINUTE  # of what an MFA code gave: too short for a program to start with


@dataclass(frozen=True, slots=True)
class _Held:
    document: dict[str, Any]
    ends_at: float
    good_until: float
    by_code: bool  # nobody can fetch them again without a person

    def __repr__(self) -> str:
        return "_Held(***)"


@dataclass(frozen=True, slots=True)
class CacheKey:
    """Session key, sign-in, and account and role, or without a portal the profile's name."""

    key: str
    origin: str | None
    role: tuple[str, ...]

    @classmethod
    def of(cls, profile: Profile, origin: str | None) -> CacheKey:
        if profile.kind == "sso" and profile.account_id and profile.role_name:
            role: tuple[str, ...] = (profile.account_id, profile.role_name)
        else:
            role = (profile.name,)
        return cls(profile.session or "", origin, role)


class RoleCredentialCache:
    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._held: dict[CacheKey, _Held] = {}
        self._asked: dict[CacheKey, asyncio.Task[dict[str, Any]]] = {}

    def held(self, place: CacheKey, fresh: float = 0.0) -> dict[str, Any] | None:
        """Return credentials that have `fresh` seconds left, and longer than SDKs insist on."""
        held, now = self._held.get(place), self._clock()
        if held is None or held.good_until <= now or held.ends_at - now < fresh:
            return None
        return held.document

    async def get(
        self,
        place: CacheKey,
        fetch: Callable[[], Awaitable[dict[str, Any]]],
        fresh: float = 0.0,
        *,
        by_code: bool = False,
    ) -> dict[str, Any]:
        """Return them as `held`, else fetched; `by_code`: with an MFA code that others lack."""
        held = self.held(place, fresh)
        if held is not None:
            return held
        task = None if by_code else self._asked.get(place)
        if task is None:
            task = asyncio.ensure_future(self._fetch(place, fetch, by_code=by_code))
            self._asked[place] = task
            task.add_done_callback(lambda done: self._answered(place, done))
        return await asyncio.shield(task)

    def keep(self, place: CacheKey, document: dict[str, Any]) -> None:
        self._keep(place, document, self._clock(), by_code=False)

    def forget(self, key: str) -> None:
        """Drop a session's credentials; a pending call answers, but its result is not kept."""
        self._drop(lambda place: place.key == key)

    def forget_one(self, place: CacheKey) -> None:
        self._drop(place.__eq__)

    def forget_by_profile(self, same: Collection[str] = ()) -> None:
        """
        Drop what no portal gave, since the config it depends on has changed.

        What an MFA code gave stays for the profiles whose own definition is the `same`.
        """
        kept = {
            place for place, held in self._held.items() if held.by_code and place.role[0] in same
        }
        self._drop(lambda place: len(place.role) == 1 and place not in kept)

    def _drop(self, wanted: Callable[[CacheKey], bool]) -> None:
        self._held = {place: held for place, held in self._held.items() if not wanted(place)}
        self._asked = {place: task for place, task in self._asked.items() if not wanted(place)}

    def _answered(self, place: CacheKey, task: asyncio.Task[dict[str, Any]]) -> None:
        if self._asked.get(place) is task:
            del self._asked[place]

    async def _fetch(
        self,
        place: CacheKey,
        fetch: Callable[[], Awaitable[dict[str, Any]]],
        *,
        by_code: bool,
    ) -> dict[str, Any]:
        asked_at = self._clock()
        document = await fetch()
        if self._asked.get(place) is asyncio.current_task():
            self._keep(place, document, asked_at, by_code=by_code)
        return document

    def _keep(
        self, place: CacheKey, document: dict[str, Any], asked_at: float, *, by_code: bool
    ) -> None:
        expiration = document.get("Expiration")
        if not isinstance(expiration, str):
            return
        now, end = self._clock(), parse_timestamp(expiration)
        self._held = {old: held for old, held in self._held.items() if held.ends_at > now}
        # Lifetimes shorter than the SDKs' window count half.
        good_until = max(end - FRESH_FOR, asked_at + (end - asked_at) / 2)
        if by_code:
            good_until = max(good_until, end - LAST_MINUTE)
        self._held[place] = _Held(document, end, good_until, by_code)
