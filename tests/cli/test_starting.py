"""A daemon that starts when it is needed: real commands, real daemons, ended by their pid."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.stage import PATIENCE, Stage
from tests.components import require
from tests.e2e.desk import at_once, ended
from tray.core.policy import START_PATIENCE, STARTER_PATIENCE
from tray.core.text.daemon_text import NOT_QUIT
from tray.system.lock.file_lock import FileLock, lock_path

WITH_MANAGER = """\
set -e
# The manager runs only where systemd has started the system; only this mount says so.
mount -t tmpfs none /run/systemd
mkdir /run/systemd/system
/lib/systemd/systemd --user >/dev/null 2>&1 &
manager=$!
until systemctl --user show-environment >/dev/null 2>&1; do sleep 0.05; done
systemctl --user set-environment OF_THE_SESSION=yes AWS_CONFIG_FILE=/nowhere
OF_THE_TERMINAL=yes "$@" login corp
pid=$(systemctl --user show --value --property=MainPID sso-tray-on-demand.service)
tr '\\0' '\\n' <"/proc/$pid/environ"
"$@" quit
kill $manager
wait $manager || true
"""

ISOLATED = ("unshare", "--mount", "--pid", "--fork", "--mount-proc")
PACKAGE = """\
set -e
mount -t tmpfs none /run
"$@" -m tray.system.package_upgrade end
"$@" -m tray run && exit 1
"$@" -m tray start && exit 1
"$@" -m tray login corp
"$@" -m tray status
"$@" -m tray.system.package_upgrade start
"$@" -m tray login corp
"$@" -m tray quit
"""


class Starting:
    """A home where commands may start a daemon, and what they started."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.settings = stage.home / ".config/sso-tray/config.toml"
        self.settings.parent.mkdir(parents=True)
        # Tests run as root and in containers, where none is started otherwise.
        self.settings.write_text('start_daemon = "always"\n')
        del stage.environ["CI"]

    def record(self) -> dict[str, Any]:
        """Return what is on record of the last daemon."""
        document: dict[str, Any] = json.loads((self.stage.state / "daemon.json").read_text())
        return document

    def daemon(self) -> int | None:
        """Return the pid of the daemon that answers, None if there is none."""
        resident = self.stage.tray("status", "--json").json()["resident"]
        return None if resident is None else int(resident["pid"])

    def end(self) -> None:
        """End the daemon, if one runs, without a word to it."""
        pid = self.daemon()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            self.stage.until(lambda: ended(pid))


@pytest.fixture
def starting(stage: Stage) -> Iterator[Starting]:
    """A home without a daemon, where one may be started."""
    started = Starting(stage)
    yield started
    started.end()


def test_login_starts_a_daemon_and_says_how_to_end_it(starting: Starting) -> None:
    """Who signs in gets the renewal, and one line about it."""
    stage = starting.stage

    done = stage.tray("login", "corp")

    assert 0 == done.code, done.err
    assert (
        "sso-tray: Started SSO Tray in the background, to renew your sessions. To stop it: "
        "sso-tray quit; to never start it unasked: start_daemon = "
        f'"never" in {starting.settings}\n'
    ) == done.err
    pid = starting.daemon()
    assert pid is not None
    assert pid == os.getsid(pid)
    if os.geteuid() == 0:  # who forbids core dumps shows these to root alone
        assert "/" == str(Path(f"/proc/{pid}/cwd").readlink())
        descriptors = [str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in (0, 1, 2)]
        assert ["/dev/null"] * 3 == descriptors
    assert "" == stage.tray("login", "corp").err


