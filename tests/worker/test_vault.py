from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worker.memory_backend import MemoryBackend
from tests.worker.vaults import BACKENDS, CANARY, CORP, item, keyring_store, token
from tray.core.model import SsoSession
from tray.errors import KeyringDenied, KeyringUnavailable
from tray.worker.keyring.item_document import serialise
from tray.worker.keyring.keyring_backends import NoBackend
from tray.worker.keyring.keyring_timeout import Patience
from tray.worker.keyring.token_keyring import TokenKeyring


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> MemoryBackend:
    """Every kind of keyring in turn."""
    return BACKENDS[request.param]()


def test_what_is_stored_is_loaded_by_another_process(backend: MemoryBackend) -> None:
    """A token stored whole comes back whole."""
    keyring_store(backend).store("corp", token(1))

    assert token(1) == keyring_store(backend).load(CORP)


def test_nothing_stored_is_nothing(backend: MemoryBackend) -> None:
    """A session never signed in has no item and no generation, and deleting is no error."""
    empty = keyring_store(backend)
    empty.delete("corp")

    assert (None, ()) == (empty.load(CORP), empty.generations("corp"))


def test_every_save_is_a_new_generation_and_the_older_stays(backend: MemoryBackend) -> None:
    """Until it is told to forget, the keyring keeps the generation before the newest."""
    kept = keyring_store(backend)

    generations = [kept.store("corp", token(number)).generation for number in (1, 2)]

    assert ([1, 2], (1, 2), token(2)) == (generations, kept.generations("corp"), kept.load(CORP))


def test_older_generations_are_forgotten_on_demand(backend: MemoryBackend) -> None:
    """Rule K2: afterwards only the newest is in the keyring, and doing it again is harmless."""
    kept = keyring_store(backend)
    kept.store("corp", token(1))
    newest = kept.store("corp", token(2))

    kept.forget_older("corp", newest.generation)
    kept.forget_older("corp", newest.generation)

    assert ((2,), token(2)) == (kept.generations("corp"), kept.load(CORP))
    assert not [text for text in backend.items.values() if f"{CANARY}-1" in text]


def test_nothing_is_forgotten_for_a_generation_that_is_not_there(backend: MemoryBackend) -> None:
    """If the newest write got lost after all, the older one is not thrown away for it."""
    kept = keyring_store(backend)
    kept.store("corp", token(1))

    kept.forget_older("corp", 7)

    assert (1,) == kept.generations("corp")


def test_a_hundred_renewals_leave_one_generation(backend: MemoryBackend) -> None:
    """The transaction of rule R2 over and over: prove, store, forget; nothing piles up."""
    kept = keyring_store(backend)
    kept.store("corp", token(0))
    items = []
    for number in range(1, 101):
        kept.store("corp", token(number - 1))
        kept.forget_older("corp", kept.store("corp", token(number)).generation)
        items.append(len(backend.items))

    assert (items[49], token(100)) == (items[99], kept.load(CORP))


def test_sessions_and_homes_do_not_meet(tmp_path: Path) -> None:
    """Another session and another cache directory have other items."""
    backend = MemoryBackend()
    for name in ("ann", "bob"):
        (tmp_path / name).mkdir()
    ann = TokenKeyring("sso-tray", tmp_path / "ann", backend, patience=Patience())
    bob = TokenKeyring("sso-tray", tmp_path / "bob", backend, patience=Patience())

    ann.store("corp", token(1))
    ann.store("other", token(2))
    bob.store("corp", token(3))

    assert (token(1), token(3)) == (ann.load(CORP), bob.load(CORP))


def test_two_ways_to_the_same_cache_directory_are_one(tmp_path: Path) -> None:
    """The real path counts: a symlinked home has the same items."""
    backend = MemoryBackend()
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    TokenKeyring("sso-tray", tmp_path / "real", backend, patience=Patience()).store(
        "corp", token(1)
    )

    linked = TokenKeyring("sso-tray", tmp_path / "link", backend, patience=Patience())

    assert token(1) == linked.load(CORP)


@pytest.mark.parametrize(
    "key", ["corp", "https://corp.awsapps.com/start", "zwei Wörter", "a\nb", "x" * 5000, "\0"]
)
def test_any_session_key_has_a_bearable_name(key: str) -> None:
    """Readable where that is safe; hashed when over-long or with control characters."""
    names = keyring_store(MemoryBackend()).item_names(key)

    assert all(name.isprintable() and len(name) < 250 for name in names)
    assert (key in names[0]) == (key.isprintable() and len(key) <= 200)


