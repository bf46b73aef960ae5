"""The Keychain's rules for questions, with its C library and keyring's class made up."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import pytest
from keyring.backends import macOS
from keyring.errors import PasswordDeleteError

from tray.errors import KeyringUnavailable
from tray.secret import Secret
from tray.worker.keyring.macos_keychain import KeychainBackend

USES: dict[str, Callable[[KeychainBackend], object]] = {
    "get": lambda backend: backend.get("corp"),
    "set": lambda backend: backend.set("corp", Secret("x")),
    "delete": lambda backend: backend.delete("corp"),
}


class _Security:
    """The calls of Security.framework that we make; a locked keychain asks if it may."""

    locked = interaction = False

    def SecKeychainSetUserInteractionAllowed(self, allowed: int) -> int:  # noqa: N802
        self.interaction = bool(allowed)
        return 0

    def SecKeychainCopyDefault(self, keychain: Any) -> int:  # noqa: N802
        keychain._obj.value = 1
        return 0

    def SecKeychainGetStatus(self, keychain: ctypes.c_void_p, status: Any) -> int:  # noqa: N802
        assert keychain.value == 1
        status._obj.value = 2 if self.locked else 3
        return 0

    def SecKeychainUnlock(self, keychain: Any, length: int, password: None, use: int) -> int:  # noqa: N802
        assert (keychain.value, length, password, use, self.interaction) == (1, 0, None, 0, True)
        self.locked = False
        return 0


@pytest.mark.parametrize("use", USES)
def test_a_keychain_locked_since_an_unlock_asks_nothing(
    monkeypatch: pytest.MonkeyPatch, use: str
) -> None:
    """K2: what found it open a moment ago shows no dialog, though `unlock` has shown one."""
    security, items = _Security(), dict[str, str]()

    class Keyring:
        keychain = None

        def get_password(self, _service: str, username: str) -> str | None:
            assert not (security.locked and security.interaction), "a dialog is shown"
            return items.get(username)

        def set_password(self, _service: str, username: str, password: str) -> None:
            assert not (security.locked and security.interaction), "a dialog is shown"
            items[username] = password

        def delete_password(self, _service: str, username: str) -> None:
            assert not (security.locked and security.interaction), "a dialog is shown"
            if items.pop(username, None) is None:
                raise PasswordDeleteError

    monkeypatch.setattr(ctypes, "CDLL", lambda _path: security)
    monkeypatch.setattr(macOS, "Keyring", Keyring)
    backend = KeychainBackend("sso-tray")
    backend.unlock()
    USES[use](backend)
    security.locked = True

    with pytest.raises(KeyringUnavailable) as raised:
        USES[use](backend)

    assert raised.value.reason == "keyring-locked"
