from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.clients.aws_cli import aws_cli, client_environment
from tests.worker.world import CORP, World, full_disk, other_place
from tray.core.outcomes import Adopted, Failed, Released, Renewed, Unrenewable
from tray.worker.sign_in import client_registrations
from tray.worker.tokens.release import HANDED_BACK, ITEM_REMAINS, NOTHING_KEPT


def test_release_hands_the_refresh_data_back(world: World) -> None:
    """K7: the file is full again, the keyring is empty, and the token store is nobody of ours."""
    token = world.keep_in_keyring()

    outcome = world.run("release")

    assert Released(HANDED_BACK.format(key="corp")) == outcome
    assert token.refresh_token is not None
    assert token.registration is not None
    members = world.members()
    assert (token.refresh_token.reveal(), token.registration.client_id) == (
        members["refreshToken"],
        members["clientId"],
    )
    assert ("released", {}) == (world.store, world.backend.items)


def test_release_forgets_the_client_registrations(world: World) -> None:
    """K7: nothing of ours stays in the keyring."""
    token = world.keep_in_keyring()
    assert token.registration is not None
    client_registrations.keep(CORP, world.context, "device_code", token.registration)

    world.run("release")

    assert {} == world.backend.items


def test_the_steps_come_in_the_order_that_loses_nothing(world: World) -> None:
    """K7: marked first, then the file, read back, then the item."""
    world.keep_in_keyring()

    world.run("release")

    named = [step for step in world.steps if step != "directory-synced"]
    assert ["marked", "temp-written", "renamed", "published", "deleted"] == named


def test_release_can_be_repeated(world: World) -> None:
    """K8: the second time the file stays as it is."""
    world.keep_in_keyring()
    world.run("release")
    before = world.file.read_bytes()

    outcome = world.run("release")

    assert (Released(NOTHING_KEPT.format(key="corp")), before, "released") == (
        outcome,
        world.file.read_bytes(),
        world.store,
    )


def test_a_released_session_is_neither_renewed_nor_adopted(world: World) -> None:
    """K7: watched, never written."""
    world.keep_in_keyring()
    world.run("release")
    before = world.file.read_bytes()

    renewed = world.run("renew")
    world.run("adopt")

    assert (Unrenewable(), before, {}) == (
        renewed,
        world.file.read_bytes(),
        world.backend.items,
    )


def test_in_file_mode_there_is_nothing_to_move(world: World) -> None:
    """K7: the file is full already; it is only marked."""
    world.keep_in_file()
    before = world.file.read_bytes()

    outcome = world.run("release")

    assert (Released(NOTHING_KEPT.format(key="corp")), before, "released") == (
        outcome,
        world.file.read_bytes(),
        world.store,
    )


def test_an_item_of_older_days_goes_too(world: World) -> None:
    """K7: before uninstalling: nothing of a session is left in the keyring, whoever kept it."""
    world.keep_in_keyring()
    world.context.records.change(CORP.key, store="file")
    world.write_file(world.sign_in())

    world.run("release")

    assert {} == world.backend.items


@pytest.mark.parametrize("state", ["locked", "absent"])
def test_a_keyring_out_of_reach_changes_nothing(world: World, state: Any) -> None:
    """K7: nothing was handed back, so nothing is marked."""
    world.keep_in_keyring()
    before = world.file.read_bytes()
    world.backend.state = state

    outcome = world.run("release")

    assert isinstance(outcome, Failed)
    assert (f"keyring-{state}", "keyring", before) == (
        outcome.reason,
        world.store,
        world.file.read_bytes(),
    )


@pytest.mark.parametrize("record", ["lost", "old"])
def test_without_a_record_a_locked_keyring_is_not_called_empty(world: World, record: str) -> None:
    """K7: it may keep the only refresh token, so nothing is claimed, and nothing is marked."""
    token = world.keep_in_keyring()
    world.lose_records()
    if record == "old":  # of days when the refresh token was in the file
        world.context.records.change(CORP.key, store="file")
    store, before = world.store, world.file.read_bytes()
    world.backend.state = "locked"

    outcome = world.run("release")

    world.backend.state = "ready"
    assert isinstance(outcome, Failed)
    assert ("keyring-locked", store, before, token) == (
        outcome.reason,
        world.store,
        world.file.read_bytes(),
        world.kept(),
    )
    assert Released(HANDED_BACK.format(key="corp")) == world.run("release")


def test_where_there_is_no_keyring_nothing_is_in_it(world: World) -> None:
    """K7: a session that was never signed in to is released on a machine without one."""
    world.backend.state = "absent"

    assert Released(NOTHING_KEPT.format(key="corp")) == world.run("release")


def test_an_item_that_cannot_be_deleted_is_said(world: World) -> None:
    """K7: handed back all the same; what remains is told, and repeating removes it."""
    token = world.keep_in_keyring()
    world.on_step["published"] = lambda: setattr(world.backend, "state", "locked")

    outcome = world.run("release")
    world.backend.state = "ready"
    world.run("release")

    assert Released(HANDED_BACK.format(key="corp") + ITEM_REMAINS) == outcome
    assert token.refresh_token is not None
    assert (token.refresh_token.reveal(), {}) == (
        world.members()["refreshToken"],
        world.backend.items,
    )


def test_a_login_in_the_file_is_what_is_handed_back(world: World) -> None:
    """K4: it was not adopted yet, and it is the newer truth."""
    world.keep_in_keyring()
    login = world.sign_in()
    world.write_file(login)

    world.run("release")

    assert login.refresh_token is not None
    assert (login.refresh_token.reveal(), {}) == (
        world.members()["refreshToken"],
        world.backend.items,
    )


