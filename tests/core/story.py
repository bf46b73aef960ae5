"""A story told to the rules: events go in at given times, what they answer is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tray.core import effects as fx
from tray.core import events as ev
from tray.core.machine import step
from tray.core.model import Catalog, Memory, Now, Profile, SsoSession, TokenFacts, TokenStore
from tray.core.outcomes import Outcome, Refused, Renewed
from tray.core.session import Session
from tray.core.state import TrayState, next_look
from tray.core.views.view import SessionRow, View, view

T0 = 1_800_000_000.0
MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0

CORP = SsoSession(
    key="corp",
    start_url="https://corp.awsapps.com/start",
    region="eu-west-1",
    profiles=("dev", "prod"),
)
LAB = SsoSession(
    key="lab", start_url="https://lab.awsapps.com/start", region="us-east-1", profiles=("lab",)
)
OLD = SsoSession(
    key="https://old.awsapps.com/start",
    start_url="https://old.awsapps.com/start",
    region="us-east-1",
    legacy=True,
    profiles=("old",),
)

Answer = Callable[[fx.StartJob, float], Outcome | None]
"""What the world answers to a job started at a time; None = not yet."""

E = TypeVar("E")


def catalog(*sessions: SsoSession) -> Catalog:
    """Return a config with these sessions and their profiles."""
    profiles = tuple(
        Profile(name=name, kind="sso", session=session.key, account_id="1" * 12, role_name="r")
        for session in sessions
        for name in session.profiles
    )
    return Catalog(sessions=sessions, profiles=profiles)


def token(
    name: str = "a", at: float = 0.0, life: float = HOUR, *, refreshable: bool = False
) -> TokenFacts:
    """Return a token issued ``at`` seconds into the story."""
    return TokenFacts(name, T0 + at + life, T0 + at, refreshable)


class Story:
    """
    The rules in a world where time passes only when told to.

    Args:
        sessions: what the config has.
        active: the active profile; by default one of ``corp``, so that notices are told.
        keepers, memories: what ``state.json`` holds.
        start: seconds into the story at which the daemon starts.
    """

    def __init__(
        self,
        *sessions: SsoSession,
        active: str | None = "dev",
        stores: dict[str, TokenStore | None] | None = None,
        memories: dict[str, Memory] | None = None,
        start: float = 0.0,
    ) -> None:
        self.state = TrayState(machine="desk")
        self.time = start
        self.effects: list[fx.Effect] = []
        self.ticks = 0
        self.send(ev.RecordsRead(stores or {}, memories or {}))
        self.send(ev.ActiveRead(active))
        self.send(ev.ConfigRead(catalog(*(sessions or (CORP,)))))

    @property
    def now(self) -> Now:
        """Both clocks at this point of the story."""
        return Now(wall=T0 + self.time, mono=self.time)

    def send(self, event: ev.Event, at: float | None = None) -> tuple[fx.Effect, ...]:
        """Let something happen, at ``at`` seconds into the story; return the effects."""
        self.time = self.time if at is None else at
        self.state, effects = step(self.state, event, self.now)
        self.effects.extend(effects)
        return effects

    def file(
        self, file_status: ev.TokenFileStatus, at: float | None = None, key: str = "corp"
    ) -> tuple[fx.Effect, ...]:
        """Let the cache file be looked at."""
        return self.send(ev.TokenFileInspected(key, file_status), at)

    def answer(
        self, outcome: Outcome, at: float | None = None, key: str = "corp"
    ) -> tuple[fx.Effect, ...]:
        """Let the job under way end."""
        job = self.session(key).job
        assert job is not None
        return self.send(ev.JobDone(key, job.attempt, outcome), at)

    def sign_in(
        self,
        new: TokenFacts,
        store: TokenStore = "keyring",
        *,
        afresh: bool | None = None,
        key: str = "corp",
    ) -> None:
        """Let a person sign in from click to token, all at once."""
        self.send(ev.SignInRequested(key, afresh=afresh))
        sign_in = self.session(key).sign_in
        assert sign_in is not None
        ready = ev.SignInReady(key, sign_in.attempt, "https://signin", older_ended=sign_in.afresh)
        self.send(ready)
        self.send(ev.SignedIn(key, sign_in.attempt, new, store))

    def run_until(self, at: float, world: Answer | None = None) -> None:
        """Let time pass: every ``next_look`` is answered by a Tick, every job by ``world``."""
        while True:
            if world is not None:
                self._settle(world)
            due = next_look(self.state, self.now)
            if due is None or due > T0 + at:
                break
            assert due > self.now.wall
            self.ticks += 1
            self.send(ev.Tick(), due - T0)
        self.time = at

    def _settle(self, world: Answer) -> None:
        pending = True
        while pending:
            pending = False
            for key, session in self.state.sessions.items():
                if session.job is None:
                    continue
                start = fx.StartJob(session.config, session.job.attempt, session.job.kind)
                outcome = world(start, self.time)
                if outcome is not None:
                    self.send(ev.JobDone(key, start.attempt, outcome))
                    pending = True

    def session(self, key: str = "corp") -> Session:
        """Return what the rules know of a session."""
        return self.state.sessions[key]

    def view(self) -> View:
        """Return what a person sees now."""
        return view(self.state, self.now)

    def row(self, key: str = "corp") -> SessionRow:
        """Return a session's row."""
        return next(row for row in self.view().sessions if row.key == key)

    def all(self, kind: type[E]) -> list[E]:
        """Return every effect of a kind so far."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def jobs(self) -> list[str]:
        """Return the kinds of all jobs started so far."""
        return [start.kind for start in self.all(fx.StartJob)]

    def notices(self) -> list[str]:
        """Return the categories of all notices shown so far."""
        return [shown.notice.category for shown in self.all(fx.ShowNotice)]

    def kept(self) -> dict[str, Memory]:
        """Return what ``state.json`` would hold now."""
        memories: dict[str, Memory] = {}
        for keep in self.all(fx.SaveMemory):
            memories[keep.key] = keep.memory
        return memories


def only(kind: type[E], effects: tuple[fx.Effect, ...]) -> E:
    """Return the one effect of a kind."""
    (found,) = (effect for effect in effects if isinstance(effect, kind))
    return found


def renewing(
    life: float = HOUR, ends_at: float | None = None, store: TokenStore = "keyring"
) -> Answer:
    """
    Return a well-behaved AWS: every renewal brings a token of ``life`` seconds.

    Args:
        life: seconds.
        ends_at: when the sign-in session ends, seconds into the story: tokens are cut there, and
            nothing is renewed after it.
        store: who keeps the refresh data.
    """

    def world(start: fx.StartJob, at: float) -> Outcome | None:
        assert start.kind == "renew"
        if ends_at is not None and at >= ends_at:
            return Refused("dead")
        lasts = life if ends_at is None else min(life, ends_at - at)
        new = token(f"r{start.attempt}", at, lasts, refreshable=store == "file")
        return Renewed(new, store)

    return world
