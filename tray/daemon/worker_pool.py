"""The daemon's side of the workers: start them, ask them, end them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import tray
from tray.core import policy
from tray.ipc.caller_network import differing, replaced
from tray.storage.settings import Settings
from tray.system.process_limits import return_freed_memory
from tray.system.spawn import APART, worker_command, worker_environment

log = logging.getLogger(__name__)

ANSWER_LIMIT: Final = 1024 * 1024
OTHER_VERSION: Final = 3  # exit code of a worker after a handshake with another version
TRIMS_EVERY: Final = 60.0  # seconds, where jobs follow each other and no worker is let go
TRIM_AFTER: Final = 0.5  # seconds after a job: its outcome has been told, shown and saved
FAREWELL: Final = 1.0  # seconds to wait for a worker when the daemon ends; it then finishes alone


class WorkerLost(Exception):
    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class OtherProgram(WorkerLost):
    """The worker is of another version: after an upgrade the daemon must restart."""


@dataclass
class _Asked:
    done: asyncio.Future[dict[str, Any]]
    ready: Callable[[dict[str, Any]], None] | None = None
    report: Callable[[str], None] | None = None


@dataclass(eq=False)
class _Worker:
    process: asyncio.subprocess.Process
    settings: dict[str, Any]  # as last sent
    asked: dict[int, _Asked] = field(default_factory=dict)
    holding: bool = False
    overdue: bool = False
    served: int = 0  # requests
    reader: asyncio.Task[None] | None = None


class Pool:
    """
    One shared worker for jobs, and a process for each sign-in or unlock, which waits for the user.

    A worker with an overdue job gets no new ones, and is killed once it holds nothing unsaved
    (R3).
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        settings: Callable[[], Settings],
        stored: Callable[[str], None],
    ) -> None:
        self._environ = worker_environment(environ)
        self._settings = settings
        self._stored = stored
        self._shared: _Worker | None = None
        self._starting = asyncio.Lock()
        self._workers: set[_Worker] = set()
        self._number = 0
        self._idle: asyncio.TimerHandle | None = None
        self._trimmed = 0.0
        self._closing = False

    async def ask(
        self,
        request: Mapping[str, Any],
        *,
        deadline: float = policy.JOB_DEADLINE,
        ready: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """
        Ask the shared worker; `ready` gets what it says before its answer.

        Raises WorkerLost if it ended or is overdue, or OtherProgram.
        """
        worker = await self._shared_worker()
        asked = self._send(worker, request, ready)
        try:
            async with asyncio.timeout(deadline):
                return await asyncio.shield(asked.done)
        except TimeoutError:
            worker.overdue = True
            if self._shared is worker:
                self._shared = None
            self._end_if_possible(worker)
            raise WorkerLost("A job took too long and will be retried.") from None
        finally:
            self._rest()

    async def sign_in(
        self,
        request: Mapping[str, Any],
        ready: Callable[[dict[str, Any]], None],
        cancel: asyncio.Event,
        network: Mapping[str, str] | None = None,
        report: Callable[[str], None] | None = None,
    ) -> dict[str, Any]:
        """
        Run a sign-in (or an unlock) in its own process, perhaps through another's network.

        Raises WorkerLost if that gave no answer.
        """
        worker = await self._start(str(request["kind"]), network)
        asked = self._send(worker, request, ready, report)
        waiting = asyncio.ensure_future(cancel.wait())
        try:
            either: set[asyncio.Future[Any]] = {asked.done, waiting}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            self._close_input(worker)
            return await asked.done
        finally:
            waiting.cancel()

    def differing(self, network: Mapping[str, str]) -> tuple[str, ...]:
        """Return the names of the variables in which another's network differs from ours."""
        return differing(self._environ, network)

    async def close(self) -> None:
        """Close every worker's input and wait a moment; workers finish alone after that."""
        self._closing = True
        if self._idle is not None:
            self._idle.cancel()
        for worker in self._workers:
            self._close_input(worker)
        readers = {worker.reader for worker in self._workers if worker.reader is not None}
        if readers:
            await asyncio.wait(readers, timeout=FAREWELL)

    async def _shared_worker(self) -> _Worker:
        async with self._starting:
            if self._idle is not None:
                self._idle.cancel()
            if self._shared is not None and self._shared.settings != self._settings().to_worker():
                self._let_go(self._shared)
            if self._shared is None or self._shared.process.returncode is not None:
                self._shared = await self._start("shared")
            return self._shared

    async def _start(self, name: str, network: Mapping[str, str] | None = None) -> _Worker:
        if self._closing:
            raise WorkerLost("SSO Tray is stopping.")
        process = await asyncio.create_subprocess_exec(
            *worker_command(name),
            env=self._environ if network is None else replaced(self._environ, network),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=ANSWER_LIMIT,
            **APART,  # a Ctrl-C meant for us must not cut a transaction
        )
        worker = _Worker(process, self._settings().to_worker())
        self._workers.add(worker)
        worker.reader = asyncio.create_task(self._read(worker))
        self._write(worker, {"program": tray.__version__, "settings": worker.settings})
        return worker

    def _send(
        self,
        worker: _Worker,
        request: Mapping[str, Any],
        ready: Callable[[dict[str, Any]], None] | None = None,
        report: Callable[[str], None] | None = None,
    ) -> _Asked:
        self._number += 1
        asked = _Asked(asyncio.get_running_loop().create_future(), ready, report)
        worker.asked[self._number] = asked
        worker.served += 1
        self._write(worker, {"id": self._number, **request})
        return asked

    @staticmethod
    def _write(worker: _Worker, message: Mapping[str, Any]) -> None:
        assert worker.process.stdin is not None  # noqa: S101  (it was started with a pipe)
        worker.process.stdin.write(json.dumps(message).encode() + b"\n")

    @staticmethod
    def _close_input(worker: _Worker) -> None:
        if worker.process.stdin is not None and not worker.process.stdin.is_closing():
            worker.process.stdin.close()

    async def _read(self, worker: _Worker) -> None:
        assert worker.process.stdout is not None  # noqa: S101  (it was started with a pipe)
        try:
            while line := await worker.process.stdout.readline():
                self._heard(worker, json.loads(line))
        except ValueError:
            log.error("a worker wrote something that is not a message; it is ended")
            self._close_input(worker)
        code = await worker.process.wait()
        self._workers.discard(worker)
        if self._shared is worker:
            self._shared = None
        for asked in worker.asked.values():
            if not asked.done.done():
                asked.done.set_exception(_lost(code))
                asked.done.exception()  # retrieved: perhaps nothing waits for it

    def _heard(self, worker: _Worker, message: dict[str, Any]) -> None:
        if "log" in message:
            level, name, text = message["log"]
            logging.getLogger(str(name)).log(int(level), "%s", text)
        elif "holding" in message:
            worker.holding = bool(message["holding"])
            self._end_if_possible(worker)
        elif "stored" in message:
            self._stored(str(message["stored"]))
        elif "ready" in message:
            asked = worker.asked.get(message["id"])
            if asked is not None and asked.ready is not None:
                asked.ready(message["ready"])
        elif "reported" in message:
            asked = worker.asked.get(message["id"])
            if asked is not None and asked.report is not None:
                asked.report(str(message["reported"]))
        elif "done" in message:
            asked = worker.asked.pop(message["id"], None)
            if asked is not None and not asked.done.done():
                asked.done.set_result(message["done"])

    def _end_if_possible(self, worker: _Worker) -> None:
        if worker.overdue and not worker.holding and worker.process.returncode is None:
            worker.process.kill()

    def _rest(self) -> None:
        """End the shared worker after a while without work, unless it holds unsaved data."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._trimmed + TRIMS_EVERY:
            self._trimmed = loop.time()
            loop.call_later(TRIM_AFTER, return_freed_memory)
        worker = self._shared
        if worker is None or worker.asked or self._closing:
            return
        if self._idle is not None:
            self._idle.cancel()
        rests_after = policy.WORKER_RESTS_AFTER if worker.served < policy.WORKER_SERVES else 0.0
        self._idle = loop.call_later(rests_after, self._let_go, worker)

    def _let_go(self, worker: _Worker) -> None:
        if worker.asked or self._shared is not worker:
            return
        if worker.holding:
            self._rest()
            return
        self._shared = None
        self._close_input(worker)
        return_freed_memory()  # what its jobs changed has been shown and told


def _lost(code: int) -> WorkerLost:
    if code == OTHER_VERSION:
        return OtherProgram("SSO Tray was upgraded and is restarting: try again in a moment.")
    if code < 0:
        return WorkerLost(f"A worker process was killed (signal {-code}).")
    return WorkerLost(f"A worker process ended unexpectedly (exit code {code}).")
