"""``log``: the log's last lines, or the history and what comes next."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from tray.cli.command_context import CommandContext
from tray.cli.front.terminal import Ended, note
from tray.core.text import menu_text, sentences
from tray.core.text.display_names import clean
from tray.core.text.timestamps import parse_timestamp
from tray.storage.account_records import forget_accounts
from tray.storage.logs import History
from tray.system.clock.local_time import local_time

LOOK_EVERY: Final = 0.25  # seconds between looks of `--follow`


def log(*, history: bool, lines: int, follow: bool) -> None:
    state = CommandContext.of_this_process().paths.state
    path = state / ("history.jsonl" if history else "sso-tray.log")
    older = [path.with_name(f"{path.name}.{number}") for number in (2, 1)]
    worded: Callable[[str], str] = shown_event if history else clean_line
    tail = _Tail(path)
    said = [line for one in older for line in _lines(one)] + tail.read()
    for line in said[-lines:] if lines else ():
        click.echo(worded(line))
    if not said and not follow:
        note(f"{clean(str(path), 160)} is empty: nothing has happened yet.")
    sys.stdout.flush()
    while follow:
        time.sleep(LOOK_EVERY)
        for line in tail.read():
            click.echo(worded(line))
        sys.stdout.flush()


def forget(*, history: bool, accounts: bool) -> None:
    """Delete them, both by default; a running SSO Tray notices."""
    state, every = CommandContext.of_this_process().paths.state, not history and not accounts
    done = []
    try:
        if (history or every) and History(state).forget():
            done.append("the history")
        if (accounts or every) and forget_accounts(state):
            done.append("the list of your accounts and roles")
    except OSError as error:
        place = clean(str(error.filename or state), 160)
        raise Ended(f"{place} can't be deleted: {error.strerror}.", 1) from None
    finally:
        if done:
            click.echo(f"Forgotten: {' and '.join(done)}.")
    if not done:
        click.echo("There is nothing to forget.")


def clean_line(line: str) -> str:
    """Return a line without terminal control: ours are clean, unless the file was edited."""
    return "".join(sign if sign.isprintable() else "?" for sign in line)


def shown_event(line: str) -> str:
    """Return a line of the history in words; one of another form as it is."""
    try:
        event = json.loads(line)
        at = parse_timestamp(event["at"])
        zone = local_time(at)
        date = f"{datetime.fromtimestamp(at, zone):%Y-%m-%d}"
        text = menu_text.happened(
            event["what"], event.get("session"), event.get("detail", ""), "", brief=False
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError):
        return clean_line(line)
    return f"{date} {sentences.clock(at, zone).rjust(8 if zone.twelve_hours else 5)}  {text}"


def _lines(path: Path) -> list[str]:
    try:
        return _split(path.read_bytes())
    except FileNotFoundError:
        return []


def _split(data: bytes) -> list[str]:
    return [line.decode(errors="replace") for line in data.split(b"\n") if line]


class _Tail:
    """Read a log file as it grows; opened for each look, as Windows renames no open file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._older = path.with_name(f"{path.name}.1")
        self._known: int | None = None
        self._place = 0

    def read(self) -> list[str]:
        lines: list[str] = []
        if self._known is not None and _number(self._path) != self._known:
            if _number(self._older) == self._known:
                lines += self._rest(self._older)
            self._known, self._place = None, 0
        return lines + self._rest(self._path)

    def _rest(self, path: Path) -> list[str]:
        try:
            with path.open("rb") as file:
                found = os.fstat(file.fileno())
                if self._known not in (None, found.st_ino):
                    return []  # it was rotated just now: the next look sees that
                if found.st_size < self._place:
                    self._place = 0  # it was emptied
                self._known = found.st_ino
                file.seek(self._place)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._place += len(whole)
        return _split(whole)


def _number(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
