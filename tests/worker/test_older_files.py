"""Token files that come back, or come from elsewhere: which counts is never a matter of mtime."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

import botocore.session
import pytest

from tests.worker.world import CORP, HALF_LIFE, World
from tray.aws.cache.sso_token import SsoToken
from tray.aws.cache.token_cache import lean_document
from tray.core.lineage import Lineage
from tray.core.outcomes import Adopted, Failed, Refused, RemovalJudged, Renewed, Unrenewable
from tray.core.text.timestamps import format_timestamp
from tray.secret import Secret
from tray.worker.sign_in.sign_in_saving import save


def _kept(world: World) -> SsoToken:
    kept = world.kept()
    assert kept is not None
    return kept


def _write_lean(world: World, token: SsoToken) -> None:
    """Write a lean file as it comes back from a backup: whole, with a new mtime."""
    world.file.write_bytes(lean_document(token))
    os.utime(world.file, (world.now(), world.now()))


def _renewed(world: World) -> tuple[SsoToken, SsoToken]:
    """Sign in and renew once; return the older token and the newer."""
    older = world.keep_in_keyring()
    world.advance(HALF_LIFE)
    assert isinstance(world.run("renew"), Renewed)
    return older, _kept(world)


@pytest.fixture
def strict(world: World) -> World:
    """The same with an AWS that revokes the grant of a refresh token used twice."""
    world.center.rotation = "revoke"
    return world


@pytest.mark.parametrize("kind", ["adopt", "renew"])
@pytest.mark.parametrize("lean", [True, False])
def test_an_older_file_is_written_over(strict: World, kind: Any, *, lean: bool) -> None:
    """K4: the newest lean file again, and the older refresh token is never sent."""
    older, newest = _renewed(strict)
    _write_lean(strict, older) if lean else strict.write_file(older)

    outcome = strict.run(kind)

    assert isinstance(outcome, Renewed)
    assert (False, newest.fingerprint, 1) == (
        outcome.by_us,
        outcome.token.fingerprint,
        strict.asked(),
    )
    assert newest.access_token.reveal() == strict.members()["accessToken"]
    assert (newest, True) == (_kept(strict), strict.renews(newest.refresh_token))


def test_a_file_that_ended_before_ours_began_is_older(strict: World) -> None:
    """K4: what the lineage does not list any more is dated by AWS's own clock."""
    ancient = strict.sign_in()
    strict.advance(7200)
    strict.keep_in_keyring()
    strict.run("renew")
    asked = strict.asked()
    strict.write_file(replace(ancient, registration=_kept(strict).registration))

    strict.run("adopt")
    strict.run("renew", seen=ancient.fingerprint)

    assert _kept(strict).access_token.reveal() == strict.members()["accessToken"]
    assert asked == strict.asked()


@pytest.mark.parametrize("first", ["renewal", "clock"])
def test_a_sign_in_under_a_clock_that_is_behind_is_not_older(strict: World, first: str) -> None:
    """K4: its end says nothing beside AWS's date of the kept token, and it is adopted."""
    strict.keep_in_keyring()
    if first == "renewal":
        strict.run("renew")
    strict.offset -= 24 * 3600
    if first == "clock":
        strict.run("renew")
    dated = _kept(strict).dated
    login = replace(strict.sign_in(), expires_at=strict.now() + 3600)
    strict.write_file(login)

    outcome = strict.run("adopt")

    assert dated is not None
    assert login.expires_at < dated
    assert isinstance(outcome, Adopted)
    assert login.fingerprint == outcome.token.fingerprint == _kept(strict).fingerprint


def test_what_we_renewed_under_a_clock_that_was_behind_is_not_older(strict: World) -> None:
    """K4: the record knows the token as the newest that AWS gave us, whatever its file's end."""
    strict.keep_in_keyring()
    strict.run("renew")
    strict.backend.state = "locked"
    save(CORP, strict.context, strict.sign_in())
    strict.offset -= 24 * 3600
    renewed = strict.run("renew")
    assert isinstance(renewed, Renewed)
    memory = replace(strict.context.record(CORP).memory, given=renewed.token)
    strict.context.records.change(CORP.key, memory=memory)
    strict.offset += 24 * 3600
    strict.backend.state = "ready"

    outcome = strict.run("adopt")

    assert isinstance(outcome, Renewed)
    assert (True, True) == (outcome.by_us, strict.renews(_kept(strict).refresh_token))
    assert renewed.token.fingerprint == outcome.of


