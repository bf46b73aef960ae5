"""One home directory on two machines, as by NFS: one daemon, and the other machine says where."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

from tests.cli.stage import PATIENCE, Done, Stage
from tests.keyring_session import keyring_session

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="another machine's id needs root")

_OTHER = """\
mount --bind "$1" /etc/machine-id
hostname laptop
shift
exec "$@"
"""


class Machine:
    """The other machine: its own id, name, keyring and runtime directory; the same home."""

    def __init__(self, stage: Stage, bus: str) -> None:
        run = stage.home / "run-there"
        run.mkdir(mode=0o700)
        mark = stage.home / "machine-id"
        mark.write_text("f" * 32 + "\n")
        self._home, self._mark = stage.home, str(mark)
        own = {"XDG_RUNTIME_DIR": str(run), "DBUS_SESSION_BUS_ADDRESS": bus}
        self._environ = stage.environ | own

    def tray(self, *arguments: str) -> Done:
        """Run a command there."""
        program = (sys.executable, "-m", "tray", *arguments)
        done = subprocess.run(
            ["unshare", "--mount", "--uts", "sh", "-ec", _OTHER, "sh", self._mark, *program],
            env=self._environ,
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)


def test_the_other_machine_says_where_it_runs(stage: Stage) -> None:
    """It reads tokens and picks profiles, starts nothing, and no refresh token is lost."""
    here_name = socket.gethostname()
    with keyring_session("unlocked") as here, keyring_session("unlocked") as there:
        stage.environ["DBUS_SESSION_BUS_ADDRESS"] = here.address
        other = Machine(stage, there.address)
        with stage.daemon():
            assert 0 == stage.tray("login", "corp").code
            lean, items = stage.file_of("corp").read_bytes(), here.labels()
            record = (stage.state / "daemon.json").read_bytes()

            login, status = other.tray("login", "corp"), other.tray("status")
            works = [other.tray(*words.split()) for words in ("whoami --profile dev", "use dev")]
            refused = [
                other.tray(*words.split())
                for words in ("start", "run", "renew corp", "release corp", "uninstall --yes")
            ]

            assert f"SSO Tray renews it on {here_name}." in login.out
            assert f"SSO Tray runs on {here_name} for this home directory" in status.out
            assert [0, 0] == [done.code for done in works]
            where = f"SSO Tray runs on {here_name} for this home directory. "
            assert [(1, True)] * 5 == [(done.code, where in done.err) for done in refused]
            assert (lean, items) == (stage.file_of("corp").read_bytes(), here.labels())
            assert record == (stage.state / "daemon.json").read_bytes()
            assert [] == there.labels()
            assert "dev" == stage.tray("status", "--json").json()["active_profile"]
            assert 0 == stage.tray("renew", "corp").code


def test_a_sign_in_on_the_other_machine_is_kept_by_the_daemon(stage: Stage) -> None:
    """It leaves the refresh token in the file, and the daemon moves it into its own keyring."""
    with keyring_session("unlocked") as here, keyring_session("unlocked") as there:
        stage.environ["DBUS_SESSION_BUS_ADDRESS"] = here.address
        other = Machine(stage, there.address)
        with stage.daemon():
            login = other.tray("login", "corp")

            stage.until(lambda: stage.status()["keeper"] == "keyring")

            assert 0 == login.code
            assert not [label for label in there.labels() if "registration" not in label]
            assert "refreshToken" not in json.loads(stage.file_of("corp").read_text())
            assert stage.status()["renews"]


def test_a_machine_that_is_gone_is_followed(stage: Stage) -> None:
    """Its daemon was killed and left its record: ``start`` on the other one takes over."""
    with keyring_session("unlocked") as there:
        other = Machine(stage, there.address)
        with stage.daemon() as daemon:
            daemon.kill()
            daemon.wait()
        before = other.tray("renew", "corp")

        started = other.tray("start")
        after = other.tray("renew", "corp")
        ended = other.tray("quit")

    assert "if that machine is gone, run first: sso-tray start" in before.err
    assert (0, 0) == (started.code, ended.code)
    assert "SSO Tray runs on" not in after.err
