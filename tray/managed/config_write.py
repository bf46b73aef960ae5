"""
Changing the user's AWS config on disk: one writer at a time, whole or not at all, with a way back.

What can fail: botocore refuses the file or the edit is refused (`UserMustAct`), another of our
processes holds the file (`Busy`), somebody else keeps writing it, or the system says no.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tray.aws.config import config_files
from tray.aws.config.profile_edit import with_profiles
from tray.core.text.display_names import clean
from tray.errors import Busy
from tray.storage.atomic_files import LOCK_TIMEOUT, Seam, private_directory, write_atomic
from tray.system.lock.file_lock import FileLock, lock_path

BACKUPS: Final = 5
_TRIES: Final = 5
_NEW_FILE: Final = 0o600


class _Overtaken(Exception):
    """Another program wrote the file after we had read it."""


def edit_lock(state: Path) -> FileLock:
    """
    Return the lock for who changes a file of the user's, and what we remember of it.

    As a context manager it raises `Busy` where another of our processes holds it too long.
    """
    private_directory(state)
    return FileLock(lock_path(state, "config"), timeout=LOCK_TIMEOUT)


def change_config(
    path: Path, state: Path, change: Callable[[bytes], bytes], *, seam: Seam | None = None
) -> bool:
    """
    Change the AWS config file under the lock; see :func:`change_locked`.

    Raises:
        Busy: another process edits the file. Else as :func:`change_locked`.
    """
    with edit_lock(state):
        return change_locked(path, state, change, seam=seam)


def change_locked(
    path: Path, state: Path, change: Callable[[bytes], bytes], *, seam: Seam | None = None
) -> bool:
    """
    Change the AWS config file; the caller holds :func:`edit_lock`.

    A symbolic link is followed; mode, owner and group stay; what was there before is kept among
    the file's last five in ``<state>/backups``. A file that somebody changes meanwhile, until the
    very moment of the rename, is read and changed anew.

    Args:
        path: the file; it and its directory may be missing.
        state: our state directory.
        change: from the old bytes to the new ones; may be called more than once.
        seam: told each step, see `write_atomic`, and ``backed-up``.

    Returns:
        Whether anything was written.

    Raises:
        Busy: somebody never stops writing it.
        ConfigRejected: the file cannot be read as one.
        FileRefused, OSError: it cannot be written.
    """
    for _ in range(_TRIES):
        before = config_files.read(path)
        after = change(before or b"")
        if after == (before or b""):
            return False
        if before is not None:
            _keep(before, state / "backups", path)
            if seam is not None:
                seam("backed-up")
        else:
            private_directory(path.parent)
        try:
            _replace(path, before, after, seam)
        except _Overtaken:
            continue  # theirs is the truth to change
        return True
    raise Busy(f"{clean(str(path), 160)} is being written by another program. Try again.")


def add_profiles(
    path: Path,
    state: Path,
    new: Mapping[str, Mapping[str, str]],
    gone: Sequence[str] = (),
) -> bool:
    """
    Add profiles to the AWS config and take others out, all in one write.

    Args:
        path: the file; it and its directory may be missing.
        state: our state directory.
        new: the keys of each new profile, by its name.
        gone: names of profiles to take out.

    Returns:
        Whether anything was written.

    Raises:
        EditRefused: a profile cannot be added. Else as :func:`change_config`.
    """
    return change_config(path, state, lambda data: with_profiles(data, str(path), new, gone))


def backups(state: Path, path: Path) -> list[Path]:
    """Return what is kept of one file, oldest first."""
    return sorted((state / "backups").glob(f"config-{_mark_of(path)}-[0-9]*-*"))


def _replace(path: Path, before: bytes | None, after: bytes, seam: Seam | None) -> None:
    mode, group = _NEW_FILE, None
    if before is not None:
        info = path.stat()
        mode, group = stat.S_IMODE(info.st_mode), info.st_gid

    def step(name: str) -> None:
        if seam is not None:
            seam(name)
        if name == "temp-written" and config_files.read(path) != before:
            raise _Overtaken

    write_atomic(path, after, mode=mode, group=group, seam=step)


def _keep(data: bytes, directory: Path, path: Path) -> None:
    """
    Keep a copy, readable by the user alone, and let the oldest one beyond five go.

    The same bytes are kept once: who switches to and fro does not push out what was there before.
    """
    private_directory(directory)
    old = backups(directory.parent, path)
    if any(one.read_bytes() == data for one in old):
        return
    number = int(old[-1].name.split("-")[2]) + 1 if old else 1
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    write_atomic(directory / f"config-{_mark_of(path)}-{number:06d}-{stamp}", data)
    for one in old[: max(0, len(old) + 1 - BACKUPS)]:
        one.unlink(missing_ok=True)


def _mark_of(path: Path) -> str:
    """Return what tells the backups of one file from another's (``AWS_CONFIG_FILE``)."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
