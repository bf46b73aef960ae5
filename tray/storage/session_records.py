"""
``state.json``, version 1: the token store of each session, and what is remembered of it.

``{"version": 1, "writes": COUNT, "sessions": {KEY: ENTRY}}``. What this version cannot use stays
in the file; a file that is not JSON or of a later version is kept aside before it is overwritten.

``state.json.copy`` holds the same. Of the two the one that was written more often counts: the
other has come back from a backup, whatever its time is. Versions that know no count leave it, and
the copy, as they were: then ``state.json`` counts.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Final, get_args

from tray.core.events import RecordsRead
from tray.core.json_members import (
    BadDocument,
    Check,
    Members,
    flag,
    list_of,
    mapping,
    moment,
    number,
    one_of,
    optional,
    text,
    usable,
    written,
)
from tray.core.lineage import NO_LINEAGE, Lineage
from tray.core.model import Memory, TokenStore
from tray.errors import TrayError
from tray.storage.atomic_files import (
    LOCK_TIMEOUT,
    FileRefused,
    private_directory,
    read_small,
    write_atomic,
)
from tray.system.lock.file_lock import FileLock, lock_path
from tray.values import dataclass

log = logging.getLogger(__name__)

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Record:
    store: TokenStore | None = None  # rule K1; None = never signed in
    # times at which another program put refresh data back into the file, newest last (K1)
    handed_back: tuple[float, ...] = ()
    contested: bool = False  # it was put back so often that it stays in the file
    # a scoped device grant brought no refresh token: next time without scopes (L2)
    unscoped: bool = False
    # a published token (fingerprint) that the keyring has not confirmed (R3)
    unstored: str | None = None
    # fingerprints; a keyring item of theirs that could not be deleted is void (K6)
    signed_out: tuple[str, ...] = ()
    lineage: Lineage = NO_LINEAGE  # copy of the keyring item's, for when that cannot be read (K4)
    # of the registration in the file, which does not say: its fingerprint, where it was made
    endpoint: tuple[str, ...] = ()
    folder: str = ""  # mark of the folder that it was last published in (K5)
    # of a vanity URL: that, and the portal's start URL that it led to at the last sign-in
    portal: tuple[str, ...] = ()
    memory: Memory = field(default_factory=Memory)

    def to_json(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """Return the entry, keeping unknown members of ``before``."""
        remembered = before.get("memory")
        unknown = remembered if isinstance(remembered, Mapping) else {}
        return {
            **before,
            **written(self, _MEMBERS, self.__slots__),
            "memory": {**unknown, **self.memory.to_json()},
            "remembered": self.memory.beside_to_json(),
        }

    @classmethod
    def from_json(cls, document: object) -> tuple[Record, bool]:
        """Return the usable part of an entry, and whether it is all."""
        members = Members(document)
        memory = members.usable("memory", Memory.from_json, Memory())
        memory = members.usable("remembered", memory.with_beside, memory)
        record = cls(**usable(members, _MEMBERS, cls.__slots__), memory=memory)
        return record, not members.unusable


_MEMBERS: Final[Mapping[str, Check]] = {
    "keeper": optional(one_of(get_args(TokenStore))),
    "handed_back": list_of(moment),
    "contested": flag,
    "unscoped": flag,
    "unstored": optional(text),
    "signed_out": list_of(text),
    "lineage": Lineage.from_json,
    "endpoint": list_of(text),
    "folder": text,
    "portal": list_of(text),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: an empty document if neither file can be used."""

    document: dict[str, Any]
    data: bytes  # the file with it
    unusable: bytes = b""  # ``state.json``, if that cannot be used
    older: Path | None = None  # the other file, which has come back from a backup


class RecordFile:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._copy = path.with_name(f"{path.name}.copy")

    def read(self) -> Found:
        """Raises `Unread`, or OSError or FileRefused for ``state.json`` itself."""
        first, copy = b"", b""
        with suppress(FileNotFoundError):
            first = read_small(self.path)
        with suppress(OSError, FileRefused):  # there is none; an unread one may be the newer
            copy = read_small(self._copy)
        document = _document(first)
        unusable = b"" if document else first
        other = _document(copy) if copy != first else {}
        both = bool(document and other)
        if _writes(other) > _writes(document):
            return Found(other, copy, unusable, self.path if both else None)
        return Found(document, first, unusable, self._copy if both else None)

    def write(self, found: Found, sessions: Mapping[str, Any], *, aside: bool) -> None:
        """Write it with these sessions, in place of what was found; `aside` keeps that, too."""
        if found.unusable or aside:
            write_atomic(self.path.with_suffix(".json.broken"), found.unusable or found.data)
        document = {
            **found.document,
            "version": VERSION,
            "writes": max(_writes(found.document), 0) + 1,
            "sessions": dict(sessions),
        }
        data = json.dumps(document, indent=1).encode() + b"\n"
        write_atomic(self.path, data)
        with suppress(OSError, TrayError):  # it is for when the first is lost, or comes back
            write_atomic(self._copy, data)

    def restore_lost(self) -> None:
        """Give a lost name to the other file again, so that that may be lost, too."""
        for lost, other in ((self.path, self._copy), (self._copy, self.path)):
            if not lost.exists():
                with suppress(OSError):  # neither is there, or no links are possible
                    lost.hardlink_to(other)

    def restore_older(self) -> None:
        """Write what counts over the older file, so that the other may be lost, too."""
        found = self.read()
        if found.older is not None:
            write_atomic(found.older, found.data)


