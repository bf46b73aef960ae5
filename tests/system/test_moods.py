"""Sleep, lock and network as python-dbusmock's logind and NetworkManager tell them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.system.machine_mock import SESSION, Machine, machine
from tests.system.moods_told import Told, run
from tray.system.moods import Moods


@pytest.fixture(scope="module")
def mocked() -> Iterator[Machine]:
    """A machine that is awake, unlocked and connected."""
    with machine() as made:
        yield made


DAY = (
    ("disconnect", "network-down"),
    ("connect", "network-up"),
    ("lock", "locked"),
    ("unlock", "unlocked"),
    ("sleep", "asleep"),
    ("wake", "woke"),
    ("lock", "locked"),
    ("unlock", "unlocked"),
)


def test_a_machines_day_is_told_in_our_words(mocked: Machine) -> None:
    """Lid, screen and cable: each change once, in order, as real services word it."""
    told: list[str] = []

    async def story() -> None:
        heard = Told()
        environ = {"DBUS_SYSTEM_BUS_ADDRESS": mocked.address, "XDG_SESSION_ID": SESSION}
        moods = Moods(heard, environ)
        moods.start()
        await _listening(moods)
        for what, _ in DAY:
            await asyncio.to_thread(getattr(mocked, what))
            told.append(await heard.next())
        assert [] == heard.so_far()
        await moods.close()

    run(story())

    assert [word for _, word in DAY] == told


async def _listening(moods: Moods) -> None:
    """Wait until sleep and network are told; only a look says so."""
    while {"sleep", "network"} & set(moods.missing()):  # noqa: ASYNC110  (there is no event)
        await asyncio.sleep(0.02)
