from __future__ import annotations

import asyncio

import pytest

from tests.keyring_session import Kind, keyring_session
from tests.system.moods_told import Told, living, run
from tray.system.events.keyring_service import KeyringService


def test_a_keyring_that_was_killed_and_is_back_is_told() -> None:
    """Once when it is there unlocked, and again when its successor is."""

    async def story() -> None:
        heard = Told()
        with keyring_session("unlocked") as session:
            async with living(session.address, KeyringService(heard)):
                first = await heard.next()
                await asyncio.to_thread(session.kill_service)
                await asyncio.to_thread(session.start_service)

                assert ["keyring-unlocked"] * 2 == [first, await heard.next()]

    run(story())


@pytest.mark.parametrize("kind", ["locked", "new"])
def test_a_locked_keyring_is_told_once_it_is_open(kind: Kind) -> None:
    """Not when it appears; its successor is open."""

    async def story() -> None:
        heard = Told()
        with keyring_session(kind) as session:
            async with living(session.address, KeyringService(heard)) as watcher:
                await watcher.settled()
                assert [] == heard.so_far()
                await asyncio.to_thread(session.kill_service)
                await asyncio.to_thread(session.start_service)

                assert "keyring-unlocked" == await heard.next()

    run(story())
