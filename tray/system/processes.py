"""Which program is behind a process of ours, as far as the system tells; for the history alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tray.core.text.display_names import clean

_PROC: Final = Path("/proc")


def program_behind(process: int) -> str:
    """
    Return the program that started a process: who runs our hand-out or command is who asks.

    Returns:
        Such as ``terraform (4711)``, by the name the kernel has (proc(5), at most 15 bytes);
        empty where it cannot be told: another system, or a process that has ended.
    """
    try:
        # Between the brackets may stand anything, brackets included; the parent is 2 fields on.
        parent = (_PROC / str(process) / "stat").read_bytes().rpartition(b")")[2].split()[1]
        name = (_PROC / parent.decode() / "comm").read_text(errors="replace")
    except (OSError, IndexError):
        return ""
    return f"{clean(name.rstrip())} ({parent.decode()})"
