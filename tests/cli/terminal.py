"""A shell in a terminal of its own, typed into as a person does."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from tests.components import Component, require

Kind = Literal["bash", "zsh", "fish"]
COMMANDS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "bash": ("--noprofile", "--norc", "-i"),
    "zsh": ("-f", "-i"),
    "fish": ("--no-config", "-i"),
}
PATIENCE: Final = 60.0
_TRACE: Final = ("-f", "-qq", "-e", "trace=fork,vfork,clone,clone3", "-e", "signal=none")


class Terminal:
    """One shell; made by :func:`terminal`."""

    def __init__(self, kind: Kind, process: subprocess.Popen[bytes], master: int) -> None:
        self.kind = kind
        self._process, self._master = process, master
        self.screen = ""
        self.trace: Path | None = None
        self._asked = self._answered = self._traced = 0

    def type(self, line: str) -> str:
        """Type a line, wait until it has run, and return what the terminal showed of it."""
        self._asked += 1
        done = f"<done {self._asked}>"
        before = len(self.screen)
        # In two halves, so that the echo of what is typed is not taken for the answer.
        self._write(f"{line}\n")
        self._write(f"echo '<done' '{self._asked}>'\n")
        self._read_until(done, before)
        return self.screen[before:]

    def value(self, name: str) -> str:
        """Return what a variable holds after the next prompt; unset counts as empty."""
        self.type("")  # the prompt that stands there is from before
        told = self.type(f"printf '<value %s>\\n' \"${name}\"")
        shown = [part for part in told.splitlines() if part.startswith("<value ")]
        return shown[-1].removeprefix("<value ").removesuffix(">") if shown else ""

    def processes(self) -> list[str]:
        """Return the system calls by which the traced shell has started processes since asked."""
        assert self.trace is not None
        calls = self.trace.read_text().splitlines()[self._traced :]
        self._traced += len(calls)
        return [call for call in calls if "CLONE_THREAD" not in call]

    def answer(self, question: str, words: str) -> None:
        """Wait for a question, and answer it."""
        self._read_until(question, self._answered)
        self._answered = len(self.screen)
        self._write(f"{words}\n")

    def press(self, keys: str, then: str) -> None:
        """Press keys, and wait until the terminal shows what they lead to."""
        before = len(self.screen)
        self._write(keys)
        self._read_until(then, before)

    def wait(self) -> int:
        """Wait until the program has ended, and return its exit code."""
        while True:
            try:
                self.screen += os.read(self._master, 65536).decode(errors="replace")
            except OSError:  # Linux: the last one who had it open has gone
                return self._process.wait(PATIENCE)

    def _write(self, text: str) -> None:
        os.write(self._master, text.encode())

    def _read_until(self, mark: str, start: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while mark not in self.screen[start:]:
            ready, _, _ = select.select([self._master], [], [], deadline - time.monotonic())
            assert ready, f"{self.kind} does not answer:\n{self.screen}"
            self.screen += os.read(self._master, 65536).decode(errors="replace").replace("\r", "")

    def end(self) -> None:
        """Close the terminal."""
        self._process.kill()
        self._process.wait(PATIENCE)
        os.close(self._master)


@contextmanager
def terminal(
    kind: Kind, environ: Mapping[str, str], home: Path, trace: Path | None = None
) -> Iterator[Terminal]:
    """
    Open a terminal with an interactive shell that reads no files of anybody's.

    Args:
        kind: which shell; the test is skipped where it is missing.
        environ: its environment.
        home: where it starts.
        trace: a file for what the shell starts; see :meth:`Terminal.processes`.
    """
    component: Component = kind
    command = [str(require(component)), *COMMANDS[kind]]
    if trace is not None:
        command = [str(require("strace")), *_TRACE, "-o", str(trace), *command]
    with _opened(kind, command, environ, home) as shell:
        shell.trace = trace
        yield shell


@contextmanager
def program(
    arguments: Sequence[str], environ: Mapping[str, str], home: Path, term: str = "dumb"
) -> Iterator[Terminal]:
    """Open a terminal in which Python runs a program of ours, for a person to answer."""
    with _opened("bash", [sys.executable, *arguments], environ, home, term) as running:
        yield running


@contextmanager
def _opened(
    kind: Kind,
    command: Sequence[str],
    environ: Mapping[str, str],
    home: Path,
    term: str = "dumb",
) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        # Its controlling terminal, without which fish ends at once.
        ["setsid", "--ctty", "--wait", *command],
        env={**environ, "TERM": term, "PS1": "$ ", "fish_greeting": ""},
        cwd=home,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        close_fds=True,
    )
    os.close(slave)
    shell = Terminal(kind, process, master)
    try:
        yield shell
    finally:
        shell.end()
