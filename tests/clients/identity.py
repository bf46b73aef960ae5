"""
Every client of the matrix behind one question: who are we?

boto3 and the JavaScript SDK keep their process and their client between two questions, as a
program that runs for long does; an AWS CLI is a new process each time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.clients.aws_cli import TIMEOUT, Version, aws_cli
from tests.components import ROOT, Component, require

ClientName = Literal["aws-newest", "aws-debian", "boto3", "js", "js-chain"]
"""``js`` is asked through ``fromSSO``, ``js-chain`` through its default chain of providers."""

CLIENTS: tuple[ClientName, ...] = ("aws-newest", "aws-debian", "boto3", "js", "js-chain")

_VERSIONS: Mapping[ClientName, Version] = {"aws-newest": "newest", "aws-debian": "debian"}
_COMPONENTS: Mapping[ClientName, Component] = {
    "aws-newest": "aws-newest",
    "aws-debian": "aws-debian",
    "js": "js-sdk",
    "js-chain": "js-sdk",
}

_BOTO3 = """\
import json
import sys

import boto3

sts = None
for _ in sys.stdin:
    try:
        sts = sts or boto3.Session(profile_name=sys.argv[1] or None).client("sts")
        told = {"account": sts.get_caller_identity()["Account"]}
    except Exception as error:
        told = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps(told), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a client says.

    Args:
        account: the account STS told it, or None where it could not ask.
        error: what it told instead, with the error's name where it has one.
    """

    account: str | None = None
    error: str = ""


Client = Callable[[], Answer]
"""Asks once."""


def require_client(name: ClientName) -> None:
    """Skip the test, or fail it under ``CI``, where a client is missing."""
    if name in _COMPONENTS:
        require(_COMPONENTS[name])


@contextmanager
def client(name: ClientName, env: Mapping[str, str], profile: str) -> Iterator[Client]:
    """
    Run a client until the end of the block.

    Args:
        name: which one; the test is skipped where it is missing.
        env: the whole environment; see :func:`tests.clients.aws_cli.client_environment`.
        profile: as whom to ask; empty: as whoever a bare client is.
    """
    if name in _VERSIONS:
        yield lambda: _asked_by_cli(_VERSIONS[name], env, profile)
        return
    command = boto3_command(profile)
    if name != "boto3":
        command = js_command(profile, "sso" if name == "js" else "chain")
    with running(command, env) as who:
        yield who


def ask(name: ClientName, env: Mapping[str, str], profile: str) -> Answer:
    """Ask once, by a process of its own."""
    with client(name, env, profile) as who:
        return who()


def _asked_by_cli(version: Version, env: Mapping[str, str], profile: str) -> Answer:
    named = ("--profile", profile) if profile else ()
    done = aws_cli(version, "sts", "get-caller-identity", *named, env=env)
    if done.returncode:
        return Answer(error=done.stderr.strip())
    return Answer(json.loads(done.stdout)["Account"])


def boto3_command(profile: str) -> list[str]:
    """Return what runs boto3 as a program of the matrix."""
    return [sys.executable, "-I", "-c", _BOTO3, profile]


def js_command(profile: str, *provider: str) -> list[str]:
    """Return what runs the JavaScript SDK v3: ``sso`` or ``chain``, then ``anew`` or nothing."""
    script = Path(__file__).with_name("identity.cjs")
    return [str(require("js-sdk")), str(script), profile, *provider]


@contextmanager
def running(
    command: Sequence[str], env: Mapping[str, str], errors: int | None = None
) -> Iterator[Client]:
    """
    Run a program that tells who we are, once for each line it is given, until the block ends.

    Args:
        command: answers each line with one of JSON: ``account``, or ``error`` and ``message``.
        env: its whole environment.
        errors: where its standard error goes, as for ``Popen``.
    """
    process = subprocess.Popen(
        command,
        env={**env, "NODE_PATH": str(ROOT / ".tools/js/node_modules")},
        cwd=env["HOME"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    )
    try:
        yield lambda: _asked(process)
        process.communicate(timeout=TIMEOUT)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def _asked(process: subprocess.Popen[str]) -> Answer:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    line = process.stdout.readline()
    while line and not line.startswith("{"):  # the C++ SDK logs there, too
        line = process.stdout.readline()
    told = json.loads(line)
    if "error" in told:
        return Answer(error=f"{told['error']}: {told['message']}")
    return Answer(told["account"])
