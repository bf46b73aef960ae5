"""
Directory events by inotify(7): no thread, no polling, about 0.1 ms late (measured).

A file is reported when closed after writing (``IN_CLOSE_WRITE``), moved in or out, removed, or
when its mode or owner changes (``IN_ATTRIB``). Not on ``IN_MODIFY``: a program that writes in
place would be reported in the middle of a truncated file, and once per chunk. ``IN_CREATE`` counts
for directories and links only: a new plain file is still empty, and its close follows.

A followed directory is watched itself. Each of its parents is watched for its own removal or move
(`_SELF`), the last one also for removals in it (`_CHILD`: a process's current directory reports
its own removal only when the process leaves it), and a directory with a symbolic link on the path
for changes of entries (`_ENTRIES`). Of a missing directory the nearest existing parent is watched.
"""

from __future__ import annotations

import asyncio
import errno
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from inotify_simple import Event, INotify, flags

from tray.errors import UserMustAct
from tray.system.watch.directory_change import SLOWLY, DirectoryChange

_SELF: Final[int] = flags.DELETE_SELF | flags.MOVE_SELF
_ENTRIES: Final[int] = (
    _SELF | flags.CREATE | flags.MOVED_TO | flags.DELETE | flags.MOVED_FROM | flags.ATTRIB
)
_CONTENT: Final[int] = _ENTRIES | flags.CLOSE_WRITE
_CHILD: Final[int] = _SELF | flags.DELETE
_GONE: Final[int] = _SELF | flags.IGNORED | flags.UNMOUNT
_MOST_LINKS: Final = 40  # as the kernel: path_resolution(7)


class InotifyEvents:
    """See `tray.system.watch.directory_watch.DirectoryEvents`."""

    def __init__(self) -> None:
        try:
            self._inotify = INotify(nonblocking=True)
        except OSError as error:
            raise _no_watches_left("instances", error) from error
        self._followed: frozenset[Path] = frozenset()
        self._contents: dict[int, set[Path]] = {}
        self._structure: set[int] = set()
        self._watches: set[int] = set()
        self._found: dict[Path, int | None] = {}
        self._unread: set[DirectoryChange] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready: Callable[[], None] | None = None

    def fileno(self) -> int:
        descriptor: int = self._inotify.fileno()
        return descriptor

    def follow(self, directories: Iterable[Path]) -> None:
        """Raises UserMustAct if the kernel allows this user no more watches, as does `read`."""
        wanted = frozenset(directories)
        known = self._followed & wanted
        self._followed = wanted
        self._unread |= {change for change in self._watch_anew() if change[0] in known}
        if self._unread and self._loop is not None and self._ready is not None:
            self._loop.call_soon(self._ready)

    def read(self) -> set[DirectoryChange]:
        changes, self._unread = self._unread, set()
        moved = False
        for event in self._inotify.read(timeout=0):
            if event.mask & flags.Q_OVERFLOW:
                moved = True
                changes |= {(directory, None) for directory in self._followed}
                continue
            moved = moved or self._is_on_a_path(event)
            changes.update(self._changes_of(event))
        if moved:
            changes |= self._watch_anew()
        return {change for change in changes if change[0] in self._followed}

    def attach(self, loop: asyncio.AbstractEventLoop, ready: Callable[[], None]) -> None:
        self._loop, self._ready = loop, ready
        loop.add_reader(self.fileno(), ready)

    def close(self) -> None:
        if self._inotify.closed:
            return
        if self._loop is not None:
            self._loop.remove_reader(self.fileno())
        self._inotify.close()

    def _is_on_a_path(self, event: Event) -> bool:
        """Whether the path to a followed directory may lead elsewhere now."""
        removed_directory = event.mask & flags.DELETE and event.mask & flags.ISDIR
        return event.wd in self._structure or (
            event.wd in self._watches and bool(event.mask & _GONE or removed_directory)
        )

    def _changes_of(self, event: Event) -> Iterator[DirectoryChange]:
        for directory in self._contents.get(event.wd, ()):
            if event.mask & _GONE or not event.name:
                yield directory, None
            elif not (event.mask & flags.CREATE and _is_plain_file(directory / event.name)):
                yield directory, event.name

    def _watch_anew(self) -> set[DirectoryChange]:
        """Update the watches; return the directories that appeared, vanished or were replaced."""
        before = self._found
        self._contents, self._structure, self._found = {}, set(), {}
        masks: dict[int, int] = {}
        for directory in self._followed:
            self._found[directory] = self._watch(directory, masks)
        for descriptor in self._watches - masks.keys():
            self._forget(descriptor)
        self._watches = set(masks)
        return {(path, None) for path, wd in self._found.items() if before.get(path) != wd}

    def _watch(self, directory: Path, masks: dict[int, int]) -> int | None:
        """Watch a followed directory and all on the path to it; return its own watch."""
        seen: tuple[Path, Path | None] | None = None
        for _ in range(_MOST_LINKS):
            way, last, missing = _way_to(directory)
            for path, mask in way:
                self._add(path, mask, masks)
            self._add(last.parent, _CHILD, masks)
            if missing is None:
                descriptor = self._add(last, _CONTENT, masks)
                if descriptor is not None:
                    self._contents.setdefault(descriptor, set()).add(directory)
                    return descriptor
            # Missing or unreadable: watch for it to appear, and look again, since it may have
            # appeared before that watch was in place.
            self._add(last if missing else last.parent, _ENTRIES, masks)
            if seen == (last, missing):
                return None
            seen = last, missing
        return None

    def _add(self, path: Path, mask: int, masks: dict[int, int]) -> int | None:
        """None: gone or unreadable. Two paths to one directory share a watch and both masks."""
        try:
            descriptor: int = self._inotify.add_watch(path, mask | flags.ONLYDIR)
            whole = mask | masks.get(descriptor, 0)
            if whole != mask:
                self._inotify.add_watch(path, whole | flags.ONLYDIR)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise _no_watches_left("watches", error) from error
            return None
        masks[descriptor] = whole
        if mask == _ENTRIES:
            self._structure.add(descriptor)
        return descriptor

    def _forget(self, descriptor: int) -> None:
        try:
            self._inotify.rm_watch(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # the directory went, and its watch with it
                raise


def _way_to(directory: Path) -> tuple[list[tuple[Path, int]], Path, Path | None]:
    """
    Walk to a directory as the kernel does: path_resolution(7).

    Returns the directories passed with the mask each needs, the end, and the path missing there.
    """
    way: list[tuple[Path, int]] = []
    context = Path(directory.anchor)
    ahead = deque(directory.parts[1:])
    links = 0
    while ahead:
        name = ahead.popleft()
        if name == "..":
            context = context.parent
            continue
        there = context / name
        try:
            mode = there.lstat().st_mode
        except OSError:
            return way, context, there
        if stat.S_ISLNK(mode) and links < _MOST_LINKS:
            links += 1
            way.append((context, _ENTRIES))
            target = there.readlink()
            context = Path(target.anchor) if target.is_absolute() else context
            ahead.extendleft(reversed(target.parts[bool(target.anchor) :]))
        elif stat.S_ISDIR(mode):
            context = there
            way.append((context, _SELF))
        else:
            return way, context, there
    return way, context, None


def _is_plain_file(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def _no_watches_left(what: str, error: OSError) -> UserMustAct:
    if error.errno not in {errno.ENOSPC, errno.EMFILE}:
        return UserMustAct(f"{SLOWLY}: {error.strerror}.")
    return UserMustAct(
        f"{SLOWLY}: other programs use up fs.inotify.max_user_{what}. Raise it with sysctl."
    )
