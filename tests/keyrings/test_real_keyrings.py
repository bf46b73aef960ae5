"""What is fast of each real keyring; ``make keyrings`` lives a whole day with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import secretstorage

from tests.keyring_session import PATIENCE, keyring_session
from tests.keyrings.real_keyrings import (
    GnomeKeyring,
    KeePassXC,
    KeePassXCAsking,
    KWallet,
    RealKeyring,
    real_keyring,
)
from tests.worker.world import CORP
from tray.aws.cache.sso_token import SsoToken
from tray.errors import KeyringUnavailable, KeyringUnfit
from tray.secret import Secret
from tray.worker.keyring.keyring_timeout import Patience
from tray.worker.keyring.secret_service_connection import Line
from tray.worker.keyring.token_keyring import TokenKeyring

OPEN = [GnomeKeyring, KWallet, KeePassXC]


def token(number: int) -> SsoToken:
    """Return one sign-in's tokens, told apart by a number."""
    return SsoToken(
        CORP.start_url,
        CORP.region,
        Secret(f"access-{number}"),
        2e9 + number,
        refresh_token=Secret(f"refresh-{number}"),
        issued_at=1.9e9,
    )


def fresh() -> TokenKeyring:
    """Return the keyring as a new worker has it."""
    return TokenKeyring(
        "sso-tray", Path("/c"), patience=Patience(), read_seconds=PATIENCE, write_seconds=PATIENCE
    )


@contextmanager
def entered(kind: type[RealKeyring], monkeypatch: pytest.MonkeyPatch) -> Iterator[RealKeyring]:
    """Enter a session with that keyring."""
    with keyring_session("none") as session:
        for name, value in session.environ.items():
            monkeypatch.setenv(name, value)
        with real_keyring(kind, session) as keyring:
            yield keyring


@pytest.mark.parametrize("kind", OPEN, ids=lambda kind: kind.__name__)
def test_two_items_take_turns_beside_another_programs(
    kind: type[RealKeyring], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty saves by new workers: no dialog, and another program's richer item is left alone."""
    with entered(kind, monkeypatch) as keyring:
        fresh().store("corp", token(0))
        name = fresh().item_names("corp")[0]
        theirs = {"service": "sso-tray", "username": name, "application": "other", "more": "yes"}
        with closing(secretstorage.dbus_init()) as bus:
            collection = secretstorage.get_default_collection(bus)
            before = collection.create_item("theirs", theirs, b"theirs")
            for number in range(1, 20):
                fresh().store("corp", token(number))
            found = {one.item_path for one in collection.search_items({"service": "sso-tray"})}
            newest = fresh().load(CORP)
            fresh().delete("corp")

            assert (3, token(19)) == (len(found), newest)
            assert (None, b"theirs") == (fresh().load(CORP), before.get_secret())
        assert not keyring.dialogs()
        assert "refresh-" not in keyring.binned().split("<History>")[0]


@pytest.mark.parametrize("kind", OPEN, ids=lambda kind: kind.__name__)
def test_locked_between_two_requests_is_told(
    kind: type[RealKeyring], monkeypatch: pytest.MonkeyPatch
) -> None:
    """KWallet takes writes and answers nothing while locked; the older token stays the newest."""
    with entered(kind, monkeypatch) as keyring:
        kept = fresh()
        seen = kept.store("corp", token(1))
        keyring.lock()
        with pytest.raises(KeyringUnavailable) as refused:
            kept.store("corp", token(2), seen=seen)
        with pytest.raises(KeyringUnavailable):
            fresh().load(CORP)
        keyring.unlock()

        assert ("keyring-locked", token(1)) == (refused.value.reason, fresh().load(CORP))
        assert not keyring.dialogs()


def test_a_keyring_that_would_ask_at_each_renewal_is_given_no_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """KeePassXC as installed: the sentence names the setting, at each save."""
    with entered(KeePassXCAsking, monkeypatch) as keyring:
        told = []
        for _ in range(2):
            with pytest.raises(KeyringUnfit) as unfit:
                fresh().store("corp", token(1))
            told.append(unfit.value.sentence)
        keyring.lock()  # which writes its file
        whole = keyring.whole()

        assert all("Confirm when passwords are retrieved by clients" in one for one in told)
        assert "refresh-1" not in whole
        assert not keyring.dialogs()


def test_a_keyring_killed_with_its_dialog_open_is_waited_for_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A change of owner ends the wait for a prompt."""
    unlock = "from tests.keyrings.test_real_keyrings import fresh; fresh().unlock()"
    with entered(GnomeKeyring, monkeypatch) as keyring:
        keyring.lock()
        waiting = subprocess.Popen(
            [sys.executable, "-c", unlock], stderr=subprocess.PIPE, text=True
        )
        keyring.shown()
        keyring.kill()
        _, said = waiting.communicate(timeout=PATIENCE)

        assert "KeyringUnavailable" in said


def test_a_wallet_that_the_login_has_opened_needs_no_dialog(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The Secret Service calls it locked until somebody asks."""
    with entered(KWallet, monkeypatch) as keyring:
        with closing(Line()) as line:
            before = line.read(line.collection, "Collection", "Locked")
        state = fresh().lock_state()

        assert (True, "ready", set()) == (before, state, keyring.dialogs())
