"""
Commands where a daemon answers, against the least that a Python program takes.

In CPU time of whole processes, in turns: a busy machine then costs both sides the same. Beside
each command, how many modules it imports: a budget, which ``make bench`` fails on.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.config_parsing import config_of
from tests.benchmarks.table import BUDGET, ROUNDS, Figure, median
from tests.cli.stage import CONFIG, Stage
from tests.components import find
from tray.credential_helper.helper_installation import interpreter
from tray.fake_aws.identity_center import IdentityCenter

_COMPLETES = {"_SSO_TRAY_COMPLETE": "bash_complete", "COMP_CWORD": "2"}

SMALL: Mapping[str, tuple[tuple[str, ...], float, int]] = {
    "exec -- true": (("exec", "--profile", "dev", "--", "true"), 3.0, 56),
    "status": (("status",), 4.0, 58),
    "status --json": (("status", "--json"), 4.0, 88),
    "use": (("use", "dev"), 4.0, 80),
    "credentials": (("credentials", "dev"), 4.0, 86),
    "console --print": (("console", "dev", "--print"), 4.0, 86),
}
"""Command line, greatest ratio to bare Python, most modules."""

LARGE: Mapping[str, tuple[tuple[str, ...], dict[str, str], int]] = {
    "profiles": (("profiles",), {}, 74),
    "completion of a profile": ((), _COMPLETES | {"COMP_WORDS": "sso-tray\nuse\nteam7-a"}, 74),
}
"""Command line, more variables, most modules."""
SIZES = {1_000: 5.0, 10_000: 10.0}
"""Profiles, and the greatest ratio to bare Python."""

_BARE = ("-I", "-S", "-c", "pass")


def measure() -> list[Figure]:
    """Run each in turn with bare Python: a small config, then 1,000 and 10,000 profiles."""
    figures = []
    with tempfile.TemporaryDirectory() as folder, IdentityCenter() as center:
        stage = Stage(Path(folder), center)
        stage.signed_in_by_cli()
        with stage.daemon():
            ours("use", "dev", stage=stage)
            figures += _against_bare(
                stage, {name: (line, {}, goal) for name, (line, goal, _) in SMALL.items()}
            )
        for profiles, goal in SIZES.items():
            stage.config.write_text(CONFIG + config_of(profiles))
            with stage.daemon():
                ours("profiles", stage=stage)
                figures += _against_bare(
                    stage,
                    {
                        f"{name}, {profiles:,} profiles": (line, more, goal)
                        for name, (line, more, _) in LARGE.items()
                    },
                )
        return figures + _against_aws(stage)


def budgets() -> list[Figure]:
    """Count the modules that each command imports."""
    with tempfile.TemporaryDirectory() as folder, IdentityCenter() as center:
        stage = Stage(Path(folder), center)
        stage.signed_in_by_cli()
        with stage.daemon():
            ours("use", "dev", stage=stage)
            lines: list[tuple[str, tuple[str, ...], dict[str, str], int]] = [
                (name, line, {}, most) for name, (line, _, most) in SMALL.items()
            ]
            lines += [(name, *rest) for name, rest in LARGE.items()]
            return [
                Figure(f"{name}, imports", _imported(stage, line, more), "", BUDGET, None, most)
                for name, line, more, most in lines
            ]


def ours(*line: str, stage: Stage, more: Mapping[str, str] | None = None) -> bytes:
    """Run the installed command and return what it prints."""
    program = str(Path(sys.executable).with_name("sso-tray"))
    return _run(stage, [program, *line], more or {})


def _against_bare(
    stage: Stage, commands: Mapping[str, tuple[tuple[str, ...], Mapping[str, str], float]]
) -> list[Figure]:
    program = str(Path(sys.executable).with_name("sso-tray"))
    bare: list[float] = []
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        bare.append(_cpu(stage, [interpreter(), *_BARE], {}))
        for name, (line, more, _) in commands.items():
            spent[name].append(_cpu(stage, [program, *line], more))
    floor = median(bare)
    return [
        Figure(f"{name}, CPU", median(spent[name]), "ms", "python -I -S -c pass", floor, goal)
        for name, (_, _, goal) in commands.items()
    ]


def _against_aws(stage: Stage) -> list[Figure]:
    """List 10,000 profiles without a daemon, after one has seen the config."""
    aws = find("aws-newest")
    if aws is None:
        return []
    program = str(Path(sys.executable).with_name("sso-tray"))
    mine, theirs = [], []
    for _ in range(5):
        mine.append(_cpu(stage, [program, "profiles"], {}))
        theirs.append(_cpu(stage, [str(aws), "configure", "list-profiles"], {}))
    what = "list 10,000 profiles without a daemon, CPU"
    return [Figure(what, median(mine), "ms", "aws list-profiles", median(theirs), 0.06)]


def _cpu(stage: Stage, command: Sequence[str], more: Mapping[str, str]) -> float:
    """Return the milliseconds of CPU of one run, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run(stage, command, more)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def _run(stage: Stage, command: Sequence[str], more: Mapping[str, str]) -> bytes:
    environ = {**stage.environ, **more}
    environ.pop("PYTHONPATH")  # the command is installed
    done = subprocess.run(
        command, env=environ, cwd=stage.home, stdin=subprocess.DEVNULL, capture_output=True,
        check=True,
    )  # fmt: skip
    return done.stdout


def _imported(stage: Stage, line: Sequence[str], more: Mapping[str, str]) -> int:
    program = str(Path(sys.executable).with_name("sso-tray"))
    environ = {**stage.environ, **more}
    environ.pop("PYTHONPATH")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", program, *line],
        env=environ, cwd=stage.home, stdin=subprocess.DEVNULL, capture_output=True, check=True,
    )  # fmt: skip
    return done.stderr.count(b"import time:") - 1  # its heading
