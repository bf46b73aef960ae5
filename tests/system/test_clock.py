from __future__ import annotations

import asyncio
import math
import os
import select
import time
from collections.abc import Iterator

import pytest

from tray.system.clock.wall_clock import Alarm, PollingTimer, WallTimer, start_wall_timer

PATIENCE = 30.0


@pytest.fixture
def timer() -> Iterator[WallTimer]:
    """A timer of the kernel's."""
    made = WallTimer()
    yield made
    made.close()


def readable(timer: WallTimer, seconds: float) -> bool:
    """Whether the timer has something to tell within some seconds."""
    return bool(select.select([timer], [], [], seconds)[0])


def set_the_clock_to_what_it_says() -> bool:
    """Set the machine's clock by about a microsecond; False where we may not."""
    try:
        time.clock_settime_ns(time.CLOCK_REALTIME, time.clock_gettime_ns(time.CLOCK_REALTIME))
    except PermissionError:
        return False
    return True


def due(timer: WallTimer, at: float) -> Alarm | None:
    """
    Arm the timer, and wait for its ringing.

    Anybody may set the machine's clock meanwhile (the test below does), which is told first.
    """
    while True:
        timer.arm(at)
        assert readable(timer, PATIENCE)
        alarm = timer.read()
        if alarm != "clock-set":
            return alarm


@pytest.mark.parametrize("ahead", [-3600.0, 0.0, 0.02])
def test_it_rings_at_its_time_and_at_once_for_the_past(timer: WallTimer, ahead: float) -> None:
    """Armed for a time of the wall clock, past or to come, it rings once."""
    at = time.time() + ahead

    assert due(timer, at) == "due"
    assert time.time() >= at


def test_zero_is_the_past_and_not_never(timer: WallTimer) -> None:
    """The kernel takes a zero as "disarm"; the epoch means at once all the same."""
    assert due(timer, 0.0) == "due"


@pytest.mark.parametrize("at", [None, math.inf, 1e300])
def test_never_is_silent(timer: WallTimer, at: float | None) -> None:
    """Nothing to wait for: nothing to read, and reading does not block."""
    timer.arm(at)
    while readable(timer, 0):
        assert timer.read() == "clock-set"  # another test's doing

    assert timer.read() is None


def test_arming_anew_forgets_the_old_time(timer: WallTimer) -> None:
    """Only the time armed last counts."""
    timer.arm(time.time() - 10)
    timer.arm(None)

    while readable(timer, 0):
        assert timer.read() == "clock-set"


@pytest.mark.parametrize("at", [None, 4e9])
def test_setting_the_clock_is_told_at_once(timer: WallTimer, at: float | None) -> None:
    """Whatever it is armed for, a clock that is set rings, and says so (if we may set it)."""
    timer.arm(at)

    was_set = set_the_clock_to_what_it_says()

    assert was_set == readable(timer, PATIENCE if was_set else 0)
    assert ("clock-set" if was_set else None) == timer.read()


def test_a_clock_set_just_before_arming_is_not_lost(timer: WallTimer) -> None:
    """The kernel tells it to the next arming instead of the next reading; it is passed on."""
    timer.arm(4e9)
    was_set = set_the_clock_to_what_it_says()
    timer.arm(4e9)

    assert was_set == readable(timer, PATIENCE if was_set else 0)
    assert ("clock-set" if was_set else None) == timer.read()


def test_the_event_loop_is_told() -> None:
    """Attached to a loop, the callback hears it."""

    async def wait() -> Alarm:
        loop = asyncio.get_running_loop()
        heard: asyncio.Queue[Alarm] = asyncio.Queue()
        timer = start_wall_timer(loop, heard.put_nowait)
        try:
            while True:
                timer.arm(time.time())
                alarm = await asyncio.wait_for(heard.get(), PATIENCE)
                if alarm == "due":
                    return alarm
        finally:
            timer.close()

    assert asyncio.run(wait()) == "due"


def test_closing_twice_is_harmless() -> None:
    """The second close does not close somebody else's descriptor."""
    timer = WallTimer()
    timer.close()
    other = os.open("/dev/null", os.O_RDONLY)

    timer.close()

    os.close(other)


class Clocks:
    """A wall clock and a monotonic one that move only when told, yet wake the loop."""

    def __init__(self) -> None:
        self.wall_now = 1000.0
        self.mono_now = 5.0

    def wall(self) -> float:
        """Seconds since the epoch."""
        return self.wall_now

    def mono(self) -> float:
        """Seconds since some start."""
        return self.mono_now


def looked(clocks: Clocks, at: float | None, *moves: tuple[float, float]) -> list[Alarm]:
    """Run a looking timer: after each of its looks the clocks move; return what it told."""

    async def run() -> list[Alarm]:
        told: list[Alarm] = []
        loop = asyncio.get_running_loop()
        timer = PollingTimer(loop, told.append, interval=0.001, wall=clocks.wall, mono=clocks.mono)
        timer.arm(at)
        for wall, mono in moves:
            clocks.wall_now += wall
            clocks.mono_now += mono
            passed = asyncio.Event()
            loop.call_later(0.02, passed.set)
            await passed.wait()
        timer.close()
        return told

    return asyncio.run(run())


def test_looking_rings_once_when_it_is_time() -> None:
    """Without a timerfd the look finds that it is time, and says so once."""
    assert looked(Clocks(), 1060.0, (59.0, 59.0), (2.0, 2.0), (60.0, 60.0)) == ["due"]


def test_looking_tells_a_clock_that_was_set_or_slept() -> None:
    """The wall clock runs ahead of the monotonic one: set, or the machine slept."""
    assert looked(Clocks(), None, (3600.0, 1.0), (60.0, 60.0)) == ["clock-set"]


def test_looking_tells_a_clock_set_back() -> None:
    """Set back an hour: told, and nothing is due."""
    assert looked(Clocks(), 1010.0, (-3600.0, 1.0)) == ["clock-set"]


def test_looking_tells_both_after_a_sleep_past_the_time() -> None:
    """Asleep through the time: first that the clock jumped, then that it is time."""
    assert looked(Clocks(), 1010.0, (3600.0, 0.0)) == ["clock-set", "due"]
