"""
Runs transactions in processes of their own, and kills them at any moment of theirs.

``python -m tests.worker.processes`` loads everything once and then forks for each order, so that
a process costs milliseconds; it stays single-threaded itself.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.home import home_variables
from tests.worker.file_backend import FileBackend
from tests.worker.world import CORP
from tray.aws.api.clients import AwsClients
from tray.aws.api.oidc import Oidc
from tray.aws.api.portal import Portal
from tray.aws.cache.token_cache import cache_path, parse_token
from tray.core.outcomes import outcome_from_json
from tray.system import WINDOWS
from tray.worker import job_table
from tray.worker.job_context import JobContext
from tray.worker.keyring.token_keyring import TokenKeyring
from tray.worker.sign_in.sign_in_saving import save

ROOT = Path(__file__).parents[2]
SIDE_BY_SIDE = 16
TOGETHER = ("kept", "arrange", "arrange-ended")
"""What nobody kills is done in one process for all homes."""
GIVEN = "given.json"
"""In a home: the token that a sign-in has given, as the AWS CLI would write it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """
    How a process ended.

    Args:
        killed: whether by a signal that no process can prepare for, when it was told to.
        moments: the names of the moments it passed; the last is the one it died at or after.
        answer: its outcome, or what was looked up; None where it was killed.
        seconds: how long it lived.
    """

    killed: bool
    moments: tuple[str, ...]
    answer: Any = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Order:
    """
    One process to run.

    Args:
        home: whose.
        kind: of job; ``sign-in``: save what a sign-in gave, which lies in `GIVEN`;
            ``adopt-late``: adopt, while another program writes what lies there into the file it
            had opened; ``renew-unconfirmed``: renew with a keyring that is locked once AWS has
            answered, and end; ``arrange``: move the file's refresh data into the keyring, all at
            once, ``arrange-ended`` with an access token past its end; ``kept``: look up the kept
            refresh token.
        stop_at: number of the moment at which the process kills itself.
        kill_after: seconds after which the system kills it, wherever it is by then.
        seen: for ``renew``.
    """

    home: Path
    kind: str
    stop_at: int | None = None
    kill_after: float | None = None
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class Processes:
    """Starts processes; made by :func:`processes`."""

    _server: subprocess.Popen[str]

    def run(self, *orders: Order) -> list[Ended]:
        """Run processes side by side, some at a time, and wait for all of them."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        told = [{**asdict(order), "home": str(order.home)} for order in orders]
        self._server.stdin.write(json.dumps(told) + "\n")
        self._server.stdin.flush()
        ended = json.loads(self._server.stdout.readline())
        return [
            Ended(one["killed"], tuple(one["moments"]), _outcome(one["answer"]), one["seconds"])
            for one in ended
        ]


def _outcome(document: Any) -> Any:
    return outcome_from_json(document) if isinstance(document, dict) else document


@contextmanager
def processes(environ: Mapping[str, str], keyring: str) -> Iterator[Processes]:
    """
    Start what starts processes.

    Args:
        environ: the whole environment.
        keyring: ``file``, in each home; ``system``, the one that the environment leads to.
    """
    if WINDOWS:
        pytest.skip("Windows has no fork")
    command = [sys.executable, "-m", "tests.worker.processes", keyring]
    with subprocess.Popen(
        command,
        env={**environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        yield Processes(server)
        assert server.stdin is not None
        server.stdin.close()


def _serve(keyring: str) -> None:
    # Making a client costs more than all the rest of a process; connections come after the fork.
    clients = AwsClients()
    # What each child would load for itself: the keyring's library, and what a first call takes,
    # whose connection is nobody's to share.
    JobContext.from_environment(home_variables(Path(os.devnull)))
    Oidc(clients).register(CORP, grant="authorization_code", scopes=("sso:account:access",))
    clients.close()
    _ = clients.oidc(CORP.region), clients.portal(CORP.region)
    # What is there now is nobody's garbage: to look through it, each child would copy it all.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        orders = json.loads(line)
        ended: list[dict[str, Any]] = []
        if orders and orders[0]["kind"] in TOGETHER:
            ended = _together(orders, keyring, clients)
            orders = []
        for start in range(0, len(orders), SIDE_BY_SIDE):
            children = [
                _forked(one, keyring, clients) for one in orders[start : start + SIDE_BY_SIDE]
            ]
            ended += [_ended(*child) for child in children]
        print(json.dumps(ended), flush=True)  # noqa: T201  (a pipe to who ordered)


def _together(
    orders: list[dict[str, Any]], keyring: str, clients: AwsClients
) -> list[dict[str, Any]]:
    inlet, outlet = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(inlet)
            with os.fdopen(outlet, "w") as pipe:
                for one in orders:
                    answer = _answer(one, _context(one, keyring, clients, lambda _: None))
                    pipe.write(json.dumps(answer) + "\n")
            os._exit(0)
        finally:
            os._exit(70)
    os.close(outlet)
    with os.fdopen(inlet) as pipe:
        answers = [json.loads(line) for line in pipe]
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return [
        {"killed": False, "moments": [], "answer": answer, "seconds": 0.0} for answer in answers
    ]


def _forked(order: dict[str, Any], keyring: str, clients: AwsClients) -> tuple[int, int, float]:
    inlet, outlet = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if pid:
        os.close(outlet)
        return pid, inlet, began
    try:
        os.close(inlet)
        if order["kill_after"] is not None:
            # Without a handler the system ends the process on the spot, as SIGKILL does.
            signal.setitimer(signal.ITIMER_REAL, order["kill_after"])
        _work(order, keyring, clients, outlet)
        os._exit(0)
    finally:
        os._exit(70)


def _ended(pid: int, inlet: int, began: float) -> dict[str, Any]:
    with os.fdopen(inlet) as pipe:
        lines = [json.loads(line) for line in pipe if line.endswith("\n")]
    seconds = time.monotonic() - began
    _, status = os.waitpid(pid, 0)
    deaths = (signal.SIGKILL, signal.SIGALRM)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) in deaths
    assert killed or os.waitstatus_to_exitcode(status) == 0
    answers = [line["answer"] for line in lines if "answer" in line]
    moments = [line["moment"] for line in lines if "moment" in line]
    return {
        "killed": killed,
        "moments": moments,
        "answer": answers[0] if answers else None,
        "seconds": seconds,
    }


class _LateWriter:
    """Another program that had opened the token file before we replaced it."""

    def __init__(self, home: Path) -> None:
        self._data = (home / GIVEN).read_bytes()
        self._file = cache_path(home / ".aws/sso/cache", CORP.key).open("r+b", buffering=0)

    def write(self) -> None:
        """Write in place, once."""
        if not self._file.closed:
            self._file.truncate()
            self._file.write(self._data)
            self._file.close()


def _work(order: dict[str, Any], keyring: str, clients: AwsClients, outlet: int) -> None:
    passed = 0
    home = Path(order["home"])
    late = _LateWriter(home) if order["kind"] == "adopt-late" else None

    def moment(name: str) -> None:
        nonlocal passed
        os.write(outlet, json.dumps({"moment": name}).encode() + b"\n")
        if name == "published" and late is not None:
            late.write()
        if name == "answered" and order["kind"] == "renew-unconfirmed":
            FileBackend(home / "keyring").lock()
        if passed == order["stop_at"]:
            os.kill(os.getpid(), signal.SIGKILL)
        passed += 1

    answer = _answer(order, _context(order, keyring, clients, moment))
    os.write(outlet, json.dumps({"answer": answer}).encode() + b"\n")


def _context(
    order: dict[str, Any], keyring: str, clients: AwsClients, moment: Callable[[str], None]
) -> JobContext:
    home = Path(order["home"])
    context = JobContext.from_environment(home_variables(home), seam=moment)
    keyring_store = TokenKeyring(
        "sso-tray-test",
        context.paths.token_cache,
        FileBackend(home / "keyring") if keyring == "file" else None,
        # Ten times as long as usual: many processes ask one keyring here.
        read_seconds=50.0,
        write_seconds=100.0,
        seam=lambda name: moment(f"vault: {name}"),
    )
    return replace(
        context,
        keyring_store=keyring_store,
        clients=clients,
        oidc=Oidc(clients),
        portal=Portal(clients),
    )


def _answer(order: dict[str, Any], context: JobContext) -> Any:
    match order["kind"]:
        case "kept":
            kept = context.keyring_store.load(CORP)
            return kept.refresh_token.reveal() if kept and kept.refresh_token else None
        case "arrange" | "arrange-ended" as kind:
            token = context.read(CORP)
            assert token is not None
            if kind == "arrange-ended":
                token = replace(token, expires_at=time.time() - 60)
            context.keyring_store.store(CORP.key, token)
            context.records.change(CORP.key, store="keyring")
            context.publish_lean(CORP, token)
            return None
        case "adopt-late":
            return job_table.run("adopt", CORP, context).to_json()
        case "renew-unconfirmed":
            outcome = job_table.run("renew", CORP, context)
            context.unsaved.save_in_files()
            return outcome.to_json()
        case "sign-in":
            place = Path(order["home"], GIVEN)
            return save(CORP, context, parse_token(place.read_bytes(), str(place))).store
        case kind:
            return job_table.run(kind, CORP, context, seen=order["seen"]).to_json()


if __name__ == "__main__":
    _serve(sys.argv[1])
