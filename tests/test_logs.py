from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.world import full_disk
from tray.storage.history_days import read_totals
from tray.storage.logs import HISTORY_BYTES, LOG_BYTES, REPEATS, History, log_to, quiet_libraries
from tray.system import WINDOWS

CANARY = "aoaAAAAA-canary-of-a-token"
log = logging.getLogger("tray.test")


@pytest.fixture(autouse=True)
def _root_logger_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def _lines(state: Path) -> list[str]:
    return (state / "sso-tray.log").read_text().splitlines()


def _fail() -> None:
    raise ValueError(CANARY)


def test_an_exception_is_told_by_type_and_place_alone(tmp_path: Path) -> None:
    """Section 4: its text may hold anything; no traceback, one line."""
    log_to(tmp_path)

    try:
        _fail()
    except ValueError:
        log.exception("a job failed")

    (line,) = _lines(tmp_path)
    assert CANARY not in line
    assert "ERROR tray.test: a job failed (ValueError at test_logs.py:" in line


def test_an_event_is_one_line_that_no_terminal_obeys(tmp_path: Path) -> None:
    """T12: names from a config are cleaned of line ends and control characters."""
    log_to(tmp_path)

    log.info("%s", "a\nb\rc\x1b[31md\u2028e\u202ef")

    (line,) = _lines(tmp_path)
    assert line.endswith("INFO tray.test: a b c [31md e f")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_files_are_the_users_alone_and_the_umask_is_left_as_it_was(
    tmp_path: Path, umask: int
) -> None:
    """T10: 0600 whatever the umask, which our children (a browser) would inherit."""
    before = os.umask(umask)
    try:
        log_to(tmp_path)
        log.info("hello")
        History(tmp_path).add(0.0, "started")
        found = os.umask(before)
    finally:
        os.umask(before)

    assert (umask, 0o600, 0o600) == (
        found,
        (tmp_path / "sso-tray.log").stat().st_mode & 0o777,
        (tmp_path / "history.jsonl").stat().st_mode & 0o777,
    )


def test_a_log_that_was_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    """T10: an earlier run's mode is mended."""
    (tmp_path / "sso-tray.log").touch(0o644)
    log_to(tmp_path)

    log.info("hello")

    assert 0o600 == (tmp_path / "sso-tray.log").stat().st_mode & 0o777


def test_logs_are_three_files_of_half_a_mebibyte(tmp_path: Path) -> None:
    """F1: 3 x 512 KiB, all 0600."""
    log_to(tmp_path)

    for number in range(5 * LOG_BYTES // 65536):
        log.info("%d%s", number, "x" * 65530)

    files = sorted(tmp_path.iterdir())
    assert ["sso-tray.log", "sso-tray.log.1", "sso-tray.log.2"] == [one.name for one in files]
    assert all(one.stat().st_size <= LOG_BYTES for one in files)
    assert WINDOWS or [0o600] * 3 == [one.stat().st_mode & 0o777 for one in files]


def test_a_line_that_repeats_is_counted(tmp_path: Path) -> None:
    """A fault that comes a thousand times a minute leaves ten lines, and then how many more."""
    log_to(tmp_path)
    handler = logging.getLogger().handlers[0]

    for at in (*range(0, 3000, 3), 61_000):
        record = logging.makeLogRecord({"msg": "out of %s", "args": ("descriptors",)})
        record.created = 1_800_000_000 + at / 1000
        handler.handle(record)

    lines = (tmp_path / "sso-tray.log").read_text().splitlines()
    assert ["out of descriptors"] * REPEATS == [line.partition(": ")[2] for line in lines[:-1]]
    assert lines[-1].endswith("out of descriptors (990 more times)")


def test_a_full_disk_costs_the_line_and_says_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fault 11: logging's own complaint is a traceback with the arguments in it."""
    log_to(tmp_path)
    log.info("before")

    with full_disk():
        log.info("%s", CANARY)
    log.info("after")

    assert ("", "") == capsys.readouterr()
    assert [True, True] == [
        any(word in line for line in _lines(tmp_path)) for word in ("before", "after")
    ]


def test_without_a_directory_the_log_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """The command line's own messages are for who typed."""
    log_to(None)

    log.info("hello")

    assert "INFO tray.test: hello\n" in capsys.readouterr().err


def test_libraries_that_print_tokens_are_capped(tmp_path: Path) -> None:
    """Section 4: botocore's DEBUG stays off even when ours is on."""
    log_to(tmp_path, debug=True)
    quiet_libraries()

    for name in ("botocore.endpoint", "urllib3.connectionpool", "keyring.backend", "jeepney"):
        logging.getLogger(name).debug(CANARY)
        logging.getLogger(name).info(CANARY)
    log.debug("ours")

    (line,) = _lines(tmp_path)
    assert "ours" in line


def test_history_is_one_json_line_an_event(tmp_path: Path) -> None:
    """F1: for a person to look up, and for tools to read."""
    history = History(tmp_path / "new")

    history.add(1_700_000_000.5, "renewed", "corp")
    history.add(1_700_000_001.0, "refused", "corp", "portal\nvalid")

    assert [
        {"at": "2023-11-14T22:13:20Z", "what": "renewed", "session": "corp"},
        {
            "at": "2023-11-14T22:13:21Z",
            "what": "refused",
            "session": "corp",
            "detail": "portal\nvalid",
        },
    ] == [json.loads(line) for line in history.path.read_text().splitlines()]


def test_lines_that_go_leave_their_numbers_by_day(tmp_path: Path) -> None:
    """By age or for want of room; forgetting the history forgets them, too."""
    history, day = History(tmp_path), "1970-01-01"
    history.add(3600.0, "renewed", "corp")
    history.add(7200.0, "credentials", "corp", "prod, to aws (12)")
    history.add(90000.0, "renewed", "corp")
    history.forget(before=86400.0)
    once = read_totals(tmp_path)
    history.path.replace(history.path.with_suffix(".jsonl.1"))
    history.path.write_bytes(b"x" * (HISTORY_BYTES + 1))
    history.add(100000.0, "renewed", "corp")
    twice, text = read_totals(tmp_path), (tmp_path / "history-days.json").read_text()
    history.forget()

    assert {day: {"corp": [0, 1, 0, 1]}} == once
    assert {**once, "1970-01-02": {"corp": [0, 1, 0, 0]}} == twice
    assert "prod" not in text
    assert {} == read_totals(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "", "[", "[]", "{}", '{"version": 2, "days": {}}', '{"version": 1, "days": []}',
        '{"version": 1, "days": {"1970-13-01": {"corp": [0, 0, 0, 0]}}}',
        '{"version": 1, "days": {"1970-01-01": []}}',
    ],
)  # fmt: skip
def test_totals_that_cannot_be_read_are_none(tmp_path: Path, text: str) -> None:
    """Nothing breaks, and the next ones replace them."""
    (tmp_path / "history-days.json").write_text(text)
    history = History(tmp_path)
    history.add(3600.0, "renewed", "corp")
    before = read_totals(tmp_path)
    history.forget(before=86400.0)

    assert {} == before
    assert {"1970-01-01": {"corp": [0, 1, 0, 0]}} == read_totals(tmp_path)


