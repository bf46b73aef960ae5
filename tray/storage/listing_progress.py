"""
``listing-progress``: how far a listing of accounts is, for the page, whichever process lists.

One line, ``DONE TOTAL KEY``, while the lock of listings is held; gone when it has ended.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from tray.errors import TrayError
from tray.storage.atomic_files import read_small, write_atomic

NAME: Final = "listing-progress"


def write_progress(state: Path, key: str, done: int, total: int) -> None:
    """What cannot be written is only not shown."""
    with suppress(OSError, TrayError):
        write_atomic(state / NAME, f"{done} {total} {key}".encode())


def read_progress(state: Path) -> tuple[str, int, int] | None:
    """Return session key, accounts done, and all of them; None: nothing is being listed."""
    try:
        done, total, key = read_small(state / NAME).decode().split(" ", 2)
        return key, int(done), int(total)
    except (OSError, TrayError, ValueError):
        return None


def end_progress(state: Path) -> None:
    with suppress(OSError):
        (state / NAME).unlink(missing_ok=True)
