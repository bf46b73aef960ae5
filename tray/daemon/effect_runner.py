"""Effects carried out: jobs, files, notices, answers. None of it blocks the loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import assert_never

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy
from tray.core import requests as rq
from tray.core.events import Event
from tray.core.model import InputFile, Memory
from tray.core.text import menu_text, notice_text
from tray.daemon.agent_server import Agent
from tray.daemon.credential_service import CredentialService
from tray.daemon.desktop_wiring import Desktop
from tray.daemon.event_loop import NotDoneError
from tray.daemon.input_files import InputFiles
from tray.daemon.managed_updates import ManagedUpdates, following
from tray.daemon.worker_jobs import WorkerJobs
from tray.errors import TrayError, sentence_of
from tray.managed.config_write import add_profiles
from tray.managed.managed_sections import refuse_elsewhere
from tray.storage.account_records import forget_accounts, record_use
from tray.storage.active_profile import record_active
from tray.storage.daemon_record import may_offer, record
from tray.storage.logs import History
from tray.storage.session_records import Records
from tray.storage.settings_files.settings_write import write_setting
from tray.system.browser import open_browser
from tray.system.paths import Paths

log = logging.getLogger(__name__)


class EffectRunner:
    def __init__(
        self,
        paths: Paths,
        post: Callable[[Event], None],
        *,
        jobs: WorkerJobs,
        files: InputFiles,
        desktop: Desktop,
        agent: Agent,
        service: CredentialService,
        managed: ManagedUpdates,
        inspect: Callable[[str], None],
        read_again: Callable[[InputFile], None],
        end: Callable[[], None],
    ) -> None:
        self._paths = paths
        self._post = post
        self._jobs = jobs
        self._files = files
        self._desktop = desktop
        self._agent = agent
        self._service = service
        self._managed = managed
        self._inspect = inspect
        self._read_again = read_again
        self._end = end
        self._records = Records(paths.state)
        self._history = History(paths.state)
        self._tidied_at = 0.0
        self._saving: asyncio.Task[None] | None = None
        self._unsaved: dict[str, Memory] = {}

    def perform(self, effect: fx.Effect) -> None:
        """Carry out one effect; what takes time runs in its own task."""
        match effect:
            case fx.StartJob() | fx.StartSignIn():
                self._jobs.start(effect)
            case fx.IndexAccounts():
                self._jobs.go(self._index(effect))
            case fx.RecordAccountsUse():
                self._jobs.go(self._tried(lambda: record_use(self._paths.state, effect.at)))
            case fx.CancelSignIn():
                self._jobs.cancel(effect)
            case fx.OpenBrowser():
                self._open_browser(effect)
            case fx.InspectTokenFile():
                asyncio.get_running_loop().call_later(effect.delay, self._inspect, effect.key)
            case fx.ReadAgain():
                self._read_again(effect.file)
            case fx.ShowNotice():
                self._desktop.show_notice(effect.notice)
                self._agent.show(effect.notice)
            case fx.WithdrawNotice():
                self._desktop.withdraw(effect.slot)
                self._agent.withdraw(effect.slot)
            case fx.SaveMemory():
                self._save(effect.key, effect.memory)
            case fx.RecordActive():
                self._record_active(effect)
            case fx.ForgetCredentials():
                self._service.cache.forget(effect.key)
            case fx.Reply():
                if not self._service.take(effect):
                    self._agent.reply(effect)
            case fx.RecordHistory():
                self._record(effect)
            case fx.CopyText():
                self._jobs.go(self._desktop.copy(effect.text, effect.what))
            case fx.RememberRole():
                self._jobs.go(self._desktop.remember_role(effect))
            case fx.CarryOut():
                self._carry_out(effect)
            case fx.AddProfile():
                self._jobs.go(self._add(effect))
            case fx.Report():
                self._desktop.report(effect)
            case fx.OfferSettings():
                self._offer()
            case fx.Quit():
                self._end()  # first: the record may lie in a home that hangs
                record(self._paths.state, quit_at=time.time())
            case _:
                assert_never(effect)

    def _carry_out(self, effect: fx.CarryOut) -> None:
        match effect.request:
            case rq.UnlockRequested():
                self._jobs.unlock()
            case rq.PageRequested() as page:
                self._jobs.go(self._desktop.open_page(page))
            case rq.TerminalRequested(command):
                self._jobs.go(self._desktop.open_terminal(command))
            case rq.SettingRequested(name, on):
                self._change_setting(name, on=on)

    async def close(self) -> None:
        self._write_soon()
        if self._saving is not None:
            await self._saving  # a write of its own beside it might come first, and be undone

    def _save(self, key: str, memory: Memory) -> None:
        """Write memories in a thread: the newest of each session, all that wait in one write."""
        self._unsaved[key] = memory
        self._write_soon()

    def _write_soon(self) -> None:
        if self._unsaved and (self._saving is None or self._saving.done()):
            self._saving = asyncio.create_task(self._write_memories())

    async def _write_memories(self) -> None:
        while self._unsaved:
            memories, self._unsaved = self._unsaved, {}
            try:
                await asyncio.to_thread(self._records.remember, memories)
            except Exception as error:  # noqa: BLE001  (a full disk costs the memory, not the loop)
                log.warning("state.json cannot be written (%s)", type(error).__name__)
                self._unsaved = memories | self._unsaved
                asyncio.get_running_loop().call_later(policy.FAULT_PAUSE, self._write_soon)
                return

    def _record(self, entry: fx.RecordHistory) -> None:
        log.info("%s%s", entry.what, f" {entry.key}" if entry.key else "")
        self._tidy(time.time())
        if self._history.add(time.time(), entry.what, entry.key, entry.detail):
            self._desktop.forget()
        self._desktop.remember(entry)

    def _record_active(self, effect: fx.RecordActive) -> None:
        """Raises NotDoneError; what stands in the file counts then, as for every other program."""
        try:
            if effect.profile is not None:
                refuse_elsewhere(self._paths)
            record_active(self._paths.state, effect.profile, self._paths.aws_config)
            return
        except (TrayError, OSError) as error:
            why = sentence_of(error)
        self._files.read_active()
        if effect.request is None:
            self._desktop.report(fx.Report(menu_text.NOT_USED, why, good=False))
        else:
            self._agent.reply(fx.Reply(effect.request, "done", 1, why))
        raise NotDoneError

    def _tidy(self, now: float) -> None:
        """Once a day forget what is older than the settings keep it."""
        if abs(now - self._tidied_at) < policy.DAY:
            return
        self._tidied_at, before = now, now - self._files.settings.keep
        try:
            self._history.forget(before)
        except OSError as error:
            log.warning("history: %s", error.strerror)
        state = self._paths.state
        self._jobs.go(self._tried(lambda: forget_accounts(state, listed_before=before)))

    @staticmethod
    async def _tried(write: Callable[[], object]) -> None:
        """Write in a thread what can be done without."""
        try:
            await asyncio.to_thread(write)
        except (OSError, TrayError) as error:
            log.warning("%s", sentence_of(error))

    def _offer(self) -> None:
        open_ones: list[notice_text.OfferedSetting] = []
        if not self._desktop.starts_at_login and self._files.settings.start_daemon != "never":
            open_ones.append("start-at-login")
        if "default" not in self._managed.follows:
            open_ones.append("default-follows")
        if open_ones and may_offer(self._paths.state, time.time()):
            self._desktop.offer(open_ones)

    def _open_browser(self, page: fx.OpenBrowser) -> None:
        template = self._files.settings.browser(page.key, page.profile)
        names = dict(page.names)
        if not open_browser(page.url, self._desktop.environ, template, names=names):
            log.warning("no browser could be opened for %s", page.key)
            text = menu_text.no_browser(page.key, page.profile, console="role" in names)
            self._desktop.report(fx.Report(menu_text.NO_BROWSER, text))

    def _change_setting(self, name: rq.SettingName, *, on: bool) -> None:
        def told(why: str | None) -> None:
            label = menu_text.SETTING_LABELS[name] if why is None else menu_text.SETTING_REFUSED
            text = (menu_text.ON if on else menu_text.OFF) if why is None else why
            self._desktop.report(fx.Report(label, text, good=why is None))

        target = following(name)
        if target is not None:
            self._managed.let_follow(target, on=on, told=told)
            return
        try:
            if name == "start-at-login":
                self._desktop.start_at_login(on=on)
            else:
                locked = self._files.settings.locked
                write_setting(self._paths.state, *_written(name, on=on), locked=locked)
                self._files.read_settings()
        except (TrayError, OSError) as error:
            told(sentence_of(error))
        else:
            told(None)
        self._desktop.refresh()

    async def _index(self, effect: fx.IndexAccounts) -> None:
        outcome = await self._jobs.index(effect)
        await self._files.read_accounts()  # first: what is listed is not due
        self._post(outcome)

    async def _add(self, effect: fx.AddProfile) -> None:
        new, refusal = {effect.name: dict(effect.keys)}, None
        try:
            await asyncio.to_thread(add_profiles, self._paths.aws_config, self._paths.state, new)
        except OSError as error:
            refusal = f"The AWS config can't be written: {error.strerror}."
        except Exception as error:  # noqa: BLE001  (shown to who clicked)
            refusal = self._jobs.sentence_of(error)
        self._post(ev.ProfileAdded(effect.key, effect.name, refusal))


def _written(name: rq.SettingName, *, on: bool) -> tuple[str, bool | str]:
    match name:
        case "adopt":
            return "keyring.adopt", on
        case "restore-removed":
            return "removed_file", "restore" if on else "sign-out"
        case _:
            return "warnings.show", on
