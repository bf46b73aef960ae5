"""Effects carried out: jobs, sign-ins, files, notices; each returns at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol, assert_never

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy
from tray.core.events import Event
from tray.core.model import Memory, TokenFacts
from tray.core.outcomes import Failed, Outcome, outcome_from_json
from tray.core.profiles.profile_planning import assignments
from tray.core.text import menu_text
from tray.values import dataclass

log = logging.getLogger(__name__)


class Workers(Protocol):
    """What the pool offers (`tray.daemon.worker_pool.Pool`)."""

    def ask(self, request: dict[str, Any], *, deadline: float = ...) -> Awaitable[dict[str, Any]]:
        """Let the shared worker do one thing."""

    def sign_in(
        self,
        request: dict[str, Any],
        ready: Callable[[dict[str, Any]], None],
        cancel: asyncio.Event,
    ) -> Awaitable[dict[str, Any]]:
        """Run a sign-in in a process of its own."""


class NoticeScreen(Protocol):
    """What tells a person: today the subscribers of the socket, tomorrow the desktop as well."""

    def show(self, notice: fx.Notice) -> None:
        """Show a notice."""

    def withdraw(self, slot: str) -> None:
        """Take it away again."""


@dataclass(frozen=True, slots=True)
class Ports:
    """
    The world, as far as effects reach into it.

    Args:
        workers: heavy work.
        screen: notices.
        read_tokens: look at a session's cache file.
        keep: write a session's memory.
        record_active: write the active profile.
        forget: drop cached role credentials.
        tell: answer a waiting request.
        note: add to the history.
        open_browser: open a page.
        copy: put a text on the clipboard; the second argument names it.
        change_setting: write a setting of the menu.
        add_profiles: write new profiles, by name, into the AWS config; may block, and raise.
        report: tell what came of a click.
        restart: start anew, because a worker is of another version.
        quit: end the daemon.
    """

    workers: Workers
    screen: NoticeScreen
    read_tokens: Callable[[str], None]
    keep: Callable[[str, Memory], None]
    record_active: Callable[[str | None], None]
    forget: Callable[[str], None]
    tell: Callable[[fx.Reply], None]
    note: Callable[[fx.RecordHistory], None]
    open_browser: Callable[[fx.OpenBrowser], None]
    copy: Callable[[str, str], None]
    change_setting: Callable[[str, bool], None]
    add_profiles: Callable[[Mapping[str, Mapping[str, str]]], object]
    report: Callable[[fx.Report], None]
    restart: Callable[[], None]
    quit: Callable[[], None]


class EffectRunner:
    """
    Carry out effects.

    Args:
        ports: the world.
        post: brings what comes of it back to the rules.
    """

    def __init__(self, ports: Ports, post: Callable[[Event], None]) -> None:
        self._ports = ports
        self._post = post
        self._tasks: set[asyncio.Task[None]] = set()
        self._sign_ins: dict[tuple[str, int], asyncio.Event] = {}

    def perform(self, effect: fx.Effect) -> None:
        """Carry out one effect; what takes time goes on in a task of its own."""
        ports = self._ports
        match effect:
            case fx.StartJob():
                self._go(self._job(effect))
            case fx.StartSignIn():
                self._go(self._sign_in(effect))
            case fx.CancelSignIn():
                cancel = self._sign_ins.get((effect.key, effect.attempt))
                if cancel is not None:
                    cancel.set()
            case fx.OpenBrowser():
                ports.open_browser(effect)
            case fx.InspectTokenFile():
                asyncio.get_running_loop().call_later(effect.delay, ports.read_tokens, effect.key)
            case fx.ShowNotice():
                ports.screen.show(effect.notice)
            case fx.WithdrawNotice():
                ports.screen.withdraw(effect.slot)
            case fx.SaveMemory():
                ports.keep(effect.key, effect.memory)
            case fx.RecordActive():
                ports.record_active(effect.profile)
            case fx.ForgetCredentials():
                ports.forget(effect.key)
            case fx.Reply():
                ports.tell(effect)
            case fx.RecordHistory():
                ports.note(effect)
            case fx.UnlockKeyring():
                self._go(self._unlock())
            case fx.CopyText():
                ports.copy(effect.text, effect.what)
            case fx.ChangeSetting():
                ports.change_setting(effect.name, effect.on)
            case fx.ListRoles():
                self._go(self._list(effect))
            case fx.AddProfile():
                self._go(self._add(effect))
            case fx.Report():
                ports.report(effect)
            case fx.Quit():
                ports.quit()
            case _:
                assert_never(effect)

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _job(self, effect: fx.StartJob) -> None:
        request = {
            "kind": effect.kind,
            "session": effect.session.to_json(),
            "adopt": effect.adopt,
        }
        outcome: Outcome
        try:
            done = await self._ports.workers.ask(request)
            outcome = outcome_from_json(done["failed"] if "failed" in done else done["outcome"])
        except Exception as error:  # noqa: BLE001  (a lost worker is an outcome like any other)
            outcome = Failed("other", self._lost(error))
        self._post(ev.JobDone(effect.session.key, effect.attempt, outcome))

    async def _sign_in(self, effect: fx.StartSignIn) -> None:
        key, attempt = effect.session.key, effect.attempt
        cancel = self._sign_ins[key, attempt] = asyncio.Event()
        request = {
            "kind": "sign-in",
            "session": effect.session.to_json(),
            "method": effect.method,
            "afresh": effect.afresh,
            "callback_port": effect.callback_port,
        }

        def ready(page: dict[str, Any]) -> None:
            self._post(
                ev.SignInReady(key, attempt, page["url"], page["user_code"], page["deadline"])
            )

        try:
            done = await self._ports.workers.sign_in(request, ready, cancel)
        except Exception as error:  # noqa: BLE001  (a lost worker is an outcome like any other)
            self._post(ev.SignInFailed(key, attempt, self._lost(error)))
            return
        finally:
            del self._sign_ins[key, attempt]
        self._post(_sign_in_event(key, attempt, done))

    async def _unlock(self) -> None:
        """Show the keyring's prompt, in a process of its own: it may wait for a person."""
        try:
            done = await self._ports.workers.sign_in(
                {"kind": "unlock"}, lambda _: None, asyncio.Event()
            )
        except Exception as error:  # noqa: BLE001  (a lost worker is no unlock, nothing more)
            self._lost(error)
            return
        if "failed" in done:
            log.info("the keyring stays locked")
            return
        self._post(ev.SystemEvent("keyring-unlocked"))

    async def _list(self, effect: fx.ListRoles) -> None:
        key, attempt = effect.session.key, effect.attempt
        request = {"kind": "roles", "session": effect.session.to_json()}
        try:
            done = await self._ports.workers.ask(request, deadline=policy.LISTING_DEADLINE)
        except Exception as error:  # noqa: BLE001  (a lost worker is an outcome like any other)
            self._lost(error)
            self._post(ev.ListingFailed(key, attempt, menu_text.LISTING_LOST))
            return
        if "failed" in done:
            rejected = done.get("error") == "token-rejected"
            self._post(ev.ListingFailed(key, attempt, str(done["failed"]["sentence"]), rejected))
            return
        self._post(ev.RolesListed(key, attempt, assignments(done["accounts"])))

    async def _add(self, effect: fx.AddProfile) -> None:
        refusal: str | None = None
        try:
            await asyncio.to_thread(self._ports.add_profiles, {effect.name: dict(effect.keys)})
        except OSError as error:
            refusal = f"The AWS config cannot be written: {error.strerror}."
        except Exception as error:  # noqa: BLE001  (told to who clicked)
            refusal = self._lost(error)
        self._post(ev.ProfileAdded(effect.key, effect.name, refusal))

    def _lost(self, error: Exception) -> str:
        sentence = getattr(error, "sentence", None)
        if sentence is None:
            log.exception("a job failed", exc_info=error)
            return f"SSO Tray made a mistake ({type(error).__name__}); see its log."
        log.warning("%s", sentence)
        if type(error).__name__ == "OtherProgram":
            self._ports.restart()
        return str(sentence)


def _sign_in_event(key: str, attempt: int, done: dict[str, Any]) -> Event:
    if "failed" in done:
        failed = done["failed"]
        return ev.SignInFailed(key, attempt, failed["sentence"], failed["reason"])
    return ev.SignedIn(
        key,
        attempt,
        TokenFacts.from_json(done["token"]),
        done["keeper"],
        done["reason"],
        done["sentence"],
    )
