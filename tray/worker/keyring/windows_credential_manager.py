"""
The Windows Credential Manager: each item is a generic credential with a target of its own.

keyring's class keeps the item written last under the bare service name, and moves the one before
aside by read, copy and write: two processes that save at once read each other's older values
(499 of 1,533 reads, measured). What versions before 0.3 left in that form is moved over once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, Protocol

from tray.errors import TrayError
from tray.secret import Secret
from tray.system.lock.file_lock import FileLock
from tray.system.paths import Paths
from tray.worker.keyring.keyring_backends import LockState, guarded, keyring_refuses
from tray.worker.keyring.keyring_timeout import keyring_waiting

LOCK_PATIENCE: Final = 8.0
"""Seconds; less than a write may take in all. Each save holds the lock for milliseconds."""

_OURS: Final = re.compile(r".+@[0-9a-f]{12}#[abc](\.[0-9]+)?", re.DOTALL)
_KEYRINGS_COMMENT: Final = "Stored using python-keyring"
_NOT_FOUND: Final = 1168  # ERROR_NOT_FOUND, winerror.h


class Credential(NamedTuple):
    target: str
    username: str
    comment: str
    value: Secret


class CredentialSet(Protocol):
    """The user's generic credentials, by their targets."""

    def read(self, target: str) -> Credential | None:
        """None if there is none."""

    def write(self, credential: Credential) -> None:
        """Write over one of the same target."""

    def delete(self, target: str) -> None:
        """Remove it; it may be absent."""

    def all(self) -> list[Credential]:
        """Return every one of them."""


class CredentialManagerBackend:
    """Generic credentials of the signed-in user, kept on this machine (they do not roam)."""

    name = "Windows Credential Manager"
    max_chars = 1280
    """CRED_MAX_CREDENTIAL_BLOB_SIZE is 2,560 bytes, and the text is UTF-16 (``wincred.h``)."""

    def __init__(self, service: str, credentials: CredentialSet | None = None) -> None:
        self._service = service
        self._credentials = UserCredentials() if credentials is None else credentials
        self._moved = False

    def lock_state(self) -> LockState:
        """It is unlocked while its user is signed in."""
        return "ready"

    def unlock(self) -> None:
        """There is nothing to unlock."""

    def get(self, username: str, /) -> Secret | None:
        def found() -> Secret | None:
            self._move_once()
            one = self._credentials.read(self._target(username))
            return None if one is None else one.value

        return guarded(found, _translated)

    def set(self, username: str, value: Secret, /) -> None:
        def written() -> None:
            self._move_once()
            with _saving():
                self._write(username, value)

        guarded(written, _translated)

    def delete(self, username: str, /) -> None:
        def deleted() -> None:
            self._move_once()
            with _saving():
                self._credentials.delete(self._target(username))

        guarded(deleted, _translated)

    def _target(self, username: str) -> str:
        return f"{self._service}/{username}"

    def _write(self, username: str, value: Secret) -> None:
        target = self._target(username)
        self._credentials.write(Credential(target, username, "SSO Tray", value))
        kept = self._credentials.read(target)
        if kept is None or kept.value != value:
            raise keyring_refuses()

    def _move_once(self) -> None:
        """Give what keyring's class wrote its own target; the bare one is newer than its copy."""
        if self._moved:
            return
        with _saving():
            left = [one for one in self._credentials.all() if self._is_keyrings(one)]
            left.sort(key=lambda one: one.target != self._service)
            for one in left:
                if self._credentials.read(self._target(one.username)) is None:
                    self._write(one.username, one.value)
            # Only now: a kill in between leaves them all, and the same order the next time. The
            # copies go first, or an older one would be taken for the item.
            for one in reversed(left):
                self._credentials.delete(one.target)
        self._moved = True

    def _is_keyrings(self, one: Credential) -> bool:
        targets = (self._service, f"{one.username}@{self._service}")
        ours = _OURS.fullmatch(one.username) is not None
        return ours and one.comment == _KEYRINGS_COMMENT and one.target in targets


class UserCredentials:
    """Those of this process's user (``wincred.h``), through what keyring uses on Windows, too."""

    def __init__(self) -> None:
        from win32ctypes.pywin32 import pywintypes, win32cred

        self._api: Any = win32cred
        self._error: type[Exception] = pywintypes.error

    def read(self, target: str) -> Credential | None:
        try:
            return _credential(self._api.CredRead(target, self._api.CRED_TYPE_GENERIC))
        except self._error as error:
            self._absent(error)
            return None

    def write(self, credential: Credential) -> None:
        fields = {
            "Type": self._api.CRED_TYPE_GENERIC,
            "TargetName": credential.target,
            "UserName": credential.username,
            "Comment": credential.comment,
            "CredentialBlob": credential.value.reveal(),
            "Persist": self._api.CRED_PERSIST_LOCAL_MACHINE,
        }
        self._api.CredWrite(fields, 0)

    def delete(self, target: str) -> None:
        try:
            self._api.CredDelete(target, self._api.CRED_TYPE_GENERIC)
        except self._error as error:
            self._absent(error)

    def all(self) -> list[Credential]:
        try:
            found = self._api.CredEnumerate(None, 0)
        except self._error as error:
            self._absent(error)
            return []
        return [_credential(one) for one in found if one["Type"] == self._api.CRED_TYPE_GENERIC]

    def _absent(self, error: Exception) -> None:
        if getattr(error, "winerror", None) != _NOT_FOUND:
            raise error


def _credential(fields: dict[str, Any]) -> Credential:
    # Another program's may hold any bytes; they are never written back.
    value = bytes(fields["CredentialBlob"] or b"").decode("utf-16-le", "replace")
    target, username, comment = (
        str(fields[name] or "") for name in ("TargetName", "UserName", "Comment")
    )
    return Credential(target, username, comment, Secret(value))


@contextmanager
def _saving() -> Iterator[None]:
    """Hold the lock of all saves: one place for the user, wherever the state directory is."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    lock = FileLock(Paths.from_environment(plain).state / "locks" / "keyring")
    if not lock.acquire(LOCK_PATIENCE):
        raise keyring_waiting()
    try:
        yield
    finally:
        lock.release()


def _translated(_: Exception) -> TrayError:
    return keyring_refuses()
