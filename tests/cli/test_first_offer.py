"""The one offer at the terminal after the first sign-in."""

from __future__ import annotations

import json

import pytest

from tests.cli.stage import Stage
from tests.cli.terminal import program

AT_LOGIN, DEFAULT = "Start SSO Tray at every login?", "every SDK follow the active profile?"


def signs_in(stage: Stage, *answers: str) -> str:
    """Sign in at a terminal, answer what is asked, and return what it showed."""
    environ = {name: value for name, value in stage.environ.items() if name != "CI"}
    command = ("-m", "tray", "login", "corp", "--no-daemon", "--afresh")
    with program(command, environ, stage.home) as terminal:
        for question, answer in zip((AT_LOGIN, DEFAULT), answers, strict=False):
            terminal.answer(question, answer)
        assert 0 == terminal.wait(), terminal.screen
    return terminal.screen


@pytest.mark.parametrize("answer", ["y", "n"])
def test_it_is_made_once_and_the_answer_holds(stage: Stage, answer: str) -> None:
    """A yes is done at once, a no says how to do it later, and neither is asked again."""
    entry = stage.home / ".config/autostart/sso-tray.desktop"
    assert 0 == stage.tray("use", "dev").code
    before = stage.config.read_text()

    first, second = signs_in(stage, answer, answer), signs_in(stage)

    yes = answer == "y"
    assert (yes, yes) == (entry.exists(), stage.config.read_text() != before)
    assert yes != ("Later: sso-tray autostart on" in first)
    assert yes != ("Later: sso-tray apply default" in first)
    assert AT_LOGIN not in second
    assert DEFAULT not in second
    assert json.loads((stage.state / "daemon.json").read_text())["offered_at"]


def test_nobody_is_asked_who_cannot_answer(stage: Stage) -> None:
    """Without a terminal the sign-in is made, and the offer still to come."""
    done = stage.tray("login", "corp")

    assert 0 == done.code
    assert AT_LOGIN not in done.out + done.err
    assert AT_LOGIN in signs_in(stage, "n", "n")


def test_a_policy_that_starts_nothing_offers_no_start(stage: Stage) -> None:
    """With ``start_daemon = "never"`` only the AWS default is offered."""
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('start_daemon = "never"\n')
    environ = {name: value for name, value in stage.environ.items() if name != "CI"}

    with program(("-m", "tray", "login", "corp"), environ, stage.home) as terminal:
        terminal.answer(DEFAULT, "n")
        assert 0 == terminal.wait(), terminal.screen

    assert AT_LOGIN not in terminal.screen
