"""From starting the daemon to its ready socket, against ``aws --version``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.config_parsing import config_of
from tests.benchmarks.table import ROUNDS, Figure, median
from tests.components import find
from tray.errors import Unreachable
from tray.ipc.agent_client import AgentClient
from tray.system.paths import Paths, world


def measure() -> list[Figure]:
    """Take turns; the official AWS CLI where it is unpacked, else nothing is measured."""
    aws = find("aws-newest")
    if aws is None:
        sys.stderr.write("the newest AWS CLI is not unpacked: make test does that\n")
        return []
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / ".aws").mkdir()
        (home / ".aws" / "config").write_text(config_of(100))
        environ = {"HOME": folder, "PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd())}
        for _ in range(ROUNDS):
            ours.append(_start(environ))
            began = time.perf_counter()
            subprocess.run([aws, "--version"], env=environ, check=True, capture_output=True)
            theirs.append((time.perf_counter() - began) * 1000)
    return [
        Figure("start -> ready socket", median(ours), "ms", "aws --version", median(theirs), 1 / 3)
    ]


def _start(environ: dict[str, str]) -> float:
    paths, here = Paths.from_environment(environ), world(environ)
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "tray.daemon", "--no-icon"], env=environ)
    try:
        while True:
            try:
                with AgentClient(paths.runtime_sockets, here) as client:
                    client.done("status")
                return (time.perf_counter() - began) * 1000
            except Unreachable:
                time.sleep(0.001)
    finally:
        process.terminate()
        process.wait()
