"""
Told when something changes in a set of directories, even ones that do not exist yet.

What is told is where to look, never what happened: a directory and a name in it, or a directory
and None for "anything in it". What can fail: the kernel has no watches left (`UserMustAct`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from tray.system import LINUX
from tray.system.watch.directory_change import DirectoryChange


class DirectoryEvents(Protocol):
    """What every implementation can do; `directory_events` makes the one for this system."""

    def follow(self, directories: Iterable[Path]) -> None:
        """
        Follow exactly these directories from now on; what they hold now is not told.

        Args:
            directories: absolute paths, which may be symbolic links, lead through some, or not
                exist. Follow first and read the files then, so that no change is missed.

        Calling it again with the same set checks all watches anew.
        """

    def read(self) -> set[DirectoryChange]:
        """Return what changed since the last call; empty if nothing did. Never blocks."""

    def attach(self, loop: asyncio.AbstractEventLoop, ready: Callable[[], None]) -> None:
        """Have `ready` called on `loop` whenever `read` has something to tell."""

    def close(self) -> None:
        """End it; twice is harmless."""


def directory_events() -> DirectoryEvents:
    """
    Make the best there is on this system: inotify on Linux, else watchdog.

    Raises:
        UserMustAct: the kernel allows this user no more inotify instances.
    """
    if LINUX:
        from tray.system.watch.inotify_watch import InotifyEvents

        return InotifyEvents()
    from tray.system.watch.watchdog_watch import WatchdogEvents

    return WatchdogEvents()


def places(file: Path) -> set[tuple[Path, str]]:
    """
    Return every (directory, name) under which a change of `file` is told.

    One for a plain file; for a symbolic link also those of what it points to, since writing to
    the target tells nothing in the link's directory. To be worked out anew when one of them
    changes.
    """
    found: set[tuple[Path, str]] = set()
    while (place := (file.parent, file.name)) not in found:
        found.add(place)
        try:
            target = file.readlink()
        except OSError:
            break
        # Lexically, not resolved: a link among the directories is the watch's own affair.
        file = Path(os.path.normpath(file.parent / target))
    return found
