"""The daily listing by a whole daemon: only while somebody looks at it, and told once, quietly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.stage import Stage
from tests.daemon.living import PATIENCE, Living, daemon
from tray.core.accounts.account_index import ListedAccount, RoleChanges, SessionAccounts
from tray.core.policy import DAY, HOUR
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter
from tray.storage.account_records import change_index, read_index, record_use

GONE = ListedAccount("999999999999", "Old", "old@example.com", ("Admin",))


@pytest.fixture
def center() -> Iterator[IdentityCenter]:
    """An Identity Center that lists its accounts."""
    with IdentityCenter() as running:
        yield running


@pytest.fixture
def stage(tmp_path: Path, center: IdentityCenter) -> Stage:
    """A home that is signed in."""
    made = Stage(tmp_path, center)
    made.signed_in_by_cli()
    return made


def listed_before(stage: Stage, *, age: float, used: float) -> None:
    """Leave an index that old, with an account that is gone by now; both ages in seconds."""
    before = SessionAccounts(DEFAULT_START_URL, "us-east-1", time.time() - age, (GONE,))
    change_index(stage.state, "corp", lambda _: before)
    record_use(stage.state, time.time() - used)


def changes_of(stage: Stage) -> RoleChanges | None:
    """Return what the last listing changed."""
    return read_index(stage.state)["corp"].changes


def notices(living: Living) -> list[dict[str, Any]]:
    """Return the notices on accounts so far."""
    said = [message["notice"] for message in living.messages if "notice" in message]
    return [one for one in said if one["category"] == "accounts"]


def test_a_day_old_index_is_listed_again_and_told_once(
    stage: Stage, center: IdentityCenter
) -> None:
    """What appeared and vanished is one quiet notice, which a restart does not repeat."""
    listed_before(stage, age=DAY + HOUR, used=DAY)

    with daemon(stage.environ) as living:
        notice = living.until_notice("accounts")
        calls = center.count("ListAccounts")
    with daemon(stage.environ) as living:
        living.until_state("corp", "signed-in")
        again = notices(living)

    changes = changes_of(stage)
    assert changes is not None
    assert (("999999999999", "Old", "Admin"),) == changes.vanished
    assert len(changes.appeared) > 0
    assert "quiet" == notice["severity"]
    assert "Old/Admin" in notice["text"]
    assert [] == again
    assert calls == center.count("ListAccounts")


def test_what_is_not_due_is_left_and_a_look_brings_it(
    stage: Stage, center: IdentityCenter
) -> None:
    """An index nobody looked at for a week stays as it is, until somebody looks again."""
    listed_before(stage, age=9 * DAY, used=8 * DAY)

    with daemon(stage.environ) as living:
        living.until_state("corp", "signed-in")
        assert 0 == living.ask("status")["exit"]
        before = center.count("ListAccounts")
        record_use(stage.state, time.time())
        center.wait_for("ListAccounts", timeout=PATIENCE)
        living.until_notice("accounts")

    assert 0 == before
    assert changes_of(stage) is not None


def test_a_young_index_is_not_listed(stage: Stage, center: IdentityCenter) -> None:
    """Looked at again within the day it costs AWS nothing."""
    listed_before(stage, age=DAY - HOUR, used=0.0)

    with daemon(stage.environ) as living:
        living.until_state("corp", "signed-in")
        assert 0 == living.ask("find", profile="old")["exit"]
        renewed = living.ask("renew", session="corp")

    assert 0 == renewed["exit"], renewed
    assert 0 == center.count("ListAccounts")


def test_who_wants_no_word_of_it_gets_none(stage: Stage) -> None:
    """The setting leaves the listing and silences the notice."""
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("[accounts]\ntell_changes = false\n")
    listed_before(stage, age=DAY + HOUR, used=DAY)

    with daemon(stage.environ) as living:
        stage.until(lambda: changes_of(stage) is not None)
        living.ask("renew", session="corp")  # whose answer comes after whatever was told
        told = notices(living)

    assert [] == told
