"""``log``: the log's last lines, or what happened to the sessions, and what comes next."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from tray.aws.timestamps import parse_timestamp
from tray.cli import manual
from tray.cli.here import Here, note
from tray.core import menu_text, text
from tray.core.words import clean

LINES: Final = 40
LOOK_EVERY: Final = 0.25
"""Seconds between looks of ``--follow``: a file tells nobody that it has grown."""


@click.command(help=manual.LOG)
@click.option("--history", is_flag=True, help="What happened to your sessions, in words.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(min=0),
    default=LINES,
    show_default=True,
    help="How many of the last lines.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on; Ctrl-C ends.")
def log(*, history: bool, lines: int, follow: bool) -> None:
    """Show the log."""
    state = Here.of_this_process().paths.state
    path = state / ("history.jsonl" if history else "sso-tray.log")
    older = [path.with_name(f"{path.name}.{number}") for number in (2, 1)]
    worded: Callable[[str], str] = _event if history else clean_line
    said = [line for one in (*older, path) for line in _lines(one)]
    for line in said[-lines:] if lines else ():
        click.echo(worded(line))
    if not said and not follow:
        note(f"{clean(str(path), 160)} is empty: nothing has happened yet.")
    if follow:
        sys.stdout.flush()
        for line in _coming(path):
            click.echo(worded(line))
            sys.stdout.flush()


def clean_line(line: str) -> str:
    """Return a line that no terminal obeys; ours are clean, but anybody may have edited one."""
    return "".join(sign if sign.isprintable() else "?" for sign in line)


def _event(line: str) -> str:
    try:
        event = json.loads(line)
        at = datetime.fromtimestamp(parse_timestamp(event["at"])).astimezone()
        words = menu_text.happened(
            event["what"], event.get("session"), event.get("detail", ""), ""
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError):
        return clean_line(line)
    return f"{at:%Y-%m-%d} {text.clock(at.timestamp(), at.tzinfo)}  {words.strip()}"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _coming(path: Path) -> Iterator[str]:
    """Yield the lines written from now on, over a change of files, until Ctrl-C."""
    known = _mark(path)
    place = known[1] if known is not None else 0
    rest = ""
    while True:
        now = _mark(path)
        if now is not None:
            if known is None or now[0] != known[0] or now[1] < place:
                place, rest = 0, ""  # the full one was put away, and this is a new one
            with path.open(encoding="utf-8", errors="replace", newline="") as file:
                file.seek(place)
                told = rest + file.read()
                place = file.tell()
            *whole, rest = told.split("\n")
            yield from whole
        known = now
        time.sleep(LOOK_EVERY)


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size
