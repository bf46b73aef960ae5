"""Role credentials in memory only: one portal call for all who wait, dropped on sign-out (T14)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from tray.aws.timestamps import parse_timestamp

FRESH_FOR: Final = 15 * 60.0
"""SDKs fetch anew with less than this left; a cached answer must be good for longer."""


@dataclass(frozen=True, slots=True)
class _Held:
    """One ``credential_process`` document, held as text that no repr shows."""

    document: dict[str, Any]
    good_until: float
    key: str

    def __repr__(self) -> str:
        return "_Held(***)"


class RoleCredentials:
    """
    The memory of what was handed out.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._held: dict[tuple[str, str], _Held] = {}
        self._asked: dict[tuple[str, str], asyncio.Task[dict[str, Any]]] = {}

    async def get(
        self,
        profile: str,
        key: str,
        fingerprint: str,
        fetch: Callable[[], Awaitable[dict[str, Any]]],
    ) -> dict[str, Any]:
        """
        Return a profile's credentials, from memory or by one call for all who ask meanwhile.

        Args:
            profile: the profile's name.
            key: its session key; empty for profiles without one.
            fingerprint: of the session's token; another token means other credentials.
            fetch: asks a worker.
        """
        place = (profile, fingerprint)
        held = self._held.get(place)
        if held is not None and held.good_until > self._clock():
            return held.document
        task = self._asked.get(place)
        if task is None:
            task = asyncio.ensure_future(self._fetch(place, key, fetch))
            self._asked[place] = task
            task.add_done_callback(lambda _: self._asked.pop(place, None))
        return await asyncio.shield(task)

    def forget(self, key: str) -> None:
        """Drop what belongs to a session."""
        self._held = {place: held for place, held in self._held.items() if held.key != key}

    async def _fetch(
        self, place: tuple[str, str], key: str, fetch: Callable[[], Awaitable[dict[str, Any]]]
    ) -> dict[str, Any]:
        asked_at = self._clock()
        document = await fetch()
        expiration = document.get("Expiration")
        if isinstance(expiration, str):
            end = parse_timestamp(expiration)
            # Lives shorter than the SDKs' window are good for half of themselves.
            good_until = max(end - FRESH_FOR, asked_at + (end - asked_at) / 2)
            self._held[place] = _Held(document, good_until, key)
        return document