@pytest.mark.parametrize(
    ("settings", "options", "variables"),
    [
        ('start_daemon = "never"', (), {}),
        ('start_daemon = "sometimes"', (), {}),
        ("start_daemon =", (), {}),
        ('start_daemon = "always"', ("--no-daemon",), {}),
        ('start_daemon = "always"', (), {"CI": "1"}),
    ],
)
def test_login_starts_none_where_that_is_not_wanted(
    starting: Starting, settings: str, options: tuple[str, ...], variables: dict[str, str]
) -> None:
    """Settings that cannot be understood count as "never"."""
    starting.settings.write_text(settings + "\n")

    done = starting.stage.tray("login", "corp", *options, **variables)

    assert "background" not in done.err
    starting.settings.unlink()
    assert starting.daemon() is None


def test_quit_holds_until_start(starting: Starting) -> None:
    """What a person has ended is not started again by a command that could use it."""
    stage = starting.stage
    assert "Started" in stage.tray("login", "corp").err
    assert 0 == stage.tray("quit").code

    held = stage.tray("login", "corp")

    assert (0, "") == (held.code, held.err)
    assert starting.daemon() is None
    started = stage.tray("start")
    assert (
        "SSO Tray is running in the background. To stop it: sso-tray quit\n"
        "It has no icon: there is no desktop session here.\n"
    ) == started.out
    assert starting.daemon() is not None
    assert starting.record()["quit_at"] is None
    assert "SSO Tray is already running.\n" == stage.tray("start").out


def test_a_program_starts_one_only_after_a_person(starting: Starting) -> None:
    """A program's question starts the daemon again that a person ran, not one that was quit."""
    stage = starting.stage
    assert 0 == stage.tray("login", "corp", "--no-daemon").code
    first = stage.given_out("credentials", "dev")
    assert starting.daemon() is None
    assert "running" in stage.tray("start").out
    starting.end()

    again = at_once(*[lambda: stage.given_out("credentials", "dev")] * 4)

    assert [(0, "")] * 5 == [(one.code, one.err) for one in (first, *again)]
    assert starting.daemon() is not None
    assert 0 == stage.tray("quit").code
    assert 0 == stage.given_out("credentials", "dev").code
    assert starting.daemon() is None


def test_a_crowd_starts_one(starting: Starting) -> None:
    """Many sign-ins at once start one daemon, and each has its answer."""
    stage = starting.stage

    done = at_once(*[lambda: stage.tray("login", "corp")] * 6)

    assert [0] * 6 == [one.code for one in done], [one.err for one in done]
    assert 1 == sum("Started SSO Tray" in one.err for one in done)
    assert 1 == len(stage.opened())


def test_on_the_home_of_another_hosts_daemon_a_command_acts_alone(starting: Starting) -> None:
    """A home directory that two machines share has one daemon, and it is said where."""
    stage = starting.stage
    stage.state.mkdir(parents=True, mode=0o700)
    record = {"version": 1, "host": "tower", "host_id": "another", "running": True}
    (stage.state / "daemon.json").write_text(json.dumps(record))

    done = stage.tray("login", "corp")

    told = "SSO Tray runs on tower for this home directory; this command acts alone."
    assert (0, f"sso-tray: {told}\n") == (done.code, done.err)
    assert starting.daemon() is None
    assert told in stage.tray("status").out
    assert "isn't running" not in stage.tray("doctor").out


def test_a_daemon_of_other_files_is_not_replaced(starting: Starting) -> None:
    """The state directory belongs to the files of the daemon that a person ran last."""
    stage = starting.stage
    assert "Started" in stage.tray("login", "corp").err
    starting.end()
    other = stage.home / "other"
    other.write_text(stage.config.read_text())

    done = stage.tray("login", "corp", AWS_CONFIG_FILE=str(other))

    assert (0, False) == (done.code, "Started" in done.err)
    assert starting.daemon() is None