def test_an_older_file_is_not_renewed_from_while_the_keyring_is_locked(strict: World) -> None:
    """K4: the copy of the lineage in ``state.json`` tells."""
    older, newest = _renewed(strict)
    strict.write_file(older)
    strict.backend.state = "locked"

    outcome = strict.run("renew")

    assert isinstance(outcome, Failed)
    assert ("keyring-locked", 1, True) == (
        outcome.reason,
        strict.asked(),
        strict.renews(newest.refresh_token),
    )


@pytest.mark.parametrize("step", ["answered", "stored", "temp-written"])
@pytest.mark.parametrize("lean", [True, False])
def test_an_older_file_during_a_renewal_is_written_over(
    strict: World, step: str, *, lean: bool
) -> None:
    """R2, K4: AWS's answer is kept, and published over what was put back."""
    older, _ = _renewed(strict)
    strict.advance(HALF_LIFE)
    strict.on_step[step] = lambda: _write_lean(strict, older) if lean else strict.write_file(older)

    outcome = strict.run("renew")

    assert isinstance(outcome, Renewed)
    assert (True, True) == (outcome.by_us, strict.renews(_kept(strict).refresh_token))
    assert _kept(strict).access_token.reveal() == strict.members()["accessToken"]


@pytest.mark.parametrize("expired", [True, False])
def test_what_the_keyring_never_took_is_not_older(strict: World, *, expired: bool) -> None:
    """R3, K4: the worker wrote the full file as it ended; the keyring's token is spent."""
    strict.keep_in_keyring()
    strict.on_step["answered"] = lambda: setattr(strict.backend, "refuses_writes", True)
    strict.run("renew")
    strict.context.unsaved.save_in_files()
    strict.backend.refuses_writes = False
    strict.advance(3700 if expired else 60)

    outcome = strict.run("adopt")

    assert isinstance(outcome, Renewed if expired else Adopted)
    assert ("keyring", True) == (outcome.store, strict.renews(_kept(strict).refresh_token))


def test_a_sign_in_that_the_keyring_did_not_take_is_not_older(strict: World) -> None:
    """K4: where two lineages part, what only one of them lists last need not be the older."""
    strict.keep_in_keyring()
    strict.on_step["stored"] = strict.file.unlink  # so what is stored then is not on record
    strict.run("renew")
    strict.run("judge-removed")
    strict.backend.state = "locked"
    login = strict.sign_in()
    save(CORP, strict.context, login)
    strict.backend.state = "ready"

    outcome = strict.run("adopt")

    assert isinstance(outcome, Adopted)
    assert login.fingerprint == outcome.token.fingerprint == _kept(strict).fingerprint
    assert strict.renews(_kept(strict).refresh_token)


def test_an_older_file_is_written_over_with_adoption_off_too(strict: World) -> None:
    """K4: the setting is about sign-ins of other programs."""
    older, newest = _renewed(strict)
    strict.write_file(older)

    strict.run("renew", adopting=False)

    assert ("keyring", newest.access_token.reveal()) == (
        strict.store,
        strict.members()["accessToken"],
    )


def test_a_full_file_of_ours_is_the_truth_where_nothing_came_after(strict: World) -> None:
    """K4: what release wrote is adopted again when another sign-in is made of it."""
    token = strict.keep_in_keyring()
    strict.run("release")
    strict.context.records.change(CORP.key, store=None)

    outcome = strict.run("adopt")

    assert isinstance(outcome, Adopted)
    assert ("keyring", token.refresh_token) == (outcome.store, _kept(strict).refresh_token)


def test_another_grant_keeps_ours_beside_it_until_aws_has_taken_it(strict: World) -> None:
    """K4: a file of another client whose refresh token is dead costs us nothing."""
    ours = strict.keep_in_keyring()
    theirs = replace(strict.sign_in(), refresh_token=Secret("never-valid"))
    strict.write_file(theirs)

    adopted = strict.run("adopt")
    beside = strict.context.item(CORP)
    renewed = strict.run("renew")

    assert isinstance(adopted, Adopted)
    assert theirs.fingerprint == adopted.token.fingerprint
    assert beside is not None
    assert [ours.fingerprint] == [one.fingerprint for one in beside.beside]
    assert isinstance(renewed, Renewed)
    assert (True, True) == (renewed.by_us, strict.renews(_kept(strict).refresh_token))
    after = strict.context.item(CORP)
    assert after is not None
    assert () == after.beside


