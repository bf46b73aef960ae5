"""Roles that want an MFA code: asked at a terminal, and not again while their session lasts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cli.stage import CONFIG, Stage
from tests.cli.terminal import program
from tests.components import require
from tray.fake_aws.identity_center import IdentityCenter
from tray.fake_aws.realm import IamUser

QUESTION = "MFA code for arn:aws:iam::123456789012:mfa/bob: "
ROLE = "arn:aws:iam::999999999999:role/Deploy"


@pytest.fixture
def user(center: IdentityCenter) -> IamUser:
    """The user whose device makes the codes."""
    return center.iam_user("bob", "123456789012")


@pytest.fixture
def home(stage: Stage, user: IamUser) -> Stage:
    """A home in which "deploy" is a role that wants bob's code."""
    stage.config.write_text(
        f"{CONFIG}[profile bob]\n"
        f"aws_access_key_id = {user.keys.access_key_id}\n"
        f"aws_secret_access_key = {user.keys.secret_access_key}\n"
        "[profile deploy]\nsource_profile = bob\nregion = eu-west-1\n"
        f"role_arn = {ROLE}\nmfa_serial = {user.mfa_serial}\n"
        "external_id = x-17\nduration_seconds = 7200\nrole_session_name = me\n"
    )
    return stage


@pytest.fixture
def watched(home: Stage) -> Iterator[Stage]:
    """The same home with a daemon."""
    with home.daemon():
        yield home


def asked(stage: Stage, code: str, *arguments: str) -> tuple[int, str]:
    """Answer the question of a command at a terminal; return its exit code and the screen."""
    with program(("-m", "tray", *arguments), stage.environ, stage.home) as terminal:
        terminal.answer(QUESTION, code)
        return terminal.wait(), terminal.screen


def test_the_code_is_asked_at_a_terminal_and_not_shown(home: Stage, user: IamUser) -> None:
    """Without a daemon, too, ``exec`` asks for the code, hides it, and runs the command."""
    code = user.code()

    exit_code, screen = asked(home, code, "exec", "deploy", "--", "env")

    assert 0 == exit_code, screen
    assert "AWS_SESSION_TOKEN=" in screen
    assert code not in screen


def test_a_wrong_code_is_refused_in_a_sentence(home: Stage) -> None:
    """AWS refuses it once; what was typed is not repeated."""
    exit_code, screen = asked(home, "000001", "whoami", "deploy")

    assert 1 == exit_code
    assert 'AWS refused the MFA code for the profile "deploy"' in screen
    assert "000001" not in screen


def test_what_is_no_code_goes_nowhere(home: Stage, center: IdentityCenter) -> None:
    """Anything but six digits is refused before AWS is asked."""
    exit_code, screen = asked(home, "12345", "whoami", "deploy")

    assert (1, True) == (exit_code, "An MFA code is six digits." in screen)
    assert 0 == center.count("AssumeRole")


def test_a_code_lasts_as_long_as_the_session_it_gives(
    watched: Stage, center: IdentityCenter, user: IamUser
) -> None:
    """Once asked, every program gets the credentials, until a change of the profile itself."""
    asked(watched, user.code(), "whoami", "deploy")

    given = watched.tray("credentials", "--profile", "deploy").json()
    watched.tray("use", "dev")
    watched.config.write_text(watched.config.read_text() + "[profile more]\nregion = eu-west-1\n")

    assert given == watched.tray("credentials", "--profile", "deploy").json()
    assert "Deploy" in watched.tray("whoami", "--profile", "deploy").out
    assert 1 == center.count("AssumeRole")

    watched.config.write_text(watched.config.read_text().replace("x-17", "x-18"))

    def forgotten() -> bool:
        return 1 == watched.tray("credentials", "--profile", "deploy").code

    watched.until(forgotten)


def test_role_credentials_of_a_code_are_on_no_disk(watched: Stage, user: IamUser) -> None:
    """Neither code nor credentials are in any file of the home."""
    code = user.code()
    asked(watched, code, "whoami", "deploy")
    given = watched.tray("credentials", "--profile", "deploy").json()

    for path in watched.home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert given["SessionToken"].encode() not in data, path
            assert given["SecretAccessKey"].encode() not in data, path
            assert code.encode() not in data, path


def test_without_a_terminal_one_sentence_says_what_to_run(watched: Stage) -> None:
    """The credential helper and ``credential_process`` never ask, and name the command."""
    command = "needs an MFA code. Run in a terminal: sso-tray whoami deploy"
    helper = watched.state / "handout" / "credentials.py"
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(helper), "deploy"],
        env=watched.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = watched.tray("credentials", "--profile", "deploy")

    for code, out, err in (
        (done.returncode, done.stdout, done.stderr),
        (said.code, said.out, said.err),
    ):
        assert (1, "") == (code, out)
        assert 1 == len(err.splitlines())
        assert command in err


def test_the_terminal_of_an_sdk_is_left_alone(home: Stage) -> None:
    """``credential_process`` with a terminal but a piped output asks nothing."""
    line = f"{sys.executable} -m tray credentials --profile deploy | cat"
    with program(
        ("-c", f"import os; os.execvp('sh', ['sh', '-c', {line!r}])"), home.environ, home.home
    ) as terminal:
        terminal.wait()

    assert "Run in a terminal" in terminal.screen
    assert QUESTION not in terminal.screen


def test_a_chain_with_two_devices_is_asked_for_both(home: Stage, center: IdentityCenter) -> None:
    """Each role that wants a code is asked for, the outer one first, as botocore does."""
    ada = center.iam_user("ada", "123456789012")
    home.config.write_text(
        f"[profile ada]\naws_access_key_id = {ada.keys.access_key_id}\n"
        f"aws_secret_access_key = {ada.keys.secret_access_key}\n"
        f"[profile inner]\nregion = eu-west-1\nsource_profile = ada\nrole_arn = {ROLE}\n"
        f"mfa_serial = {ada.mfa_serial}\n"
        f"[profile outer]\nregion = eu-west-1\nsource_profile = inner\nrole_arn = {ROLE}2\n"
        "mfa_serial = arn:aws:iam::999999999999:mfa/role\n"
    )
    with program(("-m", "tray", "whoami", "outer"), home.environ, home.home) as terminal:
        terminal.answer("mfa/role: ", "123456")
        terminal.answer("mfa/ada: ", ada.code())
        assert 1 == terminal.wait(), terminal.screen  # AWS lets no role prove a device

    assert [ada.mfa_serial] == [one["SerialNumber"] for one in center.assumed_roles()]


def test_aws_is_asked_as_the_aws_cli_asks_it(
    home: Stage, center: IdentityCenter, user: IamUser
) -> None:
    """The real AWS CLI, given a code, sends AWS the same request for the same profile."""
    aws = str(require("aws-newest"))
    command = [aws, "sts", "get-caller-identity", "--profile", "deploy", "--output", "json"]
    run = f"import os; os.execv({aws!r}, {command!r})"
    with program(("-c", run), {**home.environ, "AWS_PAGER": ""}, home.home) as terminal:
        terminal.answer(f"Enter MFA code for {user.mfa_serial}: ", user.code())
        assert 0 == terminal.wait(), terminal.screen

    asked(home, user.code(), "whoami", "deploy")

    theirs, ours = center.assumed_roles()
    assert theirs == ours
    assert ("7200", "x-17", user.mfa_serial) == (
        ours["DurationSeconds"],
        ours["ExternalId"],
        ours["SerialNumber"],
    )
