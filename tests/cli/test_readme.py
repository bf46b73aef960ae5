"""The README tells of the commands what the program does."""

from __future__ import annotations

import re

import pytest

from tests.cli.readme import README, commands, documented

PAGE = README.read_text(encoding="utf-8")
ANY_COMMAND = re.compile(r"`sso-tray ([a-z][a-z-]*)[^`\n]*`")
ANY_OPTION = re.compile(r"`sso-tray ([a-z][a-z-]*)([^`|]*)`")


def test_the_table_of_commands_is_what_help_says() -> None:
    """A command, an option or a help text that changes breaks this test until it is written."""
    assert documented(PAGE) == PAGE


@pytest.mark.parametrize("name", sorted(set(ANY_COMMAND.findall(PAGE))))
def test_no_command_is_told_of_that_does_not_exist(name: str) -> None:
    """Whatever the README tells a reader to type is a command."""
    assert name in commands()


@pytest.mark.parametrize(
    ("name", "rest"),
    sorted({(name, rest) for name, rest in ANY_OPTION.findall(PAGE) if "--" in rest}),
)
def test_no_option_is_told_of_that_does_not_exist(name: str, rest: str) -> None:
    """Whatever option the README names beside a command, the command takes."""
    taken = {opt for parameter in commands()[name].params for opt in parameter.opts}
    named = set(re.findall(r"(?<![\w-])--[a-z-]+", rest.split(" -- ")[0]))

    assert named <= taken | {"--help"}
