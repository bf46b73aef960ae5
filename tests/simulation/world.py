"""The made-up world: rules and transactions, machine, AWS, other programs and a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

from tests.core.story import CORP, LAB, OLD, T0, catalog
from tests.simulation.aws import Portal, Rotation
from tests.simulation.happenings import ACTS, MOVED, TWIN, script_of
from tests.simulation.inputs import Inputs
from tests.simulation.keyring import KeyringMode
from tests.simulation.machine import Machine, signature
from tests.simulation.person import Person, SigningIn
from tests.simulation.promise import PROMISES
from tests.simulation.promises import Promises
from tests.simulation.script import Happening
from tests.simulation.truth import Truth
from tests.simulation.workers import Workers
from tray.aws.cache.token_file_status import look
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.machine import step
from tray.core.model import Memory
from tray.core.outcomes import Outcome
from tray.core.policy import FAULT_PAUSE
from tray.core.requests import UnlockRequested
from tray.core.sessions.schedule import planned_renewal, share
from tray.core.state import TrayState, next_look
from tray.errors import Unread
from tray.storage.session_records import Records

HOUR = 3600.0
LOOK_EVERY = 600.0
CALM = 3 * HOUR
"""Seconds of a well world after which everything has to be true again."""
ROTATIONS: tuple[Rotation, ...] = ("none", "grace", "strict", "family")


class World:
    """
    One walk.

    Args:
        seed: decides whatever the script does not.
        script: what happens; None = what the seed draws.
        held: the promises that are looked at; a walk goes on over others.
        until: seconds for which it goes on after the script, awake.
        trace: takes a line for each thing that happens.
        rotation: of all portals; None = the seed decides.
        length: seconds of a portal session; None = the seed decides.
    """

    def __init__(
        self,
        seed: int,
        *,
        script: Sequence[Happening] | None = None,
        held: frozenset[str] = frozenset(PROMISES),
        until: float = 0.0,
        trace: Callable[[str], None] | None = None,
        rotation: Rotation | None = None,
        length: float | None = None,
    ) -> None:
        self.seed, self.held, self.trace = seed, held, trace
        self.script = script_of(seed) if script is None else script
        self.until = until
        self.steps = self.happened = self.life = 0
        self._draws: dict[tuple[str, str], int] = {}
        self.portals: dict[str, Portal] = {}
        for one in (CORP, LAB, OLD, MOVED):
            drawn = ROTATIONS[int(share("rotation", seed, one.start_url) * len(ROTATIONS))]
            usual = 8 * HOUR if share("length", one.start_url) < 0.5 else 2.5 * HOUR
            self.portals[one.start_url] = Portal(one.start_url, length or usual, rotation or drawn)
            self.portals[one.start_url].shares_clients = share("clients", seed) < 0.5
        self.machine = Machine(self.draw, self.portals)
        self.catalog = catalog(CORP, LAB, OLD, TWIN)
        self.sign_ins: dict[int, SigningIn] = {}
        self.backups: dict[str, list[bytes]] = {}
        self.read_by_sdk: dict[str, bytes] = {}
        self.locked = self.calm = False
        self.awake_for: float | None = None
        self.ends_of: dict[str, int] = {}
        self._deeds: dict[tuple[str, str], list[float]] = {}
        self._seen: dict[str, object] = {}
        self._unsaved: dict[str, tuple[str, Memory]] = {}  # start URL beside it
        self.state = TrayState(machine=f"desk-{seed}")
        self._next_look: tuple[float | None] | None = None
        self.workers = Workers(self)
        self.truth = Truth(self)
        self.promises = Promises(self)
        self.person = Person(self)
        self.inputs = Inputs(self)
        watched = {**self.inputs.paths, "records": self.machine.paths.state / "state.json"}
        self._watched = {kind: str(path) for kind, path in watched.items()}

    def note(self, deed: str, key: str) -> None:
        """Note what a person or another program does to a session."""
        self._deeds.setdefault((deed, key), []).append(self.machine.time)

    def memories(self) -> dict[str, Memory]:
        """Return what is on record of each session."""
        return {key: one.memory for key, one in self.machine.records().items()}

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
        with self.machine.running():
            self.start()
            while self.steps < steps and self.happened < len(self.script):
                self._turn()
            if self.steps < steps:
                self._until(self.until + self.machine.clockwork.slept)
            self.awake_for = self.machine.time - self.machine.clockwork.slept
            self.calm = True
            self.workers.at_seam.clear()
            self.workers.kill_after = None
            self.happen(Happening("all is well"))
            self._until(self.machine.time + CALM)
            self.promises.all_is_true()
            for _ in range(4):  # one sign-in afresh ends other sessions of its portal
                for key in self.promises.unhappy():
                    self.tell(ev.SignInRequested(key))
                    self._until(self.machine.time + 120)
            self._until(self.machine.time + HOUR)
            self.promises.all_is_well()

    def _until(self, time: float) -> None:
        while self._due() <= time:
            self._turn()
        while self.machine.time < time:
            self._look(min(time, self.machine.time + LOOK_EVERY))

    def _look(self, time: float) -> None:
        """Let time pass in which nothing happens, and look whether what is shown is still so."""
        self.machine.clockwork.time = time
        self.truth.is_shown(self.state, self.machine.now)
        self.truth.tries_are_made()
        self.inputs.is_known(self.state, self.machine.now)

    def _due(self) -> float:
        times = [self._timer(), self.machine.clockwork.due()]
        if not self.calm and self.happened < len(self.script):
            times.append(self._upcoming().at + self.machine.clockwork.slept)
        return min(times)

    def _timer(self) -> float:
        state, now = self.state, self.machine.now
        if self._next_look is None:  # once armed it fires, whatever else happens at that moment
            self._next_look = (next_look(state, now),)
        due = self._next_look[0]
        return float("inf") if due is None else due - T0 - self.machine.offset + 1e-6

    def _turn(self) -> None:
        clockwork = self.machine.clockwork
        at, timer = self._due(), self._timer()
        while at > clockwork.time + LOOK_EVERY:
            self._look(clockwork.time + LOOK_EVERY)
        if clockwork.due() <= at:
            label = clockwork.next()
            if self.trace is not None:
                self.say(label)
        elif timer <= at:
            clockwork.time = max(clockwork.time, at)
            self.tell(ev.Tick())
        else:
            clockwork.time = max(clockwork.time, at)
            upcoming = self._upcoming()
            self.happened += 1
            self.happen(upcoming)
        if self.promises.found is not None:
            raise self.promises.found
        self._watch()

    def _upcoming(self) -> Happening:
        return self.script[self.happened]

    def later(self, delay: float, label: str, act: Callable[[], None]) -> None:
        """Let something be done after so many seconds of the machine being awake."""
        self.machine.clockwork.later(delay, label, act)

    def draw(self, what: str, key: str = "", low: float = 0.0, high: float = 1.0) -> float:
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
        before, now = self.state, self.machine.now
        after, effects = step(before, event, now)
        self.steps += 1
        if self.trace is not None:
            self.say(f"  {event}")
            for effect in effects:
                self.say(f"    -> {effect}")
        self.state, self._next_look = after, None
        self.promises.hold(before, event, now, after, effects)
        self.inputs.hold(before, event, after, now)
        for effect in effects:
            self._do(effect)

    # --- The daemon ----------------------------------------------------------

    def start(self) -> None:
        """Start the daemon anew: it knows what its files tell, no more."""
        self.life += 1
        self.workers.close()
        self.state, self._next_look = TrayState(machine=f"desk-{self.seed}"), None
        for process in self.sign_ins.values():
            process.cancelled = True  # its input is closed
        self.sign_ins = {}
        self.truth.unwell()
        self.promises.restarted()
        self._seen.clear()
        for key, (start_url, memory) in self._unsaved.items():
            self.truth.unrecorded(start_url)
            if memory.signed_out:
                self.truth.unrecorded_outs.add(key)
        self._unsaved.clear()
        self._watch(told=False)
        self.inputs.begin()

    def _watch(self, *, told: bool = True) -> None:
        """Notice which of the files the daemon watches have changed."""
        machine, life = self.machine, self.life
        for key in self.inputs.followed or [one.key for one in self.catalog.sessions]:
            if self._changed(str(machine.path(key))) and told:
                self.look(key)
        for kind, path in self._watched.items():
            if self._changed(path) and told:
                self.later(0.02, f"{kind} changed",
                           lambda kind=kind: self._read_again(kind, life))  # type: ignore[misc] # bound now  # fmt: skip

    def _read_again(self, kind: str, life: int) -> None:
        if life == self.life:
            self.inputs.read_again(kind)

    def _changed(self, path: str) -> bool:
        seen = signature(path)
        if path in self._seen and self._seen[path] == seen:
            return False
        self._seen[path] = seen
        return True

    def _write_memories(self) -> None:
        """As the daemon's: what cannot be written now is written later, while it lives."""
        life = self.life
        try:
            while self._unsaved:
                key, (start_url, memory) = self._unsaved.popitem()
                Records(self.machine.paths.state).change(key, memory=memory)
        except (Unread, OSError):
            self._unsaved.setdefault(key, (start_url, memory))
            self.later(FAULT_PAUSE, "memories written again",
                       lambda: self._write_memories() if life == self.life else None)  # fmt: skip

    def look(self, key: str, delay: float = 0.01) -> None:
        """Let a cache file be looked at: the rules asked, or the watch saw it change."""
        life = self.life

        def looked() -> None:
            if life == self.life:
                status = look(self.machine.path(key), self.machine.wall())
                self.machine.met[f"file-{type(status).__name__}"] += 1
                self.tell(ev.TokenFileInspected(key, status))

        self.later(delay, f"{key}: a look at its file", looked)

    def stored(self, life: int, key: str) -> None:
        """A worker says that the keyring has confirmed what it held."""
        self.machine.met["stored-late"] += 1
        self.later(0.01, f"{key}: stored", lambda: self.report(life, ev.Stored(key)))

    def report(self, life: int, event: ev.Event) -> None:
        """Tell the daemon that asked; its successor never hears of it."""
        if life == self.life:
            self.tell(event)

    # --- What the rules ask for --------------------------------------------

    def _do(self, effect: fx.Effect) -> None:
        match effect:
            case fx.StartJob():
                self.truth.started(effect)
                life, delay = self.life, self.draw("job", effect.session.key, 0.02, 0.5)
                self.later(delay, "a job begins", lambda: self._begin(effect, life))
            case fx.StartSignIn():
                self.person.sign_in(effect)
            case fx.CancelSignIn():
                if effect.attempt in self.sign_ins:
                    self.sign_ins[effect.attempt].cancelled = True
            case fx.OpenBrowser():
                self.person.page_opened(effect.key)
            case fx.InspectTokenFile():
                self.look(effect.key, effect.delay)
            case fx.ShowNotice():
                self.person.noticed(effect.notice)
            case fx.SaveMemory():
                start_url = self.state.sessions[effect.key].config.start_url
                self._unsaved[effect.key] = start_url, effect.memory
                self._write_memories()
            case fx.ReadAgain():
                if effect.file.kind == "token":
                    self.look(effect.file.key)
                else:
                    self.inputs.read_again(effect.file.kind)
            case fx.RecordActive():
                self.inputs.record(effect)
            case fx.CarryOut(request=UnlockRequested()):
                self.person.unlock()
            case (
                fx.WithdrawNotice()
                | fx.ForgetCredentials()
                | fx.Reply()
                | fx.RecordHistory()
                | fx.CopyText()
                | fx.RememberRole()
                | fx.CarryOut()
                | fx.IndexAccounts()
                | fx.RecordAccountsUse()
                | fx.AddProfile()
                | fx.Report()
                | fx.OfferSettings()
                | fx.Quit()
            ):
                pass
            case _:
                assert_never(effect)

    def _begin(self, start: fx.StartJob, life: int) -> None:
        if life == self.life:
            self.workers.run(start, lambda outcome: self._answer(start, life, outcome))

    def _answer(self, start: fx.StartJob, life: int, outcome: Outcome) -> None:
        key = start.session.key
        self.truth.answered(start, outcome)
        late = self.draw("late", key)
        delay = self.draw("answer", key, 1, 20) if late < 0.05 else 0.02

        def answered() -> None:
            known = self.state.sessions.get(key)
            job = known.job if known is not None else None
            if life == self.life and (job is None or job.attempt != start.attempt):
                self.machine.met["late-answer"] += 1
            self.report(life, ev.JobDone(key, start.attempt, outcome))

        self.later(delay, f"{key}: {start.kind} ends: {outcome}", answered)
        if 0.05 <= late < 0.1:
            self.later(delay + self.draw("again", key, 0, 60), f"{key}: said twice", answered)

    # --- What the world does (tests.simulation.happenings names it) --------

    def happen(self, one: Happening) -> None:
        """Let one thing happen, or let it wait for a step of the session's next transaction."""
        if one.step is None:
            self._happen(one)
        else:
            waiting = self.workers.at_seam.setdefault(one.key, [])
            waiting.append((one.step, lambda: self._happen(one)))

    def _happen(self, one: Happening) -> None:
        self.say(f"== {one}")
        self.machine.met[one.kind] += 1
        self.machine.remember_state()
        ACTS[one.kind](self, one)

    def portal(self, place: str) -> Portal:
        """Return the Identity Center of a start URL."""
        return self.portals[place]

    def keyring(self, mode: KeyringMode) -> None:
        """Change what the keyring does."""
        self.machine.keyring.mode = mode

    def sleep(self, seconds: float) -> None:
        """Let the machine sleep: nothing of it runs, AWS goes on."""
        self.tell(ev.SystemEvent("asleep"))
        clockwork, until = self.machine.clockwork, self.machine.time + 2
        while clockwork.due() <= until:
            clockwork.next()
        clockwork.time = max(clockwork.time, until)
        self._slept_over(seconds)
        clockwork.sleep_over(seconds)
        self.truth.unwell()
        if self.draw("tick-first", "machine") < 0.5:
            self.tell(ev.Tick())  # the timer may be quicker than the word that it is awake
        self.tell(ev.SystemEvent("woke"))

    def _slept_over(self, seconds: float) -> None:
        """Count the deadlines that pass while the machine sleeps."""
        wall, state = self.machine.wall(), self.state
        for session in state.sessions.values():
            due = planned_renewal(session, state.preferences, state.machine)
            end = session.token.expires_at if session.token is not None else None
            for name, moment in (("renewal", due), ("end", end)):
                if moment is not None and wall < moment <= wall + seconds:
                    self.machine.met[f"slept-over-{name}"] += 1
