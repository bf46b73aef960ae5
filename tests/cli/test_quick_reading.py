"""The command line read without click: as click reads it, or not at all."""

from __future__ import annotations

import itertools
from typing import Any, get_args

import click
import pytest

from tray.cli.add.add_session import SCOPE
from tray.cli.front.click_commands import cli
from tray.cli.front.command_parts import Argument, Option
from tray.cli.front.command_table import COMMANDS, COMPLETES, SHELLS
from tray.cli.front.quick_reading import last_before, read
from tray.cli.shell.shell_integration import Shell
from tray.core.profiles.managed_profile import Target
from tray.core.profiles.profile_planning import TEMPLATE

QUICK = [name for name, command in COMMANDS.items() if command.quick is not None]


def _by_click(line: tuple[str, ...]) -> dict[str, Any] | None:
    """Return what click reads, or None where it refuses or prints help."""
    name, *rest = line
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    try:
        read = command.make_context(name, list(rest), click.Context(cli)).params
    except (click.ClickException, click.exceptions.Exit):
        return None
    return read | ({"last_before": last_before(rest)} if COMMANDS[name].as_env else {})


@pytest.mark.parametrize("name", QUICK)
def test_what_is_read_without_click_is_what_click_reads(name: str) -> None:
    """Every line of up to four words: the same parameters, or it is left to click."""
    flags = [flag for one in COMMANDS[name].takes if isinstance(one, Option) for flag in one.flags]
    words = [*flags, "dev", "env", "-", "--", "--json=1", "--hel", "-h", "-xy", "ä", "a b"]
    both = [
        (line, mine[1], _by_click(line))
        for count in range(5 if len(words) < 12 else 4)
        for line in ((name, *rest) for rest in itertools.product(words, repeat=count))
        if (mine := read(line)) is not None
    ]

    assert len(both) > 3
    assert [] == [(line, mine, theirs) for line, mine, theirs in both if mine != theirs]


@pytest.mark.parametrize(
    "line",
    [
        (), ("--help",), ("login", "corp"), ("status", "--help"), ("status", "-h"),
        ("status", "--watch", "--watch"), ("credentials", "--format", "xml"),
        ("credentials", "--format=env"),
        ("credentials", "--profile"), ("exec",), ("exec", "--"), ("console", "--pri"),
        ("credentials", "--profile", "a", "--profile", "b"), ("staus",),
    ],
)  # fmt: skip
def test_what_leaves_a_question_is_left_to_click(line: tuple[str, ...]) -> None:
    """Help, wrong use, other spellings and slow commands are click's."""
    assert read(line) is None


def test_the_table_has_the_words_of_the_rest() -> None:
    """What the table repeats, so that it imports nothing, is as the rules have it."""
    takes = {(name, one.name): one for name, command in COMMANDS.items() for one in command.takes}
    name, scopes, target = takes["add", "name"], takes["add", "scopes"], takes["apply", "target"]

    assert get_args(Shell) == SHELLS
    assert set(COMPLETES) < set(SHELLS)
    assert isinstance(name, Option)
    assert TEMPLATE == name.default
    assert isinstance(scopes, Option)
    assert SCOPE in scopes.help
    assert isinstance(target, Argument)
    assert get_args(Target) == tuple(target.choices)
