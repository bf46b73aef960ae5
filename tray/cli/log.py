"""``log``: the log's last lines, or what happened to the sessions, and what comes next."""

from __future__ import annotations

import json
import os
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
    metavar="N",
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
    said = [line for one in older for line in _lines(one)]
    newest, known = _whole_lines(path)
    said += newest
    for line in said[-lines:] if lines else ():
        click.echo(worded(line))
    if not said and not follow:
        note(f"{clean(str(path), 160)} is empty: nothing has happened yet.")
    if follow:
        sys.stdout.flush()
        for line in _coming(path, known):
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
    return _whole_lines(path)[0]


def _whole_lines(path: Path) -> tuple[list[str], tuple[int, int] | None]:
    """Return a file's whole lines, and which file that was and where the next one begins."""
    try:
        with path.open("rb") as file:
            data = file.read()
            inode = os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return [], None
    whole = data[: data.rfind(b"\n") + 1]
    return whole.decode("utf-8", "replace").splitlines(), (inode, len(whole))


def _coming(path: Path, known: tuple[int, int] | None) -> Iterator[str]:
    """Yield the lines written from now on, over a change of files, until Ctrl-C."""
    while True:
        try:
            with path.open("rb") as file:
                found = os.fstat(file.fileno())
                if known is None or found.st_ino != known[0] or found.st_size < known[1]:
                    known = (found.st_ino, 0)  # the full one was put away; this is a new one
                file.seek(known[1])
                data = file.read()
        except FileNotFoundError:
            data = b""
        whole = data[: data.rfind(b"\n") + 1]
        yield from whole.decode("utf-8", "replace").splitlines()
        if known is not None:
            known = (known[0], known[1] + len(whole))
        time.sleep(LOOK_EVERY)
