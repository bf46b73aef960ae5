"""A private folder for one process, removed even if that was killed."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tray.errors import TrayError
from tray.storage.atomic_files import private_directory
from tray.system.lock.file_lock import FileLock

log = logging.getLogger(__name__)

_PREFIX: Final = "exec-"
_LOCK: Final = "lock"
_UNLOCKED_FOR: Final = 24 * 3600.0
"""Seconds until a folder without a lock, as earlier versions made, is removed."""


@contextmanager
def private_folder(directory: Path) -> Iterator[Path]:
    """Raises `TrayError` if the directory is another user's, or `OSError`."""
    import tempfile  # the daemon only sweeps, and mostly finds nothing

    private_directory(directory, tighten=True)
    sweep(directory)
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, dir=directory) as name,
        FileLock(Path(name, _LOCK)),
    ):
        yield Path(name)


def sweep(directory: Path) -> None:
    """Remove the folders of killed processes: the lock in each died with its process."""
    for folder in directory.glob(f"{_PREFIX}*"):
        try:
            if not Path(folder, _LOCK).exists():
                if time.time() - folder.stat().st_mtime > _UNLOCKED_FOR:
                    _remove(folder)
                continue
            lock = FileLock(Path(folder, _LOCK))
            if lock.acquire():
                try:
                    _remove(folder)
                finally:
                    lock.release()
        except (OSError, TrayError) as error:
            log.info("%s cannot be removed (%s)", folder.name, type(error).__name__)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder)
