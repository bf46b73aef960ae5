"""The macOS Keychain, set not to prompt; from Apple's ``SecKeychain.h``, never run."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final, TypeVar

from keyring.backend import KeyringBackend
from keyring.backends import macOS
from keyring.errors import PasswordDeleteError

from tray.errors import TrayError
from tray.secret import Secret
from tray.worker.keyring.keyring_backends import (
    LockState,
    guarded,
    keyring_dismissed,
    keyring_locked,
    keyring_refuses,
)

T = TypeVar("T")

_MOST_DUPLICATES: Final = 8
_SECURITY: Final = "/System/Library/Frameworks/Security.framework/Security"
_UNLOCKED: Final = 1  # kSecUnlockStateStatus
_NO_INTERACTION: Final = "-25308"  # errSecInteractionNotAllowed


class KeychainBackend:
    """
    Items in the default keychain.

    keyring deletes before it adds, so an interrupted write loses the item: the newest generation
    is never written over. macOS decides which programs may read an item; where it would ask the
    user, the item counts as locked until `unlock` was called.
    """

    name = "macOS Keychain"
    max_chars = None

    def __init__(self, service: str) -> None:
        self._service = service
        self._keyring = _keychain()
        self._security = ctypes.CDLL(_SECURITY)
        self._security.SecKeychainSetUserInteractionAllowed(0)

    def lock_state(self) -> LockState:
        keychain = self._default()
        if keychain is None:
            return "absent"
        status = ctypes.c_uint32()
        if self._security.SecKeychainGetStatus(keychain, ctypes.byref(status)):
            return "absent"
        return "ready" if status.value & _UNLOCKED else "locked"

    def get(self, username: str) -> Secret | None:
        found = self._asked(lambda: self._keyring.get_password(self._service, username))
        return None if found is None else Secret(found)

    def set(self, username: str, value: Secret) -> None:
        self._asked(lambda: self._keyring.set_password(self._service, username, value.reveal()))

    def delete(self, username: str) -> None:
        """Remove an item and any others of the same name; it may be absent."""
        self._asked(lambda: self._delete(username))

    def _delete(self, username: str) -> None:
        for _ in range(_MOST_DUPLICATES):
            try:
                self._keyring.delete_password(self._service, username)
            except PasswordDeleteError:
                break
        # keyring says "no such item" and "not allowed" with the same error.
        if self._keyring.get_password(self._service, username) is not None:
            raise keyring_refuses()

    def _asked(self, call: Callable[[], T]) -> T:
        self._insist_on_open()
        return guarded(call, _translated)

    def _insist_on_open(self) -> None:
        """Once `unlock` has allowed questions, a keychain locked since then would ask one."""
        if self.lock_state() == "locked":
            raise keyring_locked()

    def unlock(self) -> None:
        """Unlock, and read the items once, as macOS asks per item for a new Python."""
        self._security.SecKeychainSetUserInteractionAllowed(1)
        if self._security.SecKeychainUnlock(self._default(), 0, None, 0):
            raise keyring_dismissed()

    def _default(self) -> ctypes.c_void_p | None:
        keychain = ctypes.c_void_p()
        failed = self._security.SecKeychainCopyDefault(ctypes.byref(keychain))
        return None if failed else keychain


def _keychain() -> KeyringBackend:
    make: Callable[[], macOS.Keyring] = macOS.Keyring
    keychain = make()
    # What KEYRING_PROPERTY_* variables set on it: another keychain or another scheme.
    vars(keychain).clear()
    # The class took it from KEYCHAIN_PATH, where that is set.
    macOS.Keyring.keychain = None
    return keychain


def _translated(error: Exception) -> TrayError:
    # keyring's texts hold the status code and Apple's words, never the secret.
    return keyring_locked() if _NO_INTERACTION in str(error) else keyring_refuses()
