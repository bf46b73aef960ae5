from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.worker.world import CORP, World, full_disk
from tray.aws.cache.role_cache import role_cache_path
from tray.core.outcomes import Failed, RemovalJudged, Renewed, SignedOut, Unrenewable
from tray.worker.tokens.sign_out import (
    AWS_REMAINS,
    AWS_SILENT,
    AWS_UNASKED,
    KEYRING_REMAINS,
    ROLES_REMAIN,
)
from tray.worker.worker_process import HOLDS_FROM


def test_a_sign_out_leaves_nothing(world: World) -> None:
    """K6: AWS's session, the item and the file are gone, and so is the way back."""
    token = world.keep_in_keyring()

    outcome = world.run("sign-out")

    assert SignedOut(None) == outcome
    assert ({}, False, ()) == (
        world.backend.items,
        world.file.exists(),
        world.center.live_sessions(),
    )
    assert not world.renews(token.refresh_token)


def test_a_sign_out_in_file_mode_leaves_nothing(world: World) -> None:
    """K6: without any keyring there is nothing to be said of one."""
    world.keep_in_file()

    outcome = world.run("sign-out")

    assert (SignedOut(None), False, ()) == (
        outcome,
        world.file.exists(),
        world.center.live_sessions(),
    )


def test_a_sign_out_can_be_repeated(world: World) -> None:
    """K6: the second time there is nothing to do, and nothing to complain of."""
    world.keep_in_keyring()
    world.run("sign-out")

    assert (SignedOut(None), 1) == (world.run("sign-out"), world.asked("Logout"))


def test_without_a_token_aws_is_not_said_to_be_signed_out_of(world: World) -> None:
    """K6: a file that was removed where no keyring keeps another leaves nothing to end it with."""
    world.keep_in_file()
    world.file.unlink()

    assert (SignedOut(AWS_UNASKED), 0) == (world.run("sign-out"), world.asked("Logout"))


def test_offline_it_says_what_remains(world: World) -> None:
    """K6: works offline: item and file are gone, AWS's session is said to live on."""
    world.keep_in_keyring()
    world.center.fault("Logout", "reset")

    outcome = world.run("sign-out")

    assert SignedOut(AWS_REMAINS) == outcome
    assert ({}, False) == (world.backend.items, world.file.exists())


@pytest.mark.parametrize("state", ["locked", "absent"])
def test_with_a_keyring_out_of_reach_it_says_what_remains(world: World, state: Any) -> None:
    """K6: AWS's session and the file are gone; the item is said to remain."""
    world.keep_in_keyring()
    world.backend.state = state

    outcome = world.run("sign-out")

    assert SignedOut(KEYRING_REMAINS) == outcome
    assert ((), False) == (world.center.live_sessions(), world.file.exists())


def test_with_a_hanging_keyring_it_ends_all_the_same(world: World) -> None:
    """Fault 38: a keyring that never answers is no reason to stay signed in."""
    world.keep_in_keyring()
    world.backend.gate.clear()
    context = world.make_tools(world.backend, keyring_seconds=0.05)

    outcome = world.run("sign-out", context=context)

    assert (SignedOut(KEYRING_REMAINS), ()) == (outcome, world.center.live_sessions())


def test_a_session_with_a_dead_access_token_is_ended_too(world: World) -> None:
    """K6: after a night's sleep the token is dead and the session is not; signing out ends it."""
    world.center.session_length = 90 * 86400
    world.keep_in_keyring()
    world.advance(2 * 86400)

    outcome = world.run("sign-out")

    assert (SignedOut(None), ()) == (outcome, world.center.live_sessions())


def test_a_dead_token_and_no_way_to_another_is_said(world: World) -> None:
    """K6: AWS cannot tell which session to end; then one may live on."""
    world.center.session_length = 90 * 86400
    token = world.sign_in(scopes=())
    world.keep_in_keyring(replace(token, refresh_token=None))
    world.advance(2 * 86400)

    assert SignedOut(AWS_REMAINS) == world.run("sign-out")


def test_killed_after_the_only_refresh_token_was_spent_it_never_claims_the_end(
    world: World,
) -> None:
    """K6, K8: nobody can end AWS's session then, and the repetition says so."""
    world.center.session_length = 90 * 86400
    world.center.rotation = "strict"
    kept = world.keep_in_keyring()
    world.advance(2 * 86400)
    world.context.oidc.refresh(kept)  # the answer died with the process that was killed

    outcome = world.run("sign-out")

    assert 1 == len(world.center.live_sessions())
    assert (SignedOut(AWS_SILENT), {}) == (outcome, world.backend.items)


def test_while_it_spends_the_refresh_token_it_says_that_it_holds_one(world: World) -> None:
    """R3: a process between AWS's answer and the logout is never killed by us."""
    world.center.session_length = 90 * 86400
    world.keep_in_keyring()
    world.advance(2 * 86400)

    world.run("sign-out")

    assert ["spending", "answered", "logged-out"] == world.steps[:3]
    assert "spending" in HOLDS_FROM


