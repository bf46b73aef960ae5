from __future__ import annotations

import json
import os
import threading
from dataclasses import replace
from typing import Any

import botocore.session
import pytest
from botocore.tokens import SSOTokenProvider
from botocore.utils import JSONFileCache

from tests.worker.world import CORP, World, full_disk
from tray.aws.cache.sso_token import SsoToken
from tray.aws.cache.token_cache import full_document, lean_document
from tray.core.outcomes import Adopted, Failed, Outcome, Refused, RemovalJudged, Renewed
from tray.storage.settings import Settings
from tray.system import WINDOWS
from tray.worker.tokens.adoption import LOOKS_BACK

LEAN = {"startUrl", "region", "accessToken", "expiresAt"}
TEN_MINUTES = 600.0


def _kept(world: World) -> SsoToken:
    kept = world.kept()
    assert kept is not None
    return kept


def _adopted(outcome: Outcome) -> Adopted:
    assert isinstance(outcome, Adopted)
    return outcome


def test_a_file_of_the_cli_moves_into_the_keyring(world: World) -> None:
    """K4: refresh data to the keyring, a lean file in its place; the CLI's token stays."""
    token = world.sign_in()
    world.write_file(token, theirs=[1])

    outcome = _adopted(world.run("adopt"))

    assert ("keyring", "keyring", None) == (outcome.store, world.store, outcome.reason)
    assert ({*LEAN, "theirs"}, False) == (set(world.members()), outcome.token.refreshable)
    assert (token.access_token, token.refresh_token) == (
        _kept(world).access_token,
        _kept(world).refresh_token,
    )
    assert WINDOWS or 0o600 == world.file.stat().st_mode & 0o777


def test_the_steps_come_in_the_order_that_loses_nothing(world: World) -> None:
    """K1, K4: stored and read back, recorded, then the file changes."""
    world.write_file(world.sign_in())
    world.steps.clear()

    world.run("adopt")

    named = [step for step in world.steps if step != "directory-synced"]
    assert ["stored", "recorded", "temp-written", "renamed", "published", "forgotten"] == named


def test_what_botocore_writes_is_adopted_and_botocore_reads_what_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K4, section 1.6: botocore's own writer and its own reader, on our files."""
    token = world.sign_in()
    cache = JSONFileCache(str(world.paths.token_cache))
    cache[world.file.stem] = json.loads(full_document(token))

    world.run("adopt")

    monkeypatch.setenv("AWS_PROFILE", "dev")
    provider = SSOTokenProvider(botocore.session.Session(), cache=cache)
    loaded = provider.load_token()
    assert token.access_token.reveal() == loaded.get_frozen_token().token
    assert LEAN == set(world.members())


def test_registration_scopes_known_to_the_keyring_are_kept(world: World) -> None:
    """L2: a file cannot tell what its registration is for; the keyring may know it."""
    token = world.keep_in_keyring()
    world.write_file(token)

    world.run("adopt")

    assert token.registration == _kept(world).registration


def test_a_lean_file_of_ours_stays_as_it_is(world: World) -> None:
    """K4: there is nothing to adopt, whatever the setting says."""
    token = world.keep_in_keyring()
    before = world.file.read_bytes()

    for adopting in (True, False):
        outcome = world.run("adopt", adopting=adopting)

        assert isinstance(outcome, Renewed)
        assert (False, "keyring", "keyring") == (outcome.by_us, outcome.store, world.store)
        assert (before, token) == (world.file.read_bytes(), world.kept())


@pytest.mark.parametrize("state", ["locked", "absent"])
@pytest.mark.parametrize("store", [None, "keyring"])
def test_without_the_keyring_the_file_stays(world: World, state: Any, store: Any) -> None:
    """K1: the reason is the keyring's; a token store that was the keyring stays so."""
    world.write_file(world.sign_in())
    world.context.records.change(CORP.key, store=store)
    before = world.file.read_bytes()
    world.backend.state = state

    outcome = _adopted(world.run("adopt"))

    assert (f"keyring-{state}", store or "file") == (outcome.reason, outcome.store)
    assert (before, store or "file", {}) == (
        world.file.read_bytes(),
        world.store,
        world.backend.items,
    )


@pytest.mark.parametrize("fault", ["refuses_writes", "loses_writes", "garbles_writes"])
def test_a_write_that_is_not_read_back_leaves_the_file(world: World, fault: str) -> None:
    """K4 (2), fault 39: only what was read back makes the file lean."""
    world.write_file(world.sign_in())
    before = world.file.read_bytes()
    setattr(world.backend, fault, True)

    outcome = _adopted(world.run("adopt"))

    assert ("keyring-denied", "file", before) == (
        outcome.reason,
        world.store,
        world.file.read_bytes(),
    )


