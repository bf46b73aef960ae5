"""``sso-tray endpoint``: credentials for programs that something else starts."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.stage import PATIENCE, Stage
from tests.worker.loopback import request, send

WHO = (
    "import boto3; s = boto3.Session(region_name='eu-west-1'); "
    "print(s.client('sts').get_caller_identity()['Arn'].split('/')[1])"
)


@contextmanager
def running(stage: Stage, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run an endpoint until the end of the block, ended as a service manager does."""
    with stage.start("endpoint", *options) as process:
        assert process.stdout is not None
        assert "Serving" in process.stdout.readline()
        assert "eval" in process.stdout.readline()
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE)


def exported(stage: Stage, *options: str) -> dict[str, str]:
    """Return what ``env`` prints, as a shell takes it."""
    done = stage.tray("endpoint", *options, "env")
    assert (0, "") == (done.code, done.err)
    pairs = (line.removeprefix("export ").split("=", 1) for line in done.out.splitlines())
    return {name: value.strip("'") for name, value in pairs}


def role_seen(stage: Stage, led: dict[str, str]) -> str:
    """Return the role a program started elsewhere has."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", WHO],
        env={**stage.environ, **led},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def asked(led: dict[str, str]) -> tuple[int, bytes]:
    """Ask an endpoint as an SDK does, again while it fetches; return status and body."""
    port = int(led["AWS_CONTAINER_CREDENTIALS_FULL_URI"].split(":")[2].split("/")[0])
    token = Path(led["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]).read_text()
    while True:
        answer = send(port, request(port, "/credentials", headers=f"Authorization: {token}\r\n"))
        if b"NotYet" not in answer.body:
            return answer.status, answer.body


def test_it_follows_the_active_profile_and_survives_a_sign_out(stage: Stage) -> None:
    """One URI and token throughout: switched by ``use``, refused signed out, served after."""
    stage.signed_in_by_cli()
    stage.tray("use", "dev")

    with running(stage):
        led = exported(stage)
        first = role_seen(stage, led)
        stage.tray("use", "reader")
        second = role_seen(stage, led)
        stage.tray("logout", "corp")
        out = asked(led)
        stage.tray("login", "corp")
        again = role_seen(stage, led)

    roles = [role.rsplit("_", 1)[0] for role in (first, second, again)]
    assert ["AWSReservedSSO_FullAccess", *["AWSReservedSSO_ReadOnly"] * 2] == roles
    assert (403, True) == (out[0], b"sso-tray login corp" in out[1])


def test_a_guarded_profile_is_given_only_by_name(stage: Stage) -> None:
    """Following it gives nothing, even where it is active; an endpoint that names it does."""
    stage.signed_in_by_cli()
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('guarded = ["dev"]\n')
    stage.tray("use", "dev")

    with running(stage), running(stage, "--profile", "dev"):
        following, named = (asked(exported(stage, *by)) for by in ((), ("--profile", "dev")))

    assert (403, True) == (following[0], b"is guarded" in following[1])
    assert 200 == named[0]


def test_there_is_one_and_nothing_is_left_of_it(stage: Stage) -> None:
    """A second one is refused, the files are private and go with it, also after a kill."""
    none = stage.tray("endpoint", "env")
    with running(stage) as process:
        led = exported(stage)
        token = Path(led["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])
        second = stage.tray("endpoint")
        modes = [one.stat().st_mode & 0o777 for one in (token, token.parent)]
    gone = not token.exists()
    with running(stage) as killed:
        fresh = exported(stage)
        killed.kill()
        killed.wait(PATIENCE)
    after = stage.tray("endpoint", "env")

    assert (0, [0o600, 0o700], True) == (process.returncode, modes, gone)
    assert [1, 1, 1] == [done.code for done in (none, second, after)]
    assert "runs already" in second.err
    assert led != fresh


def test_what_wins_over_it_is_said(stage: Stage) -> None:
    """A profile or keys in this shell, or in ``[default]``, would be taken first."""
    stage.signed_in_by_cli()
    with stage.config.open("a") as config:
        config.write("[default]\nsso_session = corp\nsso_account_id = 123456789011\n")

    with running(stage, "--profile", "dev"):
        done = stage.tray("endpoint", "--profile", "dev", "env", AWS_PROFILE="reader")

    assert (0, 2) == (done.code, len(done.out.splitlines()))
    assert "AWS_PROFILE wins" in done.err
    assert "[default]" in done.err