def _of_our_client(world: World, given: SsoToken) -> SsoToken:
    """Return a file's token that claims to be of the client whose grant we keep."""
    return replace(given, registration=_kept(world).registration)


def test_an_unknown_file_of_our_client_that_the_portal_takes_is_adopted(strict: World) -> None:
    """K4: an SDK has renewed with our refresh token; its answer is the newest."""
    ours = strict.keep_in_keyring()
    theirs = strict.context.oidc.refresh(ours)
    strict.write_file(theirs)

    outcome = strict.run("renew")

    assert isinstance(outcome, Renewed)
    assert (True, 2, 1) == (outcome.by_us, strict.asked(), strict.center.count("ListAccounts"))
    assert strict.renews(_kept(strict).refresh_token)


def test_an_unknown_file_of_our_client_that_ends_earlier_costs_ours_nothing(strict: World) -> None:
    """K4: the portal takes it, so it may be a login, or an answer spent since: both stay."""
    ours = strict.keep_in_keyring()
    theirs = replace(_of_our_client(strict, strict.sign_in()), refresh_token=Secret("spent"))
    strict.write_file(replace(theirs, expires_at=ours.expires_at - 60))

    adopted = strict.run("adopt")
    both = strict.context.item(CORP)
    renewed = strict.run("renew")

    assert isinstance(adopted, Adopted)
    assert both is not None
    assert [theirs.fingerprint, ours.fingerprint] == [
        one.fingerprint for one in (both.token, *both.beside)
    ]
    assert isinstance(renewed, Renewed)
    assert (True, 2) == (renewed.by_us, strict.asked())
    assert strict.renews(_kept(strict).refresh_token)


@pytest.mark.parametrize("expired", [True, False])
def test_an_unknown_file_of_our_client_that_the_portal_refuses_comes_second(
    strict: World, *, expired: bool
) -> None:
    """K4: ours is tried first; the file's refresh token is not sent where that is taken."""
    strict.keep_in_keyring()
    theirs = _of_our_client(strict, strict.sign_in())
    dead = replace(theirs, access_token=Secret("dead"), refresh_token=Secret("spent"))
    strict.write_file(replace(dead, expires_at=strict.now() - 1) if expired else dead)

    outcome = strict.run("adopt")

    assert isinstance(outcome, Renewed)
    assert (True, "keyring", 1) == (outcome.by_us, outcome.store, strict.asked())
    assert _kept(strict).access_token.reveal() == strict.members()["accessToken"]
    strict.write_file(dead)
    assert not getattr(strict.run("adopt"), "by_us", True)


def test_where_ours_is_refused_the_files_is_tried_once(strict: World) -> None:
    """K4: an SDK has spent our refresh token, and its own token has expired since."""
    ours = strict.keep_in_keyring()
    theirs = strict.context.oidc.refresh(ours)
    strict.center.rotation = "strict"
    strict.advance(3700)
    strict.write_file(theirs)

    outcome = strict.run("adopt")

    assert isinstance(outcome, Renewed)
    assert (True, 3) == (outcome.by_us, strict.asked())
    assert strict.renews(_kept(strict).refresh_token)


def test_ending_is_not_said_before_both_were_asked(strict: World) -> None:
    """K4: AWS refuses ours, then the file's; each is sent once, and neither again."""
    strict.center.rotation = "strict"
    strict.keep_in_keyring(replace(strict.sign_in(), refresh_token=Secret("ours")))
    dead = _of_our_client(strict, strict.sign_in())
    strict.write_file(replace(dead, access_token=Secret("dead"), refresh_token=Secret("spent")))

    outcome = strict.run("adopt")

    assert (Refused("valid"), 2) == (outcome, strict.asked())


