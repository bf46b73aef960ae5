"""The worker process: jobs arrive on its input, answers leave on a separate pipe."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, BinaryIO, Final, get_args

import tray
from tray.core.effects import JobKind
from tray.core.model import Profile, SsoSession
from tray.core.outcomes import Failed
from tray.core.text.sentences import internal_error
from tray.errors import MfaCodeNeeded, TrayError
from tray.storage.logs import quiet_libraries, set_debug
from tray.storage.settings import Settings
from tray.system.process_limits import (
    forbid_core_dumps,
    return_freed_memory,
    share_one_heap,
)
from tray.worker import job_table, profile_credentials
from tray.worker.index_accounts import index_accounts, thinned
from tray.worker.job_context import JobContext
from tray.worker.sign_in.sign_in_attempt import SignInPage
from tray.worker.sign_in.sign_in_flow import sign_in

log = logging.getLogger(__name__)

AT_ONCE: Final = 16  # jobs at once in one worker; more threads gain nothing (measured)
TRIMS_EVERY: Final = 30.0  # seconds, where one job follows the other
# Exit code after a handshake with another version (an upgrade under a running daemon).
OTHER_VERSION: Final = 3

# Between these steps the process alone knows a refresh token, and must not be killed (R3).
HOLDS_FROM: Final = ("proved", "exchanging", "spending")


class _Out:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: Mapping[str, Any]) -> None:
        line = json.dumps(message).encode() + b"\n"
        # Without its daemon it still finishes what is under way. Nothing is logged here: the log
        # goes through this pipe.
        with self._lock, suppress(BrokenPipeError, ValueError):
            self._stream.write(line)
            self._stream.flush()


class _Log(logging.Handler):
    """Sends log records to the daemon, which owns the log file."""

    def __init__(self, out: _Out) -> None:
        super().__init__()
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            text = f"{text} ({record.exc_info[0].__name__})"
        self._out.send({"log": [record.levelno, record.name, text]})


class Worker:
    def __init__(self, inlet: BinaryIO, outlet: BinaryIO, environ: Mapping[str, str]) -> None:
        self._inlet = inlet
        self._out = _Out(outlet)
        self._environ = environ
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._holding: set[int] = set()  # threads that may hold an unsaved refresh token
        self._under_way = 0  # requests
        self._trimmed = time.monotonic()
        self._settings = Settings()
        self._context: JobContext | None = None

    def serve(self) -> int:
        forbid_core_dumps()
        share_one_heap()
        logging.getLogger().handlers[:] = [_Log(self._out)]
        set_debug("SSO_TRAY_DEBUG" in self._environ)
        quiet_libraries()
        self._out.send({"program": tray.__version__})
        hello = json.loads(self._inlet.readline() or b"{}")
        if hello.get("program") != tray.__version__:
            return OTHER_VERSION
        # The daemon's, not the files': while those are broken its last good ones stay in use.
        self._settings = Settings.in_worker(hello["settings"])
        with ThreadPoolExecutor(AT_ONCE) as threads:
            running: set[Future[None]] = set()
            for line in self._inlet:
                request = json.loads(line)
                running = {future for future in running if not future.done()}
                with self._lock:
                    self._under_way += 1
                running.add(threads.submit(self._answer, request))
            self._cancelled.set()
        # Leaving the block has waited for every transaction.
        if self._context is not None:
            self._context.unsaved.save_in_files()
        return 0

    def _answer(self, request: dict[str, Any]) -> None:
        number = request.get("id")
        try:
            done = self._do(request, number)
        except TrayError as error:
            failed = job_table.failed(error)
            done = {"failed": failed.to_json(), "error": job_table.tag_of(error)}
            if isinstance(error, MfaCodeNeeded):
                done["serial"] = error.serial
        except Exception as error:
            log.exception("a request failed")
            done = {"failed": Failed("other", internal_error(error)).to_json()}
        self._out.send({"id": number, "done": done})
        with self._lock:
            self._under_way -= 1
            rests = self._under_way == 0
            trims = rests or time.monotonic() >= self._trimmed + TRIMS_EVERY
            if trims:
                self._trimmed = time.monotonic()
        if trims:  # reading botocore's data leaves megabytes free in between
            return_freed_memory(collects=rests)

    def _do(self, request: dict[str, Any], number: object) -> dict[str, Any]:
        context = self._ready_context()
        kind = request["kind"]
        if kind == "unlock":
            context.keyring_store.unlock()
            return {}
        if kind in ("credentials", "whoami"):
            return {"answer": self._credentials(request, context)}
        session = SsoSession.from_json(request["session"])
        if kind == "sign-in":
            return self._sign_in(context, session, request, number)
        if kind == "index":
            return self._index(session, context, number)
        if kind not in get_args(JobKind):
            raise ValueError(f"unknown job {kind}")
        try:
            outcome = job_table.run(
                kind, session, context, adopting=bool(request.get("adopt", True))
            )
        finally:
            self._let_go(context)
        return {"outcome": outcome.to_json()}

    @staticmethod
    def _credentials(request: dict[str, Any], context: JobContext) -> dict[str, Any]:
        session = request["session"] and SsoSession.from_json(request["session"])
        profile = Profile.from_json(request["profile"])
        if request["kind"] == "whoami":
            given = request.get("credentials")
            return profile_credentials.identity_document(
                profile_credentials.identity(session, profile, context, given)
            )
        codes = request.get("codes", ())
        credentials = profile_credentials.role_credentials(session, profile, context, codes)
        return credentials.document()

    def _sign_in(
        self, context: JobContext, session: SsoSession, request: dict[str, Any], number: object
    ) -> dict[str, Any]:
        def ready(page: SignInPage) -> None:
            page_words = {
                "url": page.url,
                "user_code": page.user_code,
                "deadline": page.deadline,
                "older_ended": page.older_ended,
            }
            self._out.send({"id": number, "ready": page_words})

        def report(sentence: str) -> None:
            self._out.send({"id": number, "reported": sentence})

        try:
            result = sign_in(
                session,
                context,
                method=request["method"],
                afresh=bool(request.get("afresh")),
                callback_port=request.get("callback_port"),
                ready=ready,
                cancelled=self._cancelled,
                report=report,
            )
        finally:
            self._let_go(context)
        return {
            "token": result.token.to_json(),
            "keeper": result.store,
            "reason": result.reason,
            "sentence": result.sentence,
        }

    def _index(self, session: SsoSession, context: JobContext, number: object) -> dict[str, Any]:
        def progress(done: int, total: int) -> None:
            self._out.send({"id": number, "ready": {"done": done, "total": total}})

        index_accounts(session, context, progress=thinned(progress), cancelled=self._cancelled)
        return {}

    def _ready_context(self) -> JobContext:
        """Make the context on first use: a failing import is an answer, not a crash."""
        with self._lock:
            if self._context is None:
                self._context = JobContext.from_environment(
                    self._environ, settings=self._settings, seam=self._step, stored=self._stored
                )
                if self._settings.log_debug:
                    set_debug(True)
            return self._context

    def _step(self, name: str) -> None:
        if name == "refused" and self._context is not None:
            self._let_go(self._context)  # a code that brought nothing: there is nothing to lose
        if name in HOLDS_FROM:
            with self._lock:
                self._holding.add(threading.get_ident())
            self._out.send({"holding": True})

    def _let_go(self, context: JobContext) -> None:
        with self._lock:
            self._holding.discard(threading.get_ident())
            still = bool(self._holding) or bool(context.unsaved)
        self._out.send({"holding": still})

    def _stored(self, key: str) -> None:
        self._out.send({"stored": key})
        if self._context is not None:
            self._let_go(self._context)


def main() -> int:
    """Serve on this process's standard streams; prints of libraries go to stderr instead."""
    os.umask(0o077)
    outlet = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return Worker(sys.stdin.buffer, outlet, os.environ).serve()
