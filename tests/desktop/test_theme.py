from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from dbus_fast import Message, Variant

from tests.bus_fake import Answer, FakeService, serving
from tests.desk import Bus, private_bus
from tests.system.moods_told import Told, living, run
from tray.desktop.linux.color_scheme import ColorScheme
from tray.system.dbus.bus_service import ACCESS_DENIED

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SETTINGS = "org.freedesktop.portal.Settings"
APPEARANCE = "org.freedesktop.appearance"
NO_PREFERENCE, DARK, LIGHT = 0, 1, 2


@pytest.fixture
def bus() -> Iterator[Bus]:
    """A session bus with nobody on it."""
    with private_bus() as running:
        yield running


class FakePortal(FakeService):
    """
    The settings portal.

    Args:
        scheme: what it says.
        version: of the interface; 1 has no ``ReadOne``, and wraps what ``Read`` gives twice.
    """

    def __init__(self, scheme: int, *, version: int = 2) -> None:
        self.scheme, self.version = scheme, version
        methods = {f"{SETTINGS}.ReadOne": self._read_one, f"{SETTINGS}.Read": self._read}
        super().__init__(NAME, methods=methods)

    def goes(self, scheme: int, *, key: str = "color-scheme") -> None:
        """Change a setting."""
        body = [APPEARANCE, key, Variant("u", scheme)]
        self.signal(PATH, SETTINGS, "SettingChanged", "ssv", body)

    def _read_one(self, path: str, body: list[Any]) -> Answer:
        right = self.version > 1 and (path, body) == (PATH, [APPEARANCE, "color-scheme"])
        return ("v", [Variant("u", self.scheme)]) if right else None

    def _read(self, path: str, body: list[Any]) -> Answer:
        right = (path, body) == (PATH, [APPEARANCE, "color-scheme"])
        return ("v", [Variant("v", Variant("u", self.scheme))]) if right else None


class SuspiciousPortal(FakePortal):
    """Refuses whom it may not look at: the first who asks, as the real one does the daemon."""

    def __init__(self, scheme: int) -> None:
        super().__init__(scheme)
        self.refused: str | None = None

    def _received(self, message: Message) -> Message | bool | None:
        if message.member in ("ReadOne", "Read"):
            self.refused = self.refused or message.sender
            if message.sender == self.refused:
                return Message.new_error(message, ACCESS_DENIED, "Portal operation not allowed")
        return super()._received(message)


def scheme_of(bus: Bus, tell: Told) -> ColorScheme:
    """Return what the daemon has, on this bus."""
    return ColorScheme(tell, {**os.environ, "DBUS_SESSION_BUS_ADDRESS": bus.address})


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("scheme", "told"), [(DARK, "dark"), (LIGHT, "light"), (NO_PREFERENCE, "light")]
)
def test_the_scheme_is_told_at_the_start(bus: Bus, scheme: int, told: str, version: int) -> None:
    """Old portals and new ones say whether the desktop is dark."""

    async def story() -> None:
        heard = Told()
        portal = FakePortal(scheme, version=version)
        async with serving(portal, bus.address), living(bus.address, scheme_of(bus, heard)):
            assert told == await heard.next()

    run(story())


@pytest.mark.parametrize(("scheme", "told"), [(DARK, "dark"), (LIGHT, "light")])
def test_a_portal_that_refuses_the_daemon_tells_another_process(
    bus: Bus, scheme: int, told: str
) -> None:
    """It wants to look into ``/proc``, where a process without core dumps shows nothing."""

    async def story() -> None:
        heard = Told()
        portal = SuspiciousPortal(scheme)
        async with serving(portal, bus.address), living(bus.address, scheme_of(bus, heard)):
            assert told == await heard.next()

    run(story())


def test_changes_are_told_once(bus: Bus) -> None:
    """Other settings, and the same scheme again, are not told."""

    async def story() -> None:
        heard = Told()
        portal = FakePortal(LIGHT)
        async with serving(portal, bus.address), living(bus.address, scheme_of(bus, heard)):
            assert "light" == await heard.next()
            portal.goes(NO_PREFERENCE)
            portal.goes(DARK, key="contrast")
            portal.goes(DARK)
            portal.goes(DARK)
            portal.goes(LIGHT)

            assert ["dark", "light"] == [await heard.next(), await heard.next()]

    run(story())


def test_without_a_portal_nothing_is_told(bus: Bus) -> None:
    """It is not started for our sake, and its absence is no error."""

    async def story() -> None:
        heard = Told()
        scheme = scheme_of(bus, heard)
        async with living(bus.address, scheme) as desktop:
            await desktop.settled()

            assert f"not available: nobody owns {NAME}" == scheme.missing
            assert [] == heard.so_far()

    run(story())