def test_an_unknown_file_waits_for_the_portal(strict: World) -> None:
    """K4: only a 200 lets its refresh token be used; offline nothing is decided."""
    ours = strict.keep_in_keyring()
    theirs = _of_our_client(strict, strict.sign_in())
    strict.write_file(theirs)
    before = strict.file.read_bytes()
    strict.center.fault("ListAccounts", "reset")

    outcome = strict.run("adopt")

    assert isinstance(outcome, Failed)
    assert ("offline", before, ours) == (outcome.reason, strict.file.read_bytes(), _kept(strict))


def test_a_login_without_refresh_data_is_used_to_its_end(strict: World) -> None:
    """K4: it does not renew, ours stays untouched, and once it has ended ours renews again."""
    strict.center.session_length = 24 * 3600.0
    ours = strict.keep_in_keyring()
    login = strict.sign_in(scopes=())
    _write_lean(strict, login)

    while_it_lives = [strict.run("adopt"), strict.run("renew")]
    kept = _kept(strict)
    strict.advance(login.expires_at - strict.now() + 1)
    after = strict.run("renew")

    assert [Unrenewable(), Unrenewable()] == while_it_lives
    assert ours == kept
    assert isinstance(after, Renewed)
    assert after.by_us


@pytest.mark.parametrize("locked", [False, True])
def test_what_our_sign_in_replaced_is_older(strict: World, locked: bool) -> None:
    """K4: another program's token comes back, and does not count for a new login."""
    replaced, ours = strict.sign_in(scopes=()), strict.sign_in()
    strict.context.publish_lean(CORP, replaced)
    strict.backend.state = "locked" if locked else "ready"
    save(CORP, strict.context, ours)
    strict.backend.state = "ready"
    strict.run("adopt")
    _write_lean(strict, replaced)

    outcome = strict.run("adopt")

    assert isinstance(outcome, Renewed)
    assert ours.fingerprint == outcome.token.fingerprint
    assert ours.access_token.reveal() == strict.members()["accessToken"]


@pytest.mark.parametrize("full", [False, True])
def test_an_earlier_end_in_the_file_is_written_over(strict: World, full: bool) -> None:
    """K4: SDKs would take a token for expired that the keyring knows to live."""
    kept = strict.keep_in_keyring()
    changed = replace(kept, expires_at=strict.now() - 3600)
    strict.write_file(changed) if full else _write_lean(strict, changed)

    outcome = strict.run("adopt")

    assert isinstance(outcome, Renewed | Adopted)
    assert kept.expires_at == pytest.approx(outcome.token.expires_at, abs=1)
    assert strict.members()["expiresAt"] == format_timestamp(kept.expires_at)


def test_after_a_sign_out_its_own_token_is_cleaned_away(strict: World) -> None:
    """K6: an older file that comes back does not sign anybody in."""
    older, newest = _renewed(strict)
    strict.run("sign-out")
    for token in (older, newest):
        _write_lean(strict, token)

        outcome = strict.run("adopt")

        assert (RemovalJudged("nothing"), False) == (outcome, strict.file.exists())


def test_after_a_sign_out_an_unknown_token_counts_once_the_portal_takes_it(strict: World) -> None:
    """K6: a login made elsewhere is one; a dead token is not."""
    strict.keep_in_keyring()
    strict.run("sign-out")
    dead = replace(strict.sign_in(scopes=()), access_token=Secret("dead"))
    _write_lean(strict, dead)

    refused = strict.run("adopt")
    login = strict.sign_in()
    strict.write_file(login)
    adopted = strict.run("adopt")

    assert Refused("dead") == refused
    assert isinstance(adopted, Adopted)
    assert (login.fingerprint, "keyring") == (adopted.token.fingerprint, strict.store)


def test_after_a_sign_out_a_refused_token_counts_once_aws_renews_it(strict: World) -> None:
    """K6: where the portal refuses the access token, AWS's answer to the refresh token counts."""
    strict.keep_in_keyring()
    strict.run("sign-out")
    strict.write_file(replace(strict.sign_in(), access_token=Secret("dead")))
    strict.center.fault("CreateToken", "status", times=9, status=503)
    unanswered = strict.run("adopt")
    strict.center.clear_faults()
    strict.run("sign-out")
    strict.write_file(replace(strict.sign_in(), access_token=Secret("dead, too")))

    renewed = strict.run("adopt")

    assert isinstance(unanswered, Failed)
    assert isinstance(renewed, Renewed)
    assert renewed.by_us