def test_an_older_lean_file_is_written_over(world: World) -> None:
    """K7: the item goes only once the file holds its refresh token."""
    older = world.keep_in_keyring()
    world.run("renew")
    newest = world.kept()
    world.context.publish_lean(CORP, older)

    outcome = world.run("release")

    assert newest is not None
    assert newest.refresh_token is not None
    assert Released(HANDED_BACK.format(key="corp")) == outcome
    assert (newest.refresh_token.reveal(), {}) == (
        world.members()["refreshToken"],
        world.backend.items,
    )


def test_a_login_without_refresh_data_is_written_over(world: World) -> None:
    """K7: what is handed back must lie in the file before the item goes."""
    token = world.keep_in_keyring()
    world.context.publish_lean(CORP, world.sign_in(scopes=()))

    world.run("release")

    assert token.refresh_token is not None
    assert token.refresh_token.reveal() == world.members()["refreshToken"]


@pytest.mark.parametrize("lean", [True, False])
def test_a_file_of_another_portal_in_the_way_is_named(world: World, *, lean: bool) -> None:
    """K7: nothing is deleted, marked or covered."""
    token = world.keep_in_keyring()
    other = other_place(world.sign_in())
    world.write_file(replace(other, refresh_token=None) if lean else other)
    before = world.file.read_bytes()

    outcome = world.run("release")

    assert isinstance(outcome, Failed)
    assert str(world.file) in outcome.sentence
    assert (before, token, "keyring") == (world.file.read_bytes(), world.kept(), world.store)


def test_a_login_while_it_is_written_is_not_covered(world: World) -> None:
    """K7: the login stays, the person is told, and a repetition finds it handed back already."""
    world.keep_in_keyring()
    login = world.sign_in()
    world.on_step["temp-written"] = lambda: world.write_file(login)

    overtaken = world.run("release")
    again = world.run("release")

    assert isinstance(overtaken, Failed)
    assert isinstance(again, Released)
    assert login.refresh_token is not None
    assert login.refresh_token.reveal() == world.members()["refreshToken"]
    assert None is world.kept()


def test_a_missing_file_is_written(world: World) -> None:
    """K7: the refresh data must lie somewhere."""
    token = world.keep_in_keyring()
    world.file.unlink()

    world.run("release")

    assert token.refresh_token is not None
    assert token.refresh_token.reveal() == world.members()["refreshToken"]


def test_what_the_keyring_never_took_is_handed_back(world: World) -> None:
    """R3, K7: the newest refresh token, not the one before."""
    world.center.rotation = "strict"
    world.keep_in_keyring()
    world.on_step["answered"] = lambda: setattr(world.backend, "refuses_writes", True)
    world.run("renew")
    world.backend.refuses_writes = False

    outcome = world.run("release")

    assert (Released(HANDED_BACK.format(key="corp")), "released", True, {}) == (
        outcome,
        world.store,
        world.renews(world.members()["refreshToken"]),
        world.backend.items,
    )


def test_a_full_disk_leaves_the_item(world: World) -> None:
    """K7: the item goes last; when there is room again it goes on."""
    token = world.keep_in_keyring()

    with full_disk():
        outcome = world.run("release")
    kept = world.kept()
    then = world.run("release")

    assert isinstance(outcome, Failed)
    assert (token, Released(HANDED_BACK.format(key="corp"))) == (kept, then)


def test_the_aws_cli_renews_a_released_session(world: World) -> None:
    """K7: the real AWS CLI refreshes from what we hand back, and is then renewed from again."""
    world.center.token_life = 60
    world.keep_in_keyring()
    world.run("release")
    before = world.members()["accessToken"]
    env = client_environment(world.home, world.center.url)

    told = aws_cli("newest", "sts", "get-caller-identity", "--profile", "dev", env=env)

    assert 0 == told.returncode, told.stderr
    assert "123456789011" == json.loads(told.stdout)["Account"]
    assert before != world.members()["accessToken"]
    assert world.renews(world.members()["refreshToken"])


def test_what_the_aws_cli_logged_in_is_adopted_and_still_read(world: World) -> None:
    """K4: the real AWS CLI signs in, we adopt and renew, it reads the lean file."""
    world.center.auto_approve = True
    env = client_environment(world.home, world.center.url)
    login = aws_cli("newest", "sso", "login", "--sso-session", "corp", env=env)
    assert 0 == login.returncode, login.stderr

    adopted = world.run("adopt")
    renewed = world.run("renew")
    told = aws_cli("newest", "sts", "get-caller-identity", "--profile", "dev", env=env)

    assert adopted != renewed
    assert isinstance(renewed, Renewed)
    assert ("keyring", 0) == (renewed.store, told.returncode), told.stderr
    assert "refreshToken" not in world.members()


def test_what_is_lent_is_in_the_file_until_it_is_adopted_again(world: World) -> None:
    """K1: for the time without a daemon the file is the AWS CLI's; the next one takes it back."""
    token = world.keep_in_keyring()

    lent = world.run("lend")

    assert isinstance(lent, Adopted)
    assert ("file", True) == (lent.store, lent.token.refreshable)
    assert token.refresh_token is not None
    assert token.refresh_token.reveal() == world.members()["refreshToken"]
    back = world.run("adopt")
    assert isinstance(back, Adopted)
    assert ("keyring", "keyring") == (back.store, world.store)
    assert "refreshToken" not in world.members()


def test_what_is_in_the_file_already_is_not_written_again(world: World) -> None:
    """K8: lending can be repeated."""
    world.keep_in_file()
    before = world.file.read_bytes()

    outcome = world.run("lend")

    assert isinstance(outcome, Adopted)
    assert (before, "file") == (world.file.read_bytes(), world.store)
