"""
Writes the README's table of commands from the program: ``python -m tests.cli.readme --write``.

What ``--help`` says and what the README says are one text, so neither can be true alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tray.cli.main import cli

README = Path(__file__).parents[2] / "README.md"
OPENS = "<!-- the commands, as --help tells them: python -m tests.cli.readme --write -->\n"
CLOSES = "<!-- end of the commands -->\n"


def commands() -> dict[str, click.Command]:
    """Return every command a person may type, by name, in the order of ``--help``."""
    context = click.Context(cli, info_name="sso-tray")
    found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    return {name: one for name, one in found.items() if one is not None and not one.hidden}


def table() -> str:
    """Return the table in Markdown, a row each: how it is typed, and what it does."""
    rows = [f"| `{synopsis(name, one)}` | {says(one)} |" for name, one in commands().items()]
    return "\n".join(["| command | what it does |", "|---|---|", *rows, ""])


def synopsis(name: str, command: click.Command) -> str:
    """Return how a command is typed, ``|`` escaped for a table."""
    # Where everything after the first word is somebody else's, ours have to stand before it.
    ours_anywhere = command.context_settings.get("allow_interspersed_args", True)
    context = click.Context(command, info_name=name)
    words = [piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
    options = list(_options(command, context))
    typed = [*words, *options] if ours_anywhere else [*options, *words]
    return " ".join(["sso-tray", name, *typed]).replace("|", r"\|")


def says(command: click.Command) -> str:
    """Return what ``--help`` says of a command in one line, without its full stop."""
    return command.get_short_help_str(limit=200).rstrip(".").replace("|", r"\|")


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for option in command.get_params(context):
        if not isinstance(option, click.Option) or option.hidden or "--help" in option.opts:
            continue
        value = "" if option.is_flag else f" {option.make_metavar(context)}"
        yield f"[{max(option.opts, key=len)}{value}]"


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