def test_history_keeps_a_mebibyte_and_one_older_file(tmp_path: Path) -> None:
    """F1: rotated once it is over 1 MiB."""
    history = History(tmp_path)
    history.path.write_bytes(b"x" * (HISTORY_BYTES + 1))

    history.add(0.0, "renewed")

    assert {"history.jsonl", "history.jsonl.1"} == {one.name for one in tmp_path.iterdir()}
    assert history.path.stat().st_size < 100


@pytest.mark.parametrize("at", [float("nan"), float("inf"), 1e300, -1e300])
def test_no_clock_stops_the_history(tmp_path: Path, at: float) -> None:
    """Fault 28: whatever the clock says, the event is noted."""
    history = History(tmp_path)

    history.add(at, "renewed")

    assert "renewed" == json.loads(history.path.read_text())["what"]


def test_no_fault_of_the_disk_stops_the_caller(tmp_path: Path) -> None:
    """Fault 11: it costs the line and nothing else."""
    history = History(tmp_path)
    with full_disk():
        history.add(0.0, "renewed")
    history.path.unlink(missing_ok=True)
    history.path.mkdir()
    history.add(0.0, "renewed")
    (tmp_path / "file").touch()

    History(tmp_path / "file").add(0.0, "renewed")

    assert history.path.is_dir()


def test_what_happened_long_ago_is_forgotten(tmp_path: Path) -> None:
    """Older lines go from both files, the rest stays as it was; without a time everything goes."""
    history = History(tmp_path)
    for day in range(4):
        history.add(day * 86400.0, "renewed", "corp")
        if day == 1:
            history.path.replace(history.path.with_suffix(".jsonl.1"))

    some = history.forget(before=86400.0)
    again = history.forget(before=86400.0)
    left = [
        json.loads(line)["at"][:10]
        for path in sorted(tmp_path.glob("history.jsonl*"), reverse=True)
        for line in path.read_text().splitlines()
    ]
    everything, nothing = history.forget(), history.forget()

    assert (True, False, True, False) == (some, again, everything, nothing)
    assert ["1970-01-02", "1970-01-03", "1970-01-04"] == left
    assert [] == list(tmp_path.glob("history*"))


def test_the_first_line_after_forgetting_says_so(tmp_path: Path) -> None:
    """Whoever lists what was recent learns that it is gone; a full file is no beginning."""
    history = History(tmp_path)
    first, second = history.add(1.0, "renewed"), history.add(2.0, "renewed")
    history.path.write_bytes(b"x" * (HISTORY_BYTES + 1))
    rotated = history.add(3.0, "renewed")
    history.forget()

    assert (True, False, False, True) == (first, second, rotated, history.add(4.0, "renewed"))
