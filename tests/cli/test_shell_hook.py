"""Real shells with the hook: they follow at their next prompt, unless somebody pinned them."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.stage import PATIENCE, Stage
from tests.cli.terminal import Kind, Terminal, terminal
from tests.components import require
from tray.storage.active_profile import write_prompt

SHELLS: list[Kind] = ["bash", "zsh", "fish"]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Terminal]:
    """Open a terminal whose shell has taken in the hook, and finds no program any more."""
    kind: Kind = request.param
    hook = stage.home / "hook"
    hook.write_text(stage.tray("shell-init", kind).out)
    with terminal(kind, stage.environ, stage.home, stage.home / "trace") as opened:
        opened.type(f"source {hook}")
        opened.type(f"source {hook}")  # as a reloaded configuration does
        opened.type("set -gx PATH" if kind == "fish" else "export PATH=/nowhere")
        own = opened.processes()
        assert kind == "fish" or [] == own  # fish asks git for a prompt of its own
        yield opened


def pick(stage: Stage, profile: str | None, *, guarded: bool = False, left: float = 0) -> None:
    """Make a profile the active one, as the daemon tells the shells."""
    ends_at = time.time() + left if left else None
    write_prompt(stage.state, profile, guarded=guarded, ends_at=ends_at)


def test_a_shell_follows_and_a_pinned_one_does_not(stage: Stage, shell: Terminal) -> None:
    """A2: from prompt to prompt, with a line when it changed, and no process for it."""
    fish = shell.kind == "fish"
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

    shell.type("set -gx AWS_PROFILE mine" if fish else "export AWS_PROFILE=mine")
    pick(stage, "dev")
    pinned = [shell.value("AWS_PROFILE"), shell.value("SSO_TRAY_SHELL")]
    shell.type("sso-tray-unpin")
    unpinned = [shell.value("AWS_PROFILE")]
    shell.type("set -gx AWS_PROFILE ''" if fish else "export AWS_PROFILE=")
    pinned.append(shell.value("AWS_PROFILE"))
    shell.type("set -e AWS_PROFILE" if fish else "unset AWS_PROFILE")
    unpinned.append(shell.value("AWS_PROFILE"))
    pick(stage, "prod", guarded=True)
    shell.type("sso-tray-pin")
    pinned.append(shell.value("AWS_PROFILE"))
    shell.type("sso-tray-unpin")
    pick(stage, "dev")
    shell.type("")
    pick(stage, None)
    nothing = shell.value("AWS_PROFILE")
    refused = shell.type("sso-tray-pin")

    assert ["", "dev", "", "reader"] == followed
    assert (True, False) == ("AWS_PROFILE is now dev" in told, "sso-tray:" in quiet)
    assert "prod is guarded" in warned
    assert ["mine", "", "", "prod"] == pinned
    assert (["dev", "dev"], "") == (unpinned, nothing)
    assert "no profile is active" in refused
    assert [] == shell.processes()
    assert "not found" not in shell.screen
    # fish itself asks for some when it first completes a command.
    places = re.findall(r"^(\S+) \(line \d+\):", shell.screen, re.MULTILINE)
    assert [] == [place for place in places if not place.startswith("/usr/share/fish/")]


NAMES = ("two words", 'it\'s $HOME `id` "x"', "Zoë\\n", "-n", "(", "50%", "a;b *")


def test_a_name_is_only_data(stage: Stage, shell: Terminal) -> None:
    """Blanks, quotes and what a shell would expand come through as they are, also in a prompt."""
    seen = []
    drawn = []
    for name in NAMES:
        pick(stage, name, left=3600 + 30)
        seen.append(shell.value("AWS_PROFILE"))
        # A percent sign is doubled for zsh's prompt, which takes one away.
        drawn.append(shell.type("sso_tray_prompt").replace("%%", "%"))
    (stage.state / "prompt").write_text(f"dev\n\na[$(echo >{stage.home}/ran)]\n")
    shell.type("sso_tray_prompt")

    assert list(NAMES) == seen
    missed = [
        name for name, told in zip(NAMES, drawn, strict=True) if f"({name} 1h0m) " not in told
    ]
    assert [] == missed
    assert [] == shell.processes()
    assert not (stage.home / "ran").exists()


def test_the_hook_leaves_what_is_there(stage: Stage) -> None:
    """Other hooks go on after it, with the exit status of the last command, also loaded twice."""
    takes = {
        "bash": "PROMPT_COMMAND=(one two); source hook; source hook; "
        'printf "%s," "${PROMPT_COMMAND[@]}"; (exit 3); __sso_tray_follow; echo $?',
        "zsh": "setopt ksh_arrays no_unset; precmd_functions=(one two); source ./hook; "
        'source ./hook; printf "%s," "${precmd_functions[@]}"; __sso_tray_follow; echo 3',
    }
    said = {}
    for kind, script in takes.items():
        (stage.home / "hook").write_text(stage.tray("shell-init", kind).out)
        done = subprocess.run(
            [require("bash" if kind == "bash" else "zsh"), "-c", script],
            env=stage.environ, cwd=stage.home, capture_output=True, text=True, timeout=PATIENCE,
            check=True,
        )  # fmt: skip
        said[kind] = done.stdout + done.stderr

    assert {
        "bash": "__sso_tray_follow;one,two,3\n",
        "zsh": "__sso_tray_follow,one,two,3\n",
    } == said


def test_the_hook_of_powershell_is_ascii(stage: Stage) -> None:
    """PowerShell reads a program in a code page: the path arrives whole all the same."""
    done = stage.tray("shell-init", "powershell", XDG_STATE_HOME=str(stage.home / "Zoë's"))

    codes = re.findall(r"0x([0-9a-f]{4})", done.out.partition("__SsoTrayFile = ")[2])
    assert str(stage.home / "Zoë's/sso-tray/prompt") == "".join(chr(int(one, 16)) for one in codes)
    assert done.out.isascii()


def test_powershell_reads_no_variable_that_was_never_set(stage: Stage) -> None:
    """Under Set-StrictMode that is an error: each is set, or looked for, before all else."""
    hook = stage.tray("shell-init", "powershell").out

    names = set(re.findall(r"\$global:(__SsoTray\w+)", hook))
    lines = hook.splitlines()
    first = [next(line for line in lines if f"global:{name}" in line) for name in sorted(names)]

    assert {"__SsoTrayFile", "__SsoTrayPrompt", "__SsoTrayTold"} == names
    assert first[0].startswith("$global:__SsoTrayFile = ")
    assert ["if (-not (Test-Path variable:global:"] * 2 == [line[:36] for line in first[1:]]


def test_unpinning_leaves_a_universal_variable_to_its_owner(stage: Stage) -> None:
    """In fish one terminal's unpin must not take AWS_PROFILE from all of them for good."""
    hook = stage.home / "hook"
    hook.write_text(stage.tray("shell-init", "fish").out)
    script = f"set -Ux AWS_PROFILE mine; source {hook}; set -gx AWS_PROFILE own; sso-tray-unpin"

    done = subprocess.run(
        [require("fish"), "-c", f"{script}; echo $AWS_PROFILE"],
        env=stage.environ,
        cwd=stage.home,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )

    assert "mine\n" == done.stdout
    assert "universal AWS_PROFILE keeps every terminal" in done.stderr


