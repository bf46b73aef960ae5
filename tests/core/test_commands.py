"""Commands a person is told to type."""

from __future__ import annotations

import shlex

import pytest

from tray.core.text.shell_commands import login_command


@pytest.mark.parametrize("key", ["corp", "https://x.awsapps.com/start#/", "a b", "it's", "$(id)"])
def test_a_command_can_be_pasted(key: str) -> None:
    """A POSIX shell takes the name as it is, and runs nothing of it."""
    words = shlex.split(login_command(key))

    assert ["sso-tray", "login", key] == words
