"""Sleep, lock and network as python-dbusmock's logind and NetworkManager tell them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.system.machine_mock import Machine, machine
from tests.system.moods_told import Told, living, run
from tray.system.events.network import NetworkManager
from tray.system.events.power import Logind
from tray.system.events.screen import ScreenLock


@pytest.fixture(scope="module")
def mocked() -> Iterator[Machine]:
    """A machine."""
    with machine() as made:
        yield made


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (("sleep", "wake"), ["asleep", "woke"]),
        (("lock", "unlock"), ["locked", "unlocked"]),
        (("disconnect", "connect"), ["network-down", "network-up"]),
        (
            ("lock", "disconnect", "sleep", "wake", "connect", "unlock"),
            ["locked", "network-down", "asleep", "woke", "network-up", "unlocked"],
        ),
    ],
    ids=["sleep", "lock", "network", "a closed lid"],
)
def test_what_a_machine_does_is_told(
    mocked: Machine, happens: tuple[str, ...], told: list[str]
) -> None:
    """Each change once and in order, in the words of the rules."""

    async def story() -> None:
        heard = Told()
        sources = (Logind(heard, ScreenLock(heard), {}), NetworkManager(heard))
        async with living(mocked.address, *sources) as here:
            await here.settled()
            assert [None, None] == [source.missing for source in sources]
            words = []
            for what in happens:
                await asyncio.to_thread(getattr(mocked, what))
                words.append(await heard.next())

            assert told == words
            await here.settled()
            assert [] == heard.so_far()

    run(story())


def test_a_screen_that_was_locked_before_is_seen(mocked: Machine) -> None:
    """Whoever starts behind a locked screen knows; logind is asked, not only listened to."""
    mocked.lock()

    async def story() -> None:
        heard = Told()
        async with living(mocked.address, Logind(heard, ScreenLock(heard), {})):
            assert "locked" == await heard.next()
            await asyncio.to_thread(mocked.unlock)
            assert "unlocked" == await heard.next()

    run(story())
