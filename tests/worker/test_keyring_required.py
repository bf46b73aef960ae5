"""K9: where the keyring is required no refresh token reaches a file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worker.memory_backend import MemoryBackend
from tests.worker.signing_in import Place, approving, idle, place_to_sign_in
from tests.worker.world import CORP, HALF_LIFE, PATIENCE, World
from tray.core.model import Preferences
from tray.core.outcomes import Adopted, Failed, Renewed
from tray.errors import UserMustAct
from tray.storage.settings import Settings
from tray.worker.job_context import JobContext

REQUIRED = Settings(preferences=Preferences(keyring_required=True))


def _locks(backend: MemoryBackend) -> None:
    backend.state = "locked"


def _vanishes(backend: MemoryBackend) -> None:
    backend.state = "absent"


def _refuses(backend: MemoryBackend) -> None:
    backend.refuses_writes = True


def _garbles(backend: MemoryBackend) -> None:
    backend.garbles_writes = True


TROUBLES = [_locks, _vanishes, _refuses, _garbles]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Give an Identity Center that approves by itself, and a keyring that is required."""
    with place_to_sign_in(tmp_path, monkeypatch) as ready:
        yield replace(ready, context=replace(ready.context, settings=REQUIRED))


@pytest.fixture
def strict(world: World) -> JobContext:
    """Give the world's tools where the keyring is required."""
    return replace(world.context, settings=REQUIRED)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_sign_in_fails_before_the_browser(
    place: Place, trouble: Callable[[MemoryBackend], None]
) -> None:
    """It says why and by which setting; AWS has heard nothing, and the keyring holds no trace."""
    trouble(place.backend)
    browser = idle()

    with pytest.raises(
        UserMustAct, match=r"keyring.*keyring\.required in the settings"
    ) as refused:
        place.sign_in(browser)

    assert refused.value.reason in ("keyring-locked", "keyring-absent", "keyring-denied")
    assert not browser.opened.is_set()
    assert 0 == place.center.count("RegisterClient")
    assert {} == place.backend.items


def test_a_sign_in_without_a_daemon_uses_the_keyring_too(place: Place) -> None:
    """Otherwise the full file would be for the AWS CLI; here only the keyring may have it."""
    result = place.sign_in(approving(), context=replace(place.context, watched=False))

    published = place.published()
    kept = place.context.keyring_store.load(CORP)
    assert "keyring" == result.store == place.store()
    assert published is not None
    assert not published.refreshable
    assert kept is not None
    assert kept.refresh_token is not None
    assert place.center.accepts_refresh_token(kept.refresh_token.reveal())
    assert not [name for name in place.backend.items if name.startswith("proof")]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_keyring_lost_while_signing_in_leaves_a_session_until_its_end(
    place: Place, trouble: Callable[[MemoryBackend], None]
) -> None:
    """What AWS gave works, nothing in a file can renew it, and the sentence says until when."""
    steps = {"granted": lambda: trouble(place.backend)}
    context = replace(place.context, seam=lambda step: steps.get(step, lambda: None)())

    result = place.sign_in(approving(), context=context)

    published = place.published()
    assert published is not None
    assert not published.refreshable
    assert "refreshToken" not in place.file_text()
    assert result.sentence is not None
    assert "can't be renewed and ends in 60 min" in result.sentence


def test_a_renewal_that_cannot_be_stored_is_held(world: World, strict: JobContext) -> None:
    """The new access token is published and told to be unsaved; the keyring's return saves it."""
    world.center.rotation = "strict"
    world.keep_in_keyring()
    world.on_step["answered"] = lambda: setattr(world.backend, "refuses_writes", True)

    outcome = world.run("renew", context=strict)
    files = "refreshToken" in world.members()
    strict.unsaved.save_in_files()
    world.backend.refuses_writes = False

    assert isinstance(outcome, Renewed)
    assert (False, False) == (outcome.stored, files)
    assert "refreshToken" not in world.members()
    assert "keyring" == world.store


def test_a_held_renewal_is_saved_when_the_process_ends(world: World, strict: JobContext) -> None:
    """The keyring gets a last chance, and the file still none of it."""
    world.center.rotation = "strict"
    world.keep_in_keyring()
    world.on_step["answered"] = lambda: setattr(world.backend, "refuses_writes", True)
    world.run("renew", context=strict)
    world.backend.refuses_writes = False

    assert (CORP.key,) == strict.unsaved.save_in_files()

    kept = world.kept()
    assert kept is not None
    assert world.renews(kept.refresh_token)
    assert "refreshToken" not in world.members()


@pytest.mark.parametrize("trouble", TROUBLES[:3])
def test_another_programs_file_waits_for_the_keyring(
    world: World, strict: JobContext, trouble: Callable[[MemoryBackend], None]
) -> None:
    """It is left as it was written and never renewed from, until the keyring takes it."""
    world.write_file(world.sign_in())
    before = world.file.read_bytes()
    trouble(world.backend)
    world.advance(HALF_LIFE)

    waits = world.run("renew", context=strict)
    asked, there = world.asked(), world.file.read_bytes()
    world.backend.state, world.backend.refuses_writes = "ready", False
    taken = world.run("renew", context=strict)

    assert isinstance(waits, Failed)
    assert "where another program put it" in waits.sentence
    assert (0, before) == (asked, there)
    assert isinstance(taken, Renewed)
    assert "keyring" == taken.store
    assert "refreshToken" not in world.members()


def test_what_was_released_before_is_taken_in(world: World, strict: JobContext) -> None:
    """The requirement is newer than the release."""
    world.keep_in_keyring()
    world.run("release")
    assert ("released", True) == (world.store, "refreshToken" in world.members())

    taken = world.run("adopt", context=strict)

    assert isinstance(taken, Adopted)
    assert ("keyring", "keyring") == (taken.store, world.store)
    assert "refreshToken" not in world.members()


def test_a_login_written_while_it_is_adopted_is_taken_in_as_well(
    world: World, strict: JobContext
) -> None:
    """A program that still had the replaced file open loses nothing, and the file ends lean."""
    first, second = world.sign_in(), world.sign_in()
    world.write_file(first)
    held = world.file.open("r+b")
    written = threading.Event()

    def late() -> None:
        world.write_file(second)
        text = world.file.read_bytes()
        world.write_file(first.without_refresh_data())
        held.seek(0)
        held.truncate()
        held.write(text)
        held.flush()
        written.set()

    world.on_step["published"] = late
    taken = world.run("adopt", context=strict)
    held.close()

    assert written.wait(PATIENCE)
    kept = world.kept()
    assert kept is not None
    assert isinstance(taken, Adopted)
    assert second.fingerprint == kept.fingerprint
    assert "refreshToken" not in world.members()
