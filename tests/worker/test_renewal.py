from __future__ import annotations

import json
import threading
import traceback
from dataclasses import replace
from typing import Any

import pytest

from tests.worker.world import CORP, HALF_LIFE, World, full_disk, other_place
from tray.core.events import (
    Adopted,
    Failed,
    Outcome,
    Refused,
    RemovalJudged,
    Renewed,
    Unrenewable,
)
from tray.errors import TrayError
from tray.secret import Secret
from tray.worker.renewal import renew

LEAN = {"startUrl", "region", "accessToken", "expiresAt"}


@pytest.mark.parametrize("rotation", ["none", "grace", "strict"])
def test_renews_from_the_keyring(world: World, rotation: Any) -> None:
    """R2: the new token is published lean, the new refresh token kept; twice over."""
    world.center.rotation = rotation
    before = world.keep_in_keyring()
    seen = []
    for _ in range(2):
        world.advance(HALF_LIFE)

        outcome = world.run("renew")

        kept = world.kept()
        assert kept is not None
        assert isinstance(outcome, Renewed)
        assert (kept.fingerprint, False) == (outcome.token.fingerprint, outcome.token.refreshable)
        assert (True, LEAN) == (world.renews(kept.refresh_token), set(world.members()))
        assert kept.access_token.reveal() == world.members()["accessToken"]
        seen.append(outcome.token.fingerprint)
    assert 3 == len({before.fingerprint, *seen})


def test_the_steps_come_in_the_order_that_loses_nothing(world: World) -> None:
    """R2: prove the keyring, ask, store, publish, forget; one generation is left."""
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
        "forgotten",
    ] == (named)
    assert 1 == len(world.tools.vault.generations(CORP.key))


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
    world.tools.publish_lean(CORP, token.with_extra({"theirs": {"deep": [1, 2.5, "ü"]}}))

    world.run("renew")

    assert {"deep": [1, 2.5, "ü"]} == world.members()["theirs"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"state": "locked"}, "keyring-locked"),
        ({"state": "absent"}, "keyring-absent"),
        ({"refuses_writes": True}, "keyring-denied"),
        ({"loses_writes": True}, "keyring-denied"),
        ({"garbles_writes": True}, "keyring-denied"),
    ],
)
def test_a_keyring_in_trouble_is_found_before_aws_is_asked(
    world: World, fault: dict[str, Any], reason: str
) -> None:
    """R2 (2): AWS is not asked, nothing changes, the reason is the keyring's, the keeper stays."""
    before = world.keep_in_keyring()
    file = world.file.read_bytes()
    vars(world.backend).update(fault)

    outcome = world.run("renew")

    vars(world.backend).update(refuses_writes=False, loses_writes=False, garbles_writes=False)
    assert isinstance(outcome, Failed)
    assert (reason, False, 0) == (outcome.reason, outcome.answered, world.asked())
    assert ("keyring", file, before) == (world.keeper, world.file.read_bytes(), world.kept())


def test_a_hanging_keyring_is_found_before_aws_is_asked(world: World) -> None:
    """Fault 38: the reason is that we wait for it; AWS was not asked."""
    world.keep_in_keyring()
    tools = world.make_tools(world.backend, keyring_seconds=0.05)
    world.backend.gate.clear()

    outcome = world.run("renew", tools=tools)

    assert isinstance(outcome, Failed)
    assert ("keyring-waiting", 0) == (outcome.reason, world.asked())


def test_a_keyring_failing_after_the_answer_costs_nothing(world: World) -> None:
    """R3: published at once, Renewed without being stored, tried on, and stored in the end."""
    world.keep_in_keyring()
    world.on_step["answered"] = lambda: setattr(world.backend, "refuses_writes", True)

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    assert (False, True) == (outcome.stored, bool(world.tools.unsaved))
    assert outcome.token.fingerprint == world.tools.record(CORP).unstored
    world.backend.refuses_writes = False
    world.tools.unsaved.settle(CORP.key)
    kept = world.kept()
    assert kept is not None
    assert outcome.token.fingerprint == kept.fingerprint
    assert ([CORP.key], False, None) == (
        world.stored,
        bool(world.tools.unsaved),
        world.tools.record(CORP).unstored,
    )


