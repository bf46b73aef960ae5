"""
Credentials through ``credential_process``, warm: ours against a bare Python, and others' ways.

The resident holds the role credentials, as it does all day; what is measured is what an SDK waits
for. ``aws-sso-util`` is asked as its users have it in their config. All take turns.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.benchmarks.config_parsing import config_of
from tests.benchmarks.table import ROUNDS, Figure, median
from tests.cli.stage import Stage
from tests.clients.aws_cli import client_environment
from tests.components import ROOT, find
from tray.handout import install
from tray.identity_center import IdentityCenter

UTIL = ROOT / ".tools/aws-sso-util"
"""A virtual environment of its own: it wants other versions than we do."""

_GET = """\
import sys, time
import botocore.session
began = time.perf_counter()
session = botocore.session.Session(profile=sys.argv[1])
session.get_credentials().get_frozen_credentials()
print((time.perf_counter() - began) * 1000)
"""


def measure() -> list[Figure]:
    """Take turns; a peer that is not there is named and left out."""
    aws, util = find("aws-newest"), _aws_sso_util()
    with tempfile.TemporaryDirectory() as folder, IdentityCenter() as center:
        stage = Stage(Path(folder), center)
        stage.signed_in_by_cli()
        stage.signed_in_by_cli("https://legacy.awsapps.com/start")  # all that aws-sso-util knows
        stage.tray("use", "dev")
        with stage.config.open("a") as file:
            file.write("\n" + config_of(1000).replace("[sso-session corp]", "[sso-session bench]"))
            file.write(_by_process("ours", install(stage.state, stage.environ)))
            if util is not None:
                file.write(_by_process("theirs", (util, "credential-process", "--profile", "old")))
        environ = {**client_environment(stage.home / "peers", center.url), **stage.environ}
        hand_out = [*install(stage.state, stage.environ)]
        with stage.resident():
            # What the resident's first answer costs is AWS's time, not ours.
            subprocess.run(hand_out, env=environ, check=True, capture_output=True)
            commands: dict[str, Sequence[str]] = {
                "ours": hand_out,
                "bare": [hand_out[0], "-I", "-S", "-c", "pass"],
            }
            if aws is not None:
                export = (str(aws), "configure", "export-credentials", "--profile", "dev")
                commands["aws"] = export
            if util is not None:
                commands["util"] = [util, "credential-process", "--profile", "old"]
            took = _in_turn({name: _runner(one, environ) for name, one in commands.items()})
            library = _in_turn({
                name: _asker(profile, environ)
                for name, profile in (("ours", "ours"), ("own", "dev"), ("util", "theirs"))
                if name != "util" or util is not None
            })  # fmt: skip
    rows = [
        ("bare", "python -I -S -c pass", 1.3),
        ("aws", "aws configure export-credentials", 1 / 25),
    ]
    rows += [("util", "aws-sso-util", 1 / 15)]
    figures = [
        Figure("credentials by credential_process", took["ours"], "ms", peer, took[name], goal)
        for name, peer, goal in rows
        if name in took
    ]
    peers = (("own", "its own SSO provider"), ("util", "aws-sso-util"))
    return figures + [
        Figure("boto3 get_credentials, by us", library["ours"], "ms", peer, library[name], None)
        for name, peer in peers
        if name in library
    ]


def _by_process(name: str, command: Sequence[str]) -> str:
    return f"\n[profile {name}]\ncredential_process = {' '.join(command)}\n"


def _in_turn(ways: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            took[name].append(way())
    return {name: median(values) for name, values in took.items()}


def _runner(command: Sequence[str], environ: Mapping[str, str]) -> Callable[[], float]:
    def run() -> float:
        began = time.perf_counter()
        done = subprocess.run(command, env=environ, capture_output=True, check=False)
        took = (time.perf_counter() - began) * 1000
        assert done.returncode == 0, done.stderr.decode()
        return took

    return run


def _asker(profile: str, environ: Mapping[str, str]) -> Callable[[], float]:
    def ask() -> float:
        command = [sys.executable, "-c", _GET, profile]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        return float(done.stdout)

    return ask


def _aws_sso_util() -> str | None:
    """Return the peer's program, put beside us on the first run."""
    program = UTIL / "bin/aws-sso-util"
    if not program.exists():
        sys.stderr.write("fetching aws-sso-util, only this once\n")
        commands = (
            [sys.executable, "-m", "venv", str(UTIL)],
            [str(UTIL / "bin/pip"), "install", "--quiet", "aws-sso-util>=4.33,<5"],
        )
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.stderr.write(f"aws-sso-util cannot be had: {done.stderr.splitlines()[-1:]}\n")
                return None
    return str(program) if os.access(program, os.X_OK) else None
