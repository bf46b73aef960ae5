"""What a bare client is, after one ``apply``: the active profile, in every new process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.clients.aws_cli import aws_cli
from tests.clients.desk import CONFIG, Desk
from tests.clients.identity import Answer, ClientName, ask
from tests.components import ROOT

FIRST, SECOND = "123456789011", "123456789012"
TWO = CONFIG + (
    "\n[profile second]\nsso_session = corp\n"
    f"sso_account_id = {SECOND}\nsso_role_name = ReadOnly\nregion = eu-west-1\n"
)


def tray(desk: Desk, *words: str) -> None:
    """Run a command of ours."""
    subprocess.run(
        [sys.executable, "-m", "tray", *words],
        env={**desk.env, "PYTHONPATH": str(ROOT)},
        cwd=desk.env["HOME"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=60,
    )


@pytest.mark.parametrize("name", ["aws-newest", "aws-debian", "boto3", "js-chain"])
def test_a_bare_client_is_the_active_profile(desk: Desk, name: ClientName) -> None:
    """A3: each ``use`` turns it, and ``--off`` leaves no trace."""
    config = desk.place.context.paths.aws_config
    config.write_text(TWO)
    desk.keep("lean", minutes=60)
    tray(desk, "use", "dev")
    tray(desk, "apply", "default")

    told = [ask(name, desk.env, "")]
    tray(desk, "use", "second")
    told.append(ask(name, desk.env, ""))
    tray(desk, "use", "-")
    told.append(ask(name, desk.env, ""))
    tray(desk, "apply", "default", "--off")

    assert [Answer(FIRST), Answer(SECOND), Answer(FIRST)] == told
    assert TWO == config.read_text()


@pytest.mark.parametrize("name", ["aws-newest", "boto3", "js-chain"])
def test_a_region_set_by_the_aws_cli_keeps_nobody_in_default(desk: Desk, name: ClientName) -> None:
    """A4: after ``aws configure set region`` a bare client still is the picked profile."""
    config = desk.place.context.paths.aws_config
    config.write_text(TWO)
    desk.keep("lean", minutes=60)
    tray(desk, "use", "dev")
    tray(desk, "apply", "default")
    aws_cli("newest", "configure", "set", "region", "ap-south-1", env=desk.env)

    tray(desk, "use", "second")
    told = ask(name, desk.env, "")
    tray(desk, "apply", "default", "--off")

    assert Answer(SECOND) == told
    assert f"{TWO}\n[default]\nregion = ap-south-1\n" == config.read_text()


@pytest.mark.parametrize("name", ["aws-newest", "boto3", "js-chain"])
def test_aws_profile_is_set_once_and_follows(desk: Desk, name: ClientName) -> None:
    """A1: AWS_PROFILE=sso-tray is whoever is active, through the hand-out."""
    desk.place.context.paths.aws_config.write_text(TWO)
    desk.keep("lean", minutes=60)
    tray(desk, "use", "second")
    tray(desk, "apply", "process")

    told = [ask(name, {**desk.env, "AWS_PROFILE": "sso-tray"}, "")]
    tray(desk, "use", "dev")
    told.append(ask(name, {**desk.env, "AWS_PROFILE": "sso-tray"}, ""))

    assert [Answer(SECOND), Answer(FIRST)] == told