def test_a_session_that_was_revoked_is_just_tidied_away(world: World) -> None:
    """K6: AWS has ended it already; nothing remains."""
    world.keep_in_keyring()
    world.center.revoke()

    assert SignedOut(None) == world.run("sign-out")


def test_exactly_this_sessions_cached_role_credentials_go(world: World) -> None:
    """K6: their names can be computed; no other file is touched."""
    world.keep_in_keyring()
    cache = world.paths.cli_cache
    cache.mkdir(parents=True)
    ours = role_cache_path(cache, CORP, "123456789011", "ReadOnly")
    other = replace(CORP, key="other")
    theirs = role_cache_path(cache, other, "123456789011", "ReadOnly")
    for path in (ours, theirs, cache / "session.db"):
        path.write_text(json.dumps({"ProviderType": "sso"}))

    world.run("sign-out")

    assert {theirs.name, "session.db"} == {path.name for path in cache.iterdir()}


def test_a_config_that_cannot_be_read_is_said(world: World) -> None:
    """K6: without it nobody knows which role credentials are this session's."""
    world.keep_in_keyring()
    world.paths.aws_config.write_text("[profile dev\n")

    outcome = world.run("sign-out")

    assert (SignedOut(ROLES_REMAIN), False) == (outcome, world.file.exists())


def test_a_broken_file_is_removed(world: World) -> None:
    """K6: nothing in it can be used to sign out, but it can go; the keyring's token is used."""
    world.keep_in_keyring()
    world.file.write_text("{")

    outcome = world.run("sign-out")

    assert (SignedOut(None), False, ()) == (
        outcome,
        world.file.exists(),
        world.center.live_sessions(),
    )


def test_of_a_linked_file_the_secret_goes_and_the_link_stays(world: World) -> None:
    """Fault 13: what is removed is the token, not a dotfile manager's link."""
    world.keep_in_keyring()
    target = world.file.rename(world.home / "elsewhere.json")
    world.file.symlink_to(target)

    world.run("sign-out")

    assert (False, True) == (target.exists(), world.file.is_symlink())
    world.keep_in_keyring()
    assert (True, True) == (target.exists(), world.file.is_symlink())


def test_a_session_held_unsaved_is_forgotten(world: World) -> None:
    """R3, K6: what the keyring never took does not come back after a sign-out."""
    world.keep_in_keyring()
    world.on_step["answered"] = lambda: setattr(world.backend, "refuses_writes", True)
    world.run("renew")

    world.run("sign-out")
    world.backend.refuses_writes = False
    world.context.unsaved.settle(CORP.key)

    assert (False, {}, False) == (
        bool(world.context.unsaved),
        world.backend.items,
        world.file.exists(),
    )


def test_a_session_held_unsaved_elsewhere_is_forgotten(world: World) -> None:
    """K6: another process's late write finds that the session was signed out of."""
    world.keep_in_keyring()
    holder = world.make_tools(world.backend)
    world.on_step["answered"] = lambda: setattr(world.backend, "refuses_writes", True)
    world.run("renew", context=holder)
    world.backend.refuses_writes = False

    world.run("sign-out")
    holder.unsaved.settle(CORP.key)

    assert (False, {}) == (bool(holder.unsaved), world.backend.items)


def test_an_item_that_had_to_remain_is_not_used_behind_a_later_login(world: World) -> None:
    """K6: the old grant is dead for us; the new login is used as it is."""
    world.keep_in_keyring()
    world.backend.state = "locked"
    world.run("sign-out")
    world.backend.state = "ready"
    world.write_file(replace(world.sign_in(scopes=()), refresh_token=None, registration=None))

    assert (Unrenewable(), {}) == (world.run("renew"), world.backend.items)


def test_after_a_sign_out_the_next_sign_in_renews_as_ever(world: World) -> None:
    """K6: what is remembered of a sign-out concerns the old tokens only."""
    world.keep_in_keyring()
    world.run("sign-out")
    world.keep_in_keyring()

    assert isinstance(world.run("renew"), Renewed)


def test_a_file_that_cannot_be_removed_is_an_error_and_the_rest_is_done(world: World) -> None:
    """K6: the sentence names the file; the item is gone."""
    world.keep_in_keyring()
    world.file.unlink()
    world.file.mkdir()

    outcome = world.run("sign-out")

    assert isinstance(outcome, Failed)
    assert {} == world.backend.items
    assert str(world.file) in outcome.sentence


def test_a_full_disk_stops_no_sign_out(world: World) -> None:
    """Fault 11: there is no room to record it, but item, file and AWS's session go."""
    world.keep_in_keyring()

    with full_disk():
        outcome = world.run("sign-out")

    assert (SignedOut(None), {}, False) == (outcome, world.backend.items, world.file.exists())
    assert RemovalJudged("nothing") == world.run("judge-removed")
