"""What is held to a measure: wakeups, notices, and what AWS is asked."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy
from tray.core.model import Trigger

if TYPE_CHECKING:
    from tests.simulation.world import World

HOUR = 3600.0
WAKEUPS_AN_HOUR = 400
"""Three sessions, each tried every few seconds at worst after its first failures (R5)."""
VAIN_AN_HOUR = 80
"""
Attempts of a session that AWS answers with no token: the schedule's 40, after each new token's
first seconds five minutes apart; 12 for programs, 12 for events, 18 by hand at most (R5).
"""
NOTICES_AN_HOUR = 10
"""Of one category, however often things go wrong and right again in that hour."""


class Measures:
    """
    Counts what happened within the last hour.

    Args:
        world: the run.
        broken: called with a promise and what was seen, where a measure is exceeded.
    """

    def __init__(self, world: World, broken: Callable[[str, str], None]) -> None:
        self._world = world
        self._broken = broken
        self._ticks: deque[float] = deque()
        self._notices: defaultdict[str, deque[float]] = defaultdict(deque)
        self._unmeasured_until = 0.0

    def begun_anew(self) -> None:
        """After a restart or a set clock what was answered before is forgotten: the rules may."""
        self._unmeasured_until = self._world.machine.time + HOUR

    def tick(self, event: ev.Event) -> None:
        """Count a wakeup."""
        if isinstance(event, ev.Tick):
            count = self._counted(self._ticks)
            if count > WAKEUPS_AN_HOUR:
                self._broken("few wakeups", f"{count} in an hour")

    def notice(self, notice: fx.Notice) -> None:
        """Count a notice."""
        count = self._counted(self._notices[notice.category])
        if count > NOTICES_AN_HOUR:
            self._broken("few notices", f"{count} of {notice.category} in an hour")

    def _counted(self, moments: deque[float]) -> int:
        time = self._world.machine.time
        moments.append(time)
        while moments[0] < time - HOUR:
            moments.popleft()
        return len(moments)

    def aws(self) -> None:
        """Hold what AWS was asked against R5."""
        world = self._world
        since = world.machine.time - HOUR
        if world.machine.time < self._unmeasured_until:
            return
        for key, answers in world.worker.answers.items():
            recent = Counter(kind for at, kind in answers if at > since)
            # A sign-in starts the count anew: what was asked before it is not ours to hold.
            signed_in = world.noted("sign-in", key, since)
            most = VAIN_AN_HOUR * (1 + signed_in)
            if recent["refused"] > most:
                self._broken("AWS is asked with measure", f"{key}: {recent['refused']} in vain")
            removed = world.noted("removed", key, since)
            # A token that others wrote begins a life of its own; a renewal whose file went away
            # meanwhile ends as a judgement, and the rules do not count it.
            lives = 1 + signed_in + world.noted("given", key, since)
            allowed = policy.RENEWALS_PER_LIFE * len(get_args(Trigger))
            if recent["renewed"] > allowed * lives + removed:
                self._broken("AWS is asked with measure", f"{key}: {recent['renewed']} renewals")
            if recent["checked"] > most + removed:
                self._broken("AWS is asked with measure", f"{key}: {recent['checked']} checks")
