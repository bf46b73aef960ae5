"""
Writes the manual page from ``--help`` and the guide: ``packaging/manual_page.py sso-tray.1``.

The page is in the macros of man(7); groff(7) says what has to be escaped.
"""

from __future__ import annotations

import os
import re
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import tray
from tray.cli.front import help_texts
from tray.cli.front.click_commands import cli
from tray.cli.guide_command import GUIDE, title

VERBATIM: Final = "\b"
"""click's mark of a paragraph whose lines stay as they are."""


def page() -> str:
    """Return the whole page, ended by a newline."""
    return "\n".join([*_head(), *_commands(), *_rest()]) + "\n"


def escaped(text: str) -> str:
    """Return a line of text as groff prints it as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    text = text.replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")
    return f"\\&{text}" if text.startswith(".") else text


def _head() -> Iterator[str]:
    day = time.strftime(
        "%Y-%m-%d", time.gmtime(float(os.environ.get("SOURCE_DATE_EPOCH") or time.time()))
    )
    yield f'.TH SSO\\-TRAY 1 {day} "SSO Tray {tray.__version__}" "User Commands"'
    yield ".SH NAME"
    first, *others = _paragraphs(help_texts.PROGRAM)
    yield f"sso\\-tray \\- {escaped(_small(first.removesuffix('.')))}"
    yield ".SH SYNOPSIS"
    yield ".B sso\\-tray"
    yield ".RI [ COMMAND ]\n.RI [ OPTIONS ]\n.RI [ ARGUMENTS ]"
    yield ".SH DESCRIPTION"
    yield from _prose([first, *others])


def _commands() -> Iterator[str]:
    yield ".SH COMMANDS"
    context = click.Context(cli, info_name="sso-tray")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        usage = " ".join(command.collect_usage_pieces(inner))
        if not any(isinstance(one, click.Option) for one in command.params):
            usage = usage.removeprefix("[OPTIONS]").lstrip()
        yield _title(".SS", f"sso-tray {name} {usage}".rstrip())
        yield from _prose(_paragraphs(command.help or ""))
        for parameter in command.get_params(inner):
            record = parameter.get_help_record(inner)
            if record is not None and record[1] and "--help" not in parameter.opts:
                yield f".TP\n.B {escaped(record[0])}\n{escaped(_line(record[1]))}"


def _rest() -> Iterator[str]:
    for paragraph in _paragraphs(help_texts.EPILOG):
        if paragraph.startswith(VERBATIM):
            heading, *lines = paragraph.removeprefix(VERBATIM).strip("\n").splitlines()
            yield _title(".SH", heading.removesuffix(":").upper())
            yield from _as_it_is(lines)
    for section in (GUIDE / "files-and-settings.md").read_text("utf-8").split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        yield _title(".SH", heading.upper())
        yield from _markdown(body)
    yield _title(".SH", "GUIDE")
    for topic in sorted(GUIDE.glob("*.md")):
        yield from _tagged(f"sso-tray guide {topic.stem}", title(topic))
    yield ".SH SEE ALSO"
    yield ".BR aws (1)"


def _markdown(text: str) -> Iterator[str]:
    """Render what the guide uses: paragraphs, tables, fenced blocks."""
    for number, block in enumerate(re.findall(r"(?s:```.*?```)|(?:.+\n?)+", text)):
        lines = block.splitlines()
        if block.startswith("|"):
            yield from _table(lines)
            continue
        if number:
            yield ".PP"
        if block.startswith("```"):
            yield from _as_it_is(lines[1:-1])
        else:
            yield escaped(_line(_plain(block)))


def _table(lines: list[str]) -> Iterator[str]:
    """Tag each row by its first column; the heads of the others are said if there are several."""
    _, *heads = _cells(lines[0])
    for row in lines[2:]:
        name, *cells = _cells(row)
        pairs = [(head, cell) for head, cell in zip(heads, cells, strict=True) if cell]
        named = [f"{head}: {cell}" for head, cell in pairs]
        yield from _tagged(_plain(name), _plain("; ".join(named) if heads[1:] else cells[0]))


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def _tagged(name: str, meaning: str) -> Iterator[str]:
    yield f".TP\n.B {escaped(name)}\n{escaped(meaning)}"


def _plain(text: str) -> str:
    return text.replace("`", "").replace("**", "")


def _paragraphs(help_text: str) -> list[str]:
    return [one for one in textwrap.dedent(help_text).strip("\n").split("\n\n") if one.strip()]


def _prose(paragraphs: list[str]) -> Iterator[str]:
    for number, paragraph in enumerate(paragraphs):
        if not paragraph.startswith(VERBATIM):
            if number:
                yield ".PP"
            yield escaped(_line(paragraph))
            continue
        yield ".PP"
        lines = paragraph.removeprefix(VERBATIM).strip("\n").splitlines()
        if lines[0].endswith(":"):
            yield f"{escaped(lines.pop(0))}\n.PP"
        yield from _as_it_is(lines)


def _as_it_is(lines: list[str]) -> Iterator[str]:
    yield ".nf"
    yield from (escaped(line) if line.strip() else ".sp" for line in lines)
    yield ".fi"


def _title(macro: str, text: str) -> str:
    inner = escaped(text).replace('"', "\\(dq")
    return f'{macro} "{inner}"'


def _line(text: str) -> str:
    return " ".join(text.split())


def _small(sentence: str) -> str:
    """Begin with a small letter, as the NAME of a page does."""
    words = _line(sentence)
    return words[:1].lower() + words[1:]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python packaging/manual_page.py FILE")
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