def test_the_next_renewal_starts_from_what_is_still_unsaved(world: World) -> None:
    """R3: with strict rotation the older refresh token is dead; nobody asks with it."""
    world.center.rotation = "strict"
    world.keep_in_keyring()
    world.on_step["answered"] = lambda: setattr(world.backend, "refuses_writes", True)
    world.run("renew")

    while_refusing = world.run("renew")
    asked = world.asked()
    world.backend.refuses_writes = False
    after = world.run("renew")

    assert isinstance(while_refusing, Failed)
    assert ("keyring-denied", 1) == (while_refusing.reason, asked)
    assert isinstance(after, Renewed)


def test_a_published_token_the_keyring_never_got_is_none_of_anothers(world: World) -> None:
    """R3: after a power cut the older refresh token still renews (grace), and is tried."""
    world.keep_in_keyring()
    world.on_step["answered"] = lambda: setattr(world.backend, "refuses_writes", True)
    world.run("renew")
    world.backend.refuses_writes = False

    outcome = world.run("renew", tools=world.make_tools(world.backend))

    assert isinstance(outcome, Renewed)
    kept = world.kept()
    assert kept is not None
    assert outcome.token.fingerprint == kept.fingerprint


def test_what_was_stored_but_not_published_is_published_without_asking(world: World) -> None:
    """K8: the token a killed run had stored is the truth; it needs no second renewal."""
    world.keep_in_keyring()
    world.advance(HALF_LIFE)
    newer = world.tools.oidc.refresh(_kept(world))
    world.tools.vault.store(CORP.key, newer)

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    assert (False, newer.fingerprint, 1) == (
        outcome.by_us,
        outcome.token.fingerprint,
        world.asked(),
    )
    assert newer.access_token.reveal() == world.members()["accessToken"]


def _kept(world: World) -> Any:
    kept = world.kept()
    assert kept is not None
    return kept


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


def test_an_expired_registration_is_not_asked_with(world: World) -> None:
    """Fault 49: as botocore; the reason says what a sign-in mends."""
    world.center.registration_life = 60
    world.keep_in_keyring()
    world.advance(61)

    outcome = world.run("renew")

    assert (Refused("valid", "registration-expired"), 0) == (outcome, world.asked())


@pytest.mark.parametrize(("ending", "portal"), [("end_session", "valid"), ("revoke", "dead")])
def test_a_refusal_asks_the_portal_once(world: World, ending: str, portal: Any) -> None:
    """R4: after a natural end the token lives on, after a sign-out it is dead."""
    world.keep_in_keyring()
    getattr(world.center, ending)()

    outcome = world.run("renew")

    assert (Refused(portal), 1, 1) == (outcome, world.asked(), world.asked("ListAccounts"))


def test_a_refusal_with_the_portal_away_is_unconfirmed_until_checked(world: World) -> None:
    """R4: unreachable is told as such; the check then finds out."""
    world.keep_in_keyring()
    world.center.revoke()
    world.center.fault("ListAccounts", "reset")

    first, then = world.run("renew"), world.run("check")

    assert (Refused("unreachable"), Refused("dead")) == (first, then)


def test_a_refusal_after_another_renewed_is_none(world: World) -> None:
    """R4: somebody without our lock renewed meanwhile; the file has the newer truth."""
    world.keep_in_keyring()
    world.center.end_session()
    other = world.sign_in()
    world.on_step["proved"] = lambda: world.write_file(other)

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    assert (False, other.fingerprint) == (outcome.by_us, outcome.token.fingerprint)


@pytest.mark.parametrize("keeper", ["keyring", "file"])
@pytest.mark.parametrize("step", ["proved", "answered"])
def test_a_login_during_a_renewal_is_never_covered(world: World, keeper: str, step: str) -> None:
    """Fault 67: whoever writes last wins; an older refresh does not overwrite a login."""
    world.keep_in_keyring() if keeper == "keyring" else world.keep_in_file()
    login = world.sign_in()
    world.on_step[step] = lambda: world.write_file(login)

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    assert (False, login.fingerprint) == (outcome.by_us, outcome.token.fingerprint)
    assert login.refresh_token == Secret(world.members()["refreshToken"])


def test_a_login_between_storing_and_publishing_is_never_covered(world: World) -> None:
    """Fault 67: the last look comes right before the rename; the login is adopted then."""
    world.keep_in_keyring()
    login = world.sign_in()
    world.on_step["stored"] = lambda: world.write_file(login)

    outcome = world.run("renew")
    adopted = world.run("adopt")

    assert isinstance(outcome, Renewed)
    assert isinstance(adopted, Adopted)
    assert (False, login.fingerprint) == (outcome.by_us, adopted.token.fingerprint)
    assert login.refresh_token == _kept(world).refresh_token


