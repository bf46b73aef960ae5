from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.desk import private_bus
from tray.desktop.linux.session_bus import SessionBus
from tray.system.events.lifetime import DesktopEnd, IdleEnd

PATIENCE = 30.0
AFTER = 0.2
"""Seconds instead of the hour and the minutes of a real daemon."""

HELD = """
import asyncio, threading
from tray.system.end_signals import BoundedEnd
async def live():
    ended = BoundedEnd(0.2)
    held = asyncio.create_task(asyncio.to_thread(threading.Event().wait))
    await asyncio.sleep(0)
    for _ in range(2):
        ended.set()
    await held
asyncio.run(live())
"""


def test_an_end_is_bounded_whatever_a_thread_waits_for() -> None:
    """Neither the loop's end nor Python's, which waits for threads, keeps the process alive."""
    done = subprocess.run([sys.executable, "-c", HELD], check=False, timeout=PATIENCE)

    assert 0 == done.returncode


@pytest.mark.parametrize("what", ["nothing", "needed", "requested"])
def test_a_daemon_that_nobody_needs_ends(what: str) -> None:
    """Started on demand, it ends once icon, session, client and request are long gone."""

    async def scene() -> float:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        begun, looks = loop.time(), [0]

        def needed() -> bool:
            looks[0] += 1
            return what == "needed" and looks[0] < 6

        def requested() -> float:
            return begun + AFTER if what == "requested" else 0.0

        IdleEnd(ended.set, needed, requested, after=AFTER).start()
        await asyncio.wait_for(ended.wait(), PATIENCE)
        return loop.time() - begun

    took = asyncio.run(scene())

    assert took >= {"nothing": AFTER, "needed": AFTER * 9 / 4, "requested": 2 * AFTER}[what] - 0.01


def test_a_daemon_whose_session_bus_is_gone_ends() -> None:
    """A desktop session that is over takes its daemon along; one that never was does not."""

    async def scene(stop: Callable[[], None], address: str) -> list[str]:
        ended, seen = asyncio.Event(), []
        bus = SessionBus({"DBUS_SESSION_BUS_ADDRESS": address}, retry_seconds=0.02)
        never = SessionBus({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/none"}, retry_seconds=0.02)
        connected = asyncio.Event()

        class Witness(DesktopEnd):
            async def connected(self, bus: object) -> None:
                await super().connected(bus)
                connected.set()

        bus.join(Witness(ended.set, after=AFTER))
        never.join(DesktopEnd(lambda: seen.append("ended without one"), after=0.0))
        serving = [asyncio.create_task(one.serve()) for one in (bus, never)]
        await asyncio.wait_for(connected.wait(), PATIENCE)
        stop()
        await asyncio.wait_for(ended.wait(), PATIENCE)
        for one in (bus, never):
            one.stop()
        await asyncio.gather(*serving)
        return seen

    with private_bus() as bus:
        bus.start({})

        assert [] == asyncio.run(scene(bus.stop, f"unix:path={bus.socket}"))


def test_a_bus_that_comes_back_keeps_its_daemon() -> None:
    """A bus that is only restarted is attached to anew."""

    async def scene() -> bool:
        ended = asyncio.Event()
        watch = DesktopEnd(ended.set, after=AFTER)
        await watch.connected(object())
        watch.disconnected("it ended")
        await watch.connected(object())
        await asyncio.sleep(2 * AFTER)  # nothing tells of an end that does not come
        return ended.is_set()

    assert not asyncio.run(scene())
