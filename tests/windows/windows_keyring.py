"""The Credential Manager itself; run by the Windows Python alone."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from keyring.backends import Windows

from tray.secret import Secret
from tray.worker.keyring.windows_credential_manager import (
    CredentialManagerBackend,
    UserCredentials,
)

SAVES = 1000
NAME = "corp@0123456789ab#{}"


@pytest.fixture
def service() -> Iterator[str]:
    """Name a service of the test's own, and remove what is left of it."""
    name = f"sso-tray-test-{uuid.uuid4().hex[:8]}"
    yield name
    for target in left(name):
        UserCredentials().delete(target)


def left(service: str) -> list[str]:
    """Return the targets of a service's credentials, in either form."""
    return [one.target for one in UserCredentials().all() if service in one.target]


def test_two_processes_save_at_once(service: str) -> None:
    """Of 2,000 saves by two processes none is read older, none is lost, and nothing stays."""
    saving = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.windows.saves", service, key, str(SAVES)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for key in ("corp", "lab")
    ]
    told = [one.communicate(timeout=120)[0].split() for one in saving]

    assert [[str(SAVES), "0", "0"]] * 2 == told
    assert [] == left(service)


def test_the_newest_of_an_earlier_version_is_kept(service: str) -> None:
    """What keyring's class left is read once more as it stood, and is then gone from its place."""
    earlier: Any = vars(Windows)["WinVaultKeyring"]()
    for slot, text in (("a", "older"), ("b", "b"), ("a", "newest")):
        earlier.set_password(service, NAME.format(slot), text)
    backend = CredentialManagerBackend(service)

    assert Secret("newest") == backend.get(NAME.format("a"))
    assert Secret("b") == backend.get(NAME.format("b"))
    assert {f"{service}/{NAME.format(slot)}" for slot in "ab"} == set(left(service))


def test_the_longest_text_fits(service: str) -> None:
    """An item of the most characters we write comes back whole, letters beyond ASCII included."""
    backend = CredentialManagerBackend(service)
    text = Secret("ü" * backend.max_chars)
    backend.set(NAME.format("a"), text)

    assert text == backend.get(NAME.format("a"))
