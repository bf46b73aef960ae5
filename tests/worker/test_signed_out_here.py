"""A token file removed while AWS takes the token: a sign-out on this machine (K5)."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace

import pytest

from tests.worker.world import CORP, World
from tray.aws.cache.sso_token import SsoToken
from tray.core.effects import JobKind
from tray.core.outcomes import (
    Adopted,
    Failed,
    Outcome,
    Released,
    RemovalJudged,
    Renewed,
    SignedOut,
)
from tray.storage.settings import Settings
from tray.worker.keyring.item_document import KeyringItem

LONG = 3700.0


def _signed_out_here(world: World) -> SsoToken:
    """Sign in, let an IDE unlink the token file, and let that be judged."""
    token = world.keep_in_keyring()
    world.file.unlink()
    assert "removed" == _verdict(world.run("judge-removed"))
    world.steps.clear()
    return token


def _verdict(outcome: Outcome) -> str:
    assert isinstance(outcome, RemovalJudged)
    return outcome.verdict


def _item(world: World) -> KeyringItem | None:
    return world.make_tools(world.backend).kept(CORP)


def _marked(world: World) -> bool:
    item = _item(world)
    return item is not None and item.removed


def test_an_unlinked_file_is_not_put_back(world: World) -> None:
    """K5: AWS takes the token: nothing is published or refreshed, the item is kept and marked."""
    token = _signed_out_here(world)

    assert (False, True, 0, token) == (
        world.file.exists(),
        _marked(world),
        world.asked(),
        world.kept(),
    )


@pytest.mark.parametrize("kind", ["renew", "adopt", "check"])
def test_a_file_that_went_just_now_is_waited_for(world: World, kind: JobKind) -> None:
    """K5: a job that comes between the two steps of a replacement claims nothing."""
    world.keep_in_keyring()
    world.file.unlink()

    assert (RemovalJudged("away"), False) == (world.run(kind), _marked(world))


@pytest.mark.parametrize("kind", ["judge-removed", "renew", "adopt", "check"])
@pytest.mark.parametrize("past", [0.0, LONG])
def test_no_job_brings_it_back(world: World, kind: JobKind, past: float) -> None:
    """K5: until an Undo or a sign-in nothing is renewed, published or asked, at any age."""
    _signed_out_here(world)
    before = len(world.center.requests)
    world.advance(past)

    verdict = _verdict(world.run(kind))

    assert ("removed", False, before) == (
        verdict,
        world.file.exists(),
        len(world.center.requests),
    )


def test_a_lost_record_does_not_revive_it(world: World) -> None:
    """K5: the keyring item is marked in itself."""
    _signed_out_here(world)
    world.lose_records()

    assert ("removed", False) == (_verdict(world.run("judge-removed")), world.file.exists())


def test_without_a_record_of_the_folder_a_file_is_lost(world: World) -> None:
    """K5: only what is recorded as published in this folder was removed from it."""
    world.keep_in_keyring()
    world.file.unlink()
    world.lose_records()

    assert ("published", True) == (_verdict(world.run("judge-removed")), world.file.exists())


def test_a_folder_that_was_made_anew_is_another_one(world: World) -> None:
    """K5: also where the file system gives it the number of the one that was removed."""
    world.keep_in_keyring()
    folder = world.file.parent
    number = folder.stat().st_ino
    shutil.rmtree(folder)
    for other in range(200):
        folder.mkdir(mode=0o700)
        if folder.stat().st_ino == number:
            break
        folder.rename(world.home / f"other-{other}")
    folder.mkdir(mode=0o700, exist_ok=True)

    assert "published" == _verdict(world.run("judge-removed"))


def test_a_link_that_leads_nowhere_is_a_lost_folder(world: World) -> None:
    """Fault 13: the folder that counts is the one the file was in."""
    elsewhere = world.home / "elsewhere"
    elsewhere.mkdir()
    world.file.parent.mkdir(parents=True)
    world.file.symlink_to(elsewhere / "token.json")
    world.keep_in_keyring()
    elsewhere.rename(world.home / "unmounted")

    outcome = world.run("judge-removed")

    assert isinstance(outcome, Failed)
    assert "which doesn't exist" in outcome.sentence
    assert not _marked(world)


def test_the_setting_puts_it_back(world: World) -> None:
    """K5: ``removed_file = "restore"``, for those plagued by a tool that deletes the file."""
    world.keep_in_keyring()
    world.file.unlink()
    context = world.make_tools(world.backend, settings=Settings(restore_removed=True))

    verdict = _verdict(world.run("judge-removed", context=context))

    assert ("published", True) == (verdict, world.file.exists())


def test_a_sign_in_that_died_before_its_file_is_published(world: World) -> None:
    """K8: what was never published in the folder was not removed from it."""
    _signed_out_here(world)
    world.context.keyring_store.store(CORP.key, world.sign_in())
    world.context.records.change(CORP.key, store="keyring", folder="")

    assert "published" == _verdict(world.run("judge-removed"))


def test_undo(world: World) -> None:
    """K5: the portal is asked, and the same token is published again, without the mark."""
    token = _signed_out_here(world)

    verdict = _verdict(world.run("undo-removal"))

    assert ("published", False, 0) == (verdict, _marked(world), world.asked())
    assert token.access_token.reveal() == world.members()["accessToken"]


def test_undo_past_the_tokens_end_tries_one_refresh(world: World) -> None:
    """K5: AWS's session may live on."""
    _signed_out_here(world)
    world.advance(LONG)

    outcome = world.run("undo-removal")

    assert isinstance(outcome, Renewed)
    assert (1, False, True) == (world.asked(), _marked(world), world.file.exists())


