"""
Runs transactions in processes of their own, and kills them at any moment of theirs.

``python -m tests.worker.processes`` loads everything once and then forks for each order, so that
a process costs milliseconds; it stays single-threaded itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tests.worker.file_backend import FileBackend
from tests.worker.world import CORP
from tray.aws.clients import AwsClients
from tray.aws.oidc import Oidc
from tray.aws.portal import Portal
from tray.core.wire import from_wire, to_wire
from tray.worker import jobs
from tray.worker.tools import Tools
from tray.worker.vault import Vault
from tray.worker.vault_backends import VaultBackend

ROOT = Path(__file__).parents[2]
SIDE_BY_SIDE = 8


@dataclass(frozen=True, slots=True)
class Ended:
    """
    How a process ended.

    Args:
        killed: whether by SIGKILL, at the moment it was told to.
        moments: the names of the moments it passed; the last is the one it died at.
        answer: its outcome, or what was looked up; None where it was killed.
    """

    killed: bool
    moments: tuple[str, ...]
    answer: Any = None


@dataclass(frozen=True, slots=True)
class Order:
    """
    One process to run.

    Args:
        home: whose.
        kind: of job; or ``arrange``: move the file's refresh data into the keyring, all at once,
            or ``kept``: look up the kept refresh token.
        stop_at: number of the moment at which the process kills itself.
        seen: for ``renew``.
    """

    home: Path
    kind: str
    stop_at: int | None = None
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
            Ended(one["killed"], tuple(one["moments"]), from_wire(one["answer"])) for one in ended
        ]


@contextmanager
def processes(environ: Mapping[str, str], keyring: str) -> Iterator[Processes]:
    """
    Start what starts processes.

    Args:
        environ: the whole environment.
        keyring: ``file``, in each home; ``system``, the one that the environment leads to.
    """
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
    _ = clients.oidc(CORP.region), clients.portal(CORP.region)
    for line in sys.stdin:
        orders = json.loads(line)
        ended: list[dict[str, Any]] = []
        for start in range(0, len(orders), SIDE_BY_SIDE):
            children = [
                _forked(one, keyring, clients) for one in orders[start : start + SIDE_BY_SIDE]
            ]
            ended += [_ended(*child) for child in children]
        print(json.dumps(ended), flush=True)  # noqa: T201  (a pipe to who ordered)


def _forked(order: dict[str, Any], keyring: str, clients: AwsClients) -> tuple[int, int]:
    inlet, outlet = os.pipe()
    pid = os.fork()
    if pid:
        os.close(outlet)
        return pid, inlet
    try:
        os.close(inlet)
        _work(order, keyring, clients, outlet)
        os._exit(0)
    finally:
        os._exit(70)


def _ended(pid: int, inlet: int) -> dict[str, Any]:
    with os.fdopen(inlet) as pipe:
        lines = [json.loads(line) for line in pipe]
    _, status = os.waitpid(pid, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or os.waitstatus_to_exitcode(status) == 0
    answers = [line["answer"] for line in lines if "answer" in line]
    moments = [line["moment"] for line in lines if "moment" in line]
    return {"killed": killed, "moments": moments, "answer": answers[0] if answers else None}


def _work(order: dict[str, Any], keyring: str, clients: AwsClients, outlet: int) -> None:
    passed = 0

    def moment(name: str) -> None:
        nonlocal passed
        os.write(outlet, json.dumps({"moment": name}).encode() + b"\n")
        if passed == order["stop_at"]:
            os.kill(os.getpid(), signal.SIGKILL)
        passed += 1

    home = Path(order["home"])
    backend: VaultBackend | None = FileBackend(home / "keyring") if keyring == "file" else None
    tools = Tools.from_environment({"HOME": str(home)}, seam=moment)
    vault = Vault(
        "sso-tray-test",
        tools.paths.token_cache,
        backend,
        seam=lambda name: moment(f"vault: {name}"),
    )
    tools = replace(
        tools, vault=vault, clients=clients, oidc=Oidc(clients), portal=Portal(clients)
    )
    answer = _answer(order, tools)
    os.write(outlet, json.dumps({"answer": answer}).encode() + b"\n")


def _answer(order: dict[str, Any], tools: Tools) -> Any:
    match order["kind"]:
        case "kept":
            kept = tools.vault.load(CORP)
            return kept.refresh_token.reveal() if kept and kept.refresh_token else None
        case "arrange":
            token = tools.read(CORP)
            assert token is not None
            tools.vault.store(CORP.key, token)
            tools.records.change(CORP.key, keeper="keyring")
            tools.publish_lean(CORP, token)
            return None
        case kind:
            return to_wire(jobs.run(kind, CORP, tools, seen=order["seen"]))


if __name__ == "__main__":
    _serve(sys.argv[1])