@pytest.mark.parametrize("kind", SHELLS)
def test_a_shell_started_from_a_following_one_follows_too(stage: Stage, kind: Kind) -> None:
    """What the hook has exported is not taken for somebody's own; status tells that it follows."""
    hook = stage.home / "hook"
    hook.write_text(stage.tray("shell-init", kind).out)
    inherited = {"AWS_PROFILE": "dev", "SSO_TRAY_SHELL": "dev"}
    pick(stage, "reader")

    with terminal(kind, {**stage.environ, **inherited}, stage.home) as opened:
        said = opened.type(f"source {hook}")
        followed = opened.value("AWS_PROFILE")

    assert ("reader", False) == (followed, "sso-tray:" in said)


def test_a_following_terminal_is_told_apart(stage: Stage) -> None:
    """What the hook exported wins over nothing; what a person put in its place does (F3)."""
    follows = {"AWS_PROFILE": "dev", "SSO_TRAY_SHELL": "dev"}
    overridden = {"AWS_PROFILE": "far", "SSO_TRAY_SHELL": "dev"}

    used = stage.tray("use", "reader", **follows)
    applies = [
        stage.tray("status", "--json", **variables).json()["applies"]
        for variables in (follows, overridden)
    ]
    told = stage.tray("status", **overridden).out

    assert ("", [["shell"], []]) == (used.err, applies)
    assert 'use "far" (AWS_PROFILE).' in told


