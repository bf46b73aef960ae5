"""What the rules ask of workers: each request runs in a task and ends as an event."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy
from tray.core.events import Event
from tray.core.model import SsoSession, TokenFacts
from tray.core.outcomes import Failed, Outcome, outcome_from_json
from tray.core.text import sentences
from tray.core.text.sentences import internal_error
from tray.daemon.worker_pool import OtherProgram, Pool, WorkerLost

log = logging.getLogger(__name__)


class WorkerJobs:
    def __init__(
        self,
        pool: Pool,
        post: Callable[[Event], None],
        restart: Callable[[], None],
        network_of: Callable[[str | None], Mapping[str, str] | None],
    ) -> None:
        self._pool = pool
        self._network_of = network_of
        self._post = post
        self._restart = restart
        self._tasks: set[asyncio.Task[None]] = set()
        self._sign_ins: dict[tuple[str, int], asyncio.Event] = {}

    def start(self, effect: fx.StartJob | fx.StartSignIn) -> None:
        self.go(self._job(effect) if isinstance(effect, fx.StartJob) else self._sign_in(effect))

    def unlock(self) -> None:
        self.go(self._unlock())

    def cancel(self, effect: fx.CancelSignIn) -> None:
        cancel = self._sign_ins.get((effect.key, effect.attempt))
        if cancel is not None:
            cancel.set()

    def go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _job(self, effect: fx.StartJob) -> None:
        request = {"kind": effect.kind, "session": effect.session.to_json(), "adopt": effect.adopt}
        outcome: Outcome
        try:
            done = await self._pool.ask(request)
            outcome = outcome_from_json(done["failed"] if "failed" in done else done["outcome"])
        except Exception as error:  # noqa: BLE001  (a lost worker is an outcome like any other)
            outcome = Failed("other", self.sentence_of(error))
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
                ev.SignInReady(
                    key,
                    attempt,
                    page["url"],
                    page["user_code"],
                    page["deadline"],
                    page["older_ended"],
                )
            )

        def report(sentence: str) -> None:
            self._post(ev.SignInReported(key, attempt, sentence))

        try:
            network = self._network_of(effect.request)
            done = await self._pool.sign_in(request, ready, cancel, network, report)
            if "failed" not in done and network is not None:
                more = await self._ours_fails(effect.session, self._pool.differing(network))
                done["sentence"] = " ".join(filter(None, (done["sentence"], more)))
            event = _sign_in_event(key, attempt, done)
        except Exception as error:  # noqa: BLE001  (a lost worker is an outcome like any other)
            event = ev.SignInFailed(key, attempt, self.sentence_of(error), lost=True)
        finally:
            del self._sign_ins[key, attempt]
        self._post(event)

    async def _ours_fails(self, session: SsoSession, differing: Sequence[str]) -> str:
        """Say if, unlike the caller's, our own network could not renew the session."""
        if not differing:
            return ""
        request = {"kind": "check", "session": session.to_json()}
        try:
            outcome = (await self._pool.ask(request)).get("outcome", {})
        except WorkerLost as lost:
            log.info("our own network could not be tried (%s)", lost.sentence)
            return ""
        if outcome.get("portal") != "unreachable":
            return ""
        return sentences.own_network_fails(differing)

    async def _unlock(self) -> None:
        """Show the keyring's prompt in its own process, which may wait for the user."""
        try:
            done = await self._pool.sign_in({"kind": "unlock"}, lambda _: None, asyncio.Event())
        except Exception as error:  # noqa: BLE001  (the keyring stays locked)
            self._post(ev.UnlockFailed(self.sentence_of(error)))
            return
        if "failed" in done:
            self._post(ev.UnlockFailed(str(done["failed"]["sentence"])))
            return
        self._post(ev.SystemEvent("keyring-unlocked"))

    async def index(self, effect: fx.IndexAccounts) -> ev.AccountsListed | ev.AccountsNotListed:
        """List a session into the index, and tell how far that is."""
        attempt = effect.attempt

        def progress(far: dict[str, Any]) -> None:
            self._post(ev.AccountsProgress(attempt, far["done"], far["total"]))

        request = {"kind": "index", "session": effect.session.to_json()}
        try:
            done = await self._pool.ask(request, deadline=policy.LISTING_DEADLINE, ready=progress)
        except Exception as error:  # noqa: BLE001  (a lost worker is an outcome like any other)
            return ev.AccountsNotListed(attempt, self.sentence_of(error))
        if "failed" not in done:
            return ev.AccountsListed(attempt)
        failed, rejected = done["failed"], done.get("error") == "token-rejected"
        return ev.AccountsNotListed(
            attempt, str(failed["sentence"]), rejected, failed["retry_after"]
        )

    def sentence_of(self, error: Exception) -> str:
        """Log an error and return its sentence; after an upgrade, restart."""
        if isinstance(error, OtherProgram):
            self._restart()
        sentence = getattr(error, "sentence", None)
        if sentence is None:
            log.exception("a job failed", exc_info=error)
            return internal_error(error)
        log.warning("%s", sentence)
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