@pytest.mark.parametrize("past", [0.0, LONG])
def test_undo_of_a_session_that_is_over(world: World, past: float) -> None:
    """K5: 401, or a refused refresh: it is signed out, and nothing is kept."""
    _signed_out_here(world)
    world.center.revoke()
    world.advance(past)

    verdict = _verdict(world.run("undo-removal"))

    assert ("signed-out", {}, False) == (verdict, world.backend.items, world.file.exists())


@pytest.mark.parametrize("past", [0.0, LONG])
def test_undo_offline_changes_nothing(world: World, past: float) -> None:
    """K5: it stays removed until AWS has answered."""
    _signed_out_here(world)
    world.advance(past)
    for operation in ("ListAccounts", "CreateToken"):
        world.center.fault(operation, "reset")

    outcome = world.run("undo-removal")

    assert isinstance(outcome, Failed)
    assert (True, False) == (_marked(world), world.file.exists())


def _put_back(world: World, token: SsoToken) -> None:
    world.context.publish_lean(CORP, token)


@pytest.mark.parametrize("kind", ["renew", "adopt"])
def test_the_current_token_that_comes_back_is_an_undo(world: World, kind: JobKind) -> None:
    """K5: a program that removed the file has put it back."""
    token = _signed_out_here(world)
    _put_back(world, token)

    outcome = world.run(kind)

    assert isinstance(outcome, Renewed)
    assert (False, True) == (_marked(world), world.file.exists())


@pytest.mark.parametrize("kind", ["renew", "adopt"])
def test_an_older_token_that_comes_back_is_no_undo(world: World, kind: JobKind) -> None:
    """K5: a program that wrote what it still had does not sign anybody in again."""
    older = world.keep_in_keyring()
    world.run("renew")
    world.file.unlink()
    world.run("judge-removed")
    _put_back(world, older)

    verdict = _verdict(world.run(kind))

    assert ("removed", False, True) == (verdict, world.file.exists(), _marked(world))


def test_the_current_token_past_its_end_is_no_undo(world: World) -> None:
    """K5: nothing can use it any more."""
    token = _signed_out_here(world)
    world.advance(LONG)
    _put_back(world, token)

    assert ("removed", True) == (_verdict(world.run("adopt")), _marked(world))


def test_another_sign_in_is_taken_alone(world: World) -> None:
    """K4, K5: what was signed out of is not kept beside it, to be tried if AWS refuses it."""
    _signed_out_here(world)
    login = world.sign_in(user="other")
    world.write_file(login)

    outcome = world.run("adopt")
    item = _item(world)

    assert isinstance(outcome, Adopted)
    assert item is not None
    assert (login.fingerprint, (), False) == (item.token.fingerprint, item.beside, item.removed)


