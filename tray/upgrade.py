"""
What a package's scripts do about running residents: ``tray.upgrade stop|start|end``, as root.

A frozen program cannot go on once its files are replaced: it reads its parts from them. So
``stop`` ends the residents and writes down whose they were, and ``start`` starts them again from
the new files, as their users, where they were started before. ``end`` is for the removal.
"""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tray.system.spawn import INTERNAL_FLAG, without_bootloader, without_credentials

PROC: Final = Path("/proc")
NOTE: Final = Path("/run/sso-tray-upgrade.json")
"""Read by root only, gone with the next start of the machine at the latest."""

UNIT: Final = "sso-tray.service"
PATIENCE: Final = 60.0
"""
Seconds a resident gets to finish. It is never killed: what it has not stored yet may be the only
refresh token of a session (rule R3).
"""

_RUNS: Final = ((), ("run",), ("run", "--no-icon"))
_PART: Final = (INTERNAL_FLAG, "tray.resident")


@dataclass(frozen=True, slots=True)
class Running:
    """
    A resident.

    Args:
        pid: its process.
        uid: its user's number.
        options: to start it with again.
        environ: that it was started with, without credentials.
        by_unit: whether systemd started it.
    """

    pid: int
    uid: int
    options: tuple[str, ...]
    environ: dict[str, str]
    by_unit: bool


def running(program: Path, proc: Path = PROC) -> list[Running]:
    """
    Return the residents that run from a program's file.

    A demo's own resident is left out: it ends with its demo.
    """
    found = []
    for pid in _from(program, proc):
        # It may have ended in between; then it needs nothing.
        with suppress(FileNotFoundError, ProcessLookupError):
            told = _resident(pid, proc)
            if told is not None and _parent(pid, proc) not in set(_from(program, proc)):
                found.append(told)
    return found


def stop(residents: list[Running], alive: Callable[[int], bool]) -> list[int]:
    """Ask residents to end and wait for them; returns the pids of those that did not."""
    for one in residents:
        with suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    left = [one.pid for one in residents]
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [pid for pid in left if alive(pid)]
    return left


def start(one: Running, program: Path) -> None:
    """Start a resident as its user; returns at once."""
    user = pwd.getpwuid(one.uid)
    if one.by_unit:
        manager = ["systemctl", f"--machine={user.pw_name}@.host", "--user"]
        subprocess.run([*manager, "daemon-reload"], check=False)
        subprocess.run([*manager, "start", UNIT], check=False)
        return
    subprocess.Popen(
        [program, *one.options],
        env=one.environ,
        cwd=user.pw_dir if Path(user.pw_dir).is_dir() else "/",
        user=one.uid,
        group=user.pw_gid,
        extra_groups=os.getgrouplist(user.pw_name, user.pw_gid),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _from(program: Path, proc: Path) -> Iterator[int]:
    for path in proc.iterdir():
        with suppress(OSError):
            if path.name.isdigit() and (path / "exe").readlink() == program:
                yield int(path.name)


def _resident(pid: int, proc: Path) -> Running | None:
    place = proc / str(pid)
    _, *words = (place / "cmdline").read_bytes().decode(errors="surrogateescape").split("\0")[:-1]
    if tuple(words[:2]) == _PART:
        words = ["run", *words[2:]]
    if tuple(words) not in _RUNS:
        return None
    text = (place / "environ").read_bytes().decode(errors="surrogateescape")
    pairs = (pair.partition("=") for pair in text.split("\0") if "=" in pair)
    environ = {name: value for name, _, value in pairs}
    return Running(
        pid,
        place.stat().st_uid,
        tuple(words),
        without_credentials(without_bootloader(environ)),
        f"/{UNIT}" in (place / "cgroup").read_text(),
    )


def _parent(pid: int, proc: Path) -> int:
    after_name = (proc / str(pid) / "stat").read_text().rpartition(")")[2]
    return int(after_name.split()[1])


def _alive(pid: int) -> bool:
    return (PROC / str(pid)).exists()


def main() -> int:
    """
    Do what the script asks.

    Returns:
        0; also where one would not end or start, since no package operation may hang on that.
    """
    program = Path(sys.executable).resolve()
    if sys.argv[1] == "start":
        for told in json.loads(NOTE.read_text()) if NOTE.exists() else []:
            start(Running(**{**told, "options": tuple(told["options"])}), program)
        NOTE.unlink(missing_ok=True)
        return 0
    residents = running(program)
    if sys.argv[1] == "stop" and residents:
        descriptor = os.open(NOTE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump([asdict(one) for one in residents], file)
    for pid in stop(residents, _alive):
        sys.stderr.write(f"sso-tray: process {pid} still finishes what is under way.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
