"""The README's table of commands, from ``--help``: ``python -m tests.cli.readme --write``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tray.cli.front.click_commands import cli

README = Path(__file__).parents[2] / "README.md"
OPENS = "<!-- the commands, as --help has them: python -m tests.cli.readme --write -->\n"
CLOSES = "<!-- end of the commands -->\n"


def commands() -> dict[str, click.Command]:
    """Return every command a user may type, by name, in the order of ``--help``."""
    context = click.Context(cli, info_name="sso-tray")
    found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    return {name: one for name, one in found.items() if one is not None and not one.hidden}


def table() -> str:
    """Return the table in Markdown: each command and its summary."""
    rows = [f"| `{name}` | {summary(one)} |" for name, one in commands().items()]
    return "\n".join(["| `sso-tray ...` | what it does |", "|---|---|", *rows, ""])


def summary(command: click.Command) -> str:
    """Return the first sentence of a command's help, without its full stop."""
    return command.get_short_help_str(limit=200).rstrip(".").replace("|", r"\|")


def documented(page: str) -> str:
    """Return the README with the table as the program has it now."""
    head, _, rest = page.partition(OPENS)
    _, _, tail = rest.partition(CLOSES)
    return head + OPENS + table() + CLOSES + tail


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        README.write_text(documented(README.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        sys.stdout.write(table())