def test_use_tells_the_shells_with_and_without_a_resident(either: Stage) -> None:
    """The file of three lines is news at once, guarded profiles marked."""
    settings = either.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('guarded = ["read*"]\n')
    if (either.home / "run/sso-tray/agent.sock").exists():
        either.until(lambda: '"guarded": true' in either.tray("profiles", "--json").out)
    end = int(either.signed_in_by_cli(lean=True).expires_at)
    either.until(lambda: "signed in until" in either.tray("status", "corp").out)

    told = []
    for arguments in ("dev", "dev", "reader", "--none"):
        either.tray("use", arguments)
        told.append((either.state / "prompt").read_text())

    dev = f"dev\n\n{end}\n"
    assert [dev, dev, f"reader\nguarded\n{end}\n", "\n\n\n"] == told


def test_shell_init_mends_what_prompts_are_told(stage: Stage) -> None:
    """Without a daemon a new shell looks; while patterns are unknown, what stands stays."""
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    stage.tray("use", "dev")
    settings.write_text("guarded = 3\n")

    stage.tray("shell-init", "zsh")
    told = [(stage.state / "prompt").read_text()]
    settings.unlink()
    stage.tray("shell-init", "zsh")
    told.append((stage.state / "prompt").read_text())
    stage.config.write_text("[profile other]\n")
    stage.tray("shell-init", "zsh")
    told.append((stage.state / "prompt").read_text())

    assert ["dev\n\n\n", "dev\n\n\n", "\n\n\n"] == told


@pytest.mark.parametrize("kind", SHELLS)
def test_a_completed_name_is_one_word(stage: Stage, kind: Kind) -> None:
    """Tab in a real shell: a name that a shell would expand arrives as it is, and runs nothing."""
    name = "evil $(echo >ran) *"
    with stage.config.open("a") as config:
        config.write(f'[profile "{name}"]\nregion = eu-west-1\n')
    typed = stage.home / "typed"
    program = stage.home / "bin/sso-tray"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\n[ "$_SSO_TRAY_COMPLETE" ] || exec printf "%s\\n" "$@" >{typed}\n'
        f'exec {sys.executable} -m tray "$@"\n'
    )
    program.chmod(0o755)
    script = stage.home / "script"
    script.write_text(stage.tray("completion", kind).out)
    environ = {**stage.environ, "PATH": f"{program.parent}:{stage.environ['PATH']}"}

    with terminal(kind, environ, stage.home) as opened:
        if kind == "zsh":
            opened.type("autoload -Uz compinit && compinit -D -u")
        opened.type(f"source {script}")
        opened.type("sso-tray use ev\t")

    assert ["use", name] == typed.read_text().splitlines()
    assert not (stage.home / "ran").exists()


def test_completion_knows_commands_and_names(stage: Stage) -> None:
    """As the shells ask: quick words, one a line; a broken config completes nothing."""

    def complete(words: str) -> list[str]:
        count = str(len(words.split(" ")) - 1)
        done = stage.tray(_SSO_TRAY_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=count)
        return [line.partition(",")[2] for line in done.out.splitlines() if line]

    names = complete("sso-tray use re"), complete("sso-tray login co"), complete("sso-tray lo")
    stage.config.write_text("[broken")
    broken = complete("sso-tray use re")

    assert (["reader"], ["corp"], ["login", "logout", "log"]) == names
    assert [] == broken


def test_completion_starts_nothing(stage: Stage) -> None:
    """The installed command answers a shell and ends, where no daemon runs, too."""
    program = Path(sys.executable).with_name("sso-tray")
    asked = {"_SSO_TRAY_COMPLETE": "bash_complete", "COMP_WORDS": "sso-tray use re"}
    done = subprocess.run(
        [program],
        env={**stage.environ, **asked, "COMP_CWORD": "2"},
        cwd=stage.home,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )

    assert "plain,reader\n" == done.stdout


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
        with log.open("a") as file:
            file.write("last\n")
        log.rename(log.with_name("sso-tray.log.1"))
        log.write_text("five\n")
        seen += [following.stdout.readline() for _ in range(2)]

    assert "two?[31m\nthree\n" == last
    assert "renewed" in history
    assert ["three\n", "four\n", "last\n", "five\n"] == seen