@pytest.mark.parametrize(
    ("kind", "reason", "answered"),
    [
        ("html", "offline", False),
        ("status", "other", True),
        ("reset", "offline", False),
        ("cut", "offline", False),
        ("lost", "offline", False),
        ("InternalServerException", "other", True),
        ("SlowDownException", "other", True),
    ],
)
@pytest.mark.parametrize("keeper", ["keyring", "file"])
def test_trouble_on_the_way_keeps_everything(
    world: World, kind: str, reason: str, answered: bool, keeper: str
) -> None:
    """R6, faults 44-46: the file stays, the session renews at the next try."""
    world.keep_in_keyring() if keeper == "keyring" else world.keep_in_file()
    before = world.members()
    world.center.fault("CreateToken", kind)

    outcome = world.run("renew")

    assert isinstance(outcome, Failed)
    assert before == world.members()
    if kind != "cut":
        assert (reason, answered) == (outcome.reason, outcome.answered)
    assert isinstance(world.run("renew"), Renewed)


def test_a_server_that_asks_for_patience_is_heard(world: World) -> None:
    """R5: 429 with Retry-After comes back as seconds."""
    world.keep_in_keyring()
    world.center.fault("CreateToken", "throttle", seconds=7)

    outcome = world.run("renew")

    assert isinstance(outcome, Failed)
    assert (True, 7.0) == (outcome.answered, outcome.retry_after)


def test_a_silent_server_is_asked_once_and_the_file_is_read_again(world: World) -> None:
    """Fault 46: a read timeout is not blindly repeated; the next attempt begins with the file."""
    world.keep_in_keyring()
    fault = world.center.fault("CreateToken", "hang")
    tools = world.make_tools(world.backend, read_timeout=0.2)

    outcome = world.run("renew", tools=tools)

    assert isinstance(outcome, Failed)
    assert ("offline", False, 1) == (outcome.reason, outcome.answered, fault.hits)
    fault.release()


def test_a_lost_answer_under_strict_rotation_ends_as_ending(world: World) -> None:
    """DESIGN 10: the only loss there is, told as a refusal while the token still works."""
    world.center.rotation = "strict"
    world.keep_in_keyring()
    world.center.fault("CreateToken", "lost")

    first, then = world.run("renew"), world.run("renew")

    assert isinstance(first, Failed)
    assert Refused("valid") == then


