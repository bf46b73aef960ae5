from __future__ import annotations

import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from tests.worker.world import full_disk
from tray.core.model import Memory, SessionEnd
from tray.storage.daemon_record import DaemonRecord, change_record, read_record
from tray.storage.session_records import Record, Records

MEMORY = Memory(
    started_at=1.7e9,
    lengths=(28800.0, 36000.0),
    end=SessionEnd(1.8e9, "exact", "0123456789abcdef"),
    refused="0123456789abcdef",
    used_at=1.7e9,
    notified=frozenset({"ending-1", "expired-2"}),
)
WHOLE = Record(
    store="keyring",
    handed_back=(1.7e9, 1.7e9 + 1),
    contested=True,
    unscoped=True,
    unstored="0123456789abcdef",
    signed_out=("0123456789abcdef",),
    memory=MEMORY,
)


def _members(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in Record.__dataclass_fields__}


def test_what_was_recorded_is_read(tmp_path: Path) -> None:
    """F1: every member comes back as it was, from another process's view, too."""
    Records(tmp_path).change("corp", **_members(WHOLE))

    assert {"corp": WHOLE} == Records(tmp_path).read()


def test_nothing_recorded_is_an_empty_entry(tmp_path: Path) -> None:
    """K1: null: never signed in."""
    assert (Record(), {}) == (Records(tmp_path).of("corp"), Records(tmp_path).read())


def test_file_and_directory_are_the_users_alone(tmp_path: Path) -> None:
    """F1: 0600 in a 0700 directory that is made when needed."""
    records = Records(tmp_path / "state" / "sso-tray")

    records.change("corp", store="file")

    assert (0o600, 0o700) == (
        records.path.stat().st_mode & 0o777,
        records.path.parent.stat().st_mode & 0o777,
    )


def _count(state: str, key: str, times: int) -> None:
    records = Records(Path(state))
    for number in range(times):
        records.change(key, handed_back=(*records.of(key).handed_back, float(number)))
        records.change("shared", **{("contested", "unscoped")[number % 2]: True})


def test_processes_changing_it_at_once_lose_nothing(tmp_path: Path) -> None:
    """F2: the daemon's memories and the workers' keepers lie in one file."""
    processes = [
        multiprocessing.get_context("spawn").Process(
            target=_count, args=(str(tmp_path), f"session-{number}", 10)
        )
        for number in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    found = Records(tmp_path).read()

    assert [0] * 4 == [process.exitcode for process in processes]
    assert [tuple(map(float, range(10)))] * 4 == [
        found[f"session-{number}"].handed_back for number in range(4)
    ]
    assert (True, True) == (found["shared"].contested, found["shared"].unscoped)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"sessions": 5}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"sessions": []}',
    ],
)
def test_a_broken_file_counts_as_empty_and_is_kept_aside(tmp_path: Path, data: bytes) -> None:
    """G5: nothing is lost by writing over what could not be read."""
    records = Records(tmp_path)
    records.path.write_bytes(data)

    before = records.read()
    records.change("corp", store="file")

    assert ({}, "file") == (before, records.of("corp").store)
    aside = tmp_path / "state.json.broken"
    assert (data or False) == (aside.exists() and aside.read_bytes())


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("keeper", "nobody"),
        ("keeper", ["keyring"]),
        ("handed_back", "x"),
        ("handed_back", [1.0, "x"]),
        ("handed_back", [1e300]),
        ("handed_back", [True]),
        ("unstored", 5),
        ("signed_out", {"a": 1}),
        ("signed_out", [5]),
        ("memory", 5),
        ("memory", {"type": "Memory", "started_at": "yesterday"}),
        ("memory", {"type": "Memory", "lengths": [1, None]}),
        ("memory", {"type": "Memory", "end": {"type": "SessionEnd"}}),
        ("memory", {"type": "Memory", "end": 1.0}),
        ("memory", {"type": "Memory", "told": ["a"]}),
        ("memory", {"type": "Renewed"}),
    ],
)
def test_an_odd_member_costs_itself_alone(tmp_path: Path, member: str, value: object) -> None:
    """G5: the token store of every other session, and this one's other members, stay."""
    records = Records(tmp_path)
    records.change("corp", **_members(WHOLE))
    records.change("other", store="released")
    document = json.loads(records.path.read_bytes())
    document["sessions"]["corp"][member] = value
    records.path.write_text(json.dumps(document))

    found = records.read()
    records.change("other", contested=True)
    untouched = json.loads(records.path.read_bytes())["sessions"]["corp"]
    with_odd = records.path.read_bytes()
    records.change("corp", store=None, handed_back=(5.0,))

    field = {"keeper": "store"}.get(member, member)
    kept = [name for name in _members(WHOLE) if name != field]
    assert "released" == found["other"].store
    assert [getattr(WHOLE, name) for name in kept] == [
        getattr(found["corp"], name) for name in kept
    ]
    assert document["sessions"]["corp"] == json.loads(json.dumps(untouched))
    assert with_odd == (tmp_path / "state.json.broken").read_bytes()


