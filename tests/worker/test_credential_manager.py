from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.home import home_variables
from tests.worker.memory_backend import Killed
from tray.errors import KeyringDenied
from tray.secret import Secret
from tray.worker.keyring.windows_credential_manager import Credential, CredentialManagerBackend

NAME = "corp@0123456789ab#{}"


@dataclass
class Credentials:
    """A strict credential set: it dies before the change it is told to, and may lose writes."""

    kept: dict[str, Credential] = field(default_factory=dict)
    loses_writes: bool = False
    kill_after: int | None = None
    changes: int = 0

    def read(self, target: str) -> Credential | None:
        """Return one."""
        return self.kept.get(target)

    def write(self, credential: Credential) -> None:
        """Write one."""
        assert len(credential.value.reveal()) <= CredentialManagerBackend.max_chars
        self._change()
        if not self.loses_writes:
            self.kept[credential.target] = credential

    def delete(self, target: str) -> None:
        """Remove one."""
        self._change()
        self.kept.pop(target, None)

    def all(self) -> list[Credential]:
        """Return all."""
        return list(self.kept.values())

    def _change(self) -> None:
        if self.kill_after is not None and self.changes >= self.kill_after:
            raise Killed
        self.changes += 1


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the lock of all saves in a home of the test's own."""
    for name, value in home_variables(tmp_path).items():
        monkeypatch.setenv(name, value)


def by_keyring(target: str, name: str, text: str) -> Credential:
    """Return what keyring's class writes."""
    return Credential(target, name, "Stored using python-keyring", Secret(text))


def earlier() -> dict[str, Credential]:
    """Return what earlier versions left: the newest bare, its older copy and another aside."""
    a, b = NAME.format("a"), NAME.format("b")
    all_of_them = (
        by_keyring(f"{a}@sso-tray", a, "a older"),
        by_keyring("sso-tray", a, "a newest"),
        by_keyring(f"{b}@sso-tray", b, "b"),
        by_keyring("git:https://example.com", "ann", "another program's"),
        by_keyring("ann@sso-tray", "ann", "not an item of ours"),
    )
    return {one.target: one for one in all_of_them}


def test_each_item_has_a_target_of_its_own() -> None:
    """A save touches no other item, and no read depends on which was saved last."""
    credentials = Credentials()
    backend = CredentialManagerBackend("sso-tray", credentials)
    for slot in "abab":
        backend.set(NAME.format(slot), Secret(slot))

    assert {f"sso-tray/{NAME.format(slot)}" for slot in "ab"} == set(credentials.kept)
    assert Secret("a") == backend.get(NAME.format("a"))


def test_what_is_not_kept_is_refused() -> None:
    """A save is read back: a store that loses it has refused it."""
    backend = CredentialManagerBackend("sso-tray", Credentials(loses_writes=True))

    with pytest.raises(KeyringDenied):
        backend.set(NAME.format("a"), Secret("text"))


@pytest.mark.parametrize("killed_after", range(6))
def test_what_earlier_versions_left_is_moved_and_removed(killed_after: int) -> None:
    """Wherever a move is killed, the next one ends with the newest texts and no copies."""
    credentials = Credentials(earlier(), kill_after=killed_after)
    try:
        CredentialManagerBackend("sso-tray", credentials).get(NAME.format("a"))
    except Killed:
        credentials.kill_after = None
    backend = CredentialManagerBackend("sso-tray", credentials)

    assert Secret("a newest") == backend.get(NAME.format("a"))
    assert Secret("b") == backend.get(NAME.format("b"))
    assert {
        "git:https://example.com",
        "ann@sso-tray",
        *(f"sso-tray/{NAME.format(slot)}" for slot in "ab"),
    } == set(credentials.kept)


def test_a_deleted_item_is_gone_in_every_form() -> None:
    """No copy that keyring's class made outlives a sign-out."""
    credentials = Credentials(earlier())
    backend = CredentialManagerBackend("sso-tray", credentials)
    backend.delete(NAME.format("a"))

    assert backend.get(NAME.format("a")) is None
    assert not [one for one in credentials.all() if one.username == NAME.format("a")]
