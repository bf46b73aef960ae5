"""The active profile on disk: one line a prompt can read, and the one before it (A7)."""

from __future__ import annotations

import os
from pathlib import Path

from tray.core.views.prompt_file import prompt_lines
from tray.errors import Unread, sentence_of
from tray.storage.atomic_files import (
    LOCK_TIMEOUT,
    FileRefused,
    private_directory,
    read_small,
    write_atomic,
    write_changed,
)
from tray.system.lock.file_lock import FileLock, lock_path


def active_path(state: Path) -> Path:
    return state / "active-profile"


def read_active(state: Path) -> str | None:
    """None where none is recorded; raises `Unread` where that is not known."""
    return _line(active_path(state))


def read_previous(state: Path) -> str | None:
    return _line(state / "previous-profile")


def picked_in(state: Path) -> Path | None:
    """Return the AWS config that the active profile was picked in; None: not known."""
    line = _line(state / "active-config")
    return None if line is None else Path(line)


def record_active(state: Path, profile: str | None, config: Path | None = None) -> None:
    """
    The profile it replaces becomes the previous one, if that can be read.

    `config`: the AWS config that it is a profile of. Raises `Busy`, `FileRefused` or `OSError`.
    """
    private_directory(state)
    with FileLock(lock_path(state, "state"), timeout=LOCK_TIMEOUT):
        try:
            before = read_active(state)
            if profile is not None and config is not None:
                write_changed(state / "active-config", os.fsencode(config) + b"\n")
            if before == profile:
                return
        except Unread:
            before = None  # the user's word counts without it
        if before is not None:
            write_atomic(state / "previous-profile", os.fsencode(before) + b"\n")
        if profile is None:
            active_path(state).unlink(missing_ok=True)
            (state / "active-config").unlink(missing_ok=True)
        else:
            write_atomic(active_path(state), os.fsencode(profile) + b"\n")


def prompt_path(state: Path) -> Path:
    """Return the file that the shell hooks read at each prompt (A2)."""
    return state / "prompt"


def write_prompt(
    state: Path, profile: str | None, *, guarded: bool, ends_at: float | None = None
) -> None:
    """Shells must not export a `guarded` profile; `ends_at` is seconds since the epoch."""
    data = prompt_lines(profile, guarded=guarded, ends_at=ends_at).encode("utf-8", "replace")
    write_changed(prompt_path(state), data)


def _line(path: Path) -> str | None:
    try:
        data = read_small(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, FileRefused) as error:
        raise Unread(f"The active profile can't be read. {sentence_of(error)}") from None
    line = os.fsdecode(data).partition("\n")[0].rstrip("\r")
    return line if line.strip() else None