def test_another_login_without_refresh_data_is_not_renewed_with_it(world: World) -> None:
    """K4, K5: past its end it is what it was before: removed, with its Undo, and AWS not asked."""
    _signed_out_here(world)
    login = replace(world.sign_in(user="other"), refresh_token=None, registration=None)
    _put_back(world, login)
    world.run("adopt")
    used = world.members()["accessToken"]
    world.advance(LONG)
    before = world.asked()

    verdict = _verdict(world.run("renew"))

    assert (login.access_token.reveal(), "removed", True) == (used, verdict, _marked(world))
    assert (before, False) == (world.asked(), world.file.exists())


def test_an_unknown_token_that_aws_takes_no_more_is_no_sign_in(world: World) -> None:
    """K5: an SDK writes what it still had, without refresh data: nothing could use it."""
    other = replace(world.sign_in(user="other"), refresh_token=None, registration=None)
    world.center.revoke()
    _signed_out_here(world)
    _put_back(world, other)

    verdict = _verdict(world.run("adopt"))

    assert ("removed", False, True) == (verdict, world.file.exists(), _marked(world))


def test_signing_out_ends_it_at_aws(world: World) -> None:
    """K6: the kept token signs the portal session out, then the item goes."""
    _signed_out_here(world)

    outcome = world.run("sign-out")

    assert (SignedOut(None), 1, {}) == (outcome, world.asked("Logout"), world.backend.items)


def test_releasing_signs_out_at_aws(world: World) -> None:
    """K7: nothing is handed back of a session that the user has signed out of."""
    _signed_out_here(world)

    outcome = world.run("release")

    assert isinstance(outcome, Released)
    assert (1, {}, False, "released") == (
        world.asked("Logout"),
        world.backend.items,
        world.file.exists(),
        world.store,
    )


def test_releasing_beside_another_sign_in_ends_nothing(world: World) -> None:
    """K7: the file of whoever signed in since is left as it is, the older item goes."""
    _signed_out_here(world)
    login = world.sign_in(user="other")
    _put_back(world, replace(login, refresh_token=None, registration=None))

    world.run("release")

    assert (0, {}, login.access_token.reveal()) == (
        world.asked("Logout"),
        world.backend.items,
        world.members()["accessToken"],
    )


def test_what_is_dropped_is_gone(world: World) -> None:
    """K5: AWS's session goes on, and nothing here can use it."""
    _signed_out_here(world)

    verdict = _verdict(world.run("drop-removed"))

    assert ("dropped", {}, 0) == (verdict, world.backend.items, world.asked("Logout"))


def test_an_undo_that_comes_too_late_says_so(world: World) -> None:
    """K5: nothing is kept any more."""
    _signed_out_here(world)
    world.run("drop-removed")

    assert "nothing" == _verdict(world.run("undo-removal"))


def test_a_keyring_that_takes_no_mark_is_asked_again(world: World) -> None:
    """K5: what could not be marked is not published either."""
    world.keep_in_keyring()
    world.file.unlink()
    asked = world.center.fault("ListAccounts", "hang")

    def lock() -> None:
        asked.wait_hit()
        world.backend.state = "locked"
        asked.release()

    other = threading.Thread(target=lock)
    other.start()
    outcome = world.run("judge-removed")
    other.join()

    assert isinstance(outcome, Failed)
    assert ("keyring-locked", False) == (outcome.reason, world.file.exists())


def test_a_token_that_the_keyring_confirms_late_is_marked_too(world: World) -> None:
    """R3, K5: what a process still holds does not replace the mark when the keyring takes it."""
    world.keep_in_keyring()
    world.on_step["answered"] = lambda: setattr(world.backend, "refuses_writes", True)
    renewed = world.run("renew")
    world.backend.refuses_writes = False
    world.file.unlink()
    world.run("judge-removed", context=world.make_tools(world.backend))
    world.context.unsaved.settle(CORP.key)
    item = _item(world)

    assert isinstance(renewed, Renewed)
    assert item is not None
    assert (renewed.token.fingerprint, True, False) == (
        item.token.fingerprint,
        item.removed,
        world.file.exists(),
    )
