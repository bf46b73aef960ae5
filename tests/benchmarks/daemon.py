"""What the daemon costs while nothing happens: memory and wakeups, beside others like it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.config_parsing import config_of
from tests.benchmarks.table import Figure, median
from tests.daemon.living import Living, daemon
from tests.desk import ARTIFACTS, desk
from tray.demo.demo_story import START_URL
from tray.fake_aws.identity_center import IdentityCenter

SETTLED = 60.0
"""Seconds after a renewal (G3)."""
WINDOW = 60.0
"""Seconds over which wakeups are counted."""
WINDOWS = 3
LOOKS = 5
"""Looks at memory in each window: fifteen in all, as elsewhere."""
PROFILES = 1_000
LARGE, SESSIONS = 10_000, 50

# What any Python program with a loop and a bus connection costs.
_BARE = """
import asyncio, os
from dbus_fast.aio import MessageBus
async def main():
    await MessageBus().connect()
    await asyncio.Event().wait()
asyncio.run(main())
"""


@dataclass(frozen=True)
class Cost:
    """Of one process: kB daemon, kB of its own, context switches a minute, all threads."""

    rss: float
    uss: float
    switches: float


def measure() -> list[Figure]:
    """Run all of them on one desktop, and look at them at the same moments."""
    with ExitStack() as stack:
        screen = stack.enter_context(desk())
        center = stack.enter_context(IdentityCenter(auto_approve=True, token_life=30))
        # Not in the shared temporary directory: everybody's files there would wake whoever has a
        # home below it, as the way to each watched directory is watched too.
        ARTIFACTS.mkdir(exist_ok=True)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=ARTIFACTS)))
        environ = dict(screen.env) | center.environment() | _home(folder)
        living = stack.enter_context(daemon(environ, icon=True, listens=False))
        _signed_in(living, environ)
        renewed = center.count("CreateToken", grant_type="refresh_token")
        center.wait_for("CreateToken", renewed + 1, 60, grant_type="refresh_token")
        with center.lock:
            center.token_life = 3600  # the next one is quiet for long
        center.wait_for("CreateToken", renewed + 2, 60, grant_type="refresh_token")
        processes = {"resident": living.process.pid}
        bare = stack.enter_context(_running([sys.executable, "-c", _BARE], environ))
        processes["bare"] = bare
        udiskie = _udiskie(stack, environ)
        if udiskie is not None:
            processes["udiskie"] = udiskie
        time.sleep(SETTLED)
        costs = _costs(processes)
    return _figures(costs)


def measure_large() -> list[Figure]:
    """Hold 10,000 profiles of 50 sessions, then a worker just after a renewal, to their limits."""
    with ExitStack() as stack:
        screen = stack.enter_context(desk())
        center = stack.enter_context(IdentityCenter(auto_approve=True))
        ARTIFACTS.mkdir(exist_ok=True)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=ARTIFACTS)))
        environ = dict(screen.env) | center.environment() | _home(folder)
        living = stack.enter_context(daemon(environ, icon=True, listens=False))
        bare = stack.enter_context(_running([sys.executable, "-c", _BARE], environ))
        _signed_in(living, environ)
        living.ask("renew", session="mine")
        both = [living.process.pid, *_children(living.process.pid)]
        two = sum(_uss(pid) for pid in both) / 1024
        config = folder / ".aws" / "config"
        config.write_text(config_of(LARGE, sessions=SESSIONS))
        time.sleep(SETTLED)
        large, floor = (_kb(pid, "status", "VmRSS") / 1024 for pid in (living.process.pid, bare))
    what = f"resident, {LARGE:,} profiles, {SESSIONS} sessions, VmRSS"
    return [
        Figure("resident and worker after a renewal, USS", two, "MB", "(limit)", None, 60),
        Figure(what, large, "MB", "bare loop + bus", floor, 1.75),
    ]


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in found.split()]


def _figures(costs: dict[str, Cost]) -> list[Figure]:
    ours, bare = costs["resident"], costs["bare"]
    rows = [
        Figure("resident, VmRSS", ours.rss / 1024, "MB", "bare loop + bus", bare.rss / 1024, 1.3),
        Figure("resident, USS", ours.uss / 1024, "MB", "bare loop + bus", bare.uss / 1024, 1.6),
        Figure("resident, wakeups in a minute", ours.switches, "", "(limit)", None, 2),
        Figure("bare loop + bus, wakeups", bare.switches, "", "", None, None),
    ]
    other = costs.get("udiskie")
    if other is not None:
        rows += [
            Figure("resident, VmRSS", ours.rss / 1024, "MB", "udiskie", other.rss / 1024, 0.52),
            Figure("resident, USS", ours.uss / 1024, "MB", "udiskie", other.uss / 1024, None),
            Figure("udiskie, wakeups in a minute", other.switches, "", "", None, None),
        ]
    return rows


def _home(folder: Path) -> dict[str, str]:
    """Make a home of 1,000 profiles."""
    aws = folder / ".aws"
    aws.mkdir()
    own = f"[sso-session mine]\nsso_start_url = {START_URL}\nsso_region = eu-west-2\n"
    (aws / "config").write_text(own + config_of(PROFILES))
    return {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / ".config"),
        "XDG_STATE_HOME": str(folder / ".local" / "state"),
        "BROWSER": f"{sys.executable} -m tray.demo.demo_story --browser %s",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _signed_in(living: Living, environ: dict[str, str]) -> None:
    command = [sys.executable, "-m", "tray", "login", "mine"]
    subprocess.run(command, env=living.environ | environ, check=True, capture_output=True)


def _udiskie(stack: ExitStack, environ: dict[str, str]) -> int | None:
    """Start udiskie with its tray icon; it wants udisksd, here on the session's bus."""
    found = shutil.which("udiskie")
    daemon = next(
        (path for path in Path("/usr").glob("lib*/udisks2/udisksd") if path.exists()), None
    )
    if found is None or daemon is None:
        sys.stderr.write("udiskie is not installed: sudo apt-get install udiskie udisks2\n")
        return None
    own = environ | {"DBUS_SYSTEM_BUS_ADDRESS": environ["DBUS_SESSION_BUS_ADDRESS"]}
    stack.enter_context(_running([str(daemon)], own))
    time.sleep(2)
    return stack.enter_context(_running([found, "--tray", "--no-notify"], own))


