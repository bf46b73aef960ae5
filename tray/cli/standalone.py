"""Acting without a daemon: the same rules and the same locks, for one request (rule C3)."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

from tray.aws.cache.sso_token import SsoToken
from tray.aws.cache.token_cache import cache_path, read_token
from tray.aws.cache.token_file_status import look
from tray.cli.command_context import CommandContext, now
from tray.cli.front.terminal import note
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.effects import Effect
from tray.core.machine import step
from tray.core.model import Preferences, SsoSession
from tray.core.session import same_place
from tray.core.state import TrayState
from tray.core.views.view import View, view
from tray.errors import CacheFileBad, ConfigRejected, OurBug, TrayError, Unread
from tray.storage.active_profile import read_active, read_previous
from tray.storage.daemon_record import read_record
from tray.storage.logs import History
from tray.storage.session_records import Records
from tray.system.process_limits import forbid_core_dumps

if TYPE_CHECKING:
    from tray.worker.job_context import JobContext

REQUEST = "cli"

Progress = Callable[[fx.Reply], None]
SignIn = Callable[[fx.StartSignIn, Callable[[ev.SignInReady], None]], ev.Event]
"""Runs a sign-in: what to start and who is given the link; returns how it ended."""


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a transaction finish before Ctrl-C counts: halfway, a refresh token may be new."""
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


def recalled(
    context: CommandContext, preferences: Preferences, problems: tuple[str, ...] = ()
) -> TrayState:
    """Return the state by files alone (C2); one being written is read again, for 2 s at most."""
    forbid_core_dumps()  # a token file may have a refresh token in it
    try:
        config: ev.Event = ev.ConfigRead(context.catalog())
    except ConfigRejected as rejected:
        config = ev.ConfigBroken(rejected.sentence)
    state = TrayState(machine="", previous=read_previous(context.paths.state), alone=True)
    effects: list[Effect] = []
    for event in (
        Records(context.paths.state).recalled(),
        ev.PreferencesRead(preferences, problems),
        ev.ActiveRead(read_active(context.paths.state)),
        config,
    ):
        state, more = step(state, event, now())
        effects += more
    return _looked(context, state, effects)


def _looked(context: CommandContext, state: TrayState, effects: Iterable[Effect]) -> TrayState:
    """Inspect the cache files as the rules ask, each at its time."""
    due = _due(effects)
    while due:
        key = min(due, key=lambda one: due[one])
        time.sleep(max(0.0, due.pop(key) - time.monotonic()))
        at = now()
        file_status = look(cache_path(context.paths.token_cache, key), at.wall)
        state, more = step(state, ev.TokenFileInspected(key, file_status), at)
        due |= _due(more)
    return state


def _due(effects: Iterable[Effect]) -> dict[str, float]:
    at = time.monotonic()
    return {
        effect.key: at + effect.delay
        for effect in effects
        if isinstance(effect, fx.InspectTokenFile)
    }


def view_of_files(context: CommandContext) -> View:
    """Return what the user sees from files alone; unusable settings are a problem."""
    settings = context.settings_or_safe()
    return view(recalled(context, settings.preferences, settings.problems), now())


class Standalone:
    """The daemon's work for one request; leaving it saves what no keyring has confirmed (R3)."""

    def __init__(self, context: CommandContext) -> None:
        forbid_core_dumps()
        self.settings = context.settings()
        for problem in self.settings.problems:
            note(problem)
        self._context = context
        self._records, self._history = Records(context.paths.state), History(context.paths.state)
        state = recalled(context, self._preferences())
        # Jobs the rules request at the start wait: this command does what was typed.
        idle = {key: replace(session, job=None) for key, session in state.sessions.items()}
        beside, host = context.daemon_beside(), read_record(context.paths.state).other_host()
        self.state = replace(state, sessions=idle, beside=beside, host=host)

    def _preferences(self) -> Preferences:
        """Refresh data leave a file where something renews it, or where no file may have them."""
        preferences = self.settings.preferences
        return replace(preferences, adopt=preferences.keyring_required)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if "job_context" not in vars(self):
            return
        with uninterrupted():
            self.job_context.unsaved.save_in_files()
        self.job_context.clients.close()

    @cached_property
    def job_context(self) -> JobContext:
        """Made when it is needed: it imports botocore, which takes most of a quick command."""
        from tray.worker.job_context import JobContext

        made = JobContext.from_environment(self._context.environ, settings=self.settings)
        # Refresh data leaves the token file only where something will renew it (K1).
        return replace(made, watched=False)

    def token_now(self, session: SsoSession) -> SsoToken | None:
        """Return the token of a session's file while it is good; None says nothing of why."""
        try:
            token = read_token(cache_path(self._context.paths.token_cache, session.key))
        except (Unread, CacheFileBad):
            return None
        if token is None or not same_place(session, token.start_url, token.region):
            return None
        return token if token.expires_at > now().wall else None

    def carry_out(
        self,
        key: str,
        event: ev.Event,
        *,
        progress: Progress | None = None,
        sign_in: SignIn | None = None,
    ) -> fx.Reply:
        """Carry out a request about one session, asked by `REQUEST`; return the last reply."""
        seen = self.state.sessions[key].token if key in self.state.sessions else None
        queue = deque(self._fed(event))
        last: fx.Reply | None = None
        while queue:
            effect = queue.popleft()
            match effect:
                case fx.Reply(kind="done"):
                    last = effect
                case fx.Reply() if progress is not None:
                    progress(effect)
                case fx.StartSignIn() if sign_in is not None and last is None:
                    queue.extend(self._signed_in(effect, sign_in, progress))
                case fx.StartJob() if effect.session.key == key and last is None:
                    queue.extend(self._done(effect, seen.fingerprint if seen else None))
                case _:
                    self._kept(effect, key)
        if last is None:
            raise OurBug(f"the rules left {type(event).__name__} without a last word")
        return last

    def remember(self, key: str, event: ev.Event) -> None:
        for effect in self._fed(event):
            self._kept(effect, key)

    def add_history(self, what: str, key: str | None, detail: str) -> None:
        self._history.add(now().wall, what, key, detail)

    def _fed(self, event: ev.Event) -> tuple[Effect, ...]:
        self.state, effects = step(self.state, event, now())
        return effects

    def _done(self, start: fx.StartJob, seen: str | None) -> tuple[Effect, ...]:
        from tray.worker import job_table

        with uninterrupted():
            outcome = job_table.run(
                start.kind, start.session, self.job_context, adopting=start.adopt, seen=seen
            )
        return self._fed(ev.JobDone(start.session.key, start.attempt, outcome))

    def _signed_in(
        self, start: fx.StartSignIn, sign_in: SignIn, progress: Progress | None
    ) -> tuple[Effect, ...]:
        def ready(event: ev.SignInReady) -> None:
            effects = self._fed(event)
            for effect in effects:  # before the page is shown: who sees it may cancel at once
                self._kept(effect, event.key)
            for effect in effects:
                if isinstance(effect, fx.Reply) and progress is not None:
                    progress(effect)

        return self._fed(sign_in(start, ready))

    def _kept(self, effect: Effect, key: str) -> None:
        match effect:
            case fx.SaveMemory() if effect.key == key:
                try:
                    self._records.change(key, memory=effect.memory)
                except (OSError, TrayError):
                    # The request is done; only our memory of it is incomplete.
                    note("state.json cannot be written.")
            case fx.RecordHistory() if effect.key in (key, None):
                self._history.add(now().wall, effect.what, effect.key, effect.detail)
            case _:
                return
