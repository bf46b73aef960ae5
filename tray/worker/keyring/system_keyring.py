"""
Which keyring this system has: one of three allow-listed classes, made directly, or none.

``keyring.get_keyring`` and its settings could name a plaintext or remote backend.
"""

from __future__ import annotations

import logging

from tray.system import MACOS, WINDOWS
from tray.worker.keyring.keyring_backends import KeyringBackend, NoBackend

log = logging.getLogger(__name__)


def system_backend(service: str) -> KeyringBackend:
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
