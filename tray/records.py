"""``state.json``: who keeps each session's refresh data, and what the rules remember."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from tray.core.model import Keeper, Memory
from tray.core.wire import from_wire, to_wire
from tray.files import FileRefused, private_directory, read_small, write_atomic
from tray.system.lock import FileLock, lock_path

log = logging.getLogger(__name__)

LOCK_PATIENCE = 5.0
"""Seconds to wait for another process that writes the file: its write takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Record:
    """
    One session's entry.

    Args:
        keeper: rule K1; None = never signed in.
        handed_back: when another program put refresh data back into the file, seconds since the
            epoch, newest last (K1 counts them).
        contested: it was put back so often that it stays in the file.
        unscoped: a scoped device grant brought no refresh token, so the next sign-in registers
            without scopes (L2).
        memory: what the rules remember.
    """

    keeper: Keeper | None = None
    handed_back: tuple[float, ...] = ()
    contested: bool = False
    unscoped: bool = False
    memory: Memory = field(default_factory=Memory)


class Records:
    """
    Read and change ``state.json``, from any of our processes.

    A change is read, merged and written under the lock ``state``, so that the resident's memory
    and a worker's keeper never overwrite each other. The file never holds a secret.

    Args:
        state: our state directory.
    """

    def __init__(self, state: Path) -> None:
        self.path = state / "state.json"
        self._lock_path = lock_path(state, "state")

    def read(self) -> dict[str, Record]:
        """
        Return all entries; a file that cannot be read counts as empty and is kept aside.

        Nothing that matters is lost with it: the keeper shows in the files themselves.
        """
        try:
            document = json.loads(read_small(self.path))
            sessions = document["sessions"].items()
            return {key: _record(entry) for key, entry in sessions}
        except FileNotFoundError:
            return {}
        except (
            OSError, FileRefused, ValueError, KeyError, TypeError, AttributeError,
        ) as error:  # fmt: skip
            log.warning("state.json cannot be used (%s); it is kept aside", type(error).__name__)
            return {}

    def of(self, key: str) -> Record:
        """Return one session's entry; an empty one if there is none."""
        return self.read().get(key, Record())

    def change(self, key: str, **changes: Any) -> Record:
        """
        Change members of one entry, durably before it returns.

        Args:
            key: the session key.
            changes: fields of `Record`.

        Raises:
            Busy: another process holds the file for too long.
            OSError: the state directory cannot be written.
        """
        private_directory(self.path.parent)
        with FileLock(self._lock_path, timeout=LOCK_PATIENCE):
            entries = self.read()
            if not entries and self.path.exists():
                self._keep_aside()
            record = replace(entries.get(key, Record()), **changes)
            if entries.get(key) == record:
                return record
            entries[key] = record
            document = {
                "version": 1,
                "sessions": {name: _document(entry) for name, entry in entries.items()},
            }
            write_atomic(self.path, json.dumps(document, indent=1).encode() + b"\n")
            return record

    def _keep_aside(self) -> None:
        """Save an unreadable file before it is replaced."""
        try:
            data = read_small(self.path)
            if json.loads(data).get("sessions") == {}:
                return
        except (OSError, FileRefused, ValueError, AttributeError):
            data = b""
        if data:
            write_atomic(self.path.with_suffix(".json.broken"), data)


def _document(record: Record) -> dict[str, Any]:
    return {
        "keeper": record.keeper,
        "handed_back": list(record.handed_back),
        "contested": record.contested,
        "unscoped": record.unscoped,
        "memory": to_wire(record.memory),
    }


def _record(entry: Mapping[str, Any]) -> Record:
    keeper = entry.get("keeper")
    memory = from_wire(entry["memory"]) if entry.get("memory") else Memory()
    if keeper is not None and keeper not in get_args(Keeper):
        msg = "keeper"
        raise ValueError(msg)
    if not isinstance(memory, Memory):
        msg = "memory"
        raise TypeError(msg)
    return Record(
        keeper=keeper,
        handed_back=tuple(float(at) for at in entry.get("handed_back", ())),
        contested=bool(entry.get("contested")),
        unscoped=bool(entry.get("unscoped")),
        memory=memory,
    )