def test_an_entry_that_is_none_costs_itself_alone(tmp_path: Path) -> None:
    """G5: the others stay."""
    records = Records(tmp_path)
    records.change("corp", store="keyring")
    document = json.loads(records.path.read_bytes())
    document["sessions"]["odd"] = 5
    records.path.write_text(json.dumps(document))

    assert {"corp": Record(store="keyring")} == records.read()


def test_what_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    """G5: a passing fault of the disk must not empty the records."""
    records = Records(tmp_path)
    records.path.mkdir()

    with pytest.raises(Exception, match=r"state\.json"):
        records.change("corp", store="file")

    assert {} == records.read()


def test_a_full_disk_leaves_the_old_whole_and_names_the_file(tmp_path: Path) -> None:
    """Fault 11: old or new, never half."""
    records = Records(tmp_path)
    records.change("corp", store="keyring")

    with full_disk(), pytest.raises(OSError, match=r"state\.json"):
        records.change("corp", store="file")

    assert {"corp": Record(store="keyring")} == records.read()


def test_a_change_that_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    """G3: files are watched; each write wakes somebody."""
    records = Records(tmp_path)
    records.change("corp", store="keyring")
    before = records.path.stat().st_ino

    records.change("corp", store="keyring")

    assert before == records.path.stat().st_ino


def test_a_deleted_file_is_read_from_its_copy(tmp_path: Path) -> None:
    """K1: a released session stays released although ``state.json`` was deleted."""
    records = Records(tmp_path)
    records.change("corp", store="released")
    records.path.unlink()

    read = records.of("corp").store
    records.change("lab", store="file")

    assert ("released", "released", "file") == (
        read,
        records.of("corp").store,
        records.of("lab").store,
    )


@pytest.mark.parametrize(
    "lost", [("state.json", "state.json.copy"), ("state.json.copy", "state.json")]
)
def test_two_losses_one_after_the_other_lose_nothing(
    tmp_path: Path, lost: tuple[str, str]
) -> None:
    """A start gives a lost name to the file again, so that the other may be lost, too."""
    records = Records(tmp_path)
    records.change("corp", store="keyring")

    for name in lost:
        (tmp_path / name).unlink()
        assert {"corp": "keyring"} == records.recalled().stores


@pytest.mark.parametrize("back", ["state.json", "state.json.copy"])
def test_a_file_that_comes_back_does_not_count(tmp_path: Path, back: str) -> None:
    """K1: a backup of one of the two, whatever its time, undoes nothing recorded since."""
    records = Records(tmp_path)
    records.change("corp", store="released")
    backup = (tmp_path / back).read_bytes()
    records.change("corp", store="keyring", unscoped=True)
    (tmp_path / back).write_bytes(backup)

    read = records.of("corp")
    records.change("lab", store="file")

    assert Record(store="keyring", unscoped=True) == read == records.of("corp")
    assert records.path.read_bytes() == (tmp_path / "state.json.copy").read_bytes()


@pytest.mark.parametrize("back", ["state.json", "state.json.copy"])
def test_a_file_that_comes_back_and_a_later_loss_lose_nothing(tmp_path: Path, back: str) -> None:
    """A start writes what counts over an older file, so that the other may be lost, too."""
    records = Records(tmp_path)
    records.change("corp", store="released")
    backup = (tmp_path / back).read_bytes()
    records.change("corp", store="keyring")
    (tmp_path / back).unlink()
    (tmp_path / back).write_bytes(backup)

    records.recalled()
    for name in {"state.json", "state.json.copy"} - {back}:
        (tmp_path / name).unlink()

    assert {"corp": "keyring"} == records.recalled().stores


def test_what_a_version_without_a_count_has_written_counts(tmp_path: Path) -> None:
    """It leaves count and copy as they were: its changes are not undone by the copy."""
    records = Records(tmp_path)
    records.change("corp", store="keyring")
    document = json.loads(records.path.read_bytes())
    document["sessions"]["corp"]["keeper"] = "released"
    records.path.unlink()
    records.path.write_text(json.dumps(document))

    assert {"corp": "released"} == records.recalled().stores


def test_a_broken_file_is_kept_aside_and_its_copy_counts(tmp_path: Path) -> None:
    """G5: neither what was recorded is lost nor what cannot be read."""
    records = Records(tmp_path)
    records.change("corp", store="released")
    records.path.write_bytes(b"{")

    read = records.of("corp").store
    records.change("lab", store="file")

    assert ("released", "released") == (read, records.of("corp").store)
    assert b"{" == (tmp_path / "state.json.broken").read_bytes()


def test_the_record_of_the_daemon_keeps_what_it_does_not_know(tmp_path: Path) -> None:
    """A later version's members survive ours, and what cannot be read counts as not written."""
    file = tmp_path / "daemon.json"
    file.write_text('{"version": 2, "new": [1], "running": 5, "host": "tower", "quit_at": 1e99}')

    assert DaemonRecord(host="tower") == read_record(tmp_path)
    change_record(tmp_path, running=True, quit_at=None)
    assert DaemonRecord(host="tower", running=True) == read_record(tmp_path)
    assert [1] == json.loads(file.read_text())["new"]
    file.write_text("[")
    assert DaemonRecord() == read_record(tmp_path)