def test_the_users_systemd_manager_starts_it(starting: Starting) -> None:
    """Where there is one, the daemon is its unit, with its environment and our world."""
    systemd, stage = require("systemd"), starting.stage
    if os.geteuid() != 0:
        pytest.skip("only root can show a user manager a system that systemd has started")
    assert systemd.is_file()

    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", WITH_MANAGER, "sh", sys.executable, "-m", "tray"],
        env=stage.environ,
        cwd=stage.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert "Started SSO Tray" in done.stderr, done.stderr
    assert 0 == done.returncode, done.stderr
    told = done.stdout.splitlines()
    assert "OF_THE_SESSION=yes" in told
    assert f"HOME={stage.home}" in told
    assert not [line for line in told if line.startswith(("OF_THE_TERMINAL", "AWS_CONFIG_FILE"))]
    assert told[-1].startswith("SSO Tray has quit.")


def test_a_daemon_without_a_display_gives_way_to_one_of_the_desktop(starting: Starting) -> None:
    """`run` in a desktop session replaces what a terminal elsewhere has started."""
    stage = starting.stage
    assert "Started" in stage.tray("login", "corp").err
    first = starting.daemon()
    assert first is not None
    with socket.socket(socket.AF_UNIX) as display:
        display.bind(str(stage.home / "run/wayland-0"))

        with stage.start("run", WAYLAND_DISPLAY="wayland-0") as second:
            stage.until(lambda: starting.daemon() == second.pid)

            assert ended(first)
            assert stage.tray("status", "--json").json()["resident"]["graphical"]
            again = stage.tray("run", WAYLAND_DISPLAY="wayland-0")
            assert "SSO Tray is already running.\n" == again.out
            second.terminate()
            second.communicate(timeout=PATIENCE)


def test_while_the_package_changes_nobody_starts_one(starting: Starting) -> None:
    """What a package's scripts leave in /run holds for `run`, `start` and `login`."""
    stage = starting.stage
    if os.geteuid() != 0:
        pytest.skip("only root runs a package's scripts")

    # In a process table of its own, so that the script finds no other program of this Python.
    done = subprocess.run(
        [
            *["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c"],
            PACKAGE,
            "sh",
            sys.executable,
        ],
        env=stage.environ,
        cwd=stage.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    told = "sso-tray: The sso-tray package is being upgraded or removed. Try again later."
    assert [told] * 2 == done.stderr.splitlines()[:2]
    assert 1 == done.stderr.count("Started SSO Tray")
    assert "SSO Tray isn't running. To start it: sso-tray start" in done.stdout


def test_a_daemon_that_ends_at_once_is_not_waited_for(starting: Starting) -> None:
    """However long a busy machine may take to start it: its end is the answer."""
    stage = starting.stage
    (stage.state / "locks/resident").mkdir(parents=True)  # it is no file to lock

    began = time.monotonic()
    done = stage.tray("start")

    assert (1, "sso-tray: SSO Tray hasn't started. For details, run: sso-tray log\n") == (
        done.code,
        done.err,
    )
    assert time.monotonic() - began < STARTER_PATIENCE / 2


def test_a_program_does_not_wait_for_a_daemon_that_never_serves(starting: Starting) -> None:
    """An SDK waits: it acts alone after seconds, where a person would wait a minute."""
    stage = starting.stage
    assert 0 == stage.tray("login", "corp", "--no-daemon").code
    assert "running" in stage.tray("start").out
    starting.end()

    with FileLock(lock_path(stage.state, "resident")):  # as if another were about to serve
        began = time.monotonic()
        done = stage.given_out("credentials", "dev")
        took = time.monotonic() - began

    assert (0, "") == (done.code, done.err)
    assert START_PATIENCE <= took < STARTER_PATIENCE / 2


def test_quit_does_not_say_that_a_mute_daemon_has_ended(starting: Starting) -> None:
    """One that listens and does not answer, as behind a home that hangs, goes on running."""
    stage = starting.stage
    place = stage.home / "run/sso-tray/agent.sock"
    place.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(place))
        mute.listen()
        place.chmod(0o600)
        with stage.start("quit") as quitting:
            mute.accept()[0].close()
            err = quitting.communicate(timeout=PATIENCE)[1]
    place.unlink()

    assert (1, f"sso-tray: {NOT_QUIT}\n") == (quitting.returncode, err)
