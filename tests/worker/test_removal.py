from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from tests.worker.world import CORP, World
from tray.core.outcomes import Failed, RemovalJudged, Renewed
from tray.system import WINDOWS
from tray.worker.tokens.sign_out import KEYRING_REMAINS

LONG = 3700.0


def _remove(world: World) -> None:
    world.keep_in_keyring()
    world.file.unlink()


def _lose_folder(world: World) -> None:
    """Let the folder vanish with its files and another take its place, as a restored home does."""
    folder = world.file.parent
    folder.rename(folder.with_name("cache.lost"))
    folder.mkdir(mode=0o700)


def test_signed_out_elsewhere_is_believed(world: World) -> None:
    """K5: 401 with the token's own end ahead = signed out: item gone, AWS asked nothing more."""
    _remove(world)
    world.center.revoke()

    outcome = world.run("judge-removed")

    assert RemovalJudged("signed-out") == outcome
    assert ({}, False, 0) == (world.backend.items, world.file.exists(), world.asked())


@pytest.mark.parametrize("kind", ["judge-removed", "sign-out"])
def test_a_sign_in_that_died_after_a_sign_out_is_published(world: World, kind: Any) -> None:
    """K8: the file that is missing held another token; this one was never in the folder."""
    _remove(world)
    world.center.revoke()
    world.run(kind)
    died = world.sign_in()
    world.context.keyring_store.store(CORP.key, died)

    outcome = world.run("judge-removed")

    assert isinstance(outcome, RemovalJudged)
    assert ("published", died.access_token.reveal()) == (
        outcome.verdict,
        world.members()["accessToken"],
    )


def test_slow_revocation_never_brings_a_session_back(world: World) -> None:
    """K5: refreshing still works for a while after a sign-out, and is not tried."""
    world.center.revocation_delay = 3600
    _remove(world)
    world.center.revoke()

    outcome = world.run("judge-removed")

    assert (RemovalJudged("signed-out"), 0) == (outcome, world.asked())


def test_a_file_that_was_lost_with_its_folder_is_published_again(world: World) -> None:
    """K5: 200 = the session lives; the same token is put back, lean."""
    token = world.keep_in_keyring()
    _lose_folder(world)

    outcome = world.run("judge-removed")

    assert isinstance(outcome, RemovalJudged)
    assert ("published", token.fingerprint) == (
        outcome.verdict,
        outcome.token.fingerprint if outcome.token else None,
    )
    assert {"startUrl", "region", "accessToken", "expiresAt"} == set(world.members())
    assert 0 == world.asked()


def test_a_removed_directory_is_made_again(world: World) -> None:
    """Fault 9: 0700, by the save that needs it."""
    world.keep_in_keyring()
    world.file.unlink()
    world.file.parent.rmdir()

    world.run("judge-removed")

    assert world.file.exists()
    assert WINDOWS or 0o700 == world.file.parent.stat().st_mode & 0o777


def test_past_its_end_one_refresh_decides_for_it(world: World) -> None:
    """K5: renewed = published."""
    _remove(world)
    world.advance(LONG)

    outcome = world.run("judge-removed")

    kept = world.kept()
    assert kept is not None
    assert isinstance(outcome, Renewed)
    assert (1, kept.access_token.reveal()) == (world.asked(), world.members()["accessToken"])


def test_a_clock_that_was_set_back_signs_nobody_out(world: World) -> None:
    """Fault 29: a token that ran out while it seems to have a day left says nothing of one."""
    world.offset += 86_400
    token = world.sign_in()
    world.keep_in_keyring(replace(token, expires_at=world.now() + 3600))
    world.offset -= 86_400
    world.advance(LONG)
    world.file.unlink()

    outcome = world.run("judge-removed")

    assert (True, "keyring", 1) == (
        isinstance(outcome, Renewed),
        world.store,
        world.asked(),
    )


def test_a_clock_that_is_ahead_brings_no_removed_file_back(world: World) -> None:
    """Fault 29: a token that AWS takes has not expired, whatever the clock says."""
    _remove(world)
    world.offset += 86_400

    outcome = world.run("judge-removed")

    assert isinstance(outcome, RemovalJudged)
    assert ("removed", False, 0) == (outcome.verdict, world.file.exists(), world.asked())


@pytest.mark.parametrize("ending", ["revoke", "end_session"])
def test_past_its_end_one_refresh_decides_against_it(world: World, ending: str) -> None:
    """K5: InvalidGrant = signed out."""
    _remove(world)
    world.advance(LONG)
    getattr(world.center, ending)()

    outcome = world.run("judge-removed")

    assert (RemovalJudged("signed-out"), {}) == (outcome, world.backend.items)


def test_past_its_end_with_a_dead_registration_nothing_is_claimed(world: World) -> None:
    """K5: nobody signed out; but nothing is left to bring the session back with."""
    world.center.registration_life = 60
    _remove(world)
    world.advance(LONG)

    outcome = world.run("judge-removed")

    assert (RemovalJudged("nothing"), {}, 1) == (outcome, world.backend.items, world.asked())


