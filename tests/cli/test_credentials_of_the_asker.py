"""Profiles whose credentials depend on who asks: the daemon's surroundings are not the asker's."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.cli.stage import CONFIG, PATIENCE, Stage
from tray.credential_helper.helper_installation import install

ROLE = "role_arn = arn:aws:iam::123456789012:role/Deploy\nregion = eu-west-1\n"
SOURCES = f"""
[profile env]
{ROLE}credential_source = Environment

[profile chained-env]
{ROLE}source_profile = env

[profile own-tool]
credential_process = own-tool

[profile by-tool]
{ROLE}source_profile = own-tool

[profile tool-beside-session]
sso_session = corp
credential_process = own-tool
"""
DOCUMENT = '{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "%s", "SessionToken": "%s"}'


def asker(stage: Stage) -> dict[str, str]:
    """Return what a terminal has and the daemon has not: keys, and a program on ``PATH``."""
    stage.config.write_text(CONFIG + SOURCES)
    keys = stage.given_out("credentials", "dev").json()
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    tools = stage.home / "tools"
    tools.mkdir(exist_ok=True)
    tool = tools / "own-tool"
    tool.write_text(f"#!/bin/sh\necho '{DOCUMENT % tuple(keys[one] for one in names)}'\n")
    tool.chmod(0o700)
    return {
        "PATH": f"{tools}:{stage.environ['PATH']}",
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


@pytest.mark.parametrize("name", ["env", "chained-env", "by-tool"])
def test_they_come_from_the_surroundings_of_the_asker(either: Stage, name: str) -> None:
    """``credential_source`` and ``credential_process`` mean the terminal's, as in the AWS CLI."""
    either.signed_in_by_cli()
    terminal = asker(either)

    without = either.tray("whoami", name)
    told = either.tray("whoami", name, **terminal)
    run = either.tray(
        "exec", "--profile", name, "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID", **terminal
    )

    assert (1, "") == (without.code, without.out)
    assert (0, "") == (told.code, told.err)
    assert "arn:aws:sts::123456789012:assumed-role/Deploy/" in told.out
    assert (0, True) == (run.code, run.out.startswith("ASIA")), run.err
    assert terminal["AWS_ACCESS_KEY_ID"] != run.out.strip()


def test_the_credential_helper_lets_the_asker_act(either: Stage) -> None:
    """What SDKs start for the active profile gets them where it runs, not at the daemon."""
    either.signed_in_by_cli()
    terminal = asker(either)
    either.tray("use", "env")

    done = subprocess.run(
        install(either.state, either.environ),
        env={**either.environ, **terminal},
        cwd=either.home,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    assert "ASIA" == json.loads(done.stdout)["AccessKeyId"][:4]
    assert terminal["AWS_ACCESS_KEY_ID"] not in done.stdout


def test_a_tool_beside_a_session_needs_no_sign_in(either: Stage) -> None:
    """A profile that takes no role from its sso-session works signed out, as in the AWS CLI."""
    either.config.write_text(CONFIG + SOURCES)
    tool = either.home / "own-tool"
    tool.write_text(f"#!/bin/sh\necho '{DOCUMENT % ('AKIAOWN', 'made-up', 'made-up-too')}'\n")
    tool.chmod(0o700)

    done = either.given_out(
        "credentials", "tool-beside-session", PATH=f"{either.home}:{either.environ['PATH']}"
    )

    assert (0, "") == (done.code, done.err)
    assert "AKIAOWN" == done.json()["AccessKeyId"]
