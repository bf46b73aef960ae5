"""Change the user's AWS config: one writer at a time, all or nothing, with backups."""

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
    """The lock for changing the config and our record of it; entering may raise `Busy`."""
    private_directory(state)
    return FileLock(lock_path(state, "config"), timeout=LOCK_TIMEOUT)


def change_config(
    path: Path, state: Path, change: Callable[[bytes], bytes], *, seam: Seam | None = None
) -> bool:
    """Take `edit_lock` and call `change_locked`; raises as that, and `Busy`."""
    with edit_lock(state):
        return change_locked(path, state, change, seam=seam)


def change_locked(
    path: Path, state: Path, change: Callable[[bytes], bytes], *, seam: Seam | None = None
) -> bool:
    """
    Change the AWS config file; the caller holds `edit_lock`. Returns whether anything was written.

    A link is followed; mode, owner and group stay; the last five versions are kept in
    ``<state>/backups``. If another program writes meanwhile, `change` is called again. Raises Busy
    if that never ends, ConfigRejected for a file that cannot be parsed, FileRefused and OSError.
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
            continue
        return True
    raise Busy(f"{clean(str(path), 160)} is being written by another program. Try again.")


def add_profiles(
    path: Path, state: Path, new: Mapping[str, Mapping[str, str]], gone: Sequence[str] = ()
) -> bool:
    """Add and remove profiles in one write; raises `EditRefused` and as `change_config`."""
    return change_config(path, state, lambda data: with_profiles(data, str(path), new, gone))


def backups(state: Path, path: Path) -> list[Path]:
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
    """Keep the last five for the user alone; equal bytes once, so toggling pushes nothing out."""
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
    """Return what distinguishes the backups of one file from another's (``AWS_CONFIG_FILE``)."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
