"""The index on disk: private, read by every later version, and removed without a trace."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tray.core import policy
from tray.core.accounts.account_index import ListedAccount, RoleChanges, SessionAccounts
from tray.storage.account_records import (
    NAME,
    USED,
    change_index,
    forget_accounts,
    last_use,
    read_index,
    record_use,
)
from tray.system import WINDOWS

GOLDEN = Path(__file__).parent / "data/golden/0.2.0"
LEGACY = "https://d-9067642ac7.awsapps.com/start"
CORP = SessionAccounts(
    "https://corp.awsapps.com/start",
    "eu-west-1",
    1900000000.5,
    (
        ListedAccount(
            "111111111111",
            "Data Platform",
            "data@example.com",
            ("AdministratorAccess", "ReadOnly"),
        ),
        ListedAccount("222222222222", "", "", ("ReadOnly",)),
    ),
    RoleChanges(
        1900000000.5,
        (("222222222222", "", "ReadOnly"),),
        (("333333333333", "Old", "Admin"),),
    ),
)
OLD = SessionAccounts(LEGACY, "us-east-1", 1899990000.0)


def test_the_index_of_0_2_is_read_and_written_alike(tmp_path: Path) -> None:
    """Byte for byte, and the time of the last use."""
    for name in (NAME, USED):
        (tmp_path / name).write_bytes((GOLDEN / name).read_bytes())

    read, used = read_index(tmp_path), last_use(tmp_path)
    again = tmp_path / "again"
    for key, one in read.items():
        change_index(again, key, lambda _, one=one: one)  # type: ignore[misc]  # bound now
    record_use(again, 1900000000.4)

    assert ({"corp": CORP, LEGACY: OLD}, 1900000000.0) == (read, used)
    for name in (NAME, USED):
        assert (GOLDEN / name).read_bytes() == (again / name).read_bytes()
        assert WINDOWS or 0o600 == (again / name).stat().st_mode & 0o777


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("", []),
        ("[", []),
        ("[" * 100_000, []),
        ('{"version": 2, "sessions": {}}', []),
        ('{"version": 1, "sessions": []}', []),
        ('{"version": 1, "sessions": {"corp": 5, "lab": {"start_url": "u"}}}', []),
        (json.dumps({"version": 1, "later": 1, "sessions": {"a": OLD.to_json(), "b": {}}}), ["a"]),
    ],
    ids=range(7),
)
def test_what_cannot_be_used_is_as_if_it_were_not_there(
    tmp_path: Path, content: str, kept: list[str]
) -> None:
    """It can be listed anew: a damaged file costs nobody a start."""
    (tmp_path / NAME).write_text(content)
    (tmp_path / USED).write_text(content)

    assert (kept, None) == (list(read_index(tmp_path)), last_use(tmp_path))


def test_a_session_not_listed_for_long_is_dropped(tmp_path: Path) -> None:
    """Personal data of a portal left behind does not stay for ever."""
    later = replace(CORP, listed_at=OLD.listed_at + policy.KEPT_FOR + 1)
    change_index(tmp_path, LEGACY, lambda _: OLD)

    change_index(tmp_path, "corp", lambda _: later)

    assert {"corp": later} == read_index(tmp_path)


def test_forgetting_removes_one_session_or_every_trace(tmp_path: Path) -> None:
    """Whether there was anything is told; the rest of the directory stays."""
    nothing = forget_accounts(tmp_path)
    change_index(tmp_path, "corp", lambda _: CORP)
    change_index(tmp_path, LEGACY, lambda _: OLD)
    record_use(tmp_path, 1.0)

    some = forget_accounts(tmp_path, ["corp", "none"])
    left = list(read_index(tmp_path))
    none = forget_accounts(tmp_path, ["corp"])
    rest = forget_accounts(tmp_path)

    assert (False, True, [LEGACY], False, True) == (nothing, some, left, none, rest)
    assert [] == [name for name in (NAME, USED) if (tmp_path / name).exists()]


def test_what_was_listed_long_ago_is_forgotten(tmp_path: Path) -> None:
    """Only that goes, and when a surface last needed the index stays known while there is any."""
    change_index(tmp_path, "corp", lambda _: CORP)
    change_index(tmp_path, LEGACY, lambda _: replace(OLD, listed_at=CORP.listed_at - 10))
    record_use(tmp_path, 1.0)

    some = forget_accounts(tmp_path, listed_before=CORP.listed_at - 5)
    none = forget_accounts(tmp_path, listed_before=CORP.listed_at - 5)

    assert (True, False) == (some, none)
    assert (["corp"], 1.0) == (list(read_index(tmp_path)), last_use(tmp_path))


def test_what_stays_in_memory_has_no_email_and_each_list_of_roles_once(tmp_path: Path) -> None:
    """5,000 roles of 500 accounts are ten names."""
    two = tuple(ListedAccount(str(one) * 12, "A", "a@example.com", ("x", "y")) for one in (1, 2))
    change_index(tmp_path, "corp", lambda _: replace(CORP, accounts=two))

    first, second = read_index(tmp_path, emails=False)["corp"].accounts

    assert ("", "") == (first.email, second.email)
    assert first.roles is second.roles
