"""What is held to a measure: wakeups, notices, and what AWS is asked."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from tray.core import effects as fx
from tray.core import events as ev
from tray.core.model import InputFile

if TYPE_CHECKING:
    from tests.simulation.world import World

HOUR = 3600.0
WAKEUPS_AN_HOUR = 400
"""Three sessions, each tried every few seconds at worst after its first failures (R5)."""
READS_AN_HOUR = 500
"""Of one unread file: every ten seconds, and what happens to it beside that."""
NOTICES_AN_HOUR = 10
"""Of one category, however often things go wrong and right again in that hour."""
JOBS_AN_HOUR = 150
TROUBLES_AN_HOUR = 80
"""
Of one session: the schedule's 40, after each new token's first seconds five minutes apart; 12 for
programs, 12 for events, 18 by hand at most (R5).
"""
RENEWALS_AN_HOUR = 10
"""Of one session with tokens of an hour: three for the clock, programs and hands each, and one."""
CHECKS_AN_HOUR = 60


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
        self._reads: defaultdict[InputFile, deque[float]] = defaultdict(deque)
        self._notices: defaultdict[str, deque[float]] = defaultdict(deque)
        self._jobs: defaultdict[str, deque[float]] = defaultdict(deque)
        self._first = 0
        self._unmeasured_until = 0.0

    def begun_anew(self) -> None:
        """After a restart or a set clock what was answered before is forgotten: the rules may."""
        self._unmeasured_until = self._world.machine.time + HOUR

    def tick(self, event: ev.Event) -> None:
        """Count a wakeup."""
        if isinstance(event, ev.Tick):
            count = self._counted(self._ticks)
            if count > WAKEUPS_AN_HOUR:
                self._broken("economy: few wakeups", f"{count} in an hour")

    def read_again(self, file: InputFile) -> None:
        """Count a look at a file that could not be read."""
        count = self._counted(self._reads[file])
        if count > READS_AN_HOUR:
            self._broken("economy: few wakeups", f"{count} looks at {file} in an hour")

    def notice(self, notice: fx.Notice) -> None:
        """Count a notice."""
        count = self._counted(self._notices[notice.category])
        if count > NOTICES_AN_HOUR:
            self._broken("economy: few notices", f"{count} of {notice.category} in an hour")

    def _counted(self, moments: deque[float]) -> int:
        time = self._world.machine.time
        moments.append(time)
        while moments[0] < time - HOUR:
            moments.popleft()
        return len(moments)

    def job(self, key: str) -> None:
        """Count a job."""
        count = self._counted(self._jobs[key])
        if count > JOBS_AN_HOUR + 40 * self._deeds(key):
            self._broken("economy: few jobs", f"{key}: {count} in an hour")

    def aws(self) -> None:
        """Hold what AWS was asked against R5."""
        world = self._world
        since = world.machine.time - HOUR
        if world.machine.time < self._unmeasured_until:
            return
        calls = world.machine.aws.calls
        while self._first < len(calls) and calls[self._first].at < since:
            self._first += 1
        asked: Counter[tuple[str, str]] = Counter()
        for call in calls[self._first :]:
            kind = "renewed" if call.answer == "renewed" else "vain"
            asked[call.key, "checked" if call.operation != "CreateToken" else kind] += 1
        most = {
            "renewed": RENEWALS_AN_HOUR, "vain": TROUBLES_AN_HOUR, "checked": CHECKS_AN_HOUR,
        }  # fmt: skip
        for (key, kind), count in asked.items():
            if count > most[kind] * (1 + self._deeds(key)):
                told = f"{key}: {count} {kind} in an hour"
                self._broken("economy: AWS is asked with measure", told)

    def _deeds(self, key: str) -> int:
        """Count what others did within the hour: a token that they wrote begins a life anew."""
        since = self._world.machine.time - HOUR
        return sum(self._world.noted(deed, key, since) for deed in ("sign-in", "given", "removed"))
