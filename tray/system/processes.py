"""Which program started a process of ours, the end of those we started, and as whom we act."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from tray.core.text import daemon_text
from tray.core.text.display_names import clean
from tray.errors import UserMustAct

_PROC: Final = Path("/proc")
_lent: list[int] = []  # the user that this process acts as, though root started it
KILL: Final = getattr(signal, "SIGKILL", signal.SIGTERM)
"""What no process can refuse; on Windows each signal of ours is."""


def program_behind(process: int) -> str:
    """Return such as ``terraform (4711)``, by the kernel's 15-byte name (proc(5)); else empty."""
    try:
        # The name in brackets may hold brackets; the parent is the second field after it.
        parent = (_PROC / str(process) / "stat").read_bytes().rpartition(b")")[2].split()[1]
        name = (_PROC / parent.decode() / "comm").read_text(errors="replace")
    except (OSError, IndexError):
        return ""
    return f"{clean(name.rstrip())} ({parent.decode()})"


def end_group(leader: int, number: int) -> None:
    """Send a signal to a process that was started `APART` and all it has started there."""
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(leader, number)
        else:
            os.kill(leader, number)


def act_as(user: int, group: int, home: str, *, for_good: bool) -> None:
    """
    Let root act as the user whose home directory it was given.

    Root's files there would keep that user out. Unless `for_good`, `act_as_ourselves` ends it.
    Raises UserMustAct where that user may not read this program.
    """
    os.setegid(group)
    os.seteuid(user)
    _lent.append(user)
    try:
        for part in () if getattr(sys, "frozen", False) else (os.__file__, __file__):
            Path(part).stat()
        Path(sys.executable).stat()
    except OSError:
        act_as_ourselves()
        raise UserMustAct(daemon_text.home_of_another(home)) from None
    if for_good:
        act_as_ourselves()
        os.setgroups([group])
        os.setgid(group)
        os.setuid(user)


def acts_as_owner() -> bool:
    return bool(_lent)


def act_as_ourselves() -> None:
    """Be who started us again, before the user's command runs."""
    if os.geteuid() != os.getuid():
        os.seteuid(os.getuid())
        os.setegid(os.getgid())
