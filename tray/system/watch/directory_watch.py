"""Reports where to look in directories that may not exist yet, never what happened."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from tray.system import LINUX
from tray.system.watch.directory_change import DirectoryChange


class DirectoryEvents(Protocol):
    """`directory_events` makes the one for this system."""

    def follow(self, directories: Iterable[Path]) -> None:
        """
        Follow exactly these directories from now on; they may be links, or not exist.

        Follow first, then read the files. A call with the same set checks all watches.
        """

    def read(self) -> set[DirectoryChange]:
        """Return what changed since the last call; empty if nothing did. Never blocks."""

    def attach(self, loop: asyncio.AbstractEventLoop, ready: Callable[[], None]) -> None:
        """Have ``ready`` called on ``loop`` whenever `read` has something to report."""

    def close(self) -> None:
        """Stop following; repeatable."""


def directory_events() -> DirectoryEvents:
    """Make inotify on Linux, else watchdog; raises UserMustAct at the kernel's limit."""
    if LINUX:
        from tray.system.watch.inotify_watch import InotifyEvents

        return InotifyEvents()
    from tray.system.watch.watchdog_watch import WatchdogEvents

    return WatchdogEvents()


def places(file: Path) -> set[tuple[Path, str]]:
    """Return every (directory, name) where a change of ``file`` shows: a link's target, too."""
    found: set[tuple[Path, str]] = set()
    while (place := (file.parent, file.name)) not in found:
        found.add(place)
        try:
            target = file.readlink()
        except OSError:
            break
        # Lexically, not resolved: the watch itself handles links among the directories.
        file = Path(os.path.normpath(file.parent / target))
    return found
