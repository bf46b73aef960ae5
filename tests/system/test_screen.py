from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.bus_fake import Answer, FakeService, serving
from tests.desk import Bus, private_bus
from tests.system.moods_told import Told, living, run
from tray.system.events.screen import SCREEN_SAVERS, ScreenLock, ScreenSaver


@pytest.fixture
def bus() -> Iterator[Bus]:
    """A session bus with nobody on it."""
    with private_bus() as running:
        yield running


class FakeSaver(FakeService):
    """
    A desktop's screen saver.

    Args:
        kind: which.
        active: what it says when asked.
    """

    def __init__(self, kind: type[ScreenSaver], *, active: bool) -> None:
        super().__init__(kind.name, methods={f"{kind.name}.GetActive": self._active})
        self.path, self.active = kind.path, active

    def goes(self, *, active: bool) -> None:
        """Start or end."""
        self.active = active
        self.signal(self.path, self.name, "ActiveChanged", "b", [active])

    def _active(self, path: str, body: list[Any]) -> Answer:
        return ("b", [self.active]) if (path, body) == (self.path, []) else None


@pytest.mark.parametrize("kind", SCREEN_SAVERS, ids=lambda kind: kind.name)
def test_every_desktop_s_saver_is_heard(bus: Bus, kind: type[ScreenSaver]) -> None:
    """Whatever name it goes by, its beginning and end are told."""

    async def story() -> None:
        heard = Told()
        lock = ScreenLock(heard)
        savers = tuple(each(lock) for each in SCREEN_SAVERS)
        fake = FakeSaver(kind, active=False)
        async with serving(fake, bus.address), living(bus.address, *savers) as desktop:
            await desktop.settled()
            fake.goes(active=True)
            fake.goes(active=False)

            assert ["locked", "unlocked"] == [await heard.next(), await heard.next()]

    run(story())


def test_a_saver_that_is_active_already_is_asked(bus: Bus) -> None:
    """Whoever comes behind a locked screen sees that it is."""

    async def story() -> None:
        heard = Told()
        kind = SCREEN_SAVERS[1]
        saver = kind(ScreenLock(heard))
        async with living(bus.address, saver):
            async with serving(FakeSaver(kind, active=True), bus.address):
                assert "locked" == await heard.next()
            assert "unlocked" == await heard.next()  # it vanished

    run(story())


def test_two_sources_make_one_word(bus: Bus) -> None:
    """Locked with the first, unlocked with the last."""

    async def story() -> None:
        heard = Told()
        lock = ScreenLock(heard)
        kinds = SCREEN_SAVERS[:2]
        first, second = (FakeSaver(kind, active=False) for kind in kinds)
        savers = tuple(kind(lock) for kind in kinds)
        async with (
            serving(first, bus.address),
            serving(second, bus.address),
            living(bus.address, *savers) as desktop,
        ):
            await desktop.settled()
            for saver, active in ((first, True), (second, True), (first, False), (second, False)):
                saver.goes(active=active)
                assert saver.bus is not None
                await saver.bus.request_name("tests.sso_tray.Through")
                await saver.bus.release_name("tests.sso_tray.Through")
                await desktop.settled()
            words = heard.so_far()

            assert ["locked", "unlocked"] == words

    run(story())


def test_without_a_saver_nothing_is_told(bus: Bus) -> None:
    """An absent saver is a state with a reason."""

    async def story() -> None:
        heard = Told()
        saver = SCREEN_SAVERS[0](ScreenLock(heard))
        async with living(bus.address, saver) as desktop:
            await desktop.settled()

            assert "not available: nobody owns org.freedesktop.ScreenSaver" == saver.missing
            assert [] == heard.so_far()

    run(story())
