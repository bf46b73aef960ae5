"""Running beside the user's command until it ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final

from tray.cli.exec.becoming import not_started
from tray.cli.exec.windows_command import run
from tray.system.process_limits import limits_for_children

POSIX: Final = hasattr(os, "posix_spawnp")

SIGNALLED: Final = 128  # plus the number of the signal that ended the child, as in shells

_BY_KERNEL: Final = 128  # `si_code` of a signal that the child got as well (sigaction(2))


def run_beside(
    command: Sequence[str], surroundings: AbstractContextManager[Mapping[str, str]]
) -> int:
    """Run a command while ``surroundings`` last, pass on our signals, return its exit status."""
    if not POSIX:
        with surroundings as environ:
            try:
                return run(command, environ)
            except OSError as error:
                raise not_started(command, error) from None
    # Before any thread begins: each takes over what is blocked, so that we alone get signals.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [*_PASSED, signal.SIGCHLD])
    try:
        with surroundings as environ:
            limits_for_children()
            try:
                child = os.posix_spawnp(
                    command[0],
                    list(command),
                    dict(environ),
                    resetids=True,  # root stays root there, whose home directory it may be
                    setsigmask=before,
                    setsigdef=_IGNORED_BY_PYTHON,
                )
            except OSError as error:
                raise not_started(command, error) from None
            return _wait(child)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait(child: int) -> int:
    while True:
        number, by_terminal = _next_signal()
        if number == signal.SIGCHLD:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else SIGNALLED - code
        elif not by_terminal:
            os.kill(child, number)  # it is not collected yet, so the number is still its own


def _next_signal() -> tuple[int, bool]:
    """Return the next signal, and whether the terminal sent it to the child, too."""
    awaited = [*_PASSED, signal.SIGCHLD]
    if hasattr(signal, "sigwaitinfo"):
        found = signal.sigwaitinfo(awaited)
        return found.si_signo, found.si_code == _BY_KERNEL
    number = signal.sigwait(awaited)
    return number, number in (signal.SIGINT, signal.SIGQUIT)


_IGNORED_BY_PYTHON: Final = (
    [getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ")] if POSIX else []
)
_PASSED: Final = (
    [
        getattr(signal, name)
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
    ]
    if POSIX
    else []
)
