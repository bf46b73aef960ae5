"""
``history-days.json``, version 1: the totals of days whose lines have left the history.

``{"version": 1, "days": {DAY: {SESSION: [NUMBER, ...]}}}`` as in `tray.core.views.daily_totals`.
What cannot be read is as if it were not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from tray.core.policy import TOTALS_KEPT
from tray.core.text.timestamps import parse_timestamp
from tray.core.views.daily_totals import KINDS, Totals, day_of, joined, totals_of
from tray.core.views.history_lines import history_lines
from tray.errors import TrayError
from tray.storage.atomic_files import LOCK_TIMEOUT, private_directory, read_small, write_atomic
from tray.system.lock.file_lock import FileLock, lock_path

VERSION: Final = 1
NAME: Final = "history-days.json"


def read_totals(state: Path) -> Totals:
    try:
        document = json.loads(read_small(state / NAME))
        days = document["days"] if document["version"] == VERSION else {}
        return {
            day: {key: numbers for key, numbers in sessions.items() if _good(numbers)}
            for day, sessions in days.items()
            if day == day_of(parse_timestamp(f"{day}T00:00:00Z"))
        }
    except (OSError, TrayError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def keep_totals(state: Path, documents: Iterable[Any], now: float) -> None:
    """Add lines that leave the history, each read as JSON; raises `Busy`, TrayError, OSError."""
    found = totals_of(history_lines(documents))
    if not found:
        return
    private_directory(state)
    with FileLock(lock_path(state, "state"), timeout=LOCK_TIMEOUT):
        oldest = day_of(now - TOTALS_KEPT)
        days = {day: one for day, one in joined(read_totals(state), found).items() if day > oldest}
        document = {"version": VERSION, "days": dict(sorted(days.items()))}
        write_atomic(state / NAME, json.dumps(document, separators=(",", ":")).encode() + b"\n")


def _good(numbers: object) -> bool:
    return (
        isinstance(numbers, list)
        and len(numbers) == len(KINDS)
        and all(type(one) is int and 0 <= one < 1_000_000_000 for one in numbers)
    )
