"""Credentials handed out to a program, warm, against the AWS CLI and aws-sso-util."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.config_parsing import config_of
from tests.benchmarks.table import ROUNDS, Figure, median
from tests.cli.stage import CONFIG, Stage
from tests.components import SOURCES, Component, find
from tray.credential_helper.helper_installation import install, interpreter
from tray.fake_aws.identity_center import IdentityCenter

LEGACY = "https://legacy.awsapps.com/start"
"""aws-sso-util reads profiles of this kind only."""

PEERS: Mapping[Component, tuple[tuple[str, ...], float]] = {
    "aws-newest": (
        ("configure", "export-credentials", "--format", "process", "--profile", "dev"),
        1 / 25,
    ),
    "aws-sso-util": (("credential-process", "--profile", "old"), 1 / 15),
}
"""What each peer is asked, and the greatest ratio of our time to its (G3)."""

Commands = Mapping[str, Sequence[str]]

_BOTO3 = """\
import sys, time
import boto3
began = time.perf_counter()
boto3.Session(profile_name=sys.argv[1]).get_credentials().get_frozen_credentials()
print(time.perf_counter() - began)
"""


def measure() -> list[Figure]:
    """Take turns: a small config, the same through boto3, and a config of 10,000 profiles."""
    with tempfile.TemporaryDirectory() as folder, IdentityCenter() as center:
        stage = Stage(Path(folder), center)
        stage.signed_in_by_cli()
        stage.signed_in_by_cli(LEGACY)
        peers: Commands = {
            name: (str(found), *PEERS[name][0])
            for name, found in ((name, find(name)) for name in PEERS)
            if found is not None
        }
        for name in PEERS.keys() - peers.keys():
            sys.stderr.write(
                f"no {name}, so nothing is held against it: {SOURCES[name].install}\n"
            )
        ours = (*install(stage.state, stage.environ), "dev")
        bare = (interpreter(), "-I", "-S", "-c", "pass")
        with stage.daemon():
            figures = _small(stage, {"bare": bare, "ours": ours, **peers})
            figures += _through_boto3(stage, {"ours": ours, **peers})
        figures += _alone(stage, ours, peers)
        stage.config.write_text(CONFIG + config_of(10_000))
        with stage.daemon():
            return figures + _large(stage, ours, peers)


def _small(stage: Stage, commands: Commands) -> list[Figure]:
    spent = _turns(stage, commands)
    ours = spent.pop("ours")
    figures = [Figure("hand-out", ours, "ms", "python -I -S -c pass", spent.pop("bare"), 1.3)]
    return figures + [
        Figure("hand-out", ours, "ms", name, theirs, PEERS[name][1])  # type: ignore[index]  # the names are those of the peers
        for name, theirs in spent.items()
    ]


def _through_boto3(stage: Stage, commands: Commands) -> list[Figure]:
    """Time boto3 from session to credentials, with each command as its credential_process."""
    sections = [
        f"[profile by-{name}]\ncredential_process = {shlex.join(command)}\n"
        for name, command in commands.items()
    ]
    stage.config.write_text(CONFIG + "".join(sections))
    profiles = {name: f"by-{name}" for name in commands} | {"its own SSO provider": "dev"}
    spent: dict[str, list[float]] = {name: [] for name in profiles}
    for _ in range(ROUNDS):
        for name, times in spent.items():
            done = _run(stage, [sys.executable, "-c", _BOTO3, profiles[name]])
            times.append(float(done) * 1000)
    ours = median(spent.pop("ours"))
    return [
        Figure("boto3 get_credentials()", ours, "ms", f"by {name}", median(times), None)
        for name, times in spent.items()
    ]


def _alone(stage: Stage, ours: Sequence[str], peers: Commands) -> list[Figure]:
    """Hand out where no daemon runs: the AWS CLI and we make the same one call."""
    theirs = {name: command for name, command in peers.items() if name == "aws-newest"}
    spent = _turns(stage, {"ours": ours, **theirs})
    mine = spent.pop("ours")
    return [
        Figure("hand-out without a daemon", mine, "ms", name, theirs, 1 / 2)
        for name, theirs in spent.items()
    ]


def _large(stage: Stage, ours: Sequence[str], peers: Commands) -> list[Figure]:
    """Hand out one of 10,000 profiles, and list them all."""
    spent = _turns(stage, {"ours": ours, **peers})
    mine = spent.pop("ours")
    figures = [
        Figure("hand-out, 10,000 profiles", mine, "ms", name, theirs, None)
        for name, theirs in spent.items()
    ]
    aws = find("aws-newest")
    if aws is None:
        return figures
    listing = {
        "ours": [sys.executable, "-m", "tray", "profiles"],
        "aws": [str(aws), "configure", "list-profiles"],
    }
    lists = _turns(stage, listing)
    row = Figure(
        "list 10,000 profiles", lists["ours"], "ms", "aws list-profiles", lists["aws"], None
    )
    return [*figures, row]


def _turns(stage: Stage, commands: Commands, rounds: int = ROUNDS) -> dict[str, float]:
    """Return each command's median in ms, without the first round, which warms every cache."""
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            began = time.perf_counter()
            out = _run(stage, command)
            took = (time.perf_counter() - began) * 1000
            if number:
                spent[name].append(took)
            elif "profiles" not in " ".join(command) and name != "bare":
                assert json.loads(out)["Version"] == 1, name
    return {name: median(times) for name, times in spent.items()}


def _run(stage: Stage, command: Sequence[str]) -> bytes:
    environ = dict(stage.environ)
    if command[0] != sys.executable:
        environ.pop("PYTHONPATH")  # it is ours, and would be in the peers' way
    done = subprocess.run(
        command, env=environ, cwd=stage.home, stdin=subprocess.DEVNULL, capture_output=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.decode()[-300:]}")
    return done.stdout
