"""The worker processes of the made-up machine: they run the real transactions, stop by stop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from tests.simulation.aws import Clients, Given
from tests.simulation.clockwork import Killed, Process
from tests.simulation.keyring import Backend, Turns
from tray.aws.api.oidc import Oidc
from tray.aws.api.portal import Portal
from tray.aws.cache.sso_token import SsoToken
from tray.core import effects as fx
from tray.core import policy
from tray.core.model import SsoSession
from tray.core.outcomes import Failed, Outcome
from tray.errors import TrayError
from tray.storage.session_records import Records
from tray.storage.settings import Settings
from tray.worker import job_table
from tray.worker.job_context import JobContext
from tray.worker.keyring.token_keyring import TokenKeyring
from tray.worker.keyring.unsaved_tokens import Unsaved
from tray.worker.sign_in.sign_in_saving import SignInResult, save
from tray.worker.worker_process import HOLDS_FROM

if TYPE_CHECKING:
    from tests.simulation.world import World

LOST = Failed("other", "A process of SSO Tray's was killed at its work.")
LATE = Failed("other", "It took too long.")


class Worker(Process):
    """One worker process: its keyring thread, what it has not saved yet, what it works on."""

    def __init__(self, name: str, turns: Turns) -> None:
        super().__init__(name)
        self.turns = turns
        self.unsaved = Unsaved()
        self.answers: dict[int, Callable[[Outcome], None]] = {}
        self.hands: dict[str, Given] = {}
        self.holding: set[int] = set()
        self.overdue = False
        self.closing = False


class Workers:
    """
    Starts them and kills them.

    Args:
        world: the walk they are part of.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._shared: Worker | None = None
        self._made = 0
        self.alive: list[Worker] = []
        self.kill_after: int | None = None
        self.at_seam: dict[str, list[tuple[int, Callable[[], None]]]] = {}
        world.machine.aws.on_given = self._given

    def run(self, start: fx.StartJob, answer: Callable[[Outcome], None]) -> None:
        """Let the shared worker do a job."""
        world, attempt = self._world, start.attempt
        worker = self._shared
        if worker is None or worker.dead or worker.overdue:
            worker = self._shared = self._new("worker")
        worker.answers[attempt] = answer
        context = self._context(worker, start.session.key, attempt)

        def work() -> None:
            outcome = job_table.run(start.kind, start.session, context, adopting=start.adopt)
            worker.holding.discard(attempt)
            self._done(worker, attempt, outcome)

        world.machine.clockwork.spawn(worker, f"{start.session.key}: {start.kind}", work)
        world.machine.clockwork.later(
            policy.JOB_DEADLINE, f"{start.kind} is overdue", lambda: self._late(worker, attempt)
        )

    def save(
        self,
        session: SsoSession,
        token: SsoToken,
        done: Callable[[SignInResult | str | None], None],
    ) -> None:
        """
        Let a sign-in process keep what it was given.

        `done` gets what came of it, or why nothing did; None if the process was killed.
        """
        world = self._world
        worker = self._new("sign-in")
        given = world.machine.aws.given(token.access_token.reveal())
        assert given is not None
        worker.hands[session.key] = given
        world.truth.ours.add((session.key, given.access))
        worker.answers[0] = lambda _: done(None)
        context = self._context(worker, session.key, 0)

        def work() -> None:
            try:
                result: SignInResult | str = save(session, context, token)
            except TrayError as error:
                result = error.sentence
            worker.answers.pop(0, None)
            self._end(worker)
            done(result)

        world.machine.clockwork.spawn(worker, f"{session.key}: a sign-in is kept", work)

    def close(self) -> None:
        """Let the workers of a daemon that has ended finish what they have begun."""
        worker, self._shared = self._shared, None
        if worker is not None and not worker.dead:
            worker.closing = True
            worker.answers = dict.fromkeys(worker.answers, lambda _: None)
            self._rest(worker)

    def kill(self, worker: Worker) -> None:
        """Kill a process; the daemon sees that it is gone."""
        self._world.machine.met["worker-killed"] += 1
        self._world.machine.aws.spent.extend(worker.hands.items())
        self._end(worker)
        self._world.machine.clockwork.kill(worker)
        answers, worker.answers = worker.answers, {}
        for answer in answers.values():
            answer(LOST)

    def held(self, key: str) -> list[Given]:
        """Return what living processes hold of a session and have not saved yet."""
        return [one.hands[key] for one in self.alive if key in one.hands and not one.dead]

    def busy(self) -> bool:
        """Whether any process is at work."""
        return any(worker.answers for worker in self.alive)

    # --- Inside a process ------------------------------------------------------

    def _context(self, worker: Worker, key: str, attempt: int) -> JobContext:
        world = self._world
        machine = world.machine
        seam = partial(self._seam, worker, key, attempt)
        clients = Clients(machine.aws, machine.wall, worker.name, key)
        return JobContext(
            paths=machine.paths,
            settings=Settings(),
            records=Records(machine.paths.state),
            keyring_store=TokenKeyring(
                "sso-tray",
                machine.paths.token_cache,
                Backend(machine.keyring, worker.turns),
                patience=worker.turns,
                seam=lambda name: seam(f"keyring: {name}"),
            ),
            clients=clients,
            oidc=Oidc(clients, clock=machine.wall),
            portal=Portal(clients),
            unsaved=worker.unsaved,
            clock=machine.wall,
            seam=seam,
            stored=partial(world.stored, world.life),
        )

    def _seam(self, worker: Worker, key: str, attempt: int, name: str) -> None:
        """Stop between two steps if something is to happen there."""
        world = self._world
        clockwork = world.machine.clockwork
        if name == "renamed":
            world.machine.stamp(world.machine.path(key))
            world.truth.published(key)
        if name in HOLDS_FROM:
            worker.holding.add(attempt)
        if worker.dead:
            raise Killed
        if self.kill_after is not None:
            self.kill_after -= 1
            if self.kill_after < 0:
                self.kill_after = None
                world.say(f"KILLED at {name}")
                world.machine.met[f"killed-at-{name.partition(':')[0]}"] += 1
                self.kill(worker)
                raise Killed
        waiting = self.at_seam.get(key)
        if waiting:
            left, act = waiting.pop(0)
            if left > 0:
                waiting.insert(0, (left - 1, act))
            else:
                world.say(f"at the seam {name}")
                world.machine.met["between-two-steps"] += 1
                clockwork.later(0.0, f"{key}: meanwhile", act)
                clockwork.wait(0.0)

    def _given(self, key: str, by: str, given: Given) -> None:
        self._world.truth.renewed(key, given)
        for worker in self.alive:
            if worker.name == by:
                worker.hands[key] = given

    def _done(self, worker: Worker, attempt: int, outcome: Outcome) -> None:
        answer = worker.answers.pop(attempt, None)
        if answer is not None:
            answer(outcome)
        self._rest(worker)

    def _late(self, worker: Worker, attempt: int) -> None:
        answer = worker.answers.get(attempt)
        if worker.dead or answer is None:
            return
        self._world.machine.met["job-overdue"] += 1
        worker.overdue = True
        worker.answers[attempt] = lambda _: None
        answer(LATE)
        if not worker.holding:
            self.kill(worker)

    def _rest(self, worker: Worker) -> None:
        """Let a worker without work go, once it holds nothing unsaved."""
        if worker.answers:
            return
        if not worker.unsaved:
            worker.hands.clear()
            self._end(worker)
        elif worker.closing:
            self._world.machine.clockwork.spawn(
                worker, "what is unsaved goes into the file", lambda: self._surrender(worker)
            )
        else:
            self._world.machine.clockwork.later(
                30.0, "a worker rests", lambda: None if worker.dead else self._rest(worker)
            )

    def _surrender(self, worker: Worker) -> None:
        worker.unsaved.save_in_files()
        worker.hands.clear()
        self._end(worker)

    def _end(self, worker: Worker) -> None:
        if worker in self.alive:
            self.alive.remove(worker)
        if self._shared is worker:
            self._shared = None

    def _new(self, name: str) -> Worker:
        self._made += 1
        worker = Worker(f"{name} {self._made}", Turns(self._world.machine.clockwork))
        self.alive.append(worker)
        return worker