def test_a_released_session_is_not_adopted(world: World) -> None:
    """K7: handed back is handed back."""
    world.write_file(world.sign_in())
    world.context.records.change(CORP.key, store="released")
    before = world.file.read_bytes()

    outcome = _adopted(world.run("adopt"))

    assert ("released", before, {}) == (
        outcome.store,
        world.file.read_bytes(),
        world.backend.items,
    )


def test_with_the_setting_off_the_file_is_the_keeper(world: World) -> None:
    """K4: nothing is moved, and that is recorded."""
    world.write_file(world.sign_in())
    before = world.file.read_bytes()

    outcome = _adopted(world.run("adopt", adopting=False))

    assert ("file", "file", before) == (outcome.store, world.store, world.file.read_bytes())


@pytest.mark.parametrize("step", ["stored", "recorded", "temp-written"])
def test_a_change_under_our_hands_starts_over(world: World, step: str) -> None:
    """K4 (3): what was written last is adopted, by name or in place."""
    world.write_file(world.sign_in())
    later = world.sign_in()
    world.on_step[step] = lambda: world.write_file(later)

    outcome = _adopted(world.run("adopt"))

    assert later.fingerprint == outcome.token.fingerprint
    assert (later.refresh_token, LEAN) == (_kept(world).refresh_token, set(world.members()))


def test_a_writer_that_opened_the_file_before_the_rename_is_adopted(world: World) -> None:
    """K4 (5): its token went into a file that has no name any more; it was written last."""
    world.write_file(world.sign_in())
    later = world.sign_in()
    writer = world.file.open("r+b")

    def write_late() -> None:
        writer.truncate(0)
        writer.write(full_document(later))
        writer.close()

    world.on_step["published"] = write_late

    outcome = _adopted(world.run("adopt"))

    assert later.fingerprint == outcome.token.fingerprint
    assert later.refresh_token == _kept(world).refresh_token
    assert later.access_token.reveal() == world.members()["accessToken"]


def test_a_late_writer_without_refresh_data_wins_too(world: World) -> None:
    """K4: the token written last wins, and is used as it is."""
    world.write_file(world.sign_in())
    later = world.sign_in(scopes=())
    writer = world.file.open("r+b")

    def write_late() -> None:
        writer.truncate(0)
        writer.write(lean_document(later))
        writer.close()

    world.on_step["published"] = write_late

    world.run("adopt")

    assert later.access_token.reveal() == world.members()["accessToken"]


def test_a_late_writer_is_not_lost_to_a_keyring_that_fails_then(world: World) -> None:
    """K4 (5): what cannot be stored any more is published full, and adopted another time."""
    world.write_file(world.sign_in())
    later = world.sign_in()
    writer = world.file.open("r+b")

    def write_late() -> None:
        world.backend.refuses_writes = True
        writer.truncate(0)
        writer.write(full_document(later))
        writer.close()

    world.on_step["published"] = write_late

    world.run("adopt")

    assert later.refresh_token is not None
    assert later.refresh_token.reveal() == world.members()["refreshToken"]


def test_of_two_tokens_the_one_written_last_wins(world: World) -> None:
    """K4: not the one that lives longer."""
    world.keep_in_keyring()
    world.center.token_life = 900
    shorter = world.sign_in()
    world.write_file(shorter)

    world.run("adopt")

    assert shorter.fingerprint == _kept(world).fingerprint


def test_handed_back_three_times_in_ten_minutes_it_stays_in_the_file(world: World) -> None:
    """K1: another program insists; the file is the token store from then on, and that is said."""
    world.keep_in_keyring()
    outcomes = []
    for _ in range(3):
        world.advance(60)
        last = world.sign_in()
        world.write_file(last)
        outcomes.append(_adopted(world.run("adopt")))

    after = _adopted(world.run("adopt"))

    assert [("keyring", False), ("keyring", False), ("file", True)] == [
        (one.store, one.contested) for one in outcomes
    ]
    assert ("file", True, "file") == (after.store, after.contested, world.store)
    assert last.refresh_token is not None
    assert last.refresh_token.reveal() == world.members()["refreshToken"]


def test_handed_back_now_and_then_it_is_adopted_each_time(world: World) -> None:
    """K1: three times count only within ten minutes."""
    world.keep_in_keyring()
    for _ in range(4):
        world.advance(TEN_MINUTES / 2 + 1)
        world.write_file(world.sign_in())

        assert "keyring" == _adopted(world.run("adopt")).store


