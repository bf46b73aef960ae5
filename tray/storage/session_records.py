"""``state.json``: who keeps each session's refresh data, and what the rules remember."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import field, fields, replace
from pathlib import Path
from typing import Any, get_args

from tray.core.lineage import NO_LINEAGE, Lineage
from tray.core.model import Memory, SessionEnd, TokenStore
from tray.core.wire import from_wire, to_wire
from tray.storage.atomic_files import FileRefused, private_directory, read_small, write_atomic
from tray.system.lock.file_lock import FileLock, lock_path
from tray.values import dataclass

log = logging.getLogger(__name__)

LOCK_PATIENCE = 5.0
"""Seconds to wait for another process that writes the file: its write takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Record:
    """
    One session's entry.

    Args:
        store: rule K1; None = never signed in.
        handed_back: when another program put refresh data back into the file, seconds since the
            epoch, newest last (K1 counts them).
        contested: it was put back so often that it stays in the file.
        unscoped: a scoped device grant brought no refresh token, so the next sign-in registers
            without scopes (L2).
        unstored: fingerprint of a published token whose refresh data the keyring has not
            confirmed (R3).
        signed_out: fingerprints of the tokens last signed out of: an item of theirs that had to
            remain in the keyring counts no more (K6).
        lineage: a copy of the keyring item's, for when that cannot be read.
        memory: what the rules remember.
    """

    store: TokenStore | None = None
    handed_back: tuple[float, ...] = ()
    contested: bool = False
    unscoped: bool = False
    unstored: str | None = None
    signed_out: tuple[str, ...] = ()
    lineage: Lineage = NO_LINEAGE
    memory: Memory = field(default_factory=Memory)


class Records:
    """
    Read and change ``state.json``, from any of our processes.

    A change is read, merged and written under the lock ``state``, so that the daemon's memory
    and a worker's token store never overwrite each other. The file never holds a secret.

    Args:
        state: our state directory.
    """

    def __init__(self, state: Path) -> None:
        self.path = state / "state.json"
        self._lock_path = lock_path(state, "state")

    def read(self) -> dict[str, Record]:
        """Return all entries; what cannot be used is left out, and told in the log."""
        return self._usable(None)

    def of(self, key: str) -> Record:
        """Return one session's entry; an empty one if there is none."""
        return self._usable(key).get(key, Record())

    def change(self, key: str, **changes: Any) -> Record:
        """
        Change members of one entry, durably before it returns.

        A file of which some part cannot be used is kept aside before it is written over.

        Args:
            key: the session key.
            changes: fields of `Record`.

        Raises:
            Busy: another process holds the file for too long.
            OSError, FileRefused: the file cannot be read now, or not be written.
        """
        private_directory(self.path.parent)
        with FileLock(self._lock_path, timeout=LOCK_PATIENCE):
            entries, broken = self._read()
            record = replace(entries.get(key, Record()), **changes)
            if entries.get(key) == record:
                return record
            if broken:
                write_atomic(self.path.with_suffix(".json.broken"), broken)
            entries[key] = record
            document = {
                "version": 1,
                "sessions": {name: _document(entry) for name, entry in entries.items()},
            }
            try:
                write_atomic(self.path, json.dumps(document, indent=1).encode() + b"\n")
            except OSError as error:
                error.filename = str(self.path)  # a write tells no place
                raise
            return record

    def _usable(self, only: str | None) -> dict[str, Record]:
        try:
            return self._read(only)[0]
        except (OSError, FileRefused) as error:
            log.warning("state.json cannot be read (%s)", type(error).__name__)
            return {}

    def _read(self, only: str | None = None) -> tuple[dict[str, Record], bytes]:
        """
        Return the usable entries, and the whole file where any part of them is not usable.

        Args:
            only: the one session to look at; a renewal asks for its own twice, beside hundreds.
        """
        try:
            data = read_small(self.path)
        except FileNotFoundError:
            return {}, b""
        try:
            sessions = json.loads(data)["sessions"].items()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            log.warning("state.json cannot be used (%s)", type(error).__name__)
            return {}, data
        entries: dict[str, Record] = {}
        whole = True
        for key, entry in sessions:
            if only not in (None, key):
                continue
            record, complete = _record(entry)
            whole = whole and complete
            if record is not None:
                entries[key] = record
        if not whole:
            log.warning("state.json has members that cannot be used; they are left out")
        return entries, b"" if whole else data


def _document(record: Record) -> dict[str, Any]:
    return {
        "keeper": record.store,
        "handed_back": list(record.handed_back),
        "contested": record.contested,
        "unscoped": record.unscoped,
        "unstored": record.unstored,
        "signed_out": list(record.signed_out),
        "lineage": record.lineage.to_list(),
        "memory": to_wire(record.memory),
    }


def _record(entry: object) -> tuple[Record | None, bool]:
    """Return an entry as far as it can be used, and whether that is all of it."""
    if not isinstance(entry, Mapping):
        return None, False
    told = entry.get("keeper")
    store: TokenStore | None = next((one for one in get_args(TokenStore) if one == told), None)
    handed_back, signed_out = _list(entry.get("handed_back")), _list(entry.get("signed_out"))
    unstored, memory = entry.get("unstored"), _memory(entry.get("memory"))
    lineage = Lineage.from_list(entry.get("lineage", []))
    record = Record(
        store=store,
        handed_back=tuple(float(at) for at in handed_back if _is_moment(at)),
        contested=entry.get("contested") is True,
        unscoped=entry.get("unscoped") is True,
        unstored=unstored if isinstance(unstored, str) else None,
        signed_out=tuple(item for item in signed_out if isinstance(item, str)),
        lineage=lineage or NO_LINEAGE,
        memory=memory or Memory(),
    )
    complete = (
        store == told
        and len(record.handed_back) == len(handed_back)
        and len(record.signed_out) == len(signed_out)
        and record.unstored == unstored
        and lineage is not None
        and memory is not None
    )
    return record, complete


def _list(value: object) -> list[Any]:
    """Return a list; an absent one is empty, and anything else one thing of no use."""
    return value if isinstance(value, list) else [] if value is None else [None]


def _memory(document: object) -> Memory | None:
    """Return a memory of which every member is what the rules expect; None for any other."""
    if document is None:
        return Memory()
    try:
        memory = from_wire(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not isinstance(memory, Memory):
        return None
    # As they are, not as they are declared: anybody can have edited the file.
    told: dict[str, Any] = {one.name: getattr(memory, one.name) for one in fields(memory)}
    lengths, end = told["lengths"], told["end"]
    good = (
        all(told[name] is None or _is_moment(told[name]) for name in ("started_at", "used_at"))
        and isinstance(lengths, tuple)
        and all(map(_is_moment, lengths))
        and isinstance(told["told"], frozenset)
        and isinstance(told["refused"], str | None)
        and (end is None or _is_end(end))
    )
    return memory if good else None


def _is_end(end: object) -> bool:
    return (
        isinstance(end, SessionEnd)
        and _is_moment(end.at)
        and end.known in ("exact", "set", "learnt")
        and isinstance(end.cause, str)
    )


def _is_moment(value: object) -> bool:
    """Whether it is a number of seconds, up to the year 9999: what datetime can tell."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value < 253402300800 and math.isfinite(value)
