"""
End and restart running daemons for a package's scripts: ``stop|start|end``, as root.

A frozen program reads its parts from its files, so it cannot continue once they are replaced.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tray.system.credential_variables import without_credentials
from tray.system.daemon_launch import ON_DEMAND
from tray.system.spawn import INTERNAL_FLAG, without_bootloader
from tray.system.surroundings import PACKAGE_MARK

PROC: Final = Path("/proc")
NOTE: Final = Path("/run/sso-tray-upgrade.json")  # root only; /run is empty after a restart

MARK: Final = Path("/", PACKAGE_MARK)
UNIT: Final = "sso-tray.service"
PATIENCE: Final = 60.0
"""Seconds a daemon gets to finish. It is never killed: it may hold a session's only token (R3)."""

_RUNS: Final = ((), ("run",), ("run", "--no-icon"))
_PARTS: Final = ((INTERNAL_FLAG, "tray.daemon"), (INTERNAL_FLAG, "tray.resident"))
"""How a frozen program starts its daemon; the second is version 0.1."""


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon: its options and environment (without credentials) serve to start it again."""

    pid: int
    uid: int
    options: tuple[str, ...]
    environ: dict[str, str]
    by_unit: bool

    def to_json(self) -> dict[str, Any]:
        """For the note that the old version's scripts leave to the new one's."""
        return {
            "pid": self.pid,
            "uid": self.uid,
            "options": list(self.options),
            "environ": self.environ,
            "by_unit": self.by_unit,
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Running:
        """Read what `to_json` wrote; members of another version are ignored."""
        return cls(
            document["pid"],
            document["uid"],
            tuple(document["options"]),
            document["environ"],
            document["by_unit"],
        )


def running(program: Path, proc: Path = PROC) -> list[Running]:
    """Return the daemons that run from a program's file, but no demo's and none in a container."""
    found = []
    for pid in _from(program, proc):
        # It may have ended in between; then there is nothing to do.
        with suppress(FileNotFoundError, ProcessLookupError):
            one = _daemon(pid, proc) if _sees_our_files(pid, program, proc) else None
            if one is None:
                continue
            # What a command started on demand may still be that command's child.
            if ON_DEMAND in one.environ or _parent(pid, proc) not in set(_from(program, proc)):
                found.append(one)
    return found


def stop(daemons: list[Running], alive: Callable[[int], bool]) -> list[int]:
    """Ask daemons to end and wait for them; returns the pids of those that did not."""
    for one in daemons:
        with suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGTERM)
    return wait_for(daemons, alive)


def wait_for(daemons: list[Running], alive: Callable[[int], bool]) -> list[int]:
    """Wait until daemons have ended, ``PATIENCE`` at most; returns the pids of those left."""
    deadline = time.monotonic() + PATIENCE
    left = [one.pid for one in daemons if alive(one.pid)]
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [pid for pid in left if alive(pid)]
    return left


def start_again(daemons: list[Running], program: Path, alive: Callable[[int], bool]) -> None:
    """Start daemons once the old ones have ended; one that cannot be started is reported."""
    left = wait_for(daemons, alive)
    for one in daemons:
        if one.pid in left:
            sys.stderr.write(
                f"sso-tray: process {one.pid} has not ended yet; its user has to start sso-tray.\n"
            )
            continue
        try:
            start(one, program)
        except (KeyError, OSError) as error:
            sys.stderr.write(
                f"sso-tray: could not be started again for user {one.uid}"
                f" ({type(error).__name__}).\n"
            )


def start(one: Running, program: Path) -> None:
    """Raises KeyError if there is no such user, OSError if program or directory are unusable."""
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


def _daemon(pid: int, proc: Path) -> Running | None:
    place = proc / str(pid)
    line = (place / "cmdline").read_bytes().decode(errors="surrogateescape")
    _, *arguments = line.split("\0")[:-1]
    if tuple(arguments[:2]) in _PARTS:
        arguments = ["run", *arguments[2:]]
    if tuple(arguments) not in _RUNS:
        return None
    text = (place / "environ").read_bytes().decode(errors="surrogateescape")
    pairs = (pair.partition("=") for pair in text.split("\0") if "=" in pair)
    environ = {name: value for name, _, value in pairs}
    return Running(
        pid,
        place.stat().st_uid,
        tuple(arguments),
        without_credentials(without_bootloader(environ)),
        f"/{UNIT}" in (place / "cgroup").read_text(),
    )


def _sees_our_files(pid: int, program: Path, proc: Path) -> bool:
    """Whether a program's path is the same file to a process as to this one (proc(5), root)."""
    return (proc / str(pid) / "root" / program.relative_to("/")).samefile(program)


def _parent(pid: int, proc: Path) -> int:
    after_name = (proc / str(pid) / "stat").read_text().rpartition(")")[2]
    return int(after_name.split()[1])


def _alive(pid: int) -> bool:
    return (PROC / str(pid)).exists()


def main() -> int:
    """Return 0 even if a daemon would not end or start: that must not fail the package."""
    program = Path(sys.executable).resolve()
    if sys.argv[1] == "start":
        MARK.unlink(missing_ok=True)
        noted = json.loads(NOTE.read_text()) if NOTE.exists() else []
        NOTE.unlink(missing_ok=True)
        again = [Running.from_json(one) for one in noted]
        start_again(again, program, _alive)
        return 0
    # From here on nobody starts one, neither a person nor a program.
    MARK.write_text(f"{program}\n")
    daemons = running(program)
    if sys.argv[1] == "stop" and daemons:
        descriptor = os.open(NOTE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump([one.to_json() for one in daemons], file)
    for pid in stop(daemons, _alive):
        sys.stderr.write(f"sso-tray: process {pid} is still finishing its work.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