def test_a_file_in_the_midst_of_being_written_is_waited_for(world: World) -> None:
    """K3: empty means being written; nothing is decided before it is whole."""
    token = world.sign_in()
    world.file.parent.mkdir(parents=True)
    world.file.write_bytes(b"")
    started = threading.Event()
    outcomes: list[Outcome] = []

    def adopt() -> None:
        started.set()
        outcomes.append(world.run("adopt"))

    thread = threading.Thread(target=adopt)
    thread.start()
    started.wait()
    world.file.write_bytes(full_document(token))
    thread.join()

    assert token.fingerprint == _adopted(outcomes[0]).token.fingerprint


def test_a_file_that_stays_cut_is_told_and_not_touched(world: World) -> None:
    """Fault 4: never rewritten by us."""
    world.file.parent.mkdir(parents=True)
    world.file.write_bytes(b'{"accessToken": "x')

    outcome = world.run("adopt")

    assert isinstance(outcome, Failed)
    assert ("torn-file", b'{"accessToken": "x') == (outcome.reason, world.file.read_bytes())


def test_a_full_disk_leaves_file_and_keyring_whole(world: World) -> None:
    """Fault 11: the full file is still there; the next attempt finishes."""
    token = world.sign_in()
    world.write_file(token)
    before = world.file.read_bytes()

    with full_disk():
        outcome = world.run("adopt")
    untouched = world.file.read_bytes()
    then = world.run("adopt")

    assert isinstance(outcome, Failed)
    assert (before, "keyring") == (untouched, _adopted(then).store)


def test_a_file_that_is_gone_by_then_is_judged(world: World) -> None:
    """K5: the keyring may know of the session even so, its folder lost."""
    token = world.keep_in_keyring()
    world.file.parent.rename(world.home / "lost")

    outcome = world.run("adopt")

    assert isinstance(outcome, RemovalJudged)
    assert "published" == outcome.verdict
    assert token.access_token.reveal() == world.members()["accessToken"]


def test_a_link_is_kept_and_what_it_leads_to_is_replaced(world: World) -> None:
    """Fault 13: dotfile managers link the cache."""
    target = world.home / "elsewhere.json"
    target.write_bytes(full_document(world.sign_in()))
    world.file.parent.mkdir(parents=True)
    world.file.symlink_to(target)

    world.run("adopt")

    assert (True, LEAN) == (world.file.is_symlink(), set(json.loads(target.read_bytes())))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_without_waiting(world: World, make: Any) -> None:
    """Fault 14: a pipe or a directory at the name blocks nobody."""
    world.file.parent.mkdir(parents=True)
    make(world.file)

    outcome = world.run("adopt")

    assert isinstance(outcome, Failed)
    assert "bad-file" == outcome.reason


def test_the_three_empty_members_are_written_where_set(world: World) -> None:
    """K3: setting compat.empty_refresh_members, for the JavaScript SDK's last minutes."""
    world.write_file(world.sign_in())
    context = world.make_tools(world.backend, settings=Settings(empty_refresh_members=True))

    world.run("adopt", context=context)

    empty = {"clientId": "", "clientSecret": "", "refreshToken": ""}
    assert empty == {name: world.members()[name] for name in empty}
    assert isinstance(world.run("renew", context=context), Renewed)


def test_a_late_adoption_does_not_make_the_token_look_young(world: World) -> None:
    """R1: the renewal is due by the token's own age, even after a restart."""
    token = world.sign_in()
    world.write_file(token)
    issued = world.file.stat().st_mtime
    world.advance(2400)

    outcome = _adopted(world.run("adopt"))

    read = world.make_tools(world.backend).read(CORP)
    assert read is not None
    assert [issued, issued] == pytest.approx([outcome.token.issued_at, read.issued_at], abs=0.01)


def test_looking_back_takes_a_second_in_all(world: World) -> None:
    """K4 (5): 50 ms and 1 s after the rename."""
    assert [0.05, 1.0] == pytest.approx([LOOKS_BACK[0], sum(LOOKS_BACK)])


def test_a_token_without_registration_is_not_adopted(world: World) -> None:
    """K4: a refresh token that nobody could use is no reason to change anything."""
    token = replace(world.sign_in(), registration=None)
    world.write_file(token)
    before = world.file.read_bytes()

    world.run("adopt")

    assert (before, {}) == (world.file.read_bytes(), world.backend.items)


def test_of_two_ended_tokens_the_file_s_own_stays_published(world: World) -> None:
    """K4: the kept one is asked first, but nobody could use it either, and it is the older."""
    kept = world.keep_in_keyring()
    ours = replace(world.sign_in(), registration=kept.registration)
    world.write_file(ours)
    world.advance(9 * 3600)
    world.center.revoke()

    outcome = world.run("adopt")

    assert Refused("dead") == outcome
    assert ours.access_token.reveal() == world.members()["accessToken"]
