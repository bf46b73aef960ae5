"""A sign-in on a host one is logged in to by SSH, its callback port forwarded by a real sshd."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.components import ROOT, require
from tests.system.test_transport import ROOT_ONLY, as_second_user
from tests.worker.loopback import STATE, request
from tray.system import LINUX

pytestmark = [ROOT_ONLY, pytest.mark.skipif(not LINUX, reason="only Linux tells")]

USER = "sso-tray-test"
SIGN_IN = """
import sys
sys.path.insert(0, sys.argv[1])
from tray.secret import Secret
from tray.worker.sign_in import sign_in_pages
from tray.worker.sign_in.callback import CallbackServer
said = []
with CallbackServer("corp", Secret(sys.argv[2]), report=said.append) as server:
    print(server.redirect_uri.split(":")[2].split("/")[0], flush=True)
    callback = server.wait(60)
    print(callback is not None, len(said), flush=True)
    server.finish(sign_in_pages.success("corp", renews=True))
"""
ASK = """
import socket, sys
host, port, wanted = sys.argv[1:]
with socket.create_connection((host, int(port)), 60) as one:
    try:
        one.sendall(sys.stdin.read().encode())
        print(wanted in one.makefile("rb").read().decode())
    except ConnectionError:
        print(False)
"""


@pytest.fixture
def account() -> Iterator[str]:
    """Give a user of this machine who is not root, for the length of the test."""
    subprocess.run(["useradd", "--no-create-home", "--password", "*", USER], check=True)
    try:
        yield USER
    finally:
        subprocess.run(["userdel", USER], check=True)


@pytest.fixture
def place() -> Iterator[Path]:
    """Give a directory others may enter, with the package in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copytree(ROOT / "tray", folder / "tray", ignore=shutil.ignore_patterns("*.pyc"))
        yield folder


def started(
    command: list[str | Path], stack: ExitStack, user: str | None = None
) -> subprocess.Popen[str]:
    """Start a program, as another user perhaps, that is ended with the test."""
    process = stack.enter_context(
        subprocess.Popen(
            command,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )
    stack.callback(process.kill)
    return process


def until(process: subprocess.Popen[str], words: str) -> None:
    """Read what a program says on stderr up to a line with these words."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if words in line:
            return
    raise AssertionError("".join(lines))


def test_a_forwarded_callback_is_the_users_own(account: str, place: Path) -> None:
    """Through the user's own port forward it arrives; from another user there it does not."""
    sshd, ssh = require("sshd"), require("ssh")
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / name], check=True
        )
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    config = place / "sshd_config"
    with ExitStack() as stack:
        signing_in = started(
            ["/usr/bin/env", "python3", "-I", "-S", "-c", SIGN_IN, place, STATE.reveal()],
            stack,
            account,
        )
        assert signing_in.stdout is not None
        port = int(signing_in.stdout.readline())
        config.write_text(
            f"ListenAddress 127.0.0.3:{port}\nHostKey {place}/host\nUsePAM no\nStrictModes no\n"
            f"AuthorizedKeysFile {place}/user.pub\nPidFile none\n"
        )
        (place / "user.pub").chmod(0o644)
        until(started([sshd, "-D", "-e", "-f", config], stack), "Server listening")
        forwarding = started(
            [ssh, "-v", "-N", "-F", "none", "-i", place / "user", "-p", str(port),
             "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
             "-o", "ExitOnForwardFailure=yes", "-L", f"127.0.0.2:{port}:127.0.0.1:{port}",
             f"{account}@127.0.0.3"],
            stack,
        )  # fmt: skip
        until(forwarding, "Entering interactive session")
        asking = request(port).decode()

        stranger = as_second_user(ASK, "127.0.0.1", port, "signed in", typed=asking)
        browser = subprocess.run(
            [sys.executable, "-I", "-c", ASK, "127.0.0.2", str(port), "signed in"],
            input=asking, capture_output=True, text=True, check=False,
        )  # fmt: skip

        assert ("False", "True") == (stranger.stdout.strip(), browser.stdout.strip())
        assert "True 1" == signing_in.stdout.readline().strip()