def test_renews_from_the_file_as_the_cli_would(world: World) -> None:
    """K1 keeper file: renewed there, full, unknown members kept, the keyring untouched."""
    token = world.keep_in_file()
    world.write_file(token, theirs="kept")
    world.advance(HALF_LIFE)

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    members = world.members()
    assert ("file", "kept", True) == (
        outcome.keeper,
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


def test_from_the_file_an_answer_without_refresh_token_keeps_the_old_one(world: World) -> None:
    """Fault 50, section 1.5: what botocore drops here we keep."""
    token = world.keep_in_file()
    world.center.omit_refresh_token = True

    world.run("renew")

    assert token.refresh_token == Secret(world.members()["refreshToken"])


def test_a_file_moves_to_the_keyring_once_there_is_one(world: World) -> None:
    """K4: keeper file is not for ever; the keyring takes it before the next renewal."""
    world.keep_in_file()
    world.backend.state = "ready"

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    assert ("keyring", "keyring", LEAN) == (outcome.keeper, world.keeper, set(world.members()))
    assert world.renews(_kept(world).refresh_token)


def test_with_the_setting_off_the_file_stays_the_keeper(world: World) -> None:
    """K4: adoption off means renewing where the data lies."""
    world.write_file(world.sign_in())

    outcome = world.run("renew", adopting=False)

    assert isinstance(outcome, Renewed)
    assert ("file", None) == (world.keeper, world.kept())
    assert world.renews(world.members()["refreshToken"])


def test_a_full_disk_is_found_before_aws_is_asked(world: World) -> None:
    """Fault 11: keeper file proves that it can write; the old file is intact."""
    world.keep_in_file()
    before = world.file.read_bytes()

    with full_disk():
        outcome = world.run("renew")

    assert isinstance(outcome, Failed)
    assert (0, before) == (world.asked(), world.file.read_bytes())
    assert str(world.file.parent) in outcome.sentence


def test_a_disk_that_fills_up_after_the_answer_loses_nothing_of_the_file(world: World) -> None:
    """Fault 11, keeper file: the answer is held, and saved when there is room again."""
    world.center.rotation = "strict"
    world.keep_in_file()
    before = world.file.read_bytes()

    with full_disk() as disk:
        disk.room()
        world.on_step["answered"] = disk.fill
        outcome = world.run("renew")

    assert isinstance(outcome, Failed)
    assert (before, True) == (world.file.read_bytes(), bool(world.tools.unsaved))
    assert isinstance(world.run("renew"), Renewed)
    assert world.renews(world.members()["refreshToken"])


def test_a_disk_that_fills_up_after_the_answer_loses_nothing_of_the_keyring(world: World) -> None:
    """Fault 11, keeper keyring: stored; published without another question when there is room."""
    world.center.rotation = "strict"
    world.keep_in_keyring()
    before = world.file.read_bytes()

    with full_disk() as disk:
        disk.room()
        world.on_step["answered"] = disk.fill
        outcome = world.run("renew")
    untouched = world.file.read_bytes()
    then = world.run("renew")

    assert isinstance(outcome, Failed)
    assert isinstance(then, Renewed)
    assert (before, False, 1) == (untouched, then.by_us, world.asked())


def test_keyring_and_disk_both_failing_after_the_answer_lose_nothing(world: World) -> None:
    """R3, fault 11: what neither took is held until one does."""
    world.center.rotation = "strict"
    world.keep_in_keyring()

    def fill() -> None:
        world.backend.refuses_writes = True
        disk.fill()

    with full_disk() as disk:
        disk.room()
        world.on_step["answered"] = fill
        outcome = world.run("renew")
    world.backend.refuses_writes = False
    then = world.run("renew")

    assert isinstance(outcome, Failed)
    assert isinstance(then, Renewed)
    assert (1, "keyring") == (world.asked(), world.keeper)
    assert world.renews(_kept(world).refresh_token)


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


def test_a_lost_record_loses_no_session(world: World) -> None:
    """K1: what the keyring keeps of the published token counts, and is recorded again."""
    world.keep_in_keyring()
    world.tools.records.path.unlink()

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    assert "keyring" == world.keeper


@pytest.mark.parametrize(
    "fault",
    ["html", "status", "reset", "cut", "lost", "InvalidGrantException", "InvalidClientException",
     "InvalidRequestException", "AccessDeniedException", "UnheardOfException"],
)  # fmt: skip
@pytest.mark.parametrize("keeper", ["keyring", "file"])
def test_no_exception_holds_a_secret(world: World, fault: str, keeper: str) -> None:
    """Section 4: neither its text, nor what it is chained to, nor what it carries."""
    world.keep_in_keyring() if keeper == "keyring" else world.keep_in_file()
    world.center.fault("CreateToken", fault, message="|".join(world.center.secrets()))
    told = ""

    try:
        told += repr(renew(CORP, world.tools))
    except TrayError as error:
        told += "".join(traceback.format_exception(error)) + repr(vars(error))

    assert [] == [secret[:12] for secret in world.center.secrets() if secret in told]


def test_a_released_session_is_left_alone(world: World) -> None:
    """K7: nothing is written, nobody is asked."""
    token = world.sign_in()
    world.write_file(token)
    world.tools.records.change(CORP.key, keeper="released")
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


def test_a_bad_file_counts_as_no_answer_of_aws(world: World) -> None:
    """R5: only what AWS answered is counted; the sentence names the member."""
    world.keep_in_keyring()
    world.file.write_text('{"accessToken": 5, "expiresAt": "2030-01-01T00:00:00Z"}')

    outcome = world.run("renew")

    assert isinstance(outcome, Failed)
    assert ("bad-file", False) == (outcome.reason, outcome.answered)
    assert "accessToken" in outcome.sentence


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


def test_the_age_of_a_token_is_that_of_its_issue(world: World) -> None:
    """R1: a file published anew, or proven writable, does not look younger than its token."""
    token = world.keep_in_file()
    world.advance(1200)
    world.center.fault("CreateToken", "status")

    world.run("renew")

    read = world.make_tools(world.backend).read(CORP)
    assert read is not None
    assert read.issued_at == pytest.approx(token.issued_at, abs=0.01)