@contextmanager
def _running(command: list[str], environ: dict[str, str]) -> Iterator[int]:
    process = subprocess.Popen(
        command,
        env={"PATH": os.environ["PATH"], **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def _costs(processes: dict[str, int]) -> dict[str, Cost]:
    """Look at all of them at the same moments, and return the medians."""
    seen: dict[str, tuple[list[int], list[int], list[int]]] = {
        name: ([], [], []) for name in processes
    }
    for _ in range(WINDOWS):
        before = {name: _switches(pid) for name, pid in processes.items()}
        for _ in range(LOOKS):
            time.sleep(WINDOW / LOOKS)
            for name, pid in processes.items():
                seen[name][0].append(_kb(pid, "status", "VmRSS"))
                seen[name][1].append(_uss(pid))
        for name, pid in processes.items():
            seen[name][2].append(_switches(pid) - before[name])
    return {name: Cost(*(median(values) for values in all_of)) for name, all_of in seen.items()}


def _switches(pid: int) -> int:
    """Count voluntary and forced context switches of all threads."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if "ctxt_switches" in line:
                total += int(line.split()[1])
    return total


def _uss(pid: int) -> int:
    return _kb(pid, "smaps_rollup", "Private_Clean") + _kb(pid, "smaps_rollup", "Private_Dirty")


def _kb(pid: int, file: str, name: str) -> int:
    text = Path(f"/proc/{pid}/{file}").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(name))
