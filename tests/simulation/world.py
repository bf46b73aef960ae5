"""The made-up world: rules, machine, AWS, other programs and a person, all run by a seed."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, assert_never

from tests.core.story import CORP, LAB, OLD, T0, catalog
from tests.simulation.happenings import ACTS, AT_ONCE, MOVED, happening
from tests.simulation.machine import Entry, Machine
from tests.simulation.person import Person, SigningIn
from tests.simulation.portal import Portal
from tests.simulation.promise import PROMISES
from tests.simulation.promises import Promises
from tests.simulation.script import Happening, session_of
from tests.simulation.worker import Pending, Worker
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.machine import step
from tray.core.model import Catalog
from tray.core.outcomes import Outcome
from tray.core.sessions.schedule import planned_renewal, share
from tray.core.state import TrayState, next_look

HOUR = 3600.0
CALM = 3 * HOUR
"""Seconds of a well world after which everything has to be true again."""
RESIDENT: Final = "home"


@dataclass
class World:
    """
    One run.

    Args:
        seed: decides everything.
        chosen: numbers of the happenings that take place; None = all.
        held: the promises that are looked at; a run goes on over others.
        most: with ``chosen``: how many happenings of the script a run may come to.
        trace: takes a line for each thing that happens.
    """

    seed: int
    chosen: frozenset[int] | None = None
    trace: Callable[[str], None] | None = None
    most: int | None = None
    held: frozenset[str] = frozenset(PROMISES)
    steps: int = 0
    machine: Machine = field(default_factory=Machine)
    catalog: Catalog = field(default_factory=lambda: catalog(CORP, LAB, OLD))
    sign_ins: dict[int, SigningIn] = field(default_factory=dict)
    memory_of_sdk: dict[str, Entry] = field(default_factory=dict)
    backups: dict[str, Entry] = field(default_factory=dict)
    adopt: bool = True
    locked: bool = False
    being_written: list[Entry] = field(default_factory=list)
    waiting: dict[str, list[Happening]] = field(default_factory=dict)
    disturbed_at: float = 0.0
    happened: int = 0
    state: TrayState = field(init=False)

    def __post_init__(self) -> None:
        self.portals: dict[str, Portal] = {}
        for one in (CORP, LAB, OLD, MOVED):
            length = 8 * HOUR if share("length", one.key) < 0.5 else 2.5 * HOUR
            self.portals[one.start_url] = Portal(one.start_url, length)
        self.machine.accepts = lambda one: self.portals[one.place].accepts(
            one.refresh, self.machine.time
        )
        self.worker = Worker(self.machine, self.portals)
        self.promises = Promises(self)
        self.person = Person(self)
        self._queue: list[tuple[float, int, str, Callable[[], None]]] = []
        self._deeds: dict[tuple[str, str], list[float]] = {}
        self._numbers = 0
        self._draws: dict[tuple[str, str], int] = {}
        self._busy: dict[str, float] = {}
        self._next: Happening | None = None
        self.calm = False
        self.life = 0

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong with anything just now."""
        machine = self.machine
        files = machine.files.values()
        return (
            (machine.weather, machine.keyring_mode) == ("well", "well")
            and self.adopt
            and not any(file.torn or file.bad for file in files)
        )

    def note(self, deed: str, key: str) -> None:
        """Note what a person or another program does to a session."""
        self._deeds.setdefault((deed, key), []).append(self.machine.time)

    def noted(self, deed: str, key: str, since: float) -> int:
        """Return how often that was done to a session since a true time."""
        return sum(at > since for at in self._deeds.get((deed, key), ()))

    # --- Running -----------------------------------------------------------

    def run(self, steps: int) -> None:
        """
        Let things happen until the rules were told so many events; then let all be well.

        Raises:
            Broken: a promise does not hold.
        """
        self.start()
        while self.steps < steps and (self.most is None or self.happened <= self.most):
            self._turn()
        self.calm = True
        self.waiting.clear()
        self.happen("all is well")
        self._until(self.machine.time + CALM)
        self.promises.all_is_true()
        for key in self.promises.unhappy():
            self.tell(ev.SignInRequested(key))
            self._until(self.machine.time + 120)
        self._until(self.machine.time + HOUR)
        self.promises.all_is_well()

    def _until(self, time: float) -> None:
        while self._due() <= time:
            self._turn()
        self.machine.time = time

    def _due(self) -> float:
        times = [self._timer()]
        if self._queue:
            times.append(self._queue[0][0])
        if not self.calm:
            times.append(self._upcoming().at + self.machine.slept)
        return min(times)

    def _timer(self) -> float:
        due = next_look(self.state, self.machine.now)
        return float("inf") if due is None else due - T0 - self.machine.offset + 1e-6

    def _turn(self) -> None:
        machine = self.machine
        at, timer = self._due(), self._timer()
        machine.time = max(machine.time, at)
        if self._queue and self._queue[0][0] <= at:
            _, _, label, act = heapq.heappop(self._queue)
            self.say(label)
            act()
        elif timer <= at:
            self.tell(ev.Tick())
        else:
            upcoming = self._upcoming()
            self._next = None
            self.happened = upcoming.number + 1
            if self.chosen is None or upcoming.number in self.chosen:
                self.happen(upcoming.kind, upcoming)

    def _upcoming(self) -> Happening:
        if self._next is None:
            self._next = happening(self.seed, self.happened)
        return self._next

    def later(self, delay: float, label: str, act: Callable[[], None]) -> None:
        """Let something be done after so many seconds of the machine being awake."""
        self._numbers += 1
        heapq.heappush(self._queue, (self.machine.time + delay, self._numbers, label, act))

    def draw(self, what: str, key: str, low: float = 0.0, high: float = 1.0) -> float:
        """Return a number that depends on the seed and on how often this was drawn for the key."""
        count = self._draws.get((what, key), 0)
        self._draws[what, key] = count + 1
        return low + (high - low) * share(self.seed, what, key, count)

    def say(self, line: str) -> None:
        """Write a line of the trace."""
        if self.trace is not None:
            self.trace(f"{self.machine.time:12.3f}  {line}")

    def tell(self, event: ev.Event) -> None:
        """Tell the rules of an event, hold them to their promises, do what they ask for."""
        machine, before = self.machine, self.state
        now = machine.now
        after, effects = step(before, event, now)
        self.steps += 1
        if self.trace is not None:
            self.say(f"  {event}")
            for effect in effects:
                self.say(f"    -> {effect}")
        self.state = after
        self.promises.hold(before, event, now, after, effects)
        for effect in effects:
            self._do(effect)

    def start(self) -> None:
        """Start the daemon anew: it knows what its files tell, no more."""
        self.life += 1
        self.state = TrayState(machine=f"desk-{self.seed}")
        for process in self.sign_ins.values():
            process.cancelled = True  # its input is closed
        self.sign_ins = {}
        self.promises.restarted()
        machine = self.machine
        self.tell(ev.RecordsRead(dict(machine.stores), MappingProxyType(dict(machine.memories))))
        self.tell(ev.ActiveRead("dev"))
        self.tell(ev.ConfigRead(self.catalog))

    # --- What the rules ask for --------------------------------------------

    def _do(self, effect: fx.Effect) -> None:
        match effect:
            case fx.StartJob():
                life, delay = self.life, self.draw("job", effect.session.key, 0.02, 0.5)
                self.later(delay, "a job begins", lambda: self._begin(effect, life))
            case fx.StartSignIn():
                self.person.sign_in(effect)
            case fx.CancelSignIn():
                self.sign_ins[effect.attempt].cancelled = True
            case fx.OpenBrowser():
                self.person.page_opened(effect.key)
            case fx.InspectTokenFile():
                self.look(effect.key, effect.delay)
            case fx.ShowNotice():
                self.person.noticed(effect.notice)
            case fx.SaveMemory():
                self.machine.memories[effect.key] = effect.memory
            case fx.UnlockKeyring():
                self.person.unlock()
            case (
                fx.WithdrawNotice()
                | fx.RecordActive()
                | fx.ForgetCredentials()
                | fx.Reply()
                | fx.RecordHistory()
                | fx.CopyText()
                | fx.ChangeSetting()
                | fx.ListRoles()
                | fx.AddProfile()
                | fx.Report()
                | fx.Quit()
            ):
                pass
            case _:
                assert_never(effect)

    def look(self, key: str, delay: float = 0.01) -> None:
        """Let a cache file be looked at: the rules asked, or the watch saw it change."""
        self.later(delay, f"{key}: a look at its file",
                   lambda: self.tell(
                       ev.TokenFileInspected(key, self.machine.file_status(key))))  # fmt: skip

    def report(self, life: int, event: ev.Event) -> None:
        """Tell the daemon that asked; its successor never hears of it."""
        if life == self.life:
            self.tell(event)

    def _begin(self, start: fx.StartJob, life: int) -> None:
        key, machine = start.session.key, self.machine
        if self.waits_for_lock(key, lambda: self._begin(start, life)):
            return
        stores = dict(machine.stores)
        result = self.worker.run(start)
        if isinstance(result, Pending):
            slow = machine.keyring_mode == "slow"
            took = self.draw("store", key, 0.05, 12.0 if slow else 0.3)
            self._busy[key] = machine.time + took
            self._meanwhile(key, took)
            self.later(took, f"{key}: storing", lambda: self._store(start, life, result))
        else:
            self._answer(start, life, result, stores)

    def _store(self, start: fx.StartJob, life: int, pending: Pending) -> None:
        key = start.session.key
        stores = dict(self.machine.stores)
        outcome = self.worker.store(start.session, pending)
        if key in self.machine.in_hand:
            self.later(5, f"{key}: storing again", lambda: self._settle(key))
        self._answer(start, life, outcome, stores)

    def _settle(self, key: str) -> None:
        if key not in self.machine.in_hand:
            return
        if self.worker.settle(key):
            self.tell(ev.Stored(key))
        else:
            self.later(5, f"{key}: storing again", lambda: self._settle(key))

    def waits_for_lock(self, key: str, act: Callable[[], None]) -> bool:
        """Whether another transaction holds a session; then ``act`` is done once it does not."""
        wait = self._busy.get(key, 0.0) - self.machine.time
        if wait > 0:
            self.later(wait, f"{key}: the lock is free", act)
        return wait > 0

    def _answer(
        self, start: fx.StartJob, life: int, outcome: Outcome, stores: object
    ) -> None:  # fmt: skip
        key = start.session.key
        self.look(key)
        if stores != self.machine.stores:
            self.recorded()
        late = self.draw("late", key) < 0.02
        delay = self.draw("answer", key, 60, 300) if late else self.draw("answer", key, 0.02, 0.2)

        def answered() -> None:
            known = self.state.sessions.get(key)
            job = known.job if known is not None else None
            if life == self.life and (job is None or job.attempt != start.attempt):
                self.machine.met["late-answer"] += 1
            self.report(life, ev.JobDone(key, start.attempt, outcome))

        self.later(delay, f"{key}: {start.kind} ends", answered)

    def recorded(self) -> None:
        """Let the daemon see that a worker has changed ``state.json``."""
        machine = self.machine
        self.later(
            0.02,
            "the records changed",
            lambda: self.tell(ev.RecordsRead(dict(machine.stores), dict(machine.memories))),
        )

    # --- What the world does (tests.simulation.happenings names it) --------

    def happen(self, kind: str, one: Happening | None = None) -> None:
        """Let one thing happen, or let it wait for the midst of a renewal."""
        if one is not None and kind in AT_ONCE:
            key = session_of(self, one).key
            if self.draw("waits", key) < 0.5:
                self.waiting.setdefault(key, []).append(one)
                return
        self._happen(kind, one or Happening(0, kind, 0.0, 0.0, 0.0))

    def _happen(self, kind: str, one: Happening) -> None:
        self.say(f"== {kind} {one.number}")
        self.machine.met[kind] += 1
        self.disturbed_at = self.machine.time
        ACTS[kind](self, one)

    def _meanwhile(self, key: str, took: float) -> None:
        """Let what has waited for it come between AWS's answer and the store."""
        for one in self.waiting.pop(key, []):
            delay = took * self.draw("meanwhile", key)
            self.later(delay, f"{key}: meanwhile", lambda one=one: self._happen(one.kind, one))  # type: ignore[misc] # bound now

    def met_during_renewal(self, done: str, what: str, key: str) -> None:
        """Count what another program did, and whether it came in the midst of a renewal."""
        self.machine.met[done] += 1
        if self._busy.get(key, 0.0) > self.machine.time:
            self.machine.met[f"{what}-during-renewal"] += 1

    def configure(self, read: Catalog) -> None:
        """Let a config be read."""
        self.catalog = read
        self.disturbed_at = self.machine.time
        self.tell(ev.ConfigRead(read))

    def portal(self, place: str) -> Portal:
        """Return the Identity Center of a start URL."""
        return self.portals[place]

    def keyring(self, mode: str) -> None:
        """Change what the keyring does."""
        was, self.machine.keyring_mode = self.machine.keyring_mode, mode  # type: ignore[assignment] # a word of KeyringMode
        if was != "well" and mode == "well":
            self.tell(ev.SystemEvent("keyring-unlocked"))

    def sleep(self, seconds: float) -> None:
        """Let the machine sleep: nothing of it runs, AWS goes on."""
        self.tell(ev.SystemEvent("asleep"))
        before = self.machine.time
        self._until_asleep(before + 2)
        self._slept_over(seconds)
        self.machine.time += seconds
        self.machine.slept += seconds
        self._queue = [(at + seconds, *rest) for at, *rest in self._queue]  # type: ignore[misc] # the same tuple, later
        heapq.heapify(self._queue)
        self.disturbed_at = self.machine.time
        if self.draw("tick-first", "machine") < 0.5:
            self.tell(ev.Tick())  # the timer may be quicker than the word that it is awake
        self.tell(ev.SystemEvent("woke"))

    def _until_asleep(self, time: float) -> None:
        while self._queue and self._queue[0][0] <= time:
            at, _, label, act = heapq.heappop(self._queue)
            self.machine.time = max(self.machine.time, at)
            self.say(label)
            act()
        self.machine.time = max(self.machine.time, time)

    def _slept_over(self, seconds: float) -> None:
        """Count the deadlines that pass while the machine sleeps."""
        wall, state = self.machine.wall, self.state
        for session in state.sessions.values():
            due = planned_renewal(session, state.preferences, state.machine)
            end = session.token.expires_at if session.token is not None else None
            for name, moment in (("renewal", due), ("end", end)):
                if moment is not None and wall < moment <= wall + seconds:
                    self.machine.met[f"slept-over-{name}"] += 1
