"""Show a change of the AWS config before it is made, and ask for consent."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from tray.aws.config import config_files
from tray.cli.front.terminal import Ended
from tray.core.text.display_names import clean

SHOWN: Final = 200  # lines of a diff that are shown
_COLOURS: Final = {"+": "green", "-": "red", "@": "cyan"}


def show_diff(path: Path, change: Callable[[bytes], bytes]) -> bool:
    """Show what a change would do to a file; return whether it would do anything."""
    before = config_files.read(path) or b""
    after = change(before)
    lines = list(
        difflib.unified_diff(
            before.decode(errors="replace").splitlines(),
            after.decode(errors="replace").splitlines(),
            "before",
            clean(str(path), 160),
            lineterm="",
            n=1,
        )
    )
    for line in lines[:SHOWN]:
        shown = "".join(sign if sign.isprintable() else "?" for sign in line)
        head = line.startswith(("---", "+++"))  # no key of a config begins so
        click.echo(click.style(shown, fg=None if head else _COLOURS.get(line[:1]), bold=head))
    if len(lines) > SHOWN:
        click.echo(f"... and {len(lines) - SHOWN} more lines")
    return before != after


def may_write(*, asks: bool) -> None:
    if asks and not click.confirm("Write this?", default=True, err=True):
        raise Ended("No changes made.", 1)
