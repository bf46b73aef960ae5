"""``guide``: the pages of ``tray/guide`` in the terminal."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import click

from tray.cli.front.terminal import WrongUse
from tray.core.text.display_names import clean

GUIDE: Final = Path(__file__).parents[1] / "guide"


def guide(topic: str | None) -> None:
    pages = {path.stem: path for path in sorted(GUIDE.glob("*.md"))}
    if topic is None:
        width = max(map(len, pages))
        for name, path in pages.items():
            click.echo(f"{name:{width}}  {title(path)}")
        return
    if topic not in pages:
        word = topic.lower()
        near = [name for name in pages if word in name] or get_close_matches(word, pages, n=1)
        meant = f' Did you mean "{near[0]}"?' if near else f" The topics: {', '.join(pages)}."
        raise WrongUse(f'There is no topic "{clean(topic)}".{meant}')
    _show(pages[topic].read_text(encoding="utf-8"))


def title(page: Path) -> str:
    with page.open(encoding="utf-8") as lines:
        return lines.readline().removeprefix("#").strip()


def _show(text: str) -> None:
    """Page the text at a terminal, as git does; print it plainly anywhere else."""
    pager = os.environ.get("PAGER")
    if not sys.stdout.isatty() or pager in {"", "cat"}:
        click.echo(text, nl=False)
        return
    os.environ.setdefault("LESS", "FRX")  # a page that fits the screen is printed and stays
    click.echo_via_pager(text.removesuffix("\n"))
