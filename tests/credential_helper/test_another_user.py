"""Another user of the machine: what is in our files, and whom the credential helper believes."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.stage import Stage
from tests.system.test_transport import ROOT_ONLY, SECOND_USER, as_second_user
from tray.credential_helper.helper_installation import client_text, interpreter
from tray.fake_aws.identity_center import IdentityCenter
from tray.ipc.agent_client import AgentClient
from tray.system.paths import Paths, world

READ = """
import sys
for path in sys.argv[1:]:
    try:
        print("read" if open(path, "rb").read() else "empty")
    except OSError as error:
        print(type(error).__name__)
"""

SERVE = """
import os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
print("ready", flush=True)
sys.stdin.readline()
server.settimeout(0)
try:
    connection = server.accept()[0]
    print(connection.recv(4096) or "no request")
except BlockingIOError:
    print("nobody came")
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory every user can walk to, as pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@ROOT_ONLY
def test_nobody_else_reads_what_we_write(place: Path) -> None:
    """Directory and file mode each keep another user out of every file; without both he reads."""
    with IdentityCenter() as center:
        stage = Stage(place, center)
        stage.signed_in_by_cli()
        stage.tray("use", "dev")
        stage.tray("apply", "default")
        stage.tray("use", "reader")
        with stage.daemon():
            stage.tray("credentials")
            stage.tray("renew", "corp")
            files = [one for one in stage.state.rglob("*") if one.is_file() and one.stat().st_size]
            files.append(stage.file_of("corp"))
            directories = {one for file in files for one in file.parents if place in one.parents}
            closed = {one for one in directories if one.is_relative_to(stage.state)}
            assert {0o600} == {one.stat().st_mode & 0o777 for one in files}
            assert {0o700} == {one.stat().st_mode & 0o777 for one in closed}
            told = {
                (directory, file): set(_read_with_modes(directories, directory, files, file))
                for directory in (0o700, 0o755)
                for file in (0o600, 0o644)
            }

    names = {one.name for one in files}
    assert {"credentials.py", "active-profile", "history.jsonl", "sso-tray.log"} <= names
    assert {"applied.json"} <= names
    assert any("backups" in one.parts for one in files)
    assert {
        (0o700, 0o600): {"PermissionError"},
        (0o700, 0o644): {"PermissionError"},
        (0o755, 0o600): {"PermissionError"},
        (0o755, 0o644): {"read"},
    } == told


def _read_with_modes(
    directories: set[Path], directory_mode: int, files: list[Path], file_mode: int
) -> list[str]:
    """Return what another user gets of each file while they have these modes."""
    for one in directories:
        one.chmod(directory_mode)
    for one in files:
        one.chmod(file_mode)
    return as_second_user(READ, *files).stdout.split()


@contextmanager
def served_by_another(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another user listen at a path, which he may make."""
    path.parent.mkdir()
    path.parent.chmod(0o777)
    with subprocess.Popen(
        ["/usr/bin/env", "python3", "-I", "-S", "-c", SERVE, str(path)],
        user=SECOND_USER,
        group=SECOND_USER,
        extra_groups=[],
        cwd="/",
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert "ready\n" == server.stdout.readline()
        yield server


LAYERS = {
    "the directory is his": (SECOND_USER, 0o700, 0, None),
    "the directory is open": (0, 0o777, 0, None),
    "the socket is his": (0, 0o700, SECOND_USER, None),
    "only the kernel tells": (0, 0o700, 0, "no request"),
}
"""Owner and mode of the directory, owner of the socket, and what he gets to see at most."""


@ROOT_ONLY
@pytest.mark.parametrize("name", LAYERS)
def test_a_socket_of_another_user_gets_no_request(place: Path, name: str) -> None:
    """Directory, socket and peer must each be ours; any one that is not is enough."""
    owner, mode, socket_owner, seen = LAYERS[name]
    path = place / "run" / "agent.sock"
    client = place / "credentials.py"
    client.write_text(client_text(SOCKETS=(str(path),), PROGRAM=(), PYTHONPATH=""))
    with served_by_another(path) as server:
        path.parent.chmod(mode)
        for one, uid in ((path.parent, owner), (path, socket_owner)):
            subprocess.run(["/usr/bin/env", "chown", "-h", str(uid), str(one)], check=True)

        done = subprocess.run(
            [interpreter(), "-I", "-S", str(client)],
            env={"HOME": str(place)},
            capture_output=True,
            text=True,
            check=False,
        )
        told, _ = server.communicate("end\n")

    assert (1, "") == (done.returncode, done.stdout)
    assert re.search("wasn't installed", done.stderr)  # nobody was asked, and it goes on alone
    assert (seen or "nobody came") == told.strip()


ASK = """
import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
try:
    connection.sendall(sys.argv[2].encode() + b"\\n")
    print(connection.recv(4096) or "nothing")
except ConnectionError:
    print("nothing")
"""


@ROOT_ONLY
def test_with_directory_and_socket_open_the_agent_still_answers_nobody_else(place: Path) -> None:
    """The third layer, the peer's uid, of a real daemon: not one byte for another user."""
    with IdentityCenter() as center:
        stage = Stage(place, center)
        stage.signed_in_by_cli()
        request = {
            "v": 1,
            "program": "x",
            "world": world(stage.environ),
            "op": "credentials",
            "profile": "dev",
        }
        with stage.daemon():
            path = Paths.from_environment(stage.environ).runtime_sockets[0]
            for one in (path, *path.parents):
                if place in one.parents:
                    one.chmod(0o777)
            told = as_second_user(ASK, path, json.dumps(request)).stdout.strip()
            ours = AgentClient((path,), world(stage.environ))
            for one in path.parents:
                if place in one.parents:
                    one.chmod(0o700)
            with ours as agent:
                done = agent.done("credentials", patience=90.0, profile="dev")

    assert ("nothing", 0) == (told, done["exit"])
    assert 1 == center.count("GetRoleCredentials")
