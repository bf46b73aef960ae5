from __future__ import annotations

import traceback
from typing import Any

import pytest

from tests.worker.world import CORP, World, full_disk
from tray.aws.cache.sso_token import SsoToken
from tray.core.outcomes import Failed, PortalChecked, Refused, Renewed
from tray.errors import TrayError
from tray.worker.tokens.renewal import renew


def _kept(world: World) -> SsoToken:
    kept = world.kept()
    assert kept is not None
    return kept


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
    """R2 (2): AWS is not asked, nothing changes, the reason is the keyring's, the store stays."""
    before = world.keep_in_keyring()
    file = world.file.read_bytes()
    vars(world.backend).update(fault)

    outcome = world.run("renew")

    vars(world.backend).update(refuses_writes=False, loses_writes=False, garbles_writes=False)
    assert isinstance(outcome, Failed)
    assert (reason, False, 0) == (outcome.reason, outcome.answered, world.asked())
    assert ("keyring", file, before) == (world.store, world.file.read_bytes(), world.kept())


def test_a_hanging_keyring_is_found_before_aws_is_asked(world: World) -> None:
    """Fault 38: the reason is that we wait for it; AWS was not asked."""
    world.keep_in_keyring()
    context = world.make_tools(world.backend, keyring_seconds=0.05)
    world.backend.gate.clear()

    outcome = world.run("renew", context=context)

    assert isinstance(outcome, Failed)
    assert ("keyring-waiting", 0) == (outcome.reason, world.asked())


def test_a_keyring_failing_after_the_answer_costs_nothing(world: World) -> None:
    """R3: published at once, Renewed without being stored, tried on, and stored in the end."""
    world.keep_in_keyring()
    world.on_step["answered"] = lambda: setattr(world.backend, "refuses_writes", True)

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    assert (False, True) == (outcome.stored, bool(world.context.unsaved))
    assert outcome.token.fingerprint == world.context.record(CORP).unstored
    world.backend.refuses_writes = False
    world.context.unsaved.settle(CORP.key)
    kept = world.kept()
    assert kept is not None
    assert outcome.token.fingerprint == kept.fingerprint
    assert ([CORP.key], False, None) == (
        world.stored,
        bool(world.context.unsaved),
        world.context.record(CORP).unstored,
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

    outcome = world.run("renew", context=world.make_tools(world.backend))

    assert isinstance(outcome, Renewed)
    kept = world.kept()
    assert kept is not None
    assert outcome.token.fingerprint == kept.fingerprint


def test_an_expired_registration_is_named(world: World) -> None:
    """Fault 49: AWS says so, not our clock alone; the reason says what a sign-in repairs."""
    world.center.registration_life = 60
    world.keep_in_keyring()
    world.advance(61)

    outcome = world.run("renew")

    assert (Refused("valid", "registration-expired"), 1) == (outcome, world.asked())


def test_an_expired_registration_does_not_stand_for_the_portals_word(world: World) -> None:
    """R4: a session that was signed out meanwhile is over, whatever the client's age."""
    world.center.registration_life = 60
    world.keep_in_keyring()
    world.advance(61)
    world.center.revoke()

    outcome = world.run("renew")

    assert (Refused("dead", "registration-expired"), 1) == (outcome, world.asked("ListAccounts"))


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

    assert Refused("unreachable") == first
    assert isinstance(then, PortalChecked)
    assert "dead" == then.portal


def test_a_refusal_after_another_renewed_is_none(world: World) -> None:
    """R4: somebody without our lock renewed meanwhile; the file has the newer truth."""
    world.keep_in_keyring()
    world.center.end_session()
    other = world.sign_in()
    world.on_step["proved"] = lambda: world.write_file(other)

    outcome = world.run("renew")

    assert isinstance(outcome, Renewed)
    assert (False, other.fingerprint) == (outcome.by_us, outcome.token.fingerprint)


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
@pytest.mark.parametrize("store", ["keyring", "file"])
def test_trouble_on_the_way_keeps_everything(
    world: World, kind: str, reason: str, answered: bool, store: str
) -> None:
    """R6, faults 44-46: the file stays, the session renews at the next try."""
    world.keep_in_keyring() if store == "keyring" else world.keep_in_file()
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
    context = world.make_tools(world.backend, read_timeout=0.2)

    outcome = world.run("renew", context=context)

    assert isinstance(outcome, Failed)
    assert ("offline", False, 1) == (outcome.reason, outcome.answered, fault.hits)
    fault.release()


def test_a_lost_answer_under_strict_rotation_ends_as_ending(world: World) -> None:
    """G6: the only loss there is, told as a refusal while the token still works."""
    world.center.rotation = "strict"
    world.keep_in_keyring()
    world.center.fault("CreateToken", "lost")

    first, then = world.run("renew"), world.run("renew")

    assert isinstance(first, Failed)
    assert Refused("valid") == then


def test_a_full_disk_is_found_before_aws_is_asked(world: World) -> None:
    """Fault 11: token store file proves that it can write; the old file is intact."""
    world.keep_in_file()
    before = world.file.read_bytes()

    with full_disk():
        outcome = world.run("renew")

    assert isinstance(outcome, Failed)
    assert (0, before) == (world.asked(), world.file.read_bytes())
    assert str(world.file.parent) in outcome.sentence


def test_a_disk_that_fills_up_after_the_answer_loses_nothing_of_the_file(world: World) -> None:
    """Fault 11, token store file: the answer is held, and saved when there is room again."""
    world.center.rotation = "strict"
    world.keep_in_file()
    before = world.file.read_bytes()

    with full_disk() as disk:
        disk.room()
        world.on_step["answered"] = disk.fill
        outcome = world.run("renew")

    assert isinstance(outcome, Failed)
    assert (before, True) == (world.file.read_bytes(), bool(world.context.unsaved))
    assert isinstance(world.run("renew"), Renewed)
    assert world.renews(world.members()["refreshToken"])


def test_a_disk_that_fills_up_after_the_answer_loses_nothing_of_the_keyring(world: World) -> None:
    """Fault 11, token store keyring: stored; published without asking again once there is room."""
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
    assert (1, "keyring") == (world.asked(), world.store)
    assert world.renews(_kept(world).refresh_token)


@pytest.mark.parametrize(
    "fault",
    ["html", "status", "reset", "cut", "lost", "InvalidGrantException", "InvalidClientException",
     "InvalidRequestException", "AccessDeniedException", "UnheardOfException"],
)  # fmt: skip
@pytest.mark.parametrize("store", ["keyring", "file"])
def test_no_exception_holds_a_secret(world: World, fault: str, store: str) -> None:
    """Section 4: neither its text, nor what it is chained to, nor what it carries."""
    world.keep_in_keyring() if store == "keyring" else world.keep_in_file()
    world.center.fault("CreateToken", fault, message="|".join(world.center.secrets()))
    told = ""

    try:
        told += repr(renew(CORP, world.context))
    except TrayError as error:
        told += "".join(traceback.format_exception(error)) + repr(vars(error))

    assert [] == [secret[:12] for secret in world.center.secrets() if secret in told]


def test_a_bad_file_counts_as_no_answer_of_aws(world: World) -> None:
    """R5: only what AWS answered is counted; the sentence names the member."""
    world.keep_in_keyring()
    world.file.write_text('{"accessToken": 5, "expiresAt": "2030-01-01T00:00:00Z"}')

    outcome = world.run("renew")

    assert isinstance(outcome, Failed)
    assert ("bad-file", False) == (outcome.reason, outcome.answered)
    assert "accessToken" in outcome.sentence
