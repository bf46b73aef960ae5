"""
``daemon.json``: which host's daemon keeps this state directory, and how the last one ended.

The format is version 1. Members that this version does not know stay in the file; one that cannot
be read counts as absent, since the locks alone decide who runs.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tray.core.json_members import Members, flag, mapping, moment, optional, text
from tray.errors import TrayError
from tray.storage.atomic_files import private_directory, read_small, write_atomic
from tray.system.paths import fingerprint
from tray.system.surroundings import host_id
from tray.values import dataclass

log = logging.getLogger(__name__)

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class DaemonRecord:
    """``None`` where nothing is known; times are seconds since the epoch."""

    host: str | None = None  # the name of the machine of the last daemon, for a sentence
    host_id: str | None = None  # `tray.system.surroundings.host_id` of that machine
    world: str | None = None  # `tray.system.paths.fingerprint` of its world
    running: bool = False  # it has not ended in order
    quit_at: float | None = None  # when a person ended it by `quit`, until the next start
    tried_at: float | None = None  # when a start was last tried
    offered_at: float | None = None  # when start at login and the AWS default were offered, once

    def other_host(self) -> str | None:
        """Return the name of another machine whose daemon keeps this home directory."""
        theirs = self.running and self.host_id not in (None, host_id())
        return (self.host or "another machine") if theirs else None

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "host": self.host,
            "host_id": self.host_id,
            "world": self.world,
            "running": self.running,
            "quit_at": self.quit_at,
            "tried_at": self.tried_at,
            "offered_at": self.offered_at,
        }

    @classmethod
    def from_json(cls, document: object) -> DaemonRecord:
        members = Members(document)
        return cls(
            host=members.usable("host", optional(text), None),
            host_id=members.usable("host_id", optional(text), None),
            world=members.usable("world", optional(text), None),
            running=members.usable("running", flag, False),
            quit_at=members.usable("quit_at", optional(moment), None),
            tried_at=members.usable("tried_at", optional(moment), None),
            offered_at=members.usable("offered_at", optional(moment), None),
        )


def read_record(state: Path) -> DaemonRecord:
    """A file that cannot be read is no record."""
    return DaemonRecord.from_json(_document(state))


def change_record(state: Path, **changes: Any) -> None:
    """Raises OSError or FileRefused if the file cannot be written."""
    private_directory(state)
    kept = _document(state)
    record = replace(DaemonRecord.from_json(kept), **changes)
    write_atomic(_path(state), json.dumps({**kept, **record.to_json()}).encode() + b"\n")


def record(state: Path, **changes: Any) -> None:
    """Tell later starts; they do without where it cannot be written."""
    try:
        change_record(state, **changes)
    except (OSError, TrayError) as error:
        log.warning("daemon.json cannot be written (%s)", type(error).__name__)


def may_offer(state: Path, at: float) -> bool:
    """Whether nothing was offered before; recorded first, so that it is once whatever is said."""
    if read_record(state).offered_at is not None:
        return False
    try:
        change_record(state, offered_at=at)
    except (OSError, TrayError) as error:
        log.warning("daemon.json cannot be written (%s)", type(error).__name__)
        return False
    return True


def record_start(state: Path, environ: Mapping[str, str]) -> None:
    record(
        state,
        host=socket.gethostname(),
        host_id=host_id(),
        world=fingerprint(environ),
        running=True,
        quit_at=None,
    )


def _document(state: Path) -> Mapping[str, Any]:
    try:
        return mapping(json.loads(read_small(_path(state))))
    except (OSError, TrayError, ValueError, RecursionError):
        return {}


def _path(state: Path) -> Path:
    return state / "daemon.json"
