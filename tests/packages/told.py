"""What is promised of the packages, said line by line with the evidence."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 90.0
"""Seconds that anything here may take at most; each is waited for, not slept through."""


class Broken(Exception):
    """A promise does not hold; the text says what was seen."""


_PRINTING = threading.Lock()


def title(words: str) -> None:
    """Begin a part."""
    _say(f"\n{words}")


def holds(promise: str, truth: object, evidence: object = "") -> None:
    """
    Say a promise that holds.

    Raises:
        Broken: it does not.
    """
    seen = f": {evidence}" if evidence != "" else ""
    if not truth:
        raise Broken(f"{promise}{seen}")
    _say(f"  ✓ {promise}{seen}")


def not_judged(promise: str, reason: str) -> None:
    """Say what cannot be tried here."""
    _say(f"  - {promise}: {reason}")


def failed(error: Exception) -> None:
    """Say what does not hold."""
    _say(f"  ✗ {error}")


def until(found: Callable[[], T | None], what: str, patience: float = PATIENCE) -> T:
    """
    Return what is found as soon as there is anything, within so many seconds.

    Raises:
        Broken: it did not come.
    """
    deadline = time.monotonic() + patience
    while not (seen := found()):
        if time.monotonic() > deadline:
            raise Broken(f"it did not come: {what}")
        time.sleep(0.1)
    return seen


def output(
    command: Sequence[str | Path],
    *,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    patience: float = PATIENCE * 4,
) -> str:
    """
    Run a program and return what it says.

    Raises:
        Broken: it failed.
    """
    done = subprocess.run(
        command,
        env=environ,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=patience,
    )
    if done.returncode:
        words = " ".join(map(str, command))
        raise Broken(f"{words} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def _say(line: str) -> None:
    with _PRINTING:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
