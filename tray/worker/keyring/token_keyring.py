"""
The refresh data of each session in the OS keyring (K2).

Each save is a new generation in another slot, read back; the older one stays until the caller
drops it, so a kill at any point leaves one whole generation. All methods may raise
`KeyringUnavailable` (locked, absent or too slow) or `KeyringDenied` (refused, or gave back
something else). The caller holds the session's lock.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from tray.aws.cache.sso_token import SsoToken
from tray.core.lineage import NO_LINEAGE, Lineage
from tray.core.model import SsoSession
from tray.core.profiles.start_url import is_vanity
from tray.secret import Secret
from tray.system import MACOS, WINDOWS
from tray.worker.keyring import keyring_timeout
from tray.worker.keyring.generations import Slot, Slots
from tray.worker.keyring.item_document import KeyringItem, SlotState, serialise
from tray.worker.keyring.keyring_backends import (
    KeyringBackend,
    LockState,
    NoBackend,
    keyring_absent,
    keyring_locked,
    keyring_refuses,
)
from tray.worker.keyring.keyring_timeout import Patience, keyring_waiting

_SLOTS: Final = ("a", "b", "c")
"""Two alternate; the third leaves room for one item that is not ours to overwrite."""

_LONGEST_KEY: Final = 200
T = TypeVar("T")

log = logging.getLogger(__name__)


def system_backend(service: str) -> KeyringBackend:
    """
    Return one of three allow-listed classes, made directly, or none.

    ``keyring.get_keyring`` and its settings could name a plaintext or remote backend.
    """
    try:
        if MACOS:
            from tray.worker.keyring.macos_keychain import KeychainBackend

            return KeychainBackend(service)
        if WINDOWS:
            from tray.worker.keyring.windows_credential_manager import CredentialManagerBackend

            return CredentialManagerBackend(service)
        from tray.worker.keyring.secret_service import SecretServiceBackend

        return SecretServiceBackend(service)
    except ImportError as error:
        log.warning("there is no keyring: %s cannot be imported", error.name)
        return NoBackend()


class TokenKeyring:
    """The items of all sessions of one token cache; only `unlock` prompts, others look first."""

    def __init__(
        self,
        service: str,
        cache_directory: Path,
        backend: KeyringBackend | None = None,
        *,
        patience: Patience | None = None,
        read_seconds: float = 5.0,
        write_seconds: float = 10.0,
        unlock_seconds: float = 600.0,
        seam: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._backend = system_backend(service) if backend is None else backend
        self._patience = keyring_timeout.SHARED if patience is None else patience
        self._read_seconds = read_seconds
        self._write_seconds = write_seconds
        self._unlock_seconds = unlock_seconds
        self._seam = seam
        real = os.path.realpath(cache_directory)
        self._place = hashlib.sha256(os.fsencode(real)).hexdigest()[:12]

    @property
    def keyring_name(self) -> str:
        return self._backend.name

    def item_names(self, key: str) -> tuple[str, ...]:
        """Return a session's items: its key, a hash of the cache directory, a slot."""
        plain = key.isprintable() and len(key) <= _LONGEST_KEY
        named = key if plain else hashlib.sha256(key.encode(errors="replace")).hexdigest()
        return tuple(f"{named}@{self._place}#{slot}" for slot in _SLOTS)

    def lock_state(self) -> LockState:
        """Never prompts; no answer raises `KeyringUnavailable` (``keyring-waiting``)."""
        return self._patience.within(self._deadline(self._read_seconds), self._backend.lock_state)

    def unlock(self) -> None:
        """Prompt the user to unlock the keyring; `KeyringDenied` if dismissed or not shown."""
        deadline = self._deadline(self._unlock_seconds)
        self._patience.within(deadline, self._backend.unlock)

    def store(
        self,
        key: str,
        token: SsoToken,
        *,
        beside: tuple[SsoToken, ...] = (),
        replaced: Lineage = NO_LINEAGE,
        seen: KeyringItem | None = None,
        removed: bool = False,
    ) -> KeyringItem:
        """
        Save a token as a new generation and read it back; pass its generation to `forget_older`.

        The newest generation is never written over; an item that is broken or of a later version
        only if there is no other room. `replaced` are predecessors that the keyring may not know.
        `seen` was read or written last in this transaction and is not read again: a kill between
        AWS's answer and this write costs the session. After KeyringUnavailable a write under way
        may still arrive, whole or not at all.
        """

        def saved(keyring: Slots) -> KeyringItem:
            known, slots = (
                self._known(keyring, key) if seen is None else (seen.lineage, seen.slots)
            )
            newest = max(slots, key=lambda slot: slot.generation)
            lineage = known.merged(replaced).followed_by(token.pair)
            item = KeyringItem(token, lineage, beside, newest.generation + 1, removed)
            room = [slot for slot in slots if slot is not newest or newest.content != "ours"]
            target = min(room, key=_worth).name
            text = serialise(item)
            self._seam("store")
            keyring.write(target, text)
            self._seam("read back")
            if keyring.read(target).text != text:
                raise keyring_refuses()
            self._seam("stored")
            written = SlotState(target, "ours", item.generation)
            now = tuple(written if slot.name == target else slot for slot in slots)
            return replace(item, slots=now)

        # Seen in this transaction it was open; if no longer, the write says so.
        return self._at_once(self._write_seconds, saved, look=seen is None)

    def prove(self) -> None:
        """Write an item that is no session's, read it back and remove it."""

        def proved(keyring: Slots) -> None:
            name, text = f"proof@{self._place}", Secret(os.urandom(8).hex())
            keyring.write(name, text)
            there = keyring.read(name).text
            keyring.remove(name)
            if there != text:
                raise keyring_refuses()

        self._at_once(self._write_seconds, proved)

    def forget_older(self, key: str, generation: int) -> None:
        """Remove all older generations, provided that this one exists; repeatable."""

        def forgotten(keyring: Slots) -> None:
            slots = self._read_all(keyring, key)
            if all(slot.generation != generation for slot in slots):
                return
            for slot in slots:
                if slot.content == "ours" and slot.generation < generation:
                    keyring.remove(slot.name)
            self._seam("forgotten")

        self._at_once(self._write_seconds, forgotten)

    def withdraw(self, key: str, generation: int) -> None:
        """Remove one generation, which leaves the one before it as the newest; repeatable."""

        def withdrawn(keyring: Slots) -> None:
            for slot in self._read_all(keyring, key):
                if slot.content == "ours" and slot.generation == generation:
                    keyring.remove(slot.name)

        self._at_once(self._write_seconds, withdrawn)

    def load(self, session: SsoSession) -> SsoToken | None:
        item = self.item(session)
        return None if item is None else item.token

    def item(self, session: SsoSession) -> KeyringItem | None:
        """Return the newest whole generation, or None; one of another place or broken is kept."""
        slots = self._all(session.key)
        for slot in slots:
            if slot.content in {"corrupt", "newer"}:
                log.warning("an item of session %r is %s; it is kept", session.key, slot.content)
        fitting = [slot.item for slot in slots if slot.item and _fits(slot.item.token, session)]
        newest = max(fitting, key=lambda item: item.generation, default=None)
        states = tuple(slot.state for slot in slots)
        return None if newest is None else replace(newest, slots=states)

    def generations(self, key: str) -> tuple[int, ...]:
        mine = (slot.generation for slot in self._all(key) if slot.content == "ours")
        return tuple(sorted(mine))

    def delete(self, key: str) -> None:
        """Remove all items of a session, readable or not; repeatable."""

        def deleted(keyring: Slots) -> None:
            for name in self.item_names(key):
                keyring.remove(name)
            self._seam("deleted")

        self._at_once(self._write_seconds, deleted)

    def settled(self, timeout: float) -> bool:
        return self._patience.settled(timeout)

    def _deadline(self, seconds: float) -> float:
        return time.monotonic() + seconds

    def _at_once(self, seconds: float, work: Callable[[Slots], T], *, look: bool = True) -> T:
        """Let one operation share a turn: twenty would double a renewal's time (measured)."""
        deadline = self._deadline(seconds)

        def turn() -> T:
            backend = _InTime(self._backend, deadline)
            state = backend.lock_state() if look else "ready"
            if state == "locked":
                raise keyring_locked()
            if state == "absent":
                raise keyring_absent()
            return work(Slots(backend, self._seam))

        return self._patience.within(deadline, turn)

    def _all(self, key: str) -> list[Slot]:
        return self._at_once(self._read_seconds, lambda keyring: self._read_all(keyring, key))

    def _known(self, keyring: Slots, key: str) -> tuple[Lineage, tuple[SlotState, ...]]:
        slots = self._read_all(keyring, key)
        newest = max(slots, key=lambda slot: slot.generation).item
        return newest.lineage if newest else NO_LINEAGE, tuple(slot.state for slot in slots)

    def _read_all(self, keyring: Slots, key: str) -> list[Slot]:
        return [keyring.read(name) for name in self.item_names(key)]


class _InTime:
    """A backend that starts no request after its deadline: nobody waits for it by then."""

    def __init__(self, backend: KeyringBackend, deadline: float) -> None:
        self._backend = backend
        self._deadline = deadline
        self.name = backend.name
        self.max_chars = backend.max_chars

    def lock_state(self) -> LockState:
        self._check()
        return self._backend.lock_state()

    def unlock(self) -> None:
        self._check()
        self._backend.unlock()

    def get(self, username: str, /) -> Secret | None:
        self._check()
        return self._backend.get(username)

    def set(self, username: str, value: Secret, /) -> None:
        self._check()
        self._backend.set(username, value)

    def delete(self, username: str, /) -> None:
        self._check()
        self._backend.delete(username)

    def _check(self) -> None:
        if time.monotonic() >= self._deadline:
            raise keyring_waiting()


def _worth(slot: SlotState) -> tuple[int, int]:
    """Order slots by what writing over them loses: old generations first, they go anyway."""
    return ("ours", "empty", "corrupt", "newer").index(slot.content), slot.generation


def _fits(token: SsoToken, session: SsoSession) -> bool:
    if token.start_url != session.start_url:
        return False
    return token.region == session.region or is_vanity(session.start_url)
