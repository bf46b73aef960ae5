"""A command in a window of the user's terminal."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.desk import until
from tests.system.test_browser import install, recorder
from tray.desktop.linux.terminal_window import open_in_terminal


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH of our own with a shell, and no terminal yet."""
    directory = tmp_path / "bin"
    directory.mkdir()
    (directory / "sh").symlink_to("/bin/sh")
    (directory / "mv").symlink_to("/bin/mv")
    return directory


def environment(programs: Path) -> dict[str, str]:
    """Return what a program on a desktop has, with the test's own programs alone."""
    return {"PATH": str(programs), "DISPLAY": ":0"}


def arguments(told: Path) -> list[str]:
    """Return what a terminal was started with, once it has said so."""
    until(told.exists, "the terminal")
    return told.read_text().splitlines()


def test_the_command_runs_in_the_first_terminal_that_starts(programs: Path) -> None:
    """One that fails is passed over; each gets the command in its own way."""
    install(programs, "xdg-terminal-exec", "exit 1")
    told = recorder(programs, "x-terminal-emulator")

    opened = open_in_terminal(["sso-tray", "use", "a b"], environment(programs))
    argv = arguments(told)

    assert opened
    assert ["-e", "sh", "-c"] == argv[:3]
    assert ["sh", "sso-tray", "use", "a b"] == argv[4:]


def test_what_the_command_says_stays_to_be_read(programs: Path) -> None:
    """The window waits for Enter after the command's end, whatever its arguments hold."""
    told = recorder(programs, "xterm")
    open_in_terminal(["/bin/echo", "it's; exit 3"], environment(programs))
    argv = arguments(told)[1:]

    done = subprocess.run(argv, input="\n", capture_output=True, text=True, check=False)

    assert "it's; exit 3\n\nPress Enter to close this window. " == done.stdout


def test_without_a_terminal_or_a_display_nothing_is_opened(programs: Path) -> None:
    """The caller then copies the command instead."""
    without = open_in_terminal(["sso-tray", "use"], environment(programs))
    recorder(programs, "xterm")

    assert not without
    assert not open_in_terminal(["sso-tray", "use"], {"PATH": str(programs)})
