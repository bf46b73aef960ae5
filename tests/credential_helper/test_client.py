"""The credential helper as SDKs start it: its answer, its refusals, and when it acts alone."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.stage import PATIENCE, Done, Stage
from tests.home import home_variables
from tray.aws.config.credential_process import command_line
from tray.credential_helper import helper_installation as handout
from tray.credential_helper.helper_installation import client_text, install, interpreter
from tray.fake_aws.identity_center import IdentityCenter
from tray.managed import managed_sections
from tray.managed.section_plan import ManagedContext
from tray.system.paths import Paths


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Furnish a home in which "corp" was signed in by the AWS CLI and "dev" is active."""
    with IdentityCenter() as center:
        stage = Stage(tmp_path, center)
        stage.signed_in_by_cli()
        stage.tray("use", "dev")
        yield stage


def hand_out(
    stage: Stage, *arguments: str, alone: bool = True, **variables: str
) -> Done:  # fmt: skip
    """Run the client; one that cannot act alone has no program to become."""
    argv = install(stage.state, stage.environ)
    if not alone:
        text = Path(argv[-1]).read_text()
        path = stage.home / "only-the-resident.py"
        path.write_text(re.sub(r"(?m)^(PROGRAM: .*) = .*$", r"\1 = ()", text))
        argv = (*argv[:-1], str(path))
    done = subprocess.run(
        [*argv, *arguments],
        env={**stage.environ, **variables},
        cwd=stage.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def test_resident_answers_for_active_and_named_profiles(stage: Stage) -> None:
    """With a daemon nothing else is started; a named profile and errors come the same way."""
    with stage.daemon():
        active = hand_out(stage, alone=False)
        named = hand_out(stage, "reader", alone=False)
        forbidden = hand_out(stage, "forbidden", alone=False)
        stage.tray("logout", "corp")
        signed_out = hand_out(stage, alone=False)

    document = active.json()
    assert ("", 0, 1) == (active.err, active.code, document["Version"])
    assert "123456789011" == document["AccountId"]
    assert {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"} < set(document)
    assert "123456789012" == named.json()["AccountId"]
    assert (1, "", 1) == (forbidden.code, forbidden.out, len(forbidden.err.splitlines()))
    assert (3, "") == (signed_out.code, signed_out.out)
    assert "sso-tray login corp" in signed_out.err


CREDENTIALS = {"Version": 1, "AccessKeyId": "ASIAEXAMPLE", "Expiration": "2030-01-01T00:00:00Z"}
DONE = {"exit": 0, "sentence": "", "credentials": CREDENTIALS}


@pytest.mark.parametrize(
    "answer",
    [
        {"v": 1, "done": DONE},
        {"done": DONE, "v": 1},
        {"v": 1, "done": dict(reversed(DONE.items()))},
        {"v": 1, "done": {**DONE, "later": {"a": 1}}},
        {"v": 1, "done": {**DONE, "later": 1}, "later": 2},
        {"v": 1, "done": {"exit": 0, "credentials": CREDENTIALS}},
        {"v": 1, "done": {**DONE, "credentials": {**CREDENTIALS, "AccountId": "{}}}"}}},
    ],
    ids=str,
)
def test_the_order_of_members_in_the_answer_means_nothing(
    tmp_path: Path, answer: dict[str, Any]
) -> None:
    """Whatever version of the daemon answers, the document alone is printed."""
    place, client = tmp_path / "run/agent.sock", tmp_path / "credentials.py"
    place.parent.mkdir(mode=0o700)
    client.write_text(client_text(SOCKETS=(str(place),), PROGRAM=(), PYTHONPATH=""))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()
        asked = subprocess.Popen(
            [interpreter(), "-I", "-S", client],
            env=home_variables(tmp_path),
            stdout=subprocess.PIPE,
        )
        with server.accept()[0] as connection, connection.makefile("rb") as request:
            request.readline()
            connection.sendall(json.dumps(answer, separators=(",", ":")).encode() + b"\n")
        printed, _ = asked.communicate(timeout=PATIENCE)

    expected = answer["done"]["credentials"]
    assert (0, expected) == (asked.returncode, json.loads(printed))


def test_the_daemons_answer_needs_no_json_reader(stage: Stage) -> None:
    """The usual answer is taken apart by its beginning and its end, as fast as Python starts."""
    with stage.daemon():
        argv = install(stage.state, stage.environ)
        done = subprocess.run(
            [*argv[:-1], "-X", "importtime", argv[-1]],
            env=stage.environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )

    assert "ASIA" in done.stdout
    assert "json" not in done.stderr


def test_a_terminal_with_a_local_store_is_answered_by_the_daemon(stage: Stage) -> None:
    """The endpoint of a service that we never call makes nobody start the full program."""
    with stage.daemon():
        done = hand_out(stage, alone=False, AWS_ENDPOINT_URL_S3="http://127.0.0.1:9")

    assert ("", 0) == (done.err, done.code)


def test_without_a_resident_it_becomes_the_full_program(stage: Stage) -> None:
    """The same document for the active profile, whatever AWS_PROFILE its caller has."""
    done = hand_out(stage, AWS_PROFILE="sso-tray", PYTHONPATH="/nowhere")

    assert ("", 0) == (done.err, done.code)
    assert "123456789011" == done.json()["AccountId"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows stops no process")
def test_a_daemon_that_hangs_keeps_no_credentials_back(stage: Stage) -> None:
    """What answers nobody for some seconds is left alone, as where no daemon runs."""
    with stage.daemon() as process:
        process.send_signal(signal.SIGSTOP)
        try:
            done = hand_out(stage)
        finally:
            process.send_signal(signal.SIGCONT)

    assert 0 == done.code, done.err
    assert "123456789011" == done.json()["AccountId"]


def test_a_resident_that_starts_mends_client_and_stanza(stage: Stage) -> None:
    """What an older program or a removed environment left is put right, and works, unasked."""
    paths = Paths.from_environment(stage.environ)
    gone = ("/gone/venv/bin/python3", "-I", "-S", str(stage.state / "handout/credentials.py"))
    managed_sections.apply(ManagedContext(paths, (), lambda: gone), "process")
    client = Path(install(stage.state, stage.environ)[-1])
    whole = client.read_bytes()
    client.write_bytes(whole[: len(whole) // 2])
    client.chmod(0o644)
    stale = stage.config.read_text()

    with stage.daemon():
        stage.until(lambda: "/gone/" not in stage.config.read_text())
        mended = client.read_bytes()
        told = stage.boto3("sso-tray", "print(session.get_credentials().account_id)")

    wanted = command_line((interpreter(), "-I", "-S", str(client)))
    assert (whole, 0o600) == (mended, client.stat().st_mode & 0o777)
    assert stale.replace(command_line(gone), wanted) == stage.config.read_text()
    assert "123456789011" == told


def test_the_interpreter_outlives_environment_and_upgrade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The distribution's, else what the environment was made from; without a version if it can."""
    own = Path(sys.executable).resolve()
    for name in ("both/python3.99", "both/python3", "one/python3.99"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(own)
    chosen = [Path(interpreter())]
    monkeypatch.setattr(handout, "SYSTEM_PYTHON", tmp_path / "there is none")
    chosen.append(Path(interpreter()))
    for name in ("both", "one"):
        monkeypatch.setattr(sys, "_base_executable", str(tmp_path / name / "python3.99"))
        chosen.append(Path(interpreter()))
    prints = "import sys; print(sys.prefix == sys.base_prefix, sys.version_info >= (3,))"
    runs = [
        subprocess.run(
            [str(one), "-I", "-S", "-c", prints], capture_output=True, text=True, check=True
        ).stdout
        for one in chosen[:2]
    ]

    assert sys.prefix != sys.base_prefix  # else the environment could not be told apart
    assert [] == [one for one in chosen if one.is_relative_to(sys.prefix)]
    assert ["True True\n"] * 2 == runs
    assert [tmp_path / "both/python3", tmp_path / "one/python3.99"] == chosen[2:]
