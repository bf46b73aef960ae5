"""The daemon wired together: the one place where its parts meet."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, assert_never

import tray
from tray.aws.cache.login_cache import login_cache
from tray.core import events as ev
from tray.core.model import Catalog, InputFile
from tray.core.state import TrayState
from tray.core.views.prompt_file import prompt_end
from tray.core.views.status_documents import Running, status_document
from tray.core.views.view import View
from tray.credential_helper.helper_installation import install
from tray.daemon.agent_server import Agent, AgentHandlers
from tray.daemon.credential_service import CredentialService
from tray.daemon.desktop_wiring import Desktop
from tray.daemon.effect_runner import EffectRunner
from tray.daemon.event_loop import EventLoop
from tray.daemon.file_watch import FileWatch
from tray.daemon.input_files import InputFiles
from tray.daemon.managed_updates import ManagedUpdates
from tray.daemon.worker_jobs import WorkerJobs
from tray.daemon.worker_pool import Pool
from tray.desktop.native.main_thread import MainThread
from tray.desktop.search.known_roles import KnownRoles
from tray.errors import Busy, TrayError, Unread, UserMustAct
from tray.managed import managed_sections
from tray.managed.section_plan import ManagedContext
from tray.storage.active_profile import write_prompt
from tray.storage.atomic_files import private_directory, remove_leftovers
from tray.storage.daemon_record import record, record_start
from tray.storage.private_folder import sweep
from tray.system import agent_socket
from tray.system.clock.wall_clock import start_wall_timer
from tray.system.end_signals import ShutdownSignals
from tray.system.events.lifetime import DesktopEnd, IdleEnd
from tray.system.paths import Paths, world
from tray.system.surroundings import desktop_since

log = logging.getLogger(__name__)

SOCKET: Final = InputFile("socket")


class Daemon:
    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        icon: bool,
        main: MainThread | None = None,
        ends: ShutdownSignals | None = None,
        on_demand: bool = False,
    ) -> None:
        self.environ = dict(environ)
        self._on_demand = on_demand
        self.graphical = desktop_since(environ) is not None
        self._ends = ends or ShutdownSignals()
        self.paths = paths = Paths.from_environment(environ)
        self.since = time.time()
        self.ended = self._ends.ended
        self.restarts = False
        self._address: Path | None = None
        self._mark: tuple[int, int] | None = None
        self.files = InputFiles(paths, environ, self.post)
        self.desktop = Desktop(
            self.environ,
            post=self.post,
            settings=lambda: self.files.settings,
            icon=icon,
            main=main,
            follows=lambda: self.managed.follows,
            roles=KnownRoles(paths.state, lambda: self.loop.state),
        )
        self.managed = ManagedUpdates(
            paths.state, self._managed_context, post=self.post, done=self._applied
        )
        self.pool = Pool(
            self.environ, lambda: self.files.settings, lambda key: self.post(ev.Stored(key))
        )
        self.service = CredentialService(
            paths.state,
            state=lambda: self.loop.state,
            surroundings=self.files.surroundings,
            post=self.post,
            ask=self.pool.ask,
        )
        self.agent = Agent(
            AgentHandlers(
                world(self.environ),
                self.environ,
                self.post,
                self.status,
                lambda packed, coloured: self.files.words(
                    self.status(), self.loop.state, packed, coloured=coloured
                ),
                self.service.answer,
                self._look_again,
                lambda name: self.files.facts(self.loop.state, name),
                self.desktop.found,
            )
        )
        self.jobs = WorkerJobs(self.pool, self.post, self._restart, self.agent.network_of)
        self.watch = FileWatch(
            paths,
            login_cache(environ, paths.home),
            post=self.post,
            changed=lambda kind: self._read_again(InputFile(kind)),
            applied=self._applied,
        )
        self.effects = EffectRunner(
            paths,
            self.post,
            jobs=self.jobs,
            files=self.files,
            desktop=self.desktop,
            agent=self.agent,
            service=self.service,
            managed=self.managed,
            inspect=self.watch.inspect,
            read_again=self._read_again,
            end=self.ended.set,
        )
        self.desktop.join(DesktopEnd(self.ended.set))
        self._idle = IdleEnd(self.ended.set, self._needed, lambda: self.agent.last_request)
        self.timer = start_wall_timer(asyncio.get_running_loop(), self._alarm)
        self.loop = EventLoop(
            TrayState(machine=socket.gethostname() or "machine"),
            perform=self.effects.perform,
            changed=self._changed,
            listed=self.desktop.refresh,
            arm=self.timer.arm,
        )

    def post(self, event: ev.Event) -> None:
        self.loop.post(event)

    async def run(self) -> None:
        """Serve until Quit or a signal; stopping takes under two seconds (fault 76)."""
        self._ends.attach(asyncio.get_running_loop(), self.ended.set)
        self._prepare()
        listening = self._listen()
        try:
            self.watch.start(self.paths.runtime_sockets)
            self.files.read_first()
            self.jobs.go(self.files.read_accounts())
            await self._read_config()
            if listening is not None:
                await self.agent.serve(listening)
            self.desktop.start()
            if self._on_demand:
                self._idle.start()
            log.info("serving, %d sessions", len(self.loop.state.sessions))
            await self.ended.wait()
        finally:
            await self._stop()

    def _prepare(self) -> None:
        """Make our directories private, remove what killed processes left, install files."""
        state = private_directory(self.paths.state, tighten=True)
        ours = [state / name for name in ("locks", "handout", "backups")]
        for place in filter(Path.is_dir, ours):
            private_directory(place, tighten=True)
        cache = self.paths.token_cache
        written = (self.paths.aws_config, self.paths.aws_credentials, *cache.glob("*.json"))
        remove_leftovers(written, (cache, state, *ours))
        for place in (self.paths.state, self.paths.runtime_sockets[0].parent):
            sweep(place)
        record_start(state, self.environ)
        try:
            install(self.paths.state, self.environ)
        except (OSError, TrayError) as error:
            log.warning("the credential helper cannot be written (%s)", error)

    def _listen(self) -> agent_socket.Listener | None:
        """
        Listen at the first place that is ours; another world's daemon may have taken it.

        Where there is none, commands act alone, and it is tried again. Raises `Busy`.
        """
        if self._address is not None:
            return None
        try:
            path, listening = agent_socket.first_listener(self.paths.runtime_sockets)
        except UserMustAct as error:
            sentence = f"Commands don't reach SSO Tray and act alone: {error.sentence}."
            self.post(ev.InputUnread(SOCKET, sentence))
            return None
        self._address, self._mark = path, agent_socket.socket_mark(path)
        self.post(ev.InputRead(SOCKET))
        return listening

    async def _listen_again(self) -> None:
        """Also where a directory was cleared with our socket in it, as at a logout."""
        if self._address is not None and agent_socket.socket_mark(self._address) != self._mark:
            self._address = None
        try:
            listening = self._listen()
        except Busy as error:
            log.warning("%s", error)
            return
        if listening is not None:
            await self.agent.serve(listening)

    async def _stop(self) -> None:
        log.info("ending")
        self.post(ev.Ending())
        self.timer.close()
        self._idle.close()
        self.watch.close()
        await asyncio.gather(
            self.agent.close(), self.pool.close(), self.desktop.stop(), self.managed.close()
        )
        await self.effects.close()
        record(self.paths.state, running=False)
        if self._address is not None and agent_socket.socket_mark(self._address) == self._mark:
            self._address.unlink(missing_ok=True)  # so that no client waits for an answer there

    def _needed(self) -> bool:
        """Whether there is an icon, a client or a session that is signed in."""
        out = {row.state for row in self.loop.view().sessions} <= {"signed-out", "expired"}
        return self.desktop.shows_icon or self.agent.clients > 0 or not out

    def _restart(self) -> None:
        self.restarts = True
        self.ended.set()

    async def _read_config(self) -> None:
        """Not before all it is judged by has been read."""
        if self.files.known and await self.files.read_config(self._follow_sessions):
            self.managed.follow()  # active-profile keys that the rules do not know may differ

    def _follow_sessions(self, catalog: Catalog) -> None:
        self.service.cache.forget_by_profile(self.files.same_mfa_profiles())
        self.watch.follow([session.key for session in catalog.sessions])

    def _read_again(self, file: InputFile) -> None:
        known = self.files.known
        match file.kind:
            case "token":
                self.watch.inspect(file.key)
            case "config":
                self.jobs.go(self._read_config())
            case "settings":
                self.files.read_settings()
                self.desktop.refresh()  # the rules do not see the menu's ticks
            case "records":
                self.files.read_records()
            case "active-profile":
                self.files.read_active()
            case "accounts":
                self.jobs.go(self.files.read_accounts())
            case "logins":
                self.files.read_logins(self.loop.state.catalog)
            case "managed":
                self.managed.follow()
            case "watch":
                self.watch.watch()
            case "socket":
                self.jobs.go(self._listen_again())
            case _:
                assert_never(file.kind)
        if self.files.known and not known:
            self.jobs.go(self._read_config())

    def _look_again(self) -> None:
        """Whoever asks is answered from what can be read now."""
        if self.loop.state.unread:
            self.post(ev.Tick())

    def _alarm(self, alarm: str) -> None:
        self.post(ev.SystemEvent("clock-set") if alarm == "clock-set" else ev.Tick())

    def _managed_context(self) -> ManagedContext:
        guarded, state = self.files.settings.preferences.guarded, self.paths.state
        if not self.files.known:
            raise Unread("The settings can't be read right now.")
        return ManagedContext(self.paths, guarded, lambda: install(state, self.environ))

    def _applied(self) -> None:
        self.files.list_profiles()
        self.desktop.refresh()
        self.agent.changed()

    def _changed(self, seen: View) -> None:
        if self.files.known:
            self.managed.shown(seen)
            self._write_prompt(seen)
        self.desktop.show(seen)
        self.agent.changed()

    def _write_prompt(self, seen: View) -> None:
        """Write what the shells read at each prompt; a full disk costs them only the news."""
        state = self.loop.state
        if not state.config_read or (state.config_problem and not state.catalog.profiles):
            return  # the profiles are not known: what the shells have stays
        try:
            write_prompt(
                self.paths.state,
                seen.active_profile,
                guarded=seen.guarded,
                ends_at=prompt_end(seen),
            )
        except (OSError, TrayError) as error:
            log.warning("the prompt file cannot be written (%s)", type(error).__name__)

    def status(self) -> dict[str, Any]:
        seen, state = self.loop.view(), self.paths.state
        document = status_document(
            seen,
            applies=self.managed.follows,
            daemon=Running(
                os.getpid(), self.since, tray.__version__, self.desktop.problem, self.graphical
            ),
        )
        more = (*managed_sections.problems(state), self.managed.refusal, self.desktop.problem)
        document["problems"] += [sentence for sentence in more if sentence is not None]
        return document
