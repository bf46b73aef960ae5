"""Directory events by watchdog (FSEvents, Windows); a moved parent shows at the next `follow`."""

from __future__ import annotations

import asyncio
import importlib
import os
import queue
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from tray.errors import UserMustAct
from tray.system.watch.directory_change import SLOWLY, DirectoryChange

_UNTOLD: Final = frozenset({"opened", "closed_no_write"})


class WatchdogEvents:
    """See `tray.system.watch.directory_watch.DirectoryEvents`."""

    def __init__(self) -> None:
        # By name: the package is installed only where it is used.
        self._observer: Any = importlib.import_module("watchdog.observers").Observer()
        self._observer.start()
        self._guard = threading.RLock()
        self._followed: frozenset[Path] = frozenset()
        self._identities: dict[Path, tuple[Path, int, int] | None] = {}
        self._unread: set[DirectoryChange] = set()
        self._stale = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready: Callable[[], None] | None = None

    def follow(self, directories: Iterable[Path]) -> None:
        """Raises UserMustAct if a directory that is there cannot be watched, as does `read`."""
        known, self._followed = self._followed, frozenset(directories)
        changed = self._watch_anew()
        self._report({(path, None) for path in changed if path in known})

    def read(self) -> set[DirectoryChange]:
        with self._guard:
            changes, self._unread = self._unread, set()
            stale, self._stale = self._stale, False
        if stale:
            changes |= {(path, None) for path in self._watch_anew()}
        return {change for change in changes if change[0] in self._followed}

    def attach(self, loop: asyncio.AbstractEventLoop, ready: Callable[[], None]) -> None:
        with self._guard:
            self._loop, self._ready = loop, ready

    def close(self) -> None:
        with self._guard:
            self._loop = self._ready = None
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()

    def _watch_anew(self) -> set[Path]:
        """Watch what exists now; return the followed directories that differ from before."""
        before = self._identities
        while True:  # until nothing came or went while a watch was set up
            found = {directory: _nearest(directory) for directory in self._followed}
            identities = {directory: _identity(path) for directory, path in found.items()}
            if identities == self._identities:
                break
            self._identities = identities
            # All of them: watchdog knows a watch by its path, and two may share a parent.
            self._observer.unschedule_all()
            for directory, path in found.items():
                self._schedule(directory, path)
        return {path for path, identity in identities.items() if before.get(path) != identity}

    def _schedule(self, directory: Path, found: Path) -> None:
        # The events name real paths, whatever was asked for.
        real = found.resolve()

        def dispatch(event: Any) -> None:
            self._heard(directory, real, event, nearest_only=found != directory)

        handler = importlib.import_module("watchdog.events").FileSystemEventHandler()
        handler.dispatch = dispatch
        try:
            self._observer.schedule(handler, str(real))
        except (OSError, queue.Empty) as error:  # Windows' watch says Empty, whatever it was
            if found.is_dir() and not isinstance(error, FileNotFoundError):
                why = getattr(error, "strerror", None) or "the system's watch doesn't start"
                raise UserMustAct(f"{SLOWLY}: {why}.") from None
            self._identities[directory] = None  # gone since it was found: looked for once more

    def _heard(self, directory: Path, real: Path, event: Any, *, nearest_only: bool) -> None:
        if event.event_type in _UNTOLD:
            return
        if nearest_only:
            with self._guard:
                self._stale = True
            self._report(set())
            return
        paths = [Path(os.fsdecode(path)) for path in (event.src_path, event.dest_path) if path]
        gone = event.event_type in {"deleted", "moved"} and real in paths
        with self._guard:
            self._stale = self._stale or gone
        self._report({(directory, None if path == real else path.name) for path in paths})

    def _report(self, changes: set[DirectoryChange]) -> None:
        with self._guard:
            self._unread |= changes
            if (self._unread or self._stale) and self._loop is not None and self._ready:
                self._loop.call_soon_threadsafe(self._ready)


def _nearest(directory: Path) -> Path:
    return next(path for path in (directory, *directory.parents) if path.is_dir())


def _identity(directory: Path) -> tuple[Path, int, int] | None:
    try:
        found = directory.stat()
    except OSError:
        return None
    return directory, found.st_dev, found.st_ino
