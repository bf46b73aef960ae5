"""``--help`` at 80 columns, and what a slip of the pen is answered with."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from tray.cli.front.click_commands import cli
from tray.cli.front.command_table import COMMANDS
from tray.cli.front.help_texts import SUMMARIES


def test_no_summary_is_cut_off_at_80_columns() -> None:
    """Each command has its line, whole, in a terminal of 80 columns; none breaks in two."""
    lines = CliRunner().invoke(cli, ["--help"], terminal_width=80).output.splitlines()

    start = lines.index("Commands:") + 1
    shown = dict(line.split(maxsplit=1) for line in lines[start : start + len(SUMMARIES)])
    assert SUMMARIES == shown
    assert list(COMMANDS) == list(SUMMARIES)
    assert max(map(len, lines)) <= 80


def test_the_summary_is_what_completion_shows_too() -> None:
    """A shell that shows a line beside each command shows the same one."""
    context = click.Context(cli)

    for name, summary in SUMMARIES.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert summary == command.get_short_help_str(limit=10)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (["staus"], 'Unknown command "staus". Did you mean "status"?'),
        (["Login"], 'Unknown command "Login". Did you mean "login"?'),
        (["xyzzy"], 'Unknown command "xyzzy".\n'),
        (["login", "--alll"], "Did you mean '--all'?"),
        (["--verson"], "Did you mean '--version'?"),
    ],
)
def test_a_slip_of_the_pen_is_answered_with_what_was_meant(
    typed: list[str], sentence: str
) -> None:
    """An unknown command or option: exit code 2 and the nearest right one."""
    done = CliRunner().invoke(cli, typed)

    assert 2 == done.exit_code
    assert sentence in done.output
