"""Which program started one of our processes, for the history; and the end of those we started."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final

from tray.core.text.display_names import clean

_PROC: Final = Path("/proc")
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
