from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tray.core.start_rules import Surroundings
from tray.system.daemon_launch import ON_DEMAND, manager_command, session_environment
from tray.system.surroundings import PACKAGE_MARK, desktop_since, look

CGROUP = "proc/self/cgroup"
THIS_PROGRAM = str(Path(sys.executable).resolve())

IN_TERMINAL = """\
import os, pathlib, sys
from tray.system.surroundings import look

os.getpid = lambda: int(sys.argv[3])  # the process of which the files tell
root = pathlib.Path(sys.argv[2])
without = look({}, root, root).service
os.close(os.open(sys.argv[1], os.O_RDWR))  # the terminal of this session from now on
print(without, look({}, root, root).service)
"""


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A root directory of a machine on which nothing is in the way."""
    root = tmp_path / "root"
    process = root / f"proc/{os.getpid()}/stat"
    process.parent.mkdir(parents=True)
    process.write_text(f"{os.getpid()} (python) S 7 0 0\n")
    (root / "proc/7").mkdir()
    (root / "proc/7/stat").write_text("7 (bash) S 1 0 0\n")
    (root / "proc/self").mkdir()
    (root / CGROUP).write_text("0::/user.slice/user-1000.slice/session-3.scope\n")
    return root


def _told(found: Surroundings) -> set[str]:
    names = ("home_of_another", "package", "ci", "container", "sandbox", "service")
    return {name for name in names if getattr(found, name)}


@pytest.mark.parametrize(
    ("variables", "files", "expected"),
    [
        ({}, {}, set()),
        ({"CI": "true"}, {}, {"ci"}),
        ({"CI": "false"}, {}, set()),
        ({"CI": ""}, {}, set()),
        ({"container": "podman"}, {}, {"container"}),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, {}, {"container"}),
        ({}, {".dockerenv": ""}, {"container"}),
        ({}, {"run/.containerenv": ""}, {"container"}),
        ({}, {"run/systemd/container": "lxc"}, {"container"}),
        ({"FLATPAK_ID": "com.jetbrains.IDE"}, {}, {"sandbox"}),
        ({"SNAP": "/snap/code/1"}, {}, {"sandbox"}),
        ({}, {".flatpak-info": ""}, {"sandbox"}),
        ({}, {CGROUP: "0::/system.slice/backup.service\n"}, {"service"}),
        ({}, {CGROUP: "1:name=systemd:/system.slice/cron.service\n0::/\n"}, {"service"}),
        ({}, {"proc/7/stat": "7 (cron) S 1 0 0\n"}, {"service"}),
        ({}, {"proc/7/stat": "7 (CROND) S 1 0 0\n"}, {"service"}),
        ({}, {str(PACKAGE_MARK): f"{THIS_PROGRAM}\n"}, {"package"}),
        ({}, {str(PACKAGE_MARK): "/usr/lib/sso-tray/sso-tray\n"}, set()),
    ],
)
def test_what_speaks_against_a_start_is_seen(
    bare: Path, variables: dict[str, str], files: dict[str, str], expected: set[str]
) -> None:
    """Each place that is no person's own session is told by what the system says of it."""
    for name, content in files.items():
        (bare / name).parent.mkdir(parents=True, exist_ok=True)
        (bare / name).write_text(content)

    assert expected == _told(look(variables, bare, bare))


def test_a_terminal_makes_a_session_of_a_service(bare: Path) -> None:
    """Who logs in to a machine whose sshd makes no session of it is a person all the same."""
    (bare / CGROUP).write_text("0::/system.slice/ssh.service\n")
    (bare / "dev").mkdir()
    (bare / "dev/tty").symlink_to("/dev/tty")
    master, slave = os.openpty()

    told = subprocess.run(
        [sys.executable, "-c", IN_TERMINAL, os.ttyname(slave), str(bare), str(os.getpid())],
        capture_output=True,
        text=True,
        start_new_session=True,
        check=True,
    )

    os.close(master)
    os.close(slave)
    assert "True False" == told.stdout.strip()


def test_another_users_home_is_seen(bare: Path) -> None:
    """Under `sudo`, what a daemon writes would be root's."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    os.chown(bare, 12345, 12345)

    assert look({}, bare, bare).home_of_another


def test_a_desktop_session_began_when_its_display_did(bare: Path) -> None:
    """A display that is forwarded or gone makes no desktop session."""
    displays = bare / "tmp/.X11-unix"
    displays.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as display:
        display.bind(str(displays / "X7"))
    os.utime(displays / "X7", (100, 100))

    assert 100.0 == desktop_since({"DISPLAY": ":7.0"}, bare)
    assert desktop_since({"DISPLAY": "localhost:10.0"}, bare) is None
    assert desktop_since({"DISPLAY": ":8"}, bare) is None
    assert desktop_since({}, bare) is None


def test_a_daemon_gets_the_session_and_not_the_terminal() -> None:
    """What is exported in a terminal, secrets above all, does not stay with a daemon."""
    terminal = {
        "HOME": "/home/ada",
        "DISPLAY": ":0",
        "LC_TIME": "C",
        "AWS_ENDPOINT_URL_SSO": "http://127.0.0.1:1",
        "HTTPS_PROXY": "http://ada:canary@proxy",
        "AWS_PROFILE": "prod",
        "AWS_SECRET_ACCESS_KEY": "canary",
        "GITHUB_TOKEN": "canary",
        "SSH_TTY": "/dev/pts/1",
        "LD_LIBRARY_PATH": "/opt/lib",
        "VIRTUAL_ENV": "/home/ada/venv",
    }

    given = session_environment(terminal)

    kept = {"HOME", "DISPLAY", "LC_TIME", "AWS_ENDPOINT_URL_SSO", "HTTPS_PROXY"}
    assert kept == set(given) - {"PYTHONPATH", ON_DEMAND}
    command = manager_command(["sso-tray"], terminal)
    assert not [word for word in command if "canary" in word]
    assert "--setenv=HOME=/home/ada" in command
    assert "AWS_CONFIG_FILE" in next(word for word in command if "UnsetEnvironment" in word)
    assert ["--", "sso-tray", "run"] == command[-3:]
