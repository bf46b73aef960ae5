"""The Windows Credential Manager through keyring's class. Not yet run on Windows."""

from __future__ import annotations

from keyring.backends import Windows

from tray.errors import TrayError
from tray.worker.keyring.keyring_backends import LockState, keyring_refuses
from tray.worker.keyring.keyring_items import KeyringItems


class CredentialManagerBackend(KeyringItems):
    """Generic credentials of the signed-in user, kept on this machine (they do not roam)."""

    name = "Windows Credential Manager"
    max_chars = 1280
    """CRED_MAX_CREDENTIAL_BLOB_SIZE is 2,560 bytes, and keyring writes UTF-16 (``wincred.h``)."""

    def __init__(self, service: str) -> None:
        super().__init__(service, Windows.WinVaultKeyring, _translated)
        vars(self._keyring)["_persist"] = 2  # CRED_PERSIST_LOCAL_MACHINE

    def lock_state(self) -> LockState:
        """It is unlocked while its user is signed in."""
        return "ready"

    def unlock(self) -> None:
        """There is nothing to unlock."""


def _translated(_: Exception) -> TrayError:
    return keyring_refuses()
