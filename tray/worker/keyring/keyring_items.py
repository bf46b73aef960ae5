"""Items of one service, through one of keyring's classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from tray.errors import TrayError
from tray.secret import Secret
from tray.worker.keyring.keyring_backends import guarded, keyring_refuses

_MOST_DUPLICATES: Final = 8


class KeyringItems:
    """`make` returns the allow-listed class; `translate` turns what it raises into our errors."""

    def __init__(
        self,
        service: str,
        make: Callable[[], KeyringBackend],
        translate: Callable[[Exception], TrayError],
    ) -> None:
        self._service = service
        self._translate = translate
        self._keyring = make()
        # What KEYRING_PROPERTY_* variables set on it: another collection or another scheme.
        vars(self._keyring).clear()

    def get(self, username: str) -> Secret | None:
        found = guarded(
            lambda: self._keyring.get_password(self._service, username), self._translate
        )
        return None if found is None else Secret(found)

    def set(self, username: str, value: Secret) -> None:
        guarded(
            lambda: self._keyring.set_password(self._service, username, value.reveal()),
            self._translate,
        )

    def delete(self, username: str) -> None:
        """Remove an item and any others of the same name; it may be absent."""
        guarded(lambda: self._delete(username), self._translate)

    def _delete(self, username: str) -> None:
        for _ in range(_MOST_DUPLICATES):
            try:
                self._keyring.delete_password(self._service, username)
            except PasswordDeleteError:
                break
        # keyring says "no such item" and "not allowed" with the same error.
        if self._keyring.get_password(self._service, username) is not None:
            raise keyring_refuses()
