"""How long role credentials are kept, for whom, and when they are dropped."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tray.core.model import Profile
from tray.core.text.timestamps import format_timestamp
from tray.daemon.role_credential_cache import CacheKey, RoleCredentialCache

NOON = 1_900_000_000.0
HOUR = 3600.0
DEV = CacheKey.of(Profile("dev", "sso", "corp", "123456789011", "Admin"), "a sign-in")


class Portal:
    """Gives out numbered credentials of one life, and counts; answers when it is let."""

    def __init__(self, life: float) -> None:
        self.life, self.now, self.calls = life, NOON, 0
        self.memory = RoleCredentialCache(lambda: self.now)
        self.open = asyncio.Event()
        self.open.set()

    async def _answer(self) -> dict[str, Any]:
        self.calls += 1
        number = self.calls
        await self.open.wait()
        return {"AccessKeyId": number, "Expiration": format_timestamp(self.now + self.life)}

    async def given(self, place: CacheKey = DEV) -> Any:
        """Return the number of the call whose credentials are given out."""
        return (await self.memory.get(place, self._answer))["AccessKeyId"]


@pytest.mark.parametrize(
    ("life", "kept_for"),
    [(HOUR, 45 * 60), (12 * HOUR, 12 * HOUR - 15 * 60), (15 * 60, 7.5 * 60), (20, 10)],
)
def test_kept_until_15_minutes_before_the_end_or_for_half_the_life(
    life: float, kept_for: float
) -> None:
    """The longer of the two counts: an SDK never gets what it would ask for again at once."""

    async def story() -> list[Any]:
        portal = Portal(life)
        given = [await portal.given()]
        portal.now = NOON + kept_for - 1
        given.append(await portal.given())
        portal.now = NOON + kept_for
        return [*given, await portal.given()]

    assert [1, 1, 2] == asyncio.run(story())


def test_one_call_for_all_who_wait_and_for_all_profiles_of_a_role() -> None:
    """Twenty who ask at once make one call; another profile of the same role makes none."""

    async def story() -> tuple[set[Any], int]:
        portal = Portal(HOUR)
        alias = CacheKey.of(Profile("alias", "sso", "corp", "123456789011", "Admin"), "a sign-in")
        given = await asyncio.gather(*[portal.given(one) for one in [DEV, alias] * 10])
        return set(given), portal.calls

    assert ({1}, 1) == asyncio.run(story())


def test_a_failure_is_not_kept() -> None:
    """All who waited for a call that failed are told; who asks later makes another."""

    async def story() -> list[Any]:
        portal = Portal(HOUR)

        async def fails() -> dict[str, Any]:
            raise RuntimeError

        waiting = [portal.memory.get(DEV, fails) for _ in range(3)]
        told = await asyncio.gather(*waiting, return_exceptions=True)
        return [*map(type, told), await portal.given()]

    assert [RuntimeError] * 3 + [1] == asyncio.run(story())


@pytest.mark.parametrize(
    "other",
    [
        CacheKey.of(Profile("dev", "sso", "corp", "123456789011", "Admin"), "another sign-in"),
        CacheKey.of(Profile("dev", "sso", "corp", "123456789011", "Reader"), "a sign-in"),
        CacheKey.of(Profile("dev", "sso", "corp", "123456789012", "Admin"), "a sign-in"),
        CacheKey.of(Profile("dev", "sso", "other", "123456789011", "Admin"), "a sign-in"),
        CacheKey.of(Profile("chain", "chained", "corp", "123456789011", "Admin"), "a sign-in"),
    ],
)
def test_another_sign_in_role_account_session_or_chain_has_credentials_of_its_own(
    other: CacheKey,
) -> None:
    """Nobody gets what was given for another sign-in, or for what the config said before."""

    async def story() -> list[Any]:
        portal = Portal(HOUR)
        return [await portal.given(), await portal.given(other), await portal.given()]

    assert [1, 2, 1] == asyncio.run(story())


def test_what_was_under_way_at_a_sign_out_is_not_kept() -> None:
    """An answer that comes after the session was forgotten serves only who waited for it (T14)."""

    async def story() -> list[Any]:
        portal = Portal(HOUR)
        portal.open.clear()
        waiting = asyncio.ensure_future(portal.given())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        portal.memory.forget("corp")
        portal.open.set()
        return [await waiting, await portal.given(), await portal.given()]

    assert [1, 2, 2] == asyncio.run(story())


def test_a_changed_config_drops_what_it_may_speak_of() -> None:
    """A chain's credentials depend on more than its name; a portal's role does not."""

    async def story() -> list[Any]:
        portal = Portal(HOUR)
        chain = CacheKey.of(Profile("chain", "chained", "corp", "1", "r"), "a sign-in")
        before = [await portal.given(), await portal.given(chain)]
        portal.memory.forget_by_profile()
        return [*before, await portal.given(), await portal.given(chain)]

    assert [1, 2, 1, 3] == asyncio.run(story())
