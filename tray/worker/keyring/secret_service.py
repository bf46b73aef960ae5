"""
The Secret Service (GNOME Keyring, KWallet, KeePassXC), without prompts.

keyring's class prompts whenever the collection is locked or missing, and such a prompt blocks
indefinitely (measured). Here only `unlock` prompts. It also takes the first item that includes its
attributes, whoever wrote it; ours is the one with exactly ours.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any, Final, TypeVar

from secretstorage.exceptions import (
    ItemNotFoundException,
    PromptDismissedException,
    SecretServiceNotAvailableException,
)

from tray.errors import TrayError
from tray.secret import Secret
from tray.worker.keyring.keyring_backends import (
    LockState,
    guarded,
    keyring_absent,
    keyring_asks,
    keyring_dismissed,
    keyring_locked,
    keyring_refuses,
)
from tray.worker.keyring.secret_service_connection import Line, Unheard

_APPLICATION: Final = "Python keyring library"  # as keyring's class wrote it, in items of 0.1.0
_ADDED: Final = {"xdg:schema", "Title", "UserName", "URL", "Notes", "Path", "Uuid"}
"""Attributes that services add themselves: GNOME Keyring the first, KeePassXC the others."""
T = TypeVar("T")


class SecretServiceBackend:
    """Items in the default collection; the bus may start the service, which does not prompt."""

    name = "Secret Service"
    max_chars = None

    def __init__(self, service: str) -> None:
        self._service = service
        self._line: Line | None = None
        self._hang_up: Any = None

    def lock_state(self) -> LockState:
        """``locked`` without a default collection, too: a click can make one."""
        return guarded(self._lock_state, _translated)

    def unlock(self) -> None:
        """Unlock or create the default collection; `KeyringDenied` if dismissed or not shown."""
        guarded(_unlock, _translated_prompt)

    def get(self, username: str) -> Secret | None:
        return self._asked(lambda line: self._get(line, username))

    def set(self, username: str, value: Secret) -> None:
        """
        Write over our item in place, or create one.

        ``CreateItem`` with ``replace`` would replace any item with these attributes among others
        (GNOME Keyring), and asks the user if another connection made it (KeePassXC).
        """
        self._asked(lambda line: self._set(line, username, value.reveal().encode()))

    def delete(self, username: str) -> None:
        """Remove an item and any others of the same name; it may be absent."""
        self._asked(lambda line: self._delete(line, username))

    def _lock_state(self) -> LockState:
        try:
            return self._on_line(lambda line: "locked" if line.is_locked() else "ready")
        except ItemNotFoundException:
            return "locked"
        except (SecretServiceNotAvailableException, OSError, RuntimeError):
            return "absent"

    def _get(self, line: Line, username: str) -> Secret | None:
        path = self._find(line, username)
        text = b"" if path is None else line.secret(path)
        if not text:
            # Some services find nothing while locked (KeePassXC) or give nothing (KWallet).
            line.insist_on_open()
            return None
        return Secret(text.decode())

    def _set(self, line: Line, username: str, text: bytes) -> None:
        path = self._find(line, username)
        if path is None:
            label = f"Password for '{username}' on '{self._service}'"
            path = line.create(label, self._marks(username))
            # The token goes where every later worker, a client of its own, can read it.
            with closing(Line()) as later:
                if later.read(path, "Item", "Locked"):
                    raise keyring_asks()
            line.known[username] = path
        line.write(path, text)

    def _delete(self, line: Line, username: str) -> None:
        """Write over it first: it may go to a recycle bin, or stay if deleting would prompt."""
        line.known.pop(username, None)
        found = self._ours(line, username)
        if not found:
            line.insist_on_open()
        for path in found:
            line.write(path, b"")
            line.dismiss(line.call(path, "Item", "Delete")[0])

    def _find(self, line: Line, username: str) -> str | None:
        path = line.known.get(username)
        if path is None or path not in line.checked:
            if path is None or not self._is_ours(line, path, username):
                path = next(iter(self._ours(line, username)), None)
            line.known.pop(username, None)
            if path is not None:
                line.known[username] = path
                line.checked.add(path)
        return path

    def _ours(self, line: Line, username: str) -> list[str]:
        # A search finds items with more attributes than these, too.
        found = line.call(
            line.collection, "Collection", "SearchItems", "a{ss}", self._marks(username)
        )
        return [path for path in found[0] if self._is_ours(line, path, username)]

    def _is_ours(self, line: Line, path: str, username: str) -> bool:
        with suppress(ItemNotFoundException):
            attributes = line.read(path, "Item", "Attributes")
            return {n: v for n, v in attributes.items() if n not in _ADDED} == self._marks(
                username
            )
        return False

    def _marks(self, username: str) -> dict[str, str]:
        """Return all attributes of our item."""
        return {"service": self._service, "username": username, "application": _APPLICATION}

    def _asked(self, request: Callable[[Line], T]) -> T:
        return guarded(lambda: self._on_line(request), _translated)

    def _on_line(self, request: Callable[[Line], T]) -> T:
        """Use the open connection or a new one; after any error it is discarded."""
        if self._line is not None:
            try:
                return request(self._line)
            except Unheard:  # the service has a successor, perhaps
                self._drop_line()
            except BaseException:
                self._drop_line()
                raise
        line = self._line = Line()
        self._hang_up = weakref.finalize(self, line.close)
        try:
            return request(line)
        except BaseException:
            self._drop_line()
            raise

    def _drop_line(self) -> None:
        if self._hang_up is not None:
            self._hang_up()
        self._line = self._hang_up = None


def _unlock() -> None:
    with closing(Line()) as line:
        line.unlock()


def _translated(error: Exception) -> TrayError:
    if isinstance(error, ItemNotFoundException):
        return keyring_locked()
    if isinstance(error, PromptDismissedException):
        return keyring_dismissed()
    if isinstance(error, SecretServiceNotAvailableException | OSError | RuntimeError):
        return keyring_absent()
    return keyring_refuses()


def _translated_prompt(error: Exception) -> TrayError:
    """While unlocking, a prompt that cannot be shown counts as dismissed."""
    failure = _translated(error)
    return keyring_dismissed() if failure.reason == "keyring-locked" else failure
