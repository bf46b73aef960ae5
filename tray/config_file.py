"""
Changing the user's AWS config on disk: one writer at a time, whole or not at all, with a way back.

What can fail: botocore refuses the file or the edit is refused (`UserMustAct`), another of our
processes holds the file (`Busy`), somebody else keeps writing it, or the system says no.
"""

from __future__ import annotations

import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tray.aws import config_files
from tray.core.words import clean
from tray.errors import Busy
from tray.files import Seam, private_directory, write_atomic
from tray.system.lock import FileLock, lock_path

LOCK_PATIENCE: Final = 5.0
"""Seconds to wait for another of our processes: its edit takes milliseconds."""
BACKUPS: Final = 5
_TRIES: Final = 5
_NEW_FILE: Final = 0o600


def change_config(
    path: Path, state: Path, change: Callable[[bytes], bytes], *, seam: Seam | None = None
) -> bool:
    """
    Change the AWS config file.

    A symbolic link is followed, the mode kept; what was there before is kept among the last five
    in ``<state>/backups``. A file that somebody changes meanwhile is read and changed anew.

    Args:
        path: the file; it and its directory may be missing.
        state: our state directory.
        change: from the old bytes to the new ones; may be called more than once.
        seam: told each step, see :func:`tray.files.write_atomic`, and ``backed-up``.

    Returns:
        Whether anything was written.

    Raises:
        Busy: another process edits the file, or somebody never stops writing it.
        ConfigRejected: the file cannot be read as one.
        FileRefused, OSError: it cannot be written.
    """
    private_directory(state)
    with FileLock(lock_path(state, "config"), timeout=LOCK_PATIENCE):
        for _ in range(_TRIES):
            mark = config_files.mark(path)
            before = config_files.read(path)
            after = change(before or b"")
            if after == (before or b""):
                return False
            if before is not None:
                _keep(before, state / "backups")
                if seam is not None:
                    seam("backed-up")
            else:
                private_directory(path.parent)
            if config_files.mark(path) != mark:
                continue  # somebody else has written: theirs is the truth to change
            write_atomic(path, after, mode=_mode(path), seam=seam)
            return True
    raise Busy(f"{clean(str(path), 160)} is being written by another program: try again.")


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return _NEW_FILE


def _keep(data: bytes, directory: Path) -> None:
    """Keep a copy, readable by the user alone, and let the oldest one beyond five go."""
    private_directory(directory)
    old = sorted(directory.glob("config-[0-9]*-*"))
    if old and old[-1].read_bytes() == data:
        return
    number = int(old[-1].name.split("-")[1]) + 1 if old else 1
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    write_atomic(directory / f"config-{number:06d}-{stamp}", data)
    for one in old[: max(0, len(old) + 1 - BACKUPS)]:
        one.unlink(missing_ok=True)
