"""Directory events by looking every few seconds, where the kernel gives no more watches."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from tray.system.watch.directory_change import DirectoryChange

LOOK_EVERY: Final = 5.0  # seconds

_Seen = Mapping[str, tuple[int, ...]]


class PolledEvents:
    """See `tray.system.watch.directory_watch.DirectoryEvents`."""

    def __init__(self) -> None:
        self._seen: dict[Path, _Seen] = {}
        self._next: asyncio.TimerHandle | None = None

    def follow(self, directories: Iterable[Path]) -> None:
        self._seen = {one: self._seen.get(one) or _entries(one) for one in directories}

    def read(self) -> set[DirectoryChange]:
        changes: set[DirectoryChange] = set()
        for directory, before in self._seen.items():
            now = self._seen[directory] = _entries(directory)
            names = before.keys() | now.keys()
            changes.update((directory, one) for one in names if before.get(one) != now.get(one))
        return changes

    def attach(self, loop: asyncio.AbstractEventLoop, ready: Callable[[], None]) -> None:
        def look() -> None:
            self._next = loop.call_later(LOOK_EVERY, look)
            ready()

        self._next = loop.call_later(LOOK_EVERY, look)

    def close(self) -> None:
        if self._next is not None:
            self._next.cancel()


def _entries(directory: Path) -> _Seen:
    """Return what tells each file's changes; nothing of a directory that cannot be read."""
    try:
        with os.scandir(directory) as found:
            entries = {one.name: one.stat() for one in found if one.is_file()}
    except OSError:
        return {}
    return {
        name: (seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
        for name, seen in entries.items()
    }