class Records:
    """Read and change ``state.json`` under the lock ``state``, from any of our processes."""

    def __init__(self, state: Path) -> None:
        self.path = state / "state.json"
        self._file = RecordFile(self.path)
        self._lock_path = lock_path(state, "state")

    def read(self) -> dict[str, Record]:
        """Return all entries; unusable ones are left out and logged."""
        return self._usable(None)

    def recalled(self) -> RecordsRead:
        """Return what the daemon is told; a lost or older file becomes as the other again."""
        self._restore()
        entries = self.read()
        newest = {key: entry.lineage.newest for key, entry in entries.items()}
        return RecordsRead(
            stores={key: entry.store for key, entry in entries.items()},
            memories={key: entry.memory for key, entry in entries.items()},
            contested=frozenset(key for key, entry in entries.items() if entry.contested),
            newest={key: pair.access for key, pair in newest.items() if pair is not None},
        )

    def of(self, key: str) -> Record:
        return self._usable(key).get(key, Record())

    def change(self, key: str, **changes: Any) -> Record:
        """Durable; an unusable file is first kept as ``state.json.broken``. May be `Busy`."""
        return self._changed({key: changes})[key]

    def remember(self, memories: Mapping[str, Memory]) -> None:
        """Change the memory of sessions, of all in one write; raises as `change` does."""
        self._changed({key: {"memory": memory} for key, memory in memories.items()})

    def _changed(self, changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Record]:
        private_directory(self.path.parent)
        with FileLock(self._lock_path, timeout=LOCK_TIMEOUT):
            found = self._file.read()
            sessions = dict(found.document.get("sessions", {}))
            records, writes, aside = {}, False, False
            for key, change in changes.items():
                before, whole = _entry(sessions.get(key, {}))
                record = records[key] = replace(before or Record(), **change)
                if key not in sessions or before != record:
                    kept = {} if before is None else sessions.get(key, {})
                    sessions[key] = record.to_json(kept)
                    writes, aside = True, aside or not whole
            if writes:
                self._file.write(found, sessions, aside=aside)
            return records

    def _restore(self) -> None:
        self._file.restore_lost()
        lock = FileLock(self._lock_path)
        with suppress(OSError, TrayError):  # the next write does it as well
            if self._file.read().older is not None and lock.acquire():
                try:
                    self._file.restore_older()
                finally:
                    lock.release()

    def _usable(self, only: str | None) -> dict[str, Record]:
        """Return entries; a renewal asks for its ``only`` one twice, beside hundreds of others."""
        try:
            sessions = self._file.read().document.get("sessions", {})
        except (OSError, FileRefused) as error:
            log.warning("state.json cannot be read (%s)", type(error).__name__)
            return {}
        entries = {}
        for key, document in sessions.items():
            if only in (None, key):
                record, whole = _entry(document)
                if not whole:
                    log.warning("state.json: a part of one entry cannot be used; it is ignored")
                if record is not None:
                    entries[key] = record
        return entries


def _entry(document: object) -> tuple[Record | None, bool]:
    try:
        return Record.from_json(document)
    except BadDocument:
        return None, False


def _document(data: bytes) -> dict[str, Any]:
    if not data:
        return {}
    try:
        document: dict[str, Any] = json.loads(data)
        members = Members(document)
        members.get("version", one_of((VERSION,)), VERSION)
        members.need("sessions", mapping)
    except (ValueError, RecursionError) as error:
        log.warning("state.json cannot be used (%s)", type(error).__name__)
        return {}
    return document


def _writes(document: Mapping[str, Any]) -> int:
    """Return how often a document was written; one that cannot be used counts least."""
    return int(Members(document).usable("writes", number, 0.0)) if document else -1