@pytest.mark.parametrize(
    "session",
    [
        replace(CORP, start_url="https://evil.example/start"),
        replace(CORP, region="us-east-1"),
    ],
)
def test_an_item_of_another_start_url_or_region_is_ignored(session: SsoSession) -> None:
    """Rule K2, fault 25: a token never goes to where the config points now."""
    kept = keyring_store(MemoryBackend())
    kept.store("corp", token(1))

    assert kept.load(session) is None


@pytest.mark.parametrize("slot", range(3))
@pytest.mark.parametrize(
    ("foreign", "word"), [("{broken", "corrupt"), ('{"version":2,"secret":"s3cr3t"}', "newer")]
)
def test_a_foreign_item_is_ignored_kept_and_told(
    slot: int, foreign: str, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Fault 41: wherever it lies, it costs nothing and is not overwritten by renewals."""
    backend = MemoryBackend()
    kept = keyring_store(backend)
    name = kept.item_names("corp")[slot]
    backend.items[name] = foreign
    kept.store("corp", token(0))
    for number in range(1, 5):
        kept.store("corp", token(number - 1))
        kept.forget_older("corp", kept.store("corp", token(number)).generation)

    with caplog.at_level(logging.DEBUG):
        loaded = kept.load(CORP)

    assert (token(4), foreign) == (loaded, backend.items[name])
    assert [f"an item of session 'corp' is {word}; it is kept"] == caplog.messages


def test_when_all_is_foreign_a_sign_in_overwrites_the_most_broken() -> None:
    """There must be room for a new sign-in: a broken item goes before one of a later version."""
    backend = MemoryBackend()
    kept = keyring_store(backend)
    later = '{"version":2}'
    names = kept.item_names("corp")
    backend.items.update(zip(names, (later, "{broken", later), strict=True))

    kept.store("corp", token(1))

    assert token(1) == kept.load(CORP)
    assert [later, later] == [backend.items[names[0]], backend.items[names[2]]]


def test_signing_out_removes_everything_there_is(backend: MemoryBackend) -> None:
    """Older generations, broken items and those of later versions go too; repeatable."""
    kept = keyring_store(backend)
    kept.store("corp", token(1))
    kept.store("corp", token(2))
    backend.items[kept.item_names("corp")[2]] = '{"version":2}'

    kept.delete("corp")
    kept.delete("corp")

    assert {} == backend.items


@pytest.mark.parametrize(
    ("state", "reason"), [("locked", "keyring-locked"), ("absent", "keyring-absent")]
)
@pytest.mark.parametrize(
    "act",
    [
        lambda kept: kept.load(CORP),
        lambda kept: kept.store("corp", token(1)),
        lambda kept: kept.forget_older("corp", 1),
        lambda kept: kept.generations("corp"),
        lambda kept: kept.delete("corp"),
    ],
)
def test_a_keyring_that_is_not_ready_is_only_asked_for_its_state(
    state: str, reason: str, act: Callable[[TokenKeyring], object]
) -> None:
    """Background work never prompts: locked or absent is a reason, and nothing else is asked."""
    backend = MemoryBackend(state="locked" if state == "locked" else "absent")

    with pytest.raises(KeyringUnavailable) as refused:
        act(keyring_store(backend))

    assert (reason, ["lock_state"]) == (refused.value.reason, backend.requests)


def test_a_system_without_a_keyring_is_absent() -> None:
    """Where there is no allow-listed keyring, that is a reason like any other."""
    none = keyring_store(NoBackend())

    with pytest.raises(KeyringUnavailable) as refused:
        none.store("corp", token(1))
    with pytest.raises(KeyringUnavailable):
        none.unlock()

    assert ("absent", "keyring-absent") == (none.lock_state(), refused.value.reason)


def test_only_unlock_unlocks() -> None:
    """After a click the keyring is ready; a dismissed prompt is told as a refusal."""
    backend = MemoryBackend(state="locked", refuses_unlock=True)
    kept = keyring_store(backend)

    with pytest.raises(KeyringDenied):
        kept.unlock()
    refused = kept.lock_state()
    backend.refuses_unlock = False
    kept.unlock()

    assert ("locked", "ready") == (refused, kept.lock_state())


def test_the_text_of_an_item_is_one_json_document() -> None:
    """Rule K2: what another client of the keyring finds under our name."""
    backend = MemoryBackend()
    kept = keyring_store(backend)

    kept.store("corp", token(1))

    assert {kept.item_names("corp")[0]: serialise(item(token(1))).reveal()} == backend.items
