from __future__ import annotations

import sys
import threading
from dataclasses import replace
from typing import Any

import pytest

from tests.worker.world import CORP, HALF_LIFE, World
from tray.aws.cache.sso_token import SsoToken
from tray.core.outcomes import Adopted, Outcome, Renewed, Unrenewable
from tray.secret import Secret

LEAN = {"startUrl", "region", "accessToken", "expiresAt"}


def _kept(world: World) -> SsoToken:
    kept = world.kept()
    assert kept is not None
    return kept


@pytest.mark.parametrize("rotation", ["none", "grace", "strict"])
def test_renews_from_the_keyring(world: World, rotation: Any) -> None:
    """R2: the new token is published lean, the new refresh token kept; twice over."""
    world.center.rotation = rotation
    before = world.keep_in_keyring()
    seen: list[str] = []
    for _ in range(2):
        world.advance(HALF_LIFE)

        outcome = world.run("renew")

        kept = world.kept()
        assert kept is not None
        assert isinstance(outcome, Renewed)
        assert (kept.fingerprint, False) == (outcome.token.fingerprint, outcome.token.refreshable)
        assert [before.fingerprint, *seen][-1] == outcome.of
        assert (True, LEAN) == (world.renews(kept.refresh_token), set(world.members()))
        assert kept.access_token.reveal() == world.members()["accessToken"]
        seen.append(outcome.token.fingerprint)
    assert 3 == len({before.fingerprint, *seen})


def test_the_steps_come_in_the_order_that_loses_nothing(world: World) -> None:
    """R2: prove the keyring, ask, store, publish."""
    world.keep_in_keyring()

    world.run("renew")

    named = [step for step in world.steps if step != "directory-synced"]
    assert [
        "proved",
        "answered",
        "stored",
        "temp-written",
        "renamed",
        "published",
    ] == named


def test_two_items_take_turns(world: World) -> None:
    """K2: renewals write over what is there; nothing piles up, and nothing is deleted."""
    world.keep_in_keyring()
    world.run("renew")
    names = set(world.backend.items)
    world.backend.requests.clear()

    for _ in range(5):
        assert isinstance(world.run("renew"), Renewed)

    assert (names, 2) == (set(world.backend.items), len(names))
    assert [] == [one for one in world.backend.requests if one.startswith("delete")]


def test_a_renewal_makes_eight_requests_of_the_keyring(world: World) -> None:
    """Each is a call over D-Bus or two."""
    world.keep_in_keyring()
    world.backend.requests.clear()

    world.run("renew")

    assert 8 == len(world.backend.requests)


def test_nothing_lies_between_aws_answer_and_its_storing(world: World) -> None:
    """T3: a process killed in between loses the session."""
    world.keep_in_keyring()
    opened: list[str] = []
    watching: list[bool] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "open" and str(world.home) in str(arguments[0]):
            opened.append(str(arguments[0]))

    def answered() -> None:
        watching.append(True)
        world.backend.requests.clear()

    sys.addaudithook(watch)
    world.on_step |= {"answered": answered, "stored": watching.clear}
    world.run("renew")

    assert [] == opened
    asked = [request.split()[0] for request in world.backend.requests]
    assert ["set", "get"] == asked


def test_an_answer_without_refresh_token_keeps_the_old_one(world: World) -> None:
    """R3, fault 50: RFC 6749 6 lets the server leave it out."""
    before = world.keep_in_keyring()
    world.center.omit_refresh_token = True

    outcome = world.run("renew")

    kept = world.kept()
    assert kept is not None
    assert (True, before.refresh_token) == (isinstance(outcome, Renewed), kept.refresh_token)


def test_scopes_and_grant_of_the_registration_survive(world: World) -> None:
    """L2: a registration is kept with what it is for, renewal after renewal."""
    before = world.keep_in_keyring()

    world.run("renew")

    kept = world.kept()
    assert kept is not None
    assert before.registration == kept.registration


def test_unknown_members_of_the_file_are_kept(world: World) -> None:
    """K3, fault 6: another program's members stay, value for value."""
    token = world.keep_in_keyring()
    world.context.publish_lean(CORP, token.with_extra({"theirs": {"deep": [1, 2.5, "ü"]}}))

    world.run("renew")

    assert {"deep": [1, 2.5, "ü"]} == world.members()["theirs"]


