from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from dbus_fast import Variant

from tests.bus_fake import FakeService, serving
from tests.desk import Bus, private_bus
from tests.system.moods_told import Told, living, run
from tray.system.events.network import NetworkManager

NAME = "org.freedesktop.NetworkManager"
PATH = "/org/freedesktop/NetworkManager"

ASLEEP, DISCONNECTED, CONNECTING, LOCAL, SITE, GLOBAL = 10, 20, 40, 50, 60, 70


@pytest.fixture
def bus() -> Iterator[Bus]:
    """A system bus with nobody on it."""
    with private_bus() as running:
        yield running


def network_manager(state: int) -> FakeService:
    """Make a NetworkManager in this state."""
    return FakeService(NAME, properties={(PATH, f"{NAME}.State"): Variant("u", state)})


def goes(service: FakeService, state: int) -> None:
    """Change the state as NetworkManager does: the property, then its own signal."""
    service.properties[PATH, f"{NAME}.State"] = Variant("u", state)
    service.signal(PATH, NAME, "StateChanged", "u", [state])


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ((GLOBAL, DISCONNECTED), ["network-down"]),
        ((GLOBAL, CONNECTING, GLOBAL), ["network-down", "network-up"]),
        ((GLOBAL, ASLEEP, DISCONNECTED, CONNECTING, SITE), ["network-down", "network-up"]),
        ((SITE, GLOBAL), ["network-up"]),
        ((GLOBAL, SITE), []),
        ((DISCONNECTED, CONNECTING, LOCAL, GLOBAL), ["network-up"]),
        ((DISCONNECTED,), []),
        ((GLOBAL, GLOBAL), []),
        ((DISCONNECTED, ASLEEP, DISCONNECTED), []),
    ],
    ids=str,
)
def test_changes_of_connectivity_are_told(
    bus: Bus, states: Sequence[int], told: list[str]
) -> None:
    """Down when the way out is lost, up with each step up; what never changes is not told."""

    async def story() -> None:
        heard, first = Told(), states[0]
        async with serving(network_manager(first), bus.address) as service:
            network = NetworkManager(heard)
            async with living(bus.address, network) as machine:
                await machine.settled()
                assert network.missing is None
                for state in states[1:]:
                    goes(service, state)
                await through(service)
                await machine.settled()

                assert told == heard.so_far()

    run(story())


def test_without_network_manager_nothing_is_told(bus: Bus) -> None:
    """An absent service is a state with a reason, not an error."""

    async def story() -> None:
        heard = Told()
        network = NetworkManager(heard)
        async with living(bus.address, network) as machine:
            await machine.settled()

            assert f"not available: nobody owns {NAME}" == network.missing
            assert [] == heard.so_far()

    run(story())


def test_a_service_that_starts_later_is_followed(bus: Bus) -> None:
    """NetworkManager may come after us, and come again."""

    async def story() -> None:
        heard = Told()
        network = NetworkManager(heard)
        async with living(bus.address, network) as machine:
            await machine.settled()
            for _ in range(2):
                async with serving(network_manager(GLOBAL), bus.address) as service:
                    await machine.settled()
                    goes(service, DISCONNECTED)
                    assert "network-down" == await heard.next()
                # Nobody says any more that it is down.
                assert "network-up" == await heard.next()
                assert network.missing is not None

    run(story())


def test_a_mute_service_harms_nobody(bus: Bus) -> None:
    """Who owns the name and never answers is heard all the same once it signals."""

    async def story() -> None:
        heard = Told()
        service = network_manager(GLOBAL)
        service.mute = True
        async with (
            serving(service, bus.address),
            living(bus.address, NetworkManager(heard)),
        ):
            await service.called.wait()
            goes(service, GLOBAL)
            goes(service, DISCONNECTED)

            assert "network-down" == await heard.next()

    run(story())


def test_a_bus_that_ends_and_comes_back_is_lived_through(bus: Bus) -> None:
    """Without a bus nothing holds us down; with a new one the service is followed again."""

    async def story() -> None:
        heard = Told()
        network = NetworkManager(heard)
        async with living(bus.address, network) as machine:
            service = network_manager(GLOBAL)
            await service.start(bus.address)
            await machine.settled()
            goes(service, DISCONNECTED)
            assert "network-down" == await heard.next()
            bus.stop()
            await machine.lost()
            assert "network-up" == await heard.next()
            assert str(network.missing).startswith("not available: no system bus")

            bus.start({})
            async with serving(network_manager(GLOBAL), bus.address) as successor:
                await machine.settled()
                goes(successor, DISCONNECTED)
                assert "network-down" == await heard.next()

    run(story())


async def through(service: FakeService) -> None:
    """Return once the bus has taken all that a service sent."""
    assert service.bus is not None
    await service.bus.request_name("tests.sso_tray.Through")
