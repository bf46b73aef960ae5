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
from typing import Any, ClassVar, Final

from tray.core.json_members import Document, Members, flag, mapping, moment, optional, text, usable
from tray.errors import TrayError
from tray.storage.atomic_files import private_directory, read_small, write_atomic
from tray.system.paths import fingerprint
from tray.system.surroundings import host_id
from tray.values import dataclass

log = logging.getLogger(__name__)

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class DaemonRecord(Document):
    """``None`` where nothing is known; times are seconds since the epoch."""

    host: str | None = None  # the name of the machine of the last daemon, for a sentence
    host_id: str | None = None  # `tray.system.surroundings.host_id` of that machine
    world: str | None = None  # `tray.system.paths.fingerprint` of its world
    running: bool = False  # it has not ended in order
    quit_at: float | None = None  # when a person ended it by `quit`, until the next start
    tried_at: float | None = None  # when a start was last tried
    offered_at: float | None = None  # when start at login and the AWS default were offered, once

    MEMBERS: ClassVar = {
        "host": optional(text),
        "host_id": optional(text),
        "world": optional(text),
        "running": flag,
        "quit_at": optional(moment),
        "tried_at": optional(moment),
        "offered_at": optional(moment),
    }

    def other_host(self) -> str | None:
        """Return the name of another machine whose daemon keeps this home directory."""
        theirs = self.running and self.host_id not in (None, host_id())
        return (self.host or "another machine") if theirs else None


def read_record(state: Path) -> DaemonRecord:
    """A file that cannot be read is no record."""
    return _record(_document(state))


def change_record(state: Path, **changes: Any) -> None:
    """Raises OSError or FileRefused if the file cannot be written."""
    private_directory(state)
    kept = _document(state)
    record = replace(_record(kept), **changes)
    document = {**kept, "version": VERSION, **record.to_json()}
    write_atomic(_path(state), json.dumps(document).encode() + b"\n")


def record(state: Path, **changes: Any) -> bool:
    """Tell later starts; they do without where it cannot be written. Returns whether it was."""
    try:
        change_record(state, **changes)
    except (OSError, TrayError) as error:
        log.warning("daemon.json cannot be written (%s)", type(error).__name__)
        return False
    return True


def may_offer(state: Path, at: float) -> bool:
    """Whether nothing was offered before; recorded first, so that it is once whatever is said."""
    return read_record(state).offered_at is None and record(state, offered_at=at)


def record_start(state: Path, environ: Mapping[str, str]) -> None:
    record(
        state,
        host=socket.gethostname(),
        host_id=host_id(),
        world=fingerprint(environ),
        running=True,
        quit_at=None,
    )


def _record(document: Mapping[str, Any]) -> DaemonRecord:
    known = usable(Members(document), DaemonRecord.MEMBERS, DaemonRecord.__slots__)
    return DaemonRecord(**known)


def _document(state: Path) -> Mapping[str, Any]:
    try:
        return mapping(json.loads(read_small(_path(state))))
    except (OSError, TrayError, ValueError, RecursionError):
        return {}


def _path(state: Path) -> Path:
    return state / "daemon.json"
