from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

from tests.bus_fake import Answer, FakeService, serving
from tests.desk import Bus, private_bus
from tests.system.moods_told import Told, living, run
from tray.system.events.power import Logind
from tray.system.events.screen import ScreenLock
from tray.system.events.system_events import SystemEvents

LOGIND = "org.freedesktop.login1"
PATH = "/org/freedesktop/login1"
USER = f"{PATH}/user/_1000"
FIRST = f"{PATH}/session/_32"
SECOND = f"{PATH}/session/c4"


@pytest.fixture
def bus() -> Iterator[Bus]:
    """A system bus with nobody on it."""
    with private_bus() as running:
        yield running


class FakeLogind(FakeService):
    """
    logind with this user's sessions.

    Args:
        display: path of the user's graphical session, if there is one.
        by_id: sessions by number.
        by_pid: the session of any process.
        locked: sessions whose hint says so.
    """

    def __init__(
        self,
        display: str | None = FIRST,
        *,
        by_id: Mapping[str, str] | None = None,
        by_pid: str | None = None,
        locked: tuple[str, ...] = (),
    ) -> None:
        self.by_id = by_id or {}
        self.by_pid = by_pid
        properties = {
            (path, f"{LOGIND}.Session.LockedHint"): Variant("b", path in locked)
            for path in (FIRST, SECOND)
        }
        super().__init__(
            LOGIND,
            methods={
                f"{LOGIND}.Manager.GetUser": self._user,
                f"{LOGIND}.Manager.GetSession": self._session,
                f"{LOGIND}.Manager.GetSessionByPID": self._session_by_pid,
            },
            properties=properties,
        )
        self.show_on(display)

    def show_on(self, display: str | None) -> None:
        """Make this the user's graphical session."""
        value = ["2", display] if display else ["", "/"]
        self.properties[USER, f"{LOGIND}.User.Display"] = Variant("(so)", value)

    def lock(self, path: str, *, hint: bool) -> None:
        """Set a session's hint, as a desktop does."""
        self.change(path, f"{LOGIND}.Session", "LockedHint", Variant("b", hint))

    def sleep(self, *, starts: bool) -> None:
        """Go to sleep, or wake."""
        self.signal(PATH, f"{LOGIND}.Manager", "PrepareForSleep", "b", [starts])

    def _user(self, path: str, body: list[Any]) -> Answer:
        return ("o", [USER]) if (path, body) == (PATH, [os.getuid()]) else None

    def _session(self, path: str, body: list[Any]) -> Answer:
        found = self.by_id.get(body[0])
        return ("o", [found]) if path == PATH and found else None

    def _session_by_pid(self, path: str, body: list[Any]) -> Answer:
        known = (path, body) == (PATH, [os.getpid()])
        return ("o", [self.by_pid]) if known and self.by_pid else None


def logind(heard: Told, environ: Mapping[str, str] | None = None) -> Logind:
    """Make the capability under test."""
    return Logind(heard, ScreenLock(heard), environ or {})


def test_sleep_and_waking_are_told_once_each(bus: Bus) -> None:
    """PrepareForSleep before and after; said twice it is told once."""

    async def story() -> None:
        heard = Told()
        async with (
            serving(FakeLogind(), bus.address) as service,
            living(bus.address, logind(heard)) as machine,
        ):
            assert isinstance(service, FakeLogind)
            await machine.settled()
            for starts in (False, True, True, False, False, True):
                service.sleep(starts=starts)

            assert ["asleep", "woke", "asleep"] == [await heard.next() for _ in range(3)]

    run(story())


def test_the_graphical_session_s_lock_is_told(bus: Bus) -> None:
    """The hint of the session where notices are seen counts; other sessions' hints do not."""

    async def story() -> None:
        heard = Told()
        async with (
            serving(FakeLogind(by_id={"7": SECOND}), bus.address) as service,
            living(bus.address, logind(heard, {"XDG_SESSION_ID": "7"})) as machine,
        ):
            assert isinstance(service, FakeLogind)
            await machine.settled()
            service.lock(SECOND, hint=True)
            service.lock(FIRST, hint=True)
            service.lock(FIRST, hint=False)

            assert ["locked", "unlocked"] == [await heard.next(), await heard.next()]
            await machine.settled()
            assert [] == heard.so_far()

    run(story())


@pytest.mark.parametrize(
    ("fake", "environ"),
    [
        (FakeLogind(None, by_id={"7": SECOND}), {"XDG_SESSION_ID": "7"}),
        (FakeLogind(None, by_pid=SECOND), {}),
    ],
    ids=["by variable", "by process"],
)
def test_without_a_graphical_session_our_own_counts(
    bus: Bus, fake: FakeLogind, environ: dict[str, str]
) -> None:
    """Found by XDG_SESSION_ID, else by our process."""

    async def story() -> None:
        heard = Told()
        async with (
            serving(fake, bus.address),
            living(bus.address, logind(heard, environ)) as machine,
        ):
            await machine.settled()
            fake.lock(SECOND, hint=True)

            assert "locked" == await heard.next()

    run(story())


