"""Watch the files: which one changed, and what to read again."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Literal

from tray.aws.cache.token_cache import cache_path
from tray.aws.cache.token_file_status import look
from tray.core.events import Event, InputRead, InputUnread, TokenFileInspected
from tray.core.model import InputFile
from tray.errors import UserMustAct
from tray.storage import account_records
from tray.system.paths import Paths
from tray.system.watch.directory_change import DirectoryChange
from tray.system.watch.directory_watch import DirectoryEvents, directory_events, places
from tray.system.watch.polled_watch import PolledEvents

log = logging.getLogger(__name__)

WatchedInput = Literal[
    "config", "settings", "records", "active-profile", "accounts", "socket", "logins"
]

WATCH: Final = InputFile("watch")
SETTLE: Final = 0.3  # seconds without a change before a config or settings file is read (fault 19)


class FileWatch:
    """
    Token files are inspected at once, others a moment later, as editors write in steps.

    `logins` is the directory of what ``aws login`` keeps.
    """

    def __init__(
        self,
        paths: Paths,
        logins: Path,
        *,
        post: Callable[[Event], None],
        changed: Callable[[WatchedInput], None],
        applied: Callable[[], None],
    ) -> None:
        self._paths = paths
        self._logins = logins
        self._post = post
        self._read = changed
        self._applied = applied
        self._events: DirectoryEvents | None = None
        self._names: dict[str, str] = {}
        self._settling: dict[WatchedInput | None, asyncio.TimerHandle] = {}

    def start(self, sockets: Iterable[Path]) -> None:
        paths = self._paths
        self._places: dict[tuple[Path, str], WatchedInput | None] = {}
        files: dict[Path, WatchedInput | None] = {
            paths.aws_config: "config",
            paths.aws_credentials: "config",
            paths.settings_file: "settings",
            paths.state / "settings.json": "settings",
            **dict.fromkeys(paths.site_settings, "settings"),
            paths.state / "state.json": "records",
            paths.state / "active-profile": "active-profile",
            paths.state / account_records.NAME: "accounts",
            paths.state / account_records.USED: "accounts",
            paths.state / "applied.json": None,
            paths.state / "roles.json": None,
            **dict.fromkeys(sockets, "socket"),
        }
        for file, what in files.items():
            self._places.update(dict.fromkeys(places(file), what))
        self._directories = {directory for directory, _ in self._places}
        self._directories |= {paths.token_cache, self._logins}
        self.watch()

    def watch(self) -> None:
        """Follow the directories; where the kernel gives no more watches, look now and then."""
        before = self._events
        try:
            events = _following(self._directories)
            self._post(InputRead(WATCH))
        except UserMustAct as error:
            self._post(InputUnread(WATCH, error.sentence))
            if isinstance(before, PolledEvents):
                return
            events = PolledEvents()
            events.follow(self._directories)
        events.attach(asyncio.get_running_loop(), self._changed)
        self._events = events
        if before is not None:
            before.close()
            self._take({(directory, None) for directory in self._directories})

    def follow(self, keys: Iterable[str]) -> None:
        self._names = {cache_path(self._paths.token_cache, key).name: key for key in keys}

    def inspect(self, key: str) -> None:
        file_status = look(cache_path(self._paths.token_cache, key), time.time())
        self._post(TokenFileInspected(key, file_status))

    def close(self) -> None:
        for handle in self._settling.values():
            handle.cancel()
        if self._events is not None:
            self._events.close()

    def _changed(self) -> None:
        if self._events is None:
            return
        try:
            changes = self._events.read()
        except UserMustAct:
            self.watch()
        else:
            self._take(changes)

    def _take(self, changes: Iterable[DirectoryChange]) -> None:
        keys: set[str] = set()
        for directory, name in changes:
            if directory == self._paths.token_cache:
                # No name: something was missed, or the directory itself came or went.
                keys |= set(self._names.values()) if name is None else self._keys_of(name)
            if directory == self._logins:
                self._settle("logins")
            for place, what in self._places.items():
                if place[0] == directory and name in (None, place[1]):
                    self._settle(what)
        for key in sorted(keys):
            self.inspect(key)

    def _keys_of(self, name: str) -> set[str]:
        key = self._names.get(name)
        return set() if key is None else {key}

    def _settle(self, what: WatchedInput | None) -> None:
        waiting = self._settling.pop(what, None)
        if waiting is not None:
            waiting.cancel()
        loop = asyncio.get_running_loop()
        self._settling[what] = loop.call_later(
            SETTLE, self._applied if what is None else functools.partial(self._read, what)
        )


def _following(directories: Iterable[Path]) -> DirectoryEvents:
    events = directory_events()
    try:
        events.follow(directories)
    except UserMustAct:
        events.close()
        raise
    return events