def test_what_was_stored_but_not_published_is_published_without_asking(world: World) -> None:
    """K8: the token a killed run had stored is the truth; it needs no second renewal."""
    world.keep_in_keyring()
    world.advance(HALF_LIFE)
    newer = world.context.oidc.refresh(_kept(world))
    world.context.keyring_store.store(CORP.key, newer)

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    assert (False, newer.fingerprint, 1) == (
        outcome.by_us,
        outcome.token.fingerprint,
        world.asked(),
    )
    assert newer.access_token.reveal() == world.members()["accessToken"]


def test_a_later_login_without_refresh_data_is_left_alone(world: World) -> None:
    """K4: an older CLI's login is used as it is; the grant behind it is not asked about."""
    world.keep_in_keyring()
    world.advance(60)
    foreign = world.sign_in(scopes=())
    world.write_file(replace(foreign, refresh_token=None, registration=None))
    world.advance(4 * 3600)

    outcome = world.run("renew")

    assert (Unrenewable(), 0) == (outcome, world.asked())
    assert foreign.access_token.reveal() == world.members()["accessToken"]


@pytest.mark.parametrize("store", ["keyring", "file"])
@pytest.mark.parametrize("step", ["temp-written", "proved", "answered"])
def test_a_login_during_a_renewal_is_never_covered(world: World, store: str, step: str) -> None:
    """Fault 67: whoever writes last wins; an older refresh does not overwrite a login."""
    world.keep_in_keyring() if store == "keyring" else world.keep_in_file()
    login = world.sign_in()
    world.on_step[step] = lambda: world.write_file(login)

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    assert (False, login.fingerprint) == (outcome.by_us, outcome.token.fingerprint)
    assert login.refresh_token == Secret(world.members()["refreshToken"])


@pytest.mark.parametrize("step", ["stored", "temp-written"])
def test_a_login_between_storing_and_publishing_is_never_covered(world: World, step: str) -> None:
    """Fault 67: the last look comes right before the rename; the login is adopted then."""
    world.keep_in_keyring()
    login = world.sign_in()
    world.on_step[step] = lambda: world.write_file(login)

    outcome = world.run("renew")
    adopted = world.run("adopt")

    assert isinstance(outcome, Renewed)
    assert isinstance(adopted, Adopted)
    assert (False, login.fingerprint) == (outcome.by_us, adopted.token.fingerprint)
    assert login.refresh_token == _kept(world).refresh_token


def test_an_old_lean_file_put_back_meanwhile_costs_no_refresh_token(world: World) -> None:
    """R2: AWS's answer is the only refresh token left, so it is stored whatever the file says."""
    world.center.rotation = "strict"
    before = world.keep_in_keyring()
    other = world.sign_in()
    put_back = replace(other, refresh_token=None, registration=None)
    world.on_step["answered"] = lambda: world.write_file(put_back)

    outcome = world.run("renew")
    kept = world.kept()

    assert isinstance(outcome, Renewed)
    assert (False, put_back.fingerprint) == (outcome.by_us, outcome.token.fingerprint)
    assert kept is not None
    assert before.refresh_token != kept.refresh_token
    assert world.context.oidc.refresh(kept).refreshable


def test_a_lost_record_loses_no_session(world: World) -> None:
    """K1: what the keyring keeps of the published token counts, and is recorded again."""
    world.keep_in_keyring()
    world.lose_records()

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    assert "keyring" == world.store


def test_many_who_find_the_same_token_too_old_renew_it_once(world: World) -> None:
    """Fault 69: eight threads, one CreateToken, one token."""
    token = world.keep_in_keyring()
    outcomes: list[Outcome] = []
    threads = [
        threading.Thread(
            target=lambda: outcomes.append(world.run("renew", seen=token.fingerprint))
        )
        for _ in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    fingerprints = {one.token.fingerprint for one in outcomes if isinstance(one, Renewed)}
    assert (8, 1, 1) == (len(outcomes), len(fingerprints), world.asked())