def test_without_any_session_sleep_is_told_all_the_same(bus: Bus) -> None:
    """A service of the system's has no session; that is said, and is no error."""

    async def story() -> None:
        heard = Told()
        power = logind(heard)
        async with (
            serving(FakeLogind(None), bus.address) as service,
            living(bus.address, power) as machine,
        ):
            assert isinstance(service, FakeLogind)
            await machine.settled()
            service.sleep(starts=True)

            assert "asleep" == await heard.next()
            assert power.missing is None
            assert "not available: logind knows no session of this user" == power.lock_missing

    run(story())


def test_a_screen_locked_before_we_came_is_seen(bus: Bus) -> None:
    """A daemon that starts anew behind a locked screen holds its notices."""

    async def story() -> None:
        heard = Told()
        fake = FakeLogind(locked=(FIRST,))
        async with serving(fake, bus.address), living(bus.address, logind(heard)):
            assert "locked" == await heard.next()

    run(story())


def test_the_wish_to_lock_is_not_believed_but_the_unlocking_is(bus: Bus) -> None:
    """Where no desktop answers a Lock with its hint, notices are not held back for ever."""

    async def story() -> None:
        heard = Told()
        async with (
            serving(FakeLogind(), bus.address) as service,
            living(bus.address, logind(heard)) as machine,
        ):
            assert isinstance(service, FakeLogind)
            await machine.settled()
            service.signal(FIRST, f"{LOGIND}.Session", "Lock", "", [])
            service.lock(FIRST, hint=True)
            service.signal(FIRST, f"{LOGIND}.Session", "Unlock", "", [])

            assert ["locked", "unlocked"] == [await heard.next(), await heard.next()]
            await machine.settled()
            assert [] == heard.so_far()

    run(story())


def test_a_session_that_ends_is_replaced_by_the_next(bus: Bus) -> None:
    """After a new login under a lingering daemon the new session's lock counts."""

    async def story() -> None:
        heard = Told()
        power = logind(heard)
        async with (
            serving(FakeLogind(locked=(FIRST,)), bus.address) as service,
            living(bus.address, power) as machine,
        ):
            assert isinstance(service, FakeLogind)
            assert "locked" == await heard.next()
            service.show_on(SECOND)
            service.signal(PATH, f"{LOGIND}.Manager", "SessionRemoved", "so", ["2", FIRST])
            assert "unlocked" == await heard.next()
            await machine.settled()
            service.lock(FIRST, hint=True)
            service.lock(SECOND, hint=True)

            assert "locked" == await heard.next()
            assert power.lock_missing is None
            await machine.settled()
            assert [] == heard.so_far()

    run(story())


def test_nothing_stays_held_when_logind_goes(bus: Bus) -> None:
    """Asleep and locked are taken back, for nobody would."""

    async def story() -> None:
        heard = Told()
        power = logind(heard)
        async with living(bus.address, power) as machine:
            async with serving(FakeLogind(locked=(FIRST,)), bus.address) as service:
                assert isinstance(service, FakeLogind)
                assert "locked" == await heard.next()
                await machine.settled()
                service.sleep(starts=True)
                assert "asleep" == await heard.next()

            assert ["unlocked", "woke"] == [await heard.next(), await heard.next()]
            assert f"not available: nobody owns {LOGIND}" == power.missing == power.lock_missing

    run(story())


def test_only_logind_is_believed(bus: Bus) -> None:
    """The same signal from another program, addressed to us, does nothing."""

    async def story() -> None:
        heard = Told()
        liar = await MessageBus(bus_address=bus.address).connect()
        async with (
            serving(FakeLogind(), bus.address) as service,
            living(bus.address, logind(heard)) as machine,
        ):
            assert isinstance(service, FakeLogind)
            await machine.settled()
            forged = Message.new_signal(PATH, f"{LOGIND}.Manager", "PrepareForSleep", "b", [True])
            forged.destination = machine.bus.unique_name
            await liar.send(forged)
            await liar.request_name("tests.sso_tray.Through")
            await machine.settled()
            assert [] == heard.so_far()

            service.sleep(starts=True)
            assert "asleep" == await heard.next()
        liar.disconnect()

    run(story())


# --- All moods together --------------------------------------------------------------------


def test_the_machine_as_a_whole_tells_its_moods(bus: Bus) -> None:
    """The daemon's own entry: a system bus by the variable, and an end that ends."""

    async def story() -> None:
        heard = Told()
        system_events = SystemEvents(heard, {"DBUS_SYSTEM_BUS_ADDRESS": bus.address})
        fake = FakeLogind(locked=(FIRST,))
        async with serving(fake, bus.address):
            system_events.start()
            assert "locked" == await heard.next()
            fake.sleep(starts=True)
            assert "asleep" == await heard.next()

            name = "org.freedesktop.NetworkManager"
            assert {"network": f"not available: nobody owns {name}"} == system_events.missing()
            await system_events.close()

    run(story())


def test_a_machine_without_a_system_bus_says_why() -> None:
    """In a container nothing is told, and why is known."""

    async def story() -> None:
        power = logind(Told())
        async with living("unix:path=/nowhere/at/all", power) as machine:
            await machine.lost()

            why = "not available: no system bus: No such file or directory"
            assert (why, why) == (power.missing, power.lock_missing)

    run(story())


def test_moods_that_never_connected_are_missing() -> None:
    """Whatever is asked before there was time to look."""

    async def story() -> None:
        system_events = SystemEvents(
            Told(), {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere/at/all"}
        )
        system_events.start()
        await system_events.close()

        assert {"sleep", "network", "lock"} == set(system_events.missing())

    run(story())
