"""Starting, ending, help, and what never happens: a traceback, a slow start, a broken pipe."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tray
from tests.cli.stage import CONFIG, PATIENCE, Stage
from tray.cli.front.command_table import COMMANDS


def test_run_becomes_the_resident(stage: Stage) -> None:
    """The process started by ``run`` is the daemon itself, without click in it (same pid)."""
    with stage.daemon() as process:
        status = stage.tray("status", "--json").json()

        assert process.pid == status["resident"]["pid"]


def test_a_second_run_says_so_and_is_done(stage: Stage) -> None:
    """One daemon runs for each state directory; wanting it twice is no failure."""
    with stage.daemon():
        done = stage.tray("run", "--no-icon")

    assert (0, "SSO Tray is already running.\n") == (done.code, done.out)


def test_no_command_is_run(stage: Stage) -> None:
    """``sso-tray`` alone starts the tray."""
    with stage.daemon():
        done = stage.tray()

    assert (0, "SSO Tray is already running.\n") == (done.code, done.out)


def test_quit_ends_the_resident(stage: Stage) -> None:
    """The daemon ends by itself, and a further ``quit`` has nothing to do."""
    with stage.daemon() as process:
        first = stage.tray("quit")
        ended = process.wait(PATIENCE)
        second = stage.tray("quit")

    assert (0, 0, 0) == (first.code, ended, second.code)
    assert "SSO Tray isn't running.\n" == second.out


def test_version(stage: Stage) -> None:
    """``--version`` names program and version."""
    assert f"sso-tray {tray.__version__}\n" == stage.tray("--version").out


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_reads_like_a_manual_page(stage: Stage, command: str) -> None:
    """Each command says what it does; the program's page has examples, codes and the guide."""
    done = stage.tray(*([command] if command else []), "--help")

    assert 0 == done.code
    assert max(map(len, done.out.splitlines())) <= 99
    if not command:
        for chapter in ("Examples:", "Exit codes:", "sso-tray guide"):
            assert chapter in done.out


def test_an_unknown_option_is_usage(stage: Stage) -> None:
    """Exit code 2, and the way to the help."""
    done = stage.tray("status", "--nonsense")

    assert 2 == done.code
    assert "--help" in done.err


def test_a_reader_that_has_seen_enough_is_no_failure_to_tell(stage: Stage) -> None:
    """``sso-tray profiles | head -1`` ends without a word on stderr."""
    many = "".join(f"[profile p{number}]\nregion = eu-west-1\n" for number in range(5000))
    stage.config.write_text(CONFIG + many)
    with stage.start("profiles") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()

    assert "" == err


@pytest.mark.parametrize(
    "arguments",
    [
        ("login", "corp"),
        ("logout", "corp"),
        ("renew", "corp"),
        ("release", "corp"),
        ("use", "dev"),
        ("whoami", "--profile", "dev"),
        ("credentials", "--profile", "dev"),
        ("profiles",),
    ],
)
def test_a_broken_config_is_named_in_one_sentence(
    stage: Stage, arguments: tuple[str, ...]
) -> None:
    """File and line, exit code 1, and nothing is opened, written or lost."""
    stage.config.write_text(CONFIG + "[profile cut\n")

    done = stage.tray(*arguments)

    line = CONFIG.count("\n") + 1
    assert (1, "") == (done.code, done.out)
    assert 1 == len(done.err.splitlines())
    assert f"{stage.config}, line {line}" in done.err
    assert [] == stage.opened()


def test_a_broken_setting_is_named_in_one_sentence(stage: Stage) -> None:
    """S4: a bad key costs only that key, and is named; a file that nobody can read stops us."""
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("[keyring]\nadopt = 7\n")

    one_key = stage.tray("renew", "corp")
    settings.write_text("[keyring")
    whole_file = stage.tray("renew", "corp")
    picked = stage.tray("use", "dev")

    told = f"sso-tray: {settings}: keyring.adopt must be true or false."
    assert (3, told) == (one_key.code, one_key.err.splitlines()[0])
    assert (1, 1) == (whole_file.code, picked.code)
    assert whole_file.err.startswith(f"sso-tray: {settings} has a syntax error: ")
    assert picked.err.startswith(whole_file.err.rstrip("\n"))
    assert "No profile is active.\n" == stage.tray("use").out


@pytest.mark.parametrize("command", ["login", "renew", "whoami"])
def test_unreachable_aws_is_one_sentence(stage: Stage, command: str) -> None:
    """No traceback, no waiting for ever: exit code 1 and who was not reached."""
    stage.signed_in_by_cli("other" if command == "login" else "corp")
    name = ("--profile", "dev") if command == "whoami" else ("corp",)

    done = stage.tray(command, *name, **stage.unreachable())

    assert (1, "") == (done.code, done.out)
    assert 1 == len(done.err.splitlines())


def test_boto3_is_not_imported_for_what_needs_no_aws(stage: Stage) -> None:
    """``status`` and ``profiles`` start fast: botocore, asyncio and keyring stay out."""
    code = (
        "import sys; from tray.cli.main import main; main(['status']); main(['profiles']);"
        "print({'botocore', 'boto3', 'keyring', 'asyncio'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=stage.environ,
        cwd=stage.home,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )

    assert "set()" == done.stderr.strip()
