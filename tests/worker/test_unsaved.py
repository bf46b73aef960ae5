from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from tests.worker.world import CORP, PATIENCE, World
from tray.core.outcomes import Renewed
from tray.errors import KeyringUnavailable
from tray.worker.keyring.unsaved_tokens import FILES_TIMEOUT, FIRST_PAUSE, Unsaved

SECONDS = 10 * (FILES_TIMEOUT + 1)


def _fails() -> None:
    msg = "the keyring does not answer"
    raise KeyringUnavailable(msg)


def _nothing() -> None:
    """Do nothing."""


def _renewed_unsaved(world: World) -> str:
    """Renew with a keyring that takes the proof and nothing after it."""
    world.center.rotation = "strict"
    world.keep_in_keyring()
    world.on_step["answered"] = lambda: setattr(world.backend, "refuses_writes", True)
    outcome = world.run("renew")
    assert isinstance(outcome, Renewed)
    return outcome.token.fingerprint


def test_goes_on_trying_until_it_is_saved() -> None:
    """R3: by itself, in the background; who asked for it is told once."""
    unsaved, told = Unsaved(), threading.Event()
    tries: list[int] = []

    def store() -> None:
        tries.append(1)
        if len(tries) == 1:
            _fails()

    unsaved.hold("corp", store, _nothing, told.set)
    held = bool(unsaved)

    assert (True, True, 2) == (held, told.wait(PATIENCE), len(tries))
    assert not unsaved


@pytest.mark.parametrize("error", [OSError, ValueError, AssertionError])
def test_no_error_of_an_attempt_ends_the_trying(error: type[Exception]) -> None:
    """R3: whatever a keyring's library raises, only this process has the data."""
    unsaved, told = Unsaved(), threading.Event()
    tries: list[int] = []

    def store() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise error

    unsaved.hold("corp", store, _nothing, told.set)

    assert told.wait(PATIENCE)


def test_newer_data_replaces_older() -> None:
    """R3: one session has one newest refresh token."""
    unsaved = Unsaved()
    given_up: list[str] = []
    for name in ("older", "newer"):
        act: Callable[[], None] = lambda name=name: given_up.append(name)  # type: ignore[misc]  # noqa: E731  (mypy infers no default argument)
        unsaved.hold("corp", _fails, act, _nothing)

    assert (("corp",), ["newer"]) == (unsaved.save_in_files(), given_up)


def test_dropped_data_is_neither_stored_nor_written() -> None:
    """K6: a sign-out means it."""
    unsaved = Unsaved()
    unsaved.hold("corp", _nothing, pytest.fail, pytest.fail)

    unsaved.drop("corp")

    assert (False, ()) == (bool(unsaved), unsaved.save_in_files())


def test_one_session_that_cannot_be_saved_costs_no_other() -> None:
    """R3: a process that must end saves what it can."""
    unsaved = Unsaved()

    def no_room() -> None:
        raise OSError

    unsaved.hold("full-disk", _fails, no_room, _nothing)
    unsaved.hold("corp", _fails, _nothing, _nothing)

    assert ("corp",) == unsaved.save_in_files()


def test_save_in_files_writes_the_full_file(world: World) -> None:
    """R3: token store file, the newest refresh token, the only good one; and it goes on."""
    fingerprint = _renewed_unsaved(world)

    world.context.unsaved.save_in_files()

    read = world.context.read(CORP)
    assert read is not None
    assert ("file", fingerprint, True) == (
        world.store,
        read.fingerprint,
        world.renews(read.refresh_token),
    )
    world.backend.refuses_writes = False
    assert isinstance(world.run("renew"), Renewed)
    assert "keyring" == world.store


def test_save_in_files_keeps_unknown_members(world: World) -> None:
    """K3: nobody's members get lost on the way out."""
    _renewed_unsaved(world)
    published = world.context.read(CORP)
    assert published is not None
    world.context.publish_lean(CORP, published.with_extra({"theirs": 1}))

    world.context.unsaved.save_in_files()

    assert 1 == world.members()["theirs"]


def test_save_in_files_ends_within_seconds_though_the_keyring_hangs(world: World) -> None:
    """R3: an attempt that hangs holds the session's lock; the file is written all the same."""
    _renewed_unsaved(world)
    world.backend.refuses_writes = False
    asked = len(world.backend.requests)
    world.backend.gate.clear()
    while len(world.backend.requests) == asked:
        # The late attempt comes by itself, after its first pause.
        threading.Event().wait(FIRST_PAUSE / 20)
    began = time.monotonic()

    save_in_filesed = world.context.unsaved.save_in_files()

    assert time.monotonic() - began < SECONDS
    assert ((CORP.key,), "file") == (save_in_filesed, world.store)
    assert world.renews(world.members()["refreshToken"])


def test_save_in_files_writes_though_the_lock_is_not_to_be_had(world: World) -> None:
    """R3: rather without the lock than not at all; the process must end."""
    _renewed_unsaved(world)
    other = world.context.session_lock(CORP)
    assert other.acquire()

    save_in_filesed = world.context.unsaved.save_in_files()
    other.release()

    assert ((CORP.key,), "file") == (save_in_filesed, world.store)


def test_a_newer_token_in_the_file_makes_it_history(world: World) -> None:
    """K4: a login since then is the newer truth; neither keyring nor file is touched."""
    _renewed_unsaved(world)
    login = world.sign_in()
    world.write_file(login)
    items = dict(world.backend.items)
    world.backend.refuses_writes = False

    world.context.unsaved.settle(CORP.key)

    assert (items, False) == (world.backend.items, bool(world.context.unsaved))
    assert login.refresh_token is not None
    assert login.refresh_token.reveal() == world.members()["refreshToken"]


def test_a_file_removed_meanwhile_does_not_come_back(world: World) -> None:
    """K5: AWS will be asked what it meant; the keyring gets the newest token for that."""
    fingerprint = _renewed_unsaved(world)
    world.file.unlink()
    world.backend.refuses_writes = False

    world.context.unsaved.settle(CORP.key)

    kept = world.kept()
    assert kept is not None
    assert (fingerprint, False) == (kept.fingerprint, world.file.exists())
