"""
One generation of one session in the keyring: a slot, split into parts where items are short.

A slot is an item with a fixed name, as not every backend can list items. Of a split text the item
holds the manifest, written last and removed first: never half a text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tray.secret import Secret
from tray.worker.keyring.item_document import (
    LONGEST,
    Content,
    KeyringItem,
    SlotState,
    parse,
    parse_object,
)
from tray.worker.keyring.keyring_backends import KeyringBackend

PART_CHARS: Final = 1000  # where the backend has a limit
_MANIFEST: Final = "parts"


@dataclass(frozen=True, slots=True)
class Slot:
    name: str
    content: Content = "empty"
    text: Secret | None = None  # parts joined; None if empty or parts are missing
    item: KeyringItem | None = None  # for ``ours``

    @property
    def generation(self) -> int:
        return 0 if self.item is None else self.item.generation

    @property
    def state(self) -> SlotState:
        return SlotState(self.name, self.content, self.generation)


class Slots:
    """`seam` is called before each change."""

    def __init__(self, backend: KeyringBackend, seam: Callable[[str], None]) -> None:
        self._backend = backend
        self._seam = seam

    def read(self, name: str) -> Slot:
        item = self._backend.get(name)
        if item is None:
            return Slot(name)
        text = self._joined(name, item)
        if text is None:
            return Slot(name, "corrupt")
        parsed = parse(text)
        if not isinstance(parsed, KeyringItem):
            return Slot(name, parsed, text)
        return Slot(name, "ours", text, parsed)

    def write(self, name: str, text: Secret) -> None:
        if self._backend.max_chars is None:
            self._seam("item")
            self._backend.set(name, text)
            return
        self.remove(name)
        whole = text.reveal()
        if len(whole) <= PART_CHARS:
            self._seam("item")
            self._backend.set(name, text)
            return
        parts = [whole[start : start + PART_CHARS] for start in range(0, len(whole), PART_CHARS)]
        for number, part in enumerate(parts, 1):
            self._seam(f"part {number}")
            self._backend.set(_part(name, number), Secret(part))
        self._seam("manifest")
        manifest = {"version": 1, _MANIFEST: len(parts), "sha256": _digest(whole)}
        self._backend.set(name, Secret(json.dumps(manifest)))

    def remove(self, name: str) -> None:
        """Remove parts downwards: those left by a killed process have no gaps and are found."""
        self._seam("remove")
        self._backend.delete(name)
        if self._backend.max_chars is None:
            return
        count = 0
        while self._backend.get(_part(name, count + 1)) is not None:
            count += 1
        for number in range(count, 0, -1):
            self._seam(f"remove part {number}")
            self._backend.delete(_part(name, number))

    def _joined(self, name: str, item: Secret) -> Secret | None:
        """None where parts are missing or changed."""
        if self._backend.max_chars is None:
            return item
        manifest = parse_object(item)
        if manifest is None or _MANIFEST not in manifest:
            return item
        count = manifest[_MANIFEST]
        if type(count) is not int or not 0 < count <= LONGEST // PART_CHARS:
            return None
        parts = [self._backend.get(_part(name, number)) for number in range(1, count + 1)]
        whole = "".join(part.reveal() for part in parts if part is not None)
        return Secret(whole) if _digest(whole) == manifest.get("sha256") else None


def _part(name: str, number: int) -> str:
    return f"{name}.{number}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
