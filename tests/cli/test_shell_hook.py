"""Real shells with the hook: they follow at their next prompt, unless somebody pinned them."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.stage import Stage
from tests.cli.terminal import Kind, Terminal, terminal
from tray.active_profile import write_prompt

SHELLS: list[Kind] = ["bash", "zsh", "fish"]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Terminal]:
    """Open a terminal whose shell has taken in the hook, and can start nothing any more."""
    kind: Kind = request.param
    hook = stage.home / "hook"
    hook.write_text(stage.tray("shell-init", kind).out)
    with terminal(kind, stage.environ, stage.home) as opened:
        opened.type(f"source {hook}")
        opened.type(f"source {hook}")  # as a reloaded configuration does
        opened.type("set -gx PATH" if kind == "fish" else "export PATH=/nowhere")
        yield opened


def pick(stage: Stage, profile: str | None, *, guarded: bool = False, left: float = 0) -> None:
    """Make a profile the active one, as the resident tells the shells."""
    ends_at = time.time() + left if left else None
    write_prompt(stage.state, profile, guarded=guarded, ends_at=ends_at)


def test_a_shell_follows_and_a_pinned_one_does_not(stage: Stage, shell: Terminal) -> None:
    """A2: from prompt to prompt, with a line when it changed, and no process for it."""
    followed = [shell.value("AWS_PROFILE")]
    pick(stage, "dev")
    told = shell.type("")
    followed.append(shell.value("AWS_PROFILE"))
    quiet = shell.type("")
    pick(stage, "prod", guarded=True)
    warned = shell.type("")
    followed.append(shell.value("AWS_PROFILE"))
    pick(stage, "reader")
    followed.append(shell.value("AWS_PROFILE"))

    export = "set -gx AWS_PROFILE mine" if shell.kind == "fish" else "export AWS_PROFILE=mine"
    shell.type(export)
    pick(stage, "dev")
    pinned = [shell.value("AWS_PROFILE"), shell.value("SSO_TRAY_SHELL")]
    shell.type("sso-tray-unpin")
    unpinned = shell.value("AWS_PROFILE")
    pick(stage, "prod", guarded=True)
    shell.type("sso-tray-pin")
    pinned.append(shell.value("AWS_PROFILE"))
    shell.type("sso-tray-unpin")
    pick(stage, None)
    nothing = shell.value("AWS_PROFILE")

    assert ["", "dev", "", "reader"] == followed
    assert (True, False) == ("AWS_PROFILE is now dev" in told, "sso-tray:" in quiet)
    assert "prod is guarded" in warned
    assert ["mine", "", "prod"] == pinned
    assert ("dev", "") == (unpinned, nothing)
    assert "not found" not in shell.screen
    # fish itself asks for some when it first completes a command.
    places = re.findall(r"^(\S+) \(line \d+\):", shell.screen, re.MULTILINE)
    assert [] == [place for place in places if not place.startswith("/usr/share/fish/")]


@pytest.mark.parametrize("name", ["two words", 'it\'s $HOME `id` "x"', "Zoë\\n", "-n"])
def test_a_name_is_only_data(stage: Stage, shell: Terminal, name: str) -> None:
    """Blanks, quotes and what a shell would expand come through as they are, also in a prompt."""
    pick(stage, name, left=3600 + 30)

    shell.type("")
    prompt = shell.type("sso_tray_prompt") if shell.kind != "fish" else ""

    assert name == shell.value("AWS_PROFILE").encode().decode()
    assert shell.kind == "fish" or f"({name} 1h0m) " in prompt


@pytest.mark.parametrize("kind", SHELLS)
def test_a_shell_started_from_a_following_one_follows_too(stage: Stage, kind: Kind) -> None:
    """What the hook has exported is not taken for somebody's own; status tells that it follows."""
    hook = stage.home / "hook"
    hook.write_text(stage.tray("shell-init", kind).out)
    inherited = {"AWS_PROFILE": "dev", "SSO_TRAY_SHELL": "dev"}
    pick(stage, "reader")

    with terminal(kind, {**stage.environ, **inherited}, stage.home) as opened:
        opened.type(f"source {hook}")
        followed = opened.value("AWS_PROFILE")
    document = stage.tray("status", "--json", **inherited).json()

    assert ("reader", ["shell"]) == (followed, document["applies"])


def test_use_tells_the_shells_with_and_without_a_resident(either: Stage) -> None:
    """The file of three lines is news at once, guarded profiles marked."""
    settings = either.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('guarded = ["read*"]\n')
    if (either.home / "run/sso-tray/agent.sock").exists():
        either.until(lambda: '"guarded": true' in either.tray("profiles", "--json").out)

    either.tray("use", "dev")
    told = [(either.state / "prompt").read_text()]
    either.tray("use", "reader")
    either.until(lambda: "guarded" in (either.state / "prompt").read_text())
    told.append((either.state / "prompt").read_text())
    either.tray("use", "--none")
    told.append((either.state / "prompt").read_text())

    assert ["dev\n\n\n", "reader\nguarded\n\n", "\n\n\n"] == told


def test_completion_knows_commands_and_names(stage: Stage) -> None:
    """As the shells ask: quick words, one a line; a broken config completes nothing."""

    def complete(words: str) -> list[str]:
        count = str(len(words.split(" ")) - 1)
        done = stage.tray(_SSO_TRAY_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=count)
        return [line.partition(",")[2] for line in done.out.splitlines() if line]

    scripts = [stage.tray("completion", kind) for kind in SHELLS]
    names = complete("sso-tray use re"), complete("sso-tray login co"), complete("sso-tray lo")
    stage.config.write_text("[broken")
    broken = complete("sso-tray use re")

    assert [0, 0, 0] == [done.code for done in scripts]
    assert (["reader"], ["corp"], ["login", "logout", "log"]) == names
    assert [] == broken


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """End a process that goes on by itself, whatever became of the test."""
    try:
        yield
    finally:
        process.kill()


def test_the_log_is_shown_and_followed(stage: Stage) -> None:
    """The last lines, then what comes, over a rotation; the history in words."""
    stage.tray("use", "dev")
    stage.signed_in_by_cli()
    stage.tray("renew", "corp")
    log = stage.state / "sso-tray.log"
    log.write_text("one\ntwo\x1b[31m\nthree\n")

    last = stage.tray("log", "-n", "2").out
    history = stage.tray("log", "--history").out
    with stage.start("log", "--follow", "-n", "1") as following, ended(following):
        assert following.stdout is not None
        seen = [following.stdout.readline()]
        with log.open("a") as file:
            file.write("four\n")
        seen.append(following.stdout.readline())
        log.rename(log.with_name("sso-tray.log.1"))
        log.write_text("five\n")
        seen.append(following.stdout.readline())

    assert "two?[31m\nthree\n" == last
    assert "renewed" in history
    assert ["three\n", "four\n", "five\n"] == seen
