"""The README tells of the commands what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.readme import README, commands, documented
from tests.core.test_states import STATES
from tray.core.policy import ENDING_BEFORE, MINUTE
from tray.storage.settings import Settings, read_settings

PAGE = README.read_text(encoding="utf-8")
CONTRIBUTING = README.with_name("CONTRIBUTING.md").read_text(encoding="utf-8")
FENCED = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
TYPED = "\n".join(
    f"`{one.split('  #')[0].strip()}`"
    for block in FENCED.findall(PAGE)
    for line in block.splitlines()
    for one in line.split(";")
)
"""The lines to be typed, written as inline code is."""
ANY_COMMAND = re.compile(r"`sso-tray ([a-z][a-z-]*)[^`\n]*`")
ANY_OPTION = re.compile(r"`sso-tray ([a-z][a-z-]*)([^`|\n]*)`")
ANY_TARGET = re.compile(r"(?:^|`|&& )make ([a-z][a-z-]+)", re.MULTILINE)


def test_the_table_of_commands_is_what_help_says() -> None:
    """A command, an option or a help text that changes breaks this test until it is written."""
    assert documented(PAGE) == PAGE


@pytest.mark.parametrize("name", sorted(set(ANY_COMMAND.findall(PAGE + TYPED))))
def test_no_command_is_told_of_that_does_not_exist(name: str) -> None:
    """Whatever the README tells a reader to type is a command."""
    assert name in commands()


@pytest.mark.parametrize(
    ("name", "rest"),
    sorted({(name, rest) for name, rest in ANY_OPTION.findall(PAGE + TYPED) if "--" in rest}),
)
def test_no_option_is_told_of_that_does_not_exist(name: str, rest: str) -> None:
    """Whatever option the README names beside a command, the command takes."""
    taken = {opt for parameter in commands()[name].params for opt in parameter.opts}
    named = set(re.findall(r"(?<![\w-])--[a-z-]+", rest.split(" -- ")[0]))

    assert named <= taken | {"--help"}


def test_no_make_target_is_told_of_that_does_not_exist() -> None:
    """README and CONTRIBUTING send nobody to a target that the Makefile does not list."""
    makefile = README.with_name("Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))

    told = set(ANY_TARGET.findall(PAGE + CONTRIBUTING))

    assert {"demo", "test", "check", "deb"} <= told
    assert set() == told - targets


def test_the_settings_shown_are_settings(tmp_path: Path) -> None:
    """The README's config.toml is taken word for word, and says what is so by default."""
    (shown,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    file = tmp_path / "config.toml"
    file.write_text(shown, encoding="utf-8")

    settings = read_settings(file, tmp_path)
    usual = Settings()

    assert () == settings.problems
    assert (
        usual.keyring_service,
        usual.empty_refresh_members,
        usual.log_debug,
        usual.notices,
        usual.preferences.adopt,
        usual.preferences.warn_before,
    ) == (
        settings.keyring_service,
        settings.empty_refresh_members,
        settings.log_debug,
        settings.notices,
        settings.preferences.adopt,
        settings.preferences.warn_before,
    )


def test_exec_takes_our_options_before_the_command() -> None:
    """After ``--`` everything is the command's own, so the table shows ours before it."""
    row = re.search(r"^\| `sso-tray exec ([^`]*)`", PAGE, re.MULTILINE)

    assert row is not None
    assert row[1].index("--profile") < row[1].index(" -- ")


def test_the_exercise_is_true_of_the_rules() -> None:
    """Number, file, rows and table that CONTRIBUTING's exercise names are there."""
    rows = [words for words, *_ in STATES]

    assert f"{ENDING_BEFORE / MINUTE:.0f} minutes." in CONTRIBUTING
    for name in ("the end is 30 minutes away", "the end is 31 minutes away"):
        assert name in rows
        assert f'"{name}"' in re.sub(r"\s+", " ", CONTRIBUTING)