def test_after_a_sign_out_a_login_without_refresh_data_does_not_renew(strict: World) -> None:
    """K1: the record still names the keyring, which keeps nothing for it."""
    strict.keep_in_keyring()
    strict.run("sign-out")
    _write_lean(strict, strict.sign_in(scopes=()))

    outcomes = [strict.run("adopt"), strict.run("renew")]

    assert [Unrenewable(), Unrenewable()] == outcomes


def test_a_sign_in_that_the_record_alone_lists_is_not_older(strict: World) -> None:
    """K4: of two that followed the same token, one in each list, the sign-in in the file stays."""
    older, _ = _renewed(strict)
    # That renewal died before it was recorded and published.
    strict.context.records.change(CORP.key, lineage=Lineage((older.pair,)))
    _write_lean(strict, older)
    strict.backend.state = "locked"
    ours = strict.sign_in()
    save(CORP, strict.context, ours)
    strict.backend.state = "ready"

    strict.run("adopt")

    assert ours.fingerprint == _kept(strict).fingerprint
    assert ours.access_token.reveal() == strict.members()["accessToken"]


@pytest.mark.parametrize("store", [None, "file"])
@pytest.mark.parametrize("kind", ["adopt", "renew"])
def test_the_keyring_item_counts_whatever_the_record_says(
    strict: World, store: Any, kind: Any
) -> None:
    """K1: one look into the keyring heals a record that is lost or an old copy."""
    strict.keep_in_keyring()
    strict.lose_records()
    if store is not None:
        strict.context.records.change(CORP.key, store=store)

    outcome = strict.run(kind)

    assert isinstance(outcome, Renewed)
    assert ("keyring", "keyring") == (outcome.store, strict.store)


def test_a_removed_file_is_published_again_without_a_record(strict: World) -> None:
    """K1, K5: the keyring tells that there was a session."""
    token = strict.keep_in_keyring()
    strict.lose_records()
    strict.file.unlink()

    outcome = strict.run("judge-removed")

    assert isinstance(outcome, RemovalJudged)
    assert ("published", "keyring") == (outcome.verdict, strict.store)
    assert token.access_token.reveal() == strict.members()["accessToken"]


def test_an_old_record_of_a_release_loses_to_a_later_sign_in(strict: World) -> None:
    """K1: the item's token is none of those that were handed back."""
    strict.keep_in_keyring()
    strict.run("release")
    released = strict.context.records.path.read_bytes()
    later = strict.keep_in_keyring()
    strict.context.records.path.write_bytes(released)

    outcome = strict.run("adopt")

    assert isinstance(outcome, Renewed)
    assert (later.fingerprint, "keyring") == (outcome.token.fingerprint, strict.store)


def test_with_every_copy_of_the_record_lost_a_released_session_is_adopted(strict: World) -> None:
    """K7: nobody can know of the release any more; it is adopted, and told as each adoption."""
    strict.keep_in_keyring()
    strict.run("release")
    for path in strict.paths.state.rglob("*"):
        if path.is_file() and "locks" not in path.parts:
            path.unlink()

    outcome = strict.run("adopt")

    assert isinstance(outcome, Adopted)
    assert ("keyring", None, "keyring") == (outcome.store, outcome.reason, strict.store)
    assert strict.kept() is not None


def test_an_expired_file_is_renewed_before_the_old_one_is_looked_at_again(
    strict: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K4: SDKs see an expired lean file only for AWS's answer: all else is ready before."""
    token = strict.sign_in()
    strict.advance(3700)
    strict.write_file(token)
    strict.steps.clear()
    create = botocore.session.Session.create_client

    def made(*args: Any, **options: Any) -> Any:
        strict.steps.append("client-made")
        return create(*args, **options)

    monkeypatch.setattr(botocore.session.Session, "create_client", made)

    outcome = strict.run("adopt")

    assert isinstance(outcome, Renewed)
    assert (True, "keyring") == (outcome.by_us, outcome.store)
    named = [step for step in strict.steps if step != "directory-synced"]
    assert [
        "stored",
        "client-made",
        "recorded",
        "temp-written",
        "renamed",
        "published",
        "proved",
        "answered",
        "stored",
        "temp-written",
        "renamed",
        "published",
    ] == named
    assert json.loads(strict.file.read_bytes())["accessToken"] != token.access_token.reveal()
