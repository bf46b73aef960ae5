"""
``state.json`` and its copy: of the two the one that was written more often counts.

``{"version": 1, "writes": COUNT, "sessions": {...}}``. The other has come back from a backup,
whatever its time is. Versions that know no count leave it, and the copy, as they were: then
``state.json`` counts. One that is not JSON or of a later version is kept aside before it is
overwritten.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tray.core.json_members import Members, mapping, number, one_of
from tray.errors import TrayError
from tray.storage.atomic_files import FileRefused, read_small, write_atomic
from tray.values import dataclass

log = logging.getLogger(__name__)

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: an empty document if neither file can be used."""

    document: dict[str, Any]
    data: bytes  # the file with it
    unusable: bytes = b""  # ``state.json``, if that cannot be used


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
        if _writes(other) > _writes(document):
            return Found(other, copy, unusable)
        return Found(document, first, unusable)

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
