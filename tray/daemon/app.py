"""The daemon wired together: the one place where its rooms meet."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import socket
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import tray
from tray.aws.config.catalog import CatalogReader, ConfigFiles
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.events import Event
from tray.core.model import Memory
from tray.core.state import TrayState
from tray.core.views.prompt_file import prompt_end
from tray.core.views.status_documents import Running, status_document
from tray.core.views.view import View
from tray.credential_helper import install
from tray.daemon.agent_server import Agent, AgentHandlers
from tray.daemon.credential_service import CredentialService
from tray.daemon.desktop_wiring import Desktop
from tray.daemon.effect_runner import EffectRunner, Ports
from tray.daemon.event_loop import EventLoop
from tray.daemon.file_watch import FileWatch
from tray.daemon.leftovers import tidy
from tray.daemon.managed_updates import ManagedUpdates, following
from tray.daemon.role_credential_cache import RoleCredentialCache
from tray.daemon.worker_pool import Pool
from tray.desktop.native.main_thread import MainThread
from tray.errors import ConfigRejected, TrayError
from tray.managed import managed_sections
from tray.managed.config_write import add_profiles
from tray.managed.managed_sections import ManagedContext, with_managed
from tray.storage.active_profile import read_active, record_active, write_prompt
from tray.storage.atomic_files import FileRefused, private_directory
from tray.storage.logs import History, set_debug
from tray.storage.session_records import Records
from tray.storage.settings import SAFE, read_settings, write_setting
from tray.system import agent_socket
from tray.system.browser import open_browser
from tray.system.end_signals import ShutdownSignals
from tray.system.paths import Paths, world
from tray.system.wall_clock import start_wall_timer

log = logging.getLogger(__name__)

LARGE_CONFIG = 512 * 1024
"""Bytes from which on the config is read off the loop: about 4,000 profiles."""


class Daemon:
    """
    One daemon process.

    Args:
        environ: its environment.
        icon: whether there is to be an icon in the tray.
        main: the main thread, where the icon has to live there.
        ends: the system's requests to end.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        icon: bool,
        main: MainThread | None = None,
        ends: ShutdownSignals | None = None,
    ) -> None:
        self.environ = dict(environ)
        self._ends = ends or ShutdownSignals()
        self.paths = Paths.from_environment(environ)
        self.settings = SAFE
        self.records = Records(self.paths.state)
        self.history = History(self.paths.state)
        self.credentials = RoleCredentialCache()
        self.catalog = CatalogReader(
            ConfigFiles(self.paths.aws_config, self.paths.aws_credentials)
        )
        self.since = time.time()
        self.ended = asyncio.Event()
        self.restarts = False
        self._keeping: asyncio.Task[None] | None = None
        self._to_keep: dict[str, Memory] = {}
        self._awaited: dict[str, asyncio.Future[fx.Reply]] = {}
        self._numbers = itertools.count(1)
        self._wire(icon=icon, main=main)

    def _wire(self, *, icon: bool, main: MainThread | None) -> None:
        self.desktop = Desktop(
            self.environ,
            post=self.post,
            settings=lambda: self.settings,
            icon=icon,
            main=main,
            follows=lambda: self.applying.follows,
        )
        self.applying = ManagedUpdates(self._world, self._applied, self.desktop.following_refused)
        self.pool = Pool(
            self.environ, lambda: self.settings, lambda key: self.post(ev.Stored(key))
        )
        self.agent = Agent(
            AgentHandlers(
                world=world(self.environ),
                post=self.post,
                status=self.status,
                hand_out=CredentialService(
                    state=lambda: self.loop.state,
                    post=self.post,
                    renew=self._renew,
                    ask=self.pool.ask,
                    memory=self.credentials,
                    record=lambda *line: self.history.add(time.time(), *line),
                ),
            )
        )
        self.watch = FileWatch(
            self.paths,
            tokens=self.post,
            config=lambda: self._go(self._read_config()),
            settings=self._read_settings,
            records=self._read_records,
            applied=self._applied,
        )
        ports = Ports(
            workers=self.pool,
            screen=self,
            read_tokens=self.watch.look,
            keep=self._keep,
            record_active=self._record_active,
            forget=self.credentials.forget,
            tell=self._tell,
            note=self._note,
            open_browser=self._open_browser,
            copy=self._copy,
            change_setting=self._change_setting,
            add_profiles=partial(add_profiles, self.paths.aws_config, self.paths.state),
            report=self.desktop.report,
            restart=self._restart,
            quit=self.ended.set,
        )
        self.effects = EffectRunner(ports, self.post)
        self.timer = start_wall_timer(asyncio.get_running_loop(), self._alarm)
        self.loop = EventLoop(
            TrayState(machine=socket.gethostname() or "machine"),
            perform=self.effects.perform,
            changed=self._changed,
            arm=self.timer.arm,
        )
        self._tasks: set[asyncio.Task[None]] = set()

    def _applied(self) -> None:
        """Show what may be different now that a managed section was written or refused."""
        self.desktop.refresh()
        self.agent.changed()

    def _world(self) -> ManagedContext:
        guarded = self.settings.preferences.guarded
        state = self.paths.state
        return ManagedContext(self.paths, guarded, lambda: install(state, self.environ))

    def post(self, event: Event) -> None:
        """Bring an event to the rules."""
        self.loop.post(event)

    # --- Life ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve until Quit or a signal; stopping takes under two seconds (fault 76)."""
        self._ends.attach(asyncio.get_running_loop(), self.ended.set)
        private_directory(self.paths.state)
        tidy(self.paths)
        self._install_credential_helper()
        listening, address = self._listen() if agent_socket.AVAILABLE else (None, None)
        try:
            self.watch.start()
            self._read_settings()
            self._read_records()
            await self._read_config()
            if listening is not None:
                await self.agent.serve(listening)
            self.desktop.start()
            log.info("serving, %d sessions", len(self.loop.state.sessions))
            await self.ended.wait()
        finally:
            await self._stop(address)

    def _install_credential_helper(self) -> None:
        """Put the credential helper where programs expect it; without it each acts alone."""
        try:
            install(self.paths.state, self.environ)
        except (OSError, FileRefused) as error:
            log.warning("the hand-out client cannot be written (%s)", error)

    def _listen(self) -> tuple[Any, Path]:
        """Listen at the best place that is ours; another world's daemon may have the first."""
        *better, last = self.paths.runtime_sockets
        for path in better:
            try:
                return agent_socket.listen(path), path
            except Exception as error:  # noqa: BLE001  (the next place is tried)
                log.info("%s: %s", path, error)
        return agent_socket.listen(last), last

    async def _stop(self, address: Path | None) -> None:
        log.info("ending")
        self.timer.close()
        self.watch.close()
        await asyncio.gather(
            self.agent.close(), self.pool.close(), self.desktop.stop(), self.applying.close()
        )
        if self._to_keep:
            await self._write_memories()
        if address is not None:
            _removed(address)

    # --- Reading -------------------------------------------------------------------------------

    async def _read_config(self) -> None:
        """
        Read the config; a large one off the loop, since ten thousand profiles take a while.

        A usual one is read where we are: it takes 3 ms a thousand profiles, and a thread's own
        heap would stay with the process for ever (measured: 6 MB).
        """
        try:
            if self._config_size() > LARGE_CONFIG:
                catalog = await asyncio.to_thread(self.catalog.read)
            else:
                catalog = self.catalog.read()
        except ConfigRejected as error:
            self.post(ev.ConfigBroken(error.sentence))
            return
        self.credentials.forget_by_profile()
        keys = [session.key for session in catalog.sessions]
        self.watch.follow(keys)
        self.post(ev.ConfigRead(with_managed(catalog, self.paths.state)))
        self.applying.follow()  # keys of the active profile that the rules do not know may differ

    def _config_size(self) -> int:
        try:
            return self.paths.aws_config.stat().st_size
        except OSError:
            return 0

    def _read_settings(self) -> None:
        try:
            self.settings = read_settings(self.paths.settings_file, self.paths.state)
            problems = self.settings.problems
            set_debug(self.settings.log_debug or "SSO_TRAY_DEBUG" in self.environ)
        except ConfigRejected as error:
            # The last good settings stay in use.
            log.warning("%s", error.sentence)
            problems = (error.sentence,)
        self.post(ev.PreferencesRead(self.settings.preferences, problems))
        self.desktop.refresh()  # the menu's ticks are no part of what the rules see

    def _read_records(self) -> None:
        entries = self.records.read()
        self.post(
            ev.RecordsRead(
                stores={key: entry.store for key, entry in entries.items()},
                memories={key: entry.memory for key, entry in entries.items()},
                contested=frozenset(key for key, entry in entries.items() if entry.contested),
                newest={
                    key: newest.access
                    for key, entry in entries.items()
                    if (newest := entry.lineage.newest) is not None
                },
            )
        )
        self.post(ev.ActiveRead(read_active(self.paths.state)))

    # --- What effects ask for --------------------------------------------------------------------

    def _go(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _alarm(self, alarm: str) -> None:
        self.post(ev.SystemEvent("clock-set") if alarm == "clock-set" else ev.Tick())

    def _keep(self, key: str, memory: Memory) -> None:
        """Write memories off the loop, the newest of each session, one write at a time."""
        self._to_keep[key] = memory
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._write_memories())

    async def _write_memories(self) -> None:
        while self._to_keep:
            key, memory = self._to_keep.popitem()
            try:
                await asyncio.to_thread(self.records.change, key, memory=memory)
            except Exception as error:  # noqa: BLE001  (a full disk costs the memory, not the loop)
                log.warning("state.json cannot be written (%s)", type(error).__name__)
                return

    def _note(self, note: fx.RecordHistory) -> None:
        log.info("%s%s", note.what, f" {note.key}" if note.key else "")
        self.history.add(time.time(), note.what, note.key, note.detail)
        self.desktop.remember(note)

    def _record_active(self, profile: str | None) -> None:
        record_active(self.paths.state, profile)

    def _open_browser(self, page: fx.OpenBrowser) -> None:
        template = self.settings.browser(page.key, page.profile)
        if not open_browser(page.url, self.environ, template):
            log.warning("no browser could be opened for %s; use the link in the menu", page.key)

    def _copy(self, text: str, what: str) -> None:
        self._go(self.desktop.copy(text, what))

    def _change_setting(self, name: str, on: bool) -> None:  # a wish from the menu
        """Change a setting of the menu; the file's own change brings it back to the rules."""
        if name == "start-at-login":
            self.desktop.start_at_login(on=on)
            return
        target = following(name)
        if target is not None:
            self.applying.let_follow(target, on=on)
            return
        table, key = {"adopt": ("keyring", "adopt"), "warnings": ("warnings", "show")}[name]
        write_setting(self.paths.state, table, key, on)
        self._read_settings()

    def _restart(self) -> None:
        self.restarts = True
        self.ended.set()

    def _changed(self, seen: View) -> None:
        self.applying.shown(seen)
        self._tell_prompts(seen)
        self.desktop.show(seen)
        self.agent.changed()

    def _tell_prompts(self, seen: View) -> None:
        """Tell the shells; a full disk costs them the news, and nothing else."""
        state = self.loop.state
        if not state.config_read or (state.config_problem and not state.catalog.profiles):
            return  # which profiles there are is not known: what the shells have stays
        try:
            write_prompt(
                self.paths.state,
                seen.active_profile,
                guarded=seen.guarded,
                ends_at=prompt_end(seen),
            )
        except (OSError, TrayError) as error:
            log.warning("the shells cannot be told (%s)", type(error).__name__)

    def show(self, notice: fx.Notice) -> None:
        """Tell a person, and whoever subscribed."""
        self.desktop.tell(notice)
        self.agent.show(notice)

    def withdraw(self, slot: str) -> None:
        """Take a notice back."""
        self.desktop.withdraw(slot)
        self.agent.withdraw(slot)

    # --- Answers -------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """Return the status document of rule C5."""
        seen = self.loop.view()
        document = status_document(
            seen,
            active_profile=seen.active_profile,
            applies=managed_sections.applies(self.paths.state),
            daemon=Running(os.getpid(), self.since, tray.__version__, self.desktop.problem),
        )
        more = (
            *managed_sections.problems(self.paths.state),
            self.applying.refusal,
            self.desktop.problem,
        )
        told = [sentence for sentence in more if sentence is not None]
        document["problems"] = [*document["problems"], *told]
        return document

    async def _renew(self, key: str) -> fx.Reply:
        """Ask the rules for a renewal, as a person would, and wait for its end."""
        number = f"hand-out-{next(self._numbers)}"
        told: asyncio.Future[fx.Reply] = asyncio.get_running_loop().create_future()
        self._awaited[number] = told
        self.post(ev.RenewRequested(key, number))
        return await told

    def _tell(self, tell: fx.Reply) -> None:
        told = self._awaited.pop(tell.request, None)
        if told is None:
            self.agent.tell(tell)
        elif not told.done():
            told.set_result(tell)


def _removed(address: Path) -> None:
    address.unlink(missing_ok=True)  # so that nobody waits for an answer there