@pytest.mark.parametrize("past", [0.0, LONG])
def test_offline_changes_nothing(world: World, past: float) -> None:
    """K5: unreachable = nothing changes, it is asked again."""
    token = world.keep_in_keyring()
    world.file.unlink()
    world.advance(past)
    for operation in ("ListAccounts", "CreateToken"):
        world.center.fault(operation, "reset")

    outcome = world.run("judge-removed")

    assert isinstance(outcome, Failed)
    assert ("offline", token, False) == (outcome.reason, world.kept(), world.file.exists())


def test_a_locked_keyring_changes_nothing(world: World) -> None:
    """K1: what cannot be read now is not judged."""
    _remove(world)
    world.backend.state = "locked"

    outcome = world.run("judge-removed")

    assert isinstance(outcome, Failed)
    assert ("keyring-locked", ()) == (outcome.reason, world.center.requests)


@pytest.mark.parametrize("store", ["file", "released"])
def test_without_a_kept_token_it_is_signed_out(world: World, store: Any) -> None:
    """K5: nothing kept = nothing to ask; an item of other days is not used."""
    _remove(world)
    world.context.records.change(CORP.key, store=store)

    outcome = world.run("judge-removed")

    assert (RemovalJudged("nothing"), ()) == (outcome, world.center.requests)


def test_a_file_that_is_back_is_not_judged(world: World) -> None:
    """K5: `aws sso login` right after: its file is the newer truth."""
    _remove(world)
    login = world.sign_in()
    world.write_file(login)

    outcome = world.run("judge-removed")

    assert isinstance(outcome, RemovalJudged)
    assert ("back", ()) == (outcome.verdict, world.center.requests)


@pytest.mark.parametrize("dead", [False, True])
def test_a_login_while_aws_is_asked_is_never_covered(world: World, dead: bool) -> None:
    """Fault 67: the file is looked at again before it is written, and before the item goes."""
    _remove(world)
    login = world.sign_in()
    if dead:
        world.center.kill_access_tokens()
    asked = world.center.fault("ListAccounts", "hang")

    def sign_in() -> None:
        asked.wait_hit()
        world.write_file(login)
        asked.release()

    other = threading.Thread(target=sign_in)
    other.start()
    outcome = world.run("judge-removed")
    other.join()

    assert isinstance(outcome, RemovalJudged)
    assert "back" == outcome.verdict
    assert login.refresh_token is not None
    assert login.refresh_token.reveal() == world.members()["refreshToken"]


def test_a_renewal_that_finds_the_file_gone_is_a_judgement(world: World) -> None:
    """R2 with K5: the same rules, whichever job comes first."""
    _remove(world)
    world.center.revoke()

    assert RemovalJudged("signed-out") == world.run("renew")


def test_a_file_removed_during_a_renewal_is_judged_with_the_new_token(world: World) -> None:
    """K5: what AWS has just given is stored first, then the portal is asked with it."""
    world.keep_in_keyring()
    world.on_step["stored"] = world.file.unlink

    outcome = world.run("renew")

    kept = world.kept()
    assert kept is not None
    assert RemovalJudged("away") == outcome
    judged = world.run("judge-removed")
    assert isinstance(judged, RemovalJudged)
    assert ("removed", kept.fingerprint, 1) == (
        judged.verdict,
        judged.token and judged.token.fingerprint,
        world.asked(),
    )


def test_a_login_just_before_it_is_published_again_is_never_covered(world: World) -> None:
    """K5: the last look comes right before the rename, also where there was no file."""
    world.keep_in_keyring()
    _lose_folder(world)
    login = world.sign_in()
    world.on_step["temp-written"] = lambda: world.write_file(login)

    outcome = world.run("judge-removed")

    assert isinstance(outcome, RemovalJudged)
    assert ("back", login.fingerprint) == (
        outcome.verdict,
        None if outcome.token is None else outcome.token.fingerprint,
    )
    assert login.refresh_token is not None
    assert login.refresh_token.reveal() == world.members()["refreshToken"]


def test_a_session_signed_out_of_offline_with_a_locked_keyring_stays_signed_out(
    world: World,
) -> None:
    """K6 before K5: the item that had to remain is removed later, not published again."""
    world.keep_in_keyring()
    world.backend.state = "locked"
    world.center.fault("Logout", "reset")
    signed_out = world.run("sign-out")
    world.backend.state = "ready"

    outcome = world.run("judge-removed", context=world.make_tools(world.backend))

    assert KEYRING_REMAINS in getattr(signed_out, "remains", "")
    assert (RemovalJudged("nothing"), {}, False) == (
        outcome,
        world.backend.items,
        world.file.exists(),
    )


def test_a_token_that_cannot_renew_is_signed_out_past_its_end(world: World) -> None:
    """K5: there is nothing to ask with."""
    token = world.sign_in(scopes=())
    world.keep_in_keyring(replace(token, refresh_token=None))
    world.file.unlink()
    world.advance(9 * 3600)

    assert RemovalJudged("signed-out") == world.run("judge-removed")
