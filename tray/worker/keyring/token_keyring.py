"""
The refresh data of each session, kept in the OS keyring (rule K2).

Every save is a new generation in another slot, read back; the older one stays until the caller
says so. Whatever is killed wherever, one whole generation is left. What can fail: the keyring is
locked, absent or does not answer (`KeyringUnavailable`), or takes no write (`KeyringDenied`).

Transactions on one session are the caller's to keep apart, by the session's lock.
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
from tray.secret import Secret
from tray.worker.keyring import keyring_timeout
from tray.worker.keyring.generations import Slot, Slots
from tray.worker.keyring.item_document import KeyringItem, SlotState, serialise
from tray.worker.keyring.keyring_backends import (
    KeyringBackend,
    LockState,
    keyring_absent,
    keyring_locked,
    keyring_refuses,
)
from tray.worker.keyring.keyring_timeout import Patience, keyring_waiting
from tray.worker.keyring.system_keyring import system_backend

_SLOTS: Final = ("a", "b", "c")
"""Two take turns; the third leaves room for one item that is not ours to overwrite."""

_LONGEST_KEY: Final = 200
T = TypeVar("T")

log = logging.getLogger(__name__)


class TokenKeyring:
    """
    The keyring items of all sessions of one token cache.

    Background work never prompts: each method asks the lock state first and raises
    `KeyringUnavailable` when it is not ``ready``. Only `unlock` may prompt.

    Args:
        service: what the items are filed under: ``sso-tray``, or the demo's own.
        cache_directory: the token cache they belong to; another home has other items.
        backend: the keyring; None means this system's.
        patience: the queue for keyring requests; None means the process's own.
        read_seconds: how long everything but writing may take in all.
        write_seconds: how long `store` may take in all (rules L12, R3).
        unlock_seconds: how long the person may take.
        part_chars: the length of parts, where a backend limits its items.
        seam: called with a word at each step of a change; for tests that kill there.
    """

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
        part_chars: int = 1000,
        seam: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._backend = system_backend(service) if backend is None else backend
        self._patience = keyring_timeout.SHARED if patience is None else patience
        self._read_seconds = read_seconds
        self._write_seconds = write_seconds
        self._unlock_seconds = unlock_seconds
        self._part_chars = part_chars
        self._seam = seam
        real = os.path.realpath(cache_directory)
        self._place = hashlib.sha256(os.fsencode(real)).hexdigest()[:12]

    @property
    def keyring_name(self) -> str:
        """What this keyring is called."""
        return self._backend.name

    def item_names(self, key: str) -> tuple[str, ...]:
        """
        Return the names of a session's items: its key, a hash of the cache directory, a slot.

        A key that is over-long or has control characters in it is hashed too.
        """
        plain = key.isprintable() and len(key) <= _LONGEST_KEY
        named = key if plain else hashlib.sha256(key.encode(errors="replace")).hexdigest()
        return tuple(f"{named}@{self._place}#{slot}" for slot in _SLOTS)

    def lock_state(self) -> LockState:
        """
        Tell whether the keyring can be used; never prompts.

        Raises:
            KeyringUnavailable: it does not answer (``keyring-waiting``).
        """
        return self._patience.within(self._deadline(self._read_seconds), self._backend.lock_state)

    def unlock(self) -> None:
        """
        Have the person unlock the keyring; to be called after a click only.

        Raises:
            KeyringDenied: the prompt was dismissed, or none could be shown.
            KeyringUnavailable: there is no keyring, or nobody answered the prompt in time.
        """
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
    ) -> KeyringItem:
        """
        Save a token as a new generation, and read it back; the older one stays.

        The newest generation is never written over; an item that is broken or of a later version
        only if there is no other room.

        Args:
            key: the session key.
            token: what to save, all of it.
            beside: other tokens to save with it.
            replaced: what came before it, as far as the keyring does not know that itself.
            seen: what was read or written last in the same transaction, which is not read again:
                between AWS's answer and this write a kill costs the session.

        Returns:
            What was saved; its generation is for `forget_older`.

        Raises:
            KeyringDenied: the keyring refused, or gave back something else.
            KeyringUnavailable: locked, absent, or not done in time. A write that was under way
                then may still arrive; it holds `token` whole or not at all.
        """

        def saved(keyring: Slots) -> KeyringItem:
            known, slots = (
                self._known(keyring, key) if seen is None else (seen.lineage, seen.slots)
            )
            newest = max(slots, key=lambda slot: slot.generation)
            lineage = known.merged(replaced).followed_by(token.pair)
            item = KeyringItem(token, lineage, beside, newest.generation + 1)
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

        return self._at_once(self._write_seconds, saved)

    def forget_older(self, key: str, generation: int) -> None:
        """
        Remove every generation before this one, provided that this one is there; repeatable.

        Raises:
            KeyringDenied: the keyring refused.
            KeyringUnavailable: locked, absent, or not done in time.
        """

        def forgotten(keyring: Slots) -> None:
            slots = self._read_all(keyring, key)
            if all(slot.generation != generation for slot in slots):
                return
            for slot in slots:
                if slot.content == "ours" and slot.generation < generation:
                    keyring.remove(slot.name)
            self._seam("forgotten")

        self._at_once(self._write_seconds, forgotten)

    def load(self, session: SsoSession) -> SsoToken | None:
        """Return the token of `item`, or None."""
        item = self.item(session)
        return None if item is None else item.token

    def item(self, session: SsoSession) -> KeyringItem | None:
        """
        Return the newest whole generation of a session's item, or None.

        An item whose start URL or region is not the session's is ignored; one that is broken or
        of a later version too, and is kept and told in the log.

        Raises:
            KeyringDenied: the keyring refused.
            KeyringUnavailable: locked, absent, or not done in time.
        """
        slots = self._all(session.key)
        for slot in slots:
            if slot.content in {"corrupt", "newer"}:
                log.warning("an item of session %r is %s; it is kept", session.key, slot.content)
        fitting = [slot.item for slot in slots if slot.item and _fits(slot.item.token, session)]
        newest = max(fitting, key=lambda item: item.generation, default=None)
        states = tuple(slot.state for slot in slots)
        return None if newest is None else replace(newest, slots=states)

    def generations(self, key: str) -> tuple[int, ...]:
        """
        Return the whole generations there are, oldest first.

        Raises:
            KeyringDenied: the keyring refused.
            KeyringUnavailable: locked, absent, or not done in time.
        """
        mine = (slot.generation for slot in self._all(key) if slot.content == "ours")
        return tuple(sorted(mine))

    def delete(self, key: str) -> None:
        """
        Remove everything there is of a session, readable or not; repeatable.

        Raises:
            KeyringDenied: the keyring refused.
            KeyringUnavailable: locked, absent, or not done in time.
        """

        def deleted(keyring: Slots) -> None:
            for name in self.item_names(key):
                keyring.remove(name)
            self._seam("deleted")

        self._at_once(self._write_seconds, deleted)

    def settled(self, timeout: float) -> bool:
        """
        Wait until an overdue request has come back.

        Args:
            timeout: seconds.

        Returns:
            Whether the keyring can be asked again.
        """
        return self._patience.settled(timeout)

    def _deadline(self, seconds: float) -> float:
        return time.monotonic() + seconds

    def _at_once(self, seconds: float, work: Callable[[Slots], T]) -> T:
        """
        Let one operation have the keyring to itself: its requests share a turn and a time.

        A turn for each request would cost a renewal twenty changes of thread, which was half of
        what ten renewals at once took (measured).
        """
        deadline = self._deadline(seconds)

        def turn() -> T:
            backend = _InTime(self._backend, deadline)
            state = backend.lock_state()
            if state == "locked":
                raise keyring_locked()
            if state == "absent":
                raise keyring_absent()
            return work(Slots(backend, part_chars=self._part_chars, seam=self._seam))

        return self._patience.within(deadline, turn)

    def _all(self, key: str) -> list[Slot]:
        return self._at_once(self._read_seconds, lambda keyring: self._read_all(keyring, key))

    def _known(self, keyring: Slots, key: str) -> tuple[Lineage, tuple[SlotState, ...]]:
        """Return the lineage of the newest item, and what the slots hold."""
        slots = self._read_all(keyring, key)
        newest = max(slots, key=lambda slot: slot.generation).item
        return newest.lineage if newest else NO_LINEAGE, tuple(slot.state for slot in slots)

    def _read_all(self, keyring: Slots, key: str) -> list[Slot]:
        return [keyring.read(name) for name in self.item_names(key)]


class _InTime:
    """A backend that begins no request after a deadline: by then nobody waits for it."""

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
    """
    Order slots by how little is lost if they are written over.

    An older generation comes before an empty slot: it is to go anyway.
    """
    return ("ours", "empty", "corrupt", "newer").index(slot.content), slot.generation


def _fits(token: SsoToken, session: SsoSession) -> bool:
    return (token.start_url, token.region) == (session.start_url, session.region)
