from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from functools import partial

import pytest

from tests.worker.world import CORP, HALF_LIFE, World, other_place, token_of
from tray.aws.api.oidc import Oidc
from tray.aws.cache.sso_token import SsoToken
from tray.core.outcomes import Adopted, Outcome, Refused, RemovalJudged, Renewed, Unrenewable
from tray.secret import Secret

LEAN = {"startUrl", "region", "accessToken", "expiresAt"}


def _kept(world: World) -> SsoToken:
    kept = world.kept()
    assert kept is not None
    return kept


def test_renews_from_the_file_as_the_cli_would(world: World) -> None:
    """K1 token store file: renewed there, full, unknown members kept, the keyring untouched."""
    token = world.keep_in_file()
    world.write_file(token, theirs="kept")
    world.advance(HALF_LIFE)

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    members = world.members()
    assert ("file", "kept", True) == (
        outcome.store,
        members["theirs"],
        world.renews(members["refreshToken"]),
    )
    assert {
        *LEAN,
        "clientId",
        "clientSecret",
        "registrationExpiresAt",
        "refreshToken",
        "theirs",
    } == (set(members))


def test_between_aws_answer_and_the_file_lie_two_syncs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T3: a process killed before the first ends loses the session; the other is the folder's."""
    token = world.keep_in_file()
    world.write_file(token)
    world.advance(HALF_LIFE)
    steps: list[str] = []
    really = os.fsync

    def counting(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        steps.append("folder" if is_folder else "file")
        really(descriptor)

    monkeypatch.setattr(os, "fsync", counting)
    world.on_step |= {name: partial(steps.append, name) for name in ("answered", "published")}
    world.run("renew")

    window = steps[steps.index("answered") + 1 : steps.index("published")]
    assert ["file", "folder"] == window


def test_from_the_file_an_answer_without_refresh_token_keeps_the_old_one(world: World) -> None:
    """Fault 50, section 1.5: what botocore drops here we keep."""
    token = world.keep_in_file()
    world.center.omit_refresh_token = True

    world.run("renew")

    assert token.refresh_token == Secret(world.members()["refreshToken"])


def test_a_file_moves_to_the_keyring_once_there_is_one(world: World) -> None:
    """K4: token store file is not for ever; the keyring takes it before the next renewal."""
    world.keep_in_file()
    world.backend.state = "ready"

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    assert ("keyring", "keyring", LEAN) == (outcome.store, world.store, set(world.members()))
    assert world.renews(_kept(world).refresh_token)


def test_with_the_setting_off_the_file_stays_the_keeper(world: World) -> None:
    """K4: adoption off means renewing where the data lies."""
    world.write_file(world.sign_in())

    outcome = world.run("renew", adopting=False)

    assert isinstance(outcome, Renewed)
    assert ("file", None) == (world.store, world.kept())
    assert world.renews(world.members()["refreshToken"])


def test_a_token_of_another_start_url_is_neither_sent_nor_adopted(world: World) -> None:
    """Fault 25: the config changed; the old token stays where it is."""
    foreign = other_place(world.sign_in())
    world.write_file(foreign)
    before = world.file.read_bytes()

    outcomes: list[Outcome] = [world.run("renew"), world.run("adopt")]

    assert isinstance(outcomes[1], Adopted)
    assert (Unrenewable(), "bad-file") == (outcomes[0], outcomes[1].reason)
    assert (before, {}, ()) == (
        world.file.read_bytes(),
        world.backend.items,
        world.center.requests,
    )


def test_a_file_that_names_no_place_belongs_to_its_session(world: World) -> None:
    """Section 4.1: readers need only two members; the place comes from the config then."""
    world.write_file(world.sign_in())
    members = world.members()
    world.file.write_text(json.dumps({k: v for k, v in members.items() if k not in LEAN - {
        "accessToken", "expiresAt"}}))  # fmt: skip

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    assert CORP.start_url == _kept(world).start_url


def test_a_released_session_is_left_alone(world: World) -> None:
    """K7: nothing is written, nobody is asked."""
    token = world.sign_in()
    world.write_file(token)
    world.context.records.change(CORP.key, store="released")
    before = world.file.read_bytes()

    outcome = world.run("renew")

    assert (Unrenewable(), before, ()) == (
        outcome,
        world.file.read_bytes(),
        world.center.requests,
    )


def test_without_file_and_keyring_there_is_nothing(world: World) -> None:
    """K5: without a kept token a missing file means signed out."""
    assert RemovalJudged("nothing") == world.run("renew")


def test_the_age_of_a_token_is_that_of_its_issue(world: World) -> None:
    """R1: a file published anew, or proven writable, does not look younger than its token."""
    token = world.keep_in_file()
    world.advance(1200)
    world.center.fault("CreateToken", "status")

    world.run("renew")

    read = world.make_tools(world.backend).read(CORP)
    assert read is not None
    assert read.issued_at == pytest.approx(token.issued_at, abs=0.01)


@pytest.mark.parametrize("old", ["lean", "ended", "ends earlier"])
def test_an_old_file_put_back_meanwhile_costs_no_refresh_token(world: World, old: str) -> None:
    """Fault 67: what is older than AWS's answer is no login; the answer is written over it."""
    put_back = world.sign_in()
    world.advance(HALF_LIFE)
    world.keep_in_file()
    if old == "lean":
        put_back = replace(put_back, refresh_token=None, registration=None)
    elif old == "ended":
        put_back = replace(put_back, expires_at=world.now() - 1)
    world.on_step["answered"] = lambda: world.write_file(put_back)

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    assert (True, True) == (outcome.by_us, world.renews(world.members()["refreshToken"]))
    assert world.members()["accessToken"] != put_back.access_token.reveal()


@pytest.mark.parametrize("theirs", ["login", "spent", "unanswered"])
def test_of_two_tokens_of_one_client_and_second_aws_decides(world: World, theirs: str) -> None:
    """Fault 67: files say whole seconds, so a login just after AWS's answer may look older."""
    world.center.rotation = "strict"
    ours = world.keep_in_file()
    assert ours.registration is not None
    login = token_of(world.center.sign_in(client_id=ours.registration.client_id))
    now = world.now()
    login = replace(login, expires_at=float(int(now) + 3600))
    if theirs == "spent":  # an SDK's answer that came just before
        login = replace(login, refresh_token=Secret("spent"))

    def written() -> None:
        world.write_file(login)
        if theirs == "unanswered":
            world.center.fault("CreateToken", "status")

    world.on_step["answered"] = written
    oidc = Oidc(world.context.clients, clock=lambda: now)

    outcome = world.run("renew", context=replace(world.context, clock=lambda: now, oidc=oidc))

    assert isinstance(outcome, Renewed)
    assert (theirs != "unanswered", 2) == (outcome.by_us, world.asked())
    members = world.members()
    assert world.renews(members["refreshToken"])
    assert (theirs == "unanswered") == (login.access_token.reveal() == members["accessToken"])
    assert (theirs == "unanswered") == world.renews(login.refresh_token)  # used up, or never good


@pytest.mark.parametrize("takes", [True, False])
def test_a_refused_file_is_not_the_end_while_the_keyring_keeps_another(
    world: World, *, takes: bool
) -> None:
    """K4: a file left to another program is refused: what was kept before it is asked, once."""
    kept = world.keep_in_keyring()
    if not takes:
        world.center.revoke()
    login = replace(world.sign_in(user="other"), refresh_token=Secret("spent"))
    world.context.records.change(CORP.key, store="file", contested=True)
    world.write_file(login)

    outcome = world.run("renew")

    if takes:
        assert isinstance(outcome, Renewed)
        assert ("keyring", kept.fingerprint) == (outcome.store, outcome.of)
        assert set(world.members()) == LEAN
        assert "keyring" == world.store
    else:
        assert Refused("valid") == outcome
        assert ("file", "spent") == (world.store, world.members()["refreshToken"])
    assert 2 == world.asked()
