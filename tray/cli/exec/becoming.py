"""Becoming the user's command, with the exit codes of env(1) where that fails."""

from __future__ import annotations

import os
import sys

from tray.cli.front.terminal import Ended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Final

CANNOT_RUN: Final = 126
NOT_FOUND: Final = 127

_RESTORED: Final = ("SIGPIPE", "SIGXFSZ")  # which Python ignores


def become(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Become a command, or without exec (Windows) run it; Ended if it cannot be started."""
    sys.stdout.flush()
    sys.stderr.flush()
    if limits := sys.modules.get("tray.system.process_limits"):  # else nothing was changed
        limits.limits_for_children()
    try:
        if not hasattr(os, "posix_spawnp"):
            from tray.cli.exec.windows_command import run

            return run(command, environ)
        # The part of `signal` in C: the rest takes half as long as Python's start.
        import _signal  # type: ignore[import-not-found]  # typeshed leaves it out

        for name in _RESTORED:
            _signal.signal(getattr(_signal, name), _signal.SIG_DFL)
        if lent := sys.modules.get("tray.system.processes"):
            lent.act_as_ourselves()
        os.execvpe(command[0], list(command), dict(environ))  # noqa: S606  (no shell)
    except OSError as error:
        raise not_started(command, error) from None


def not_started(command: Sequence[str], error: OSError) -> Ended:
    """Return why a command did not start: it is not there, or cannot be run."""
    from tray.core.text.display_names import clean

    code = NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_RUN
    return Ended(f"{clean(command[0], 160)}: {error.strerror}.", code)
