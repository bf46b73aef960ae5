"""The frozen program from its start to its icon, against ``aws --version``, and its size."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from asyncio import create_subprocess_exec
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path

from tests.benchmarks.config_parsing import config_of
from tests.benchmarks.table import ROUNDS, Figure, median
from tests.components import find
from tests.desk import private_bus
from tests.desktop.tray_host import Host, tray

PROGRAM = Path(__file__).parents[2] / "build/frozen/sso-tray/sso-tray"
"""Where ``make frozen`` puts it."""


def measure() -> list[Figure]:
    """Take turns; nothing is measured where one of the two is not there."""
    aws = find("aws-newest")
    if aws is None or not PROGRAM.is_file():
        sys.stderr.write("make test unpacks the newest AWS CLI, make frozen the program\n")
        return []
    with tempfile.TemporaryDirectory() as folder, private_bus() as bus:
        home = Path(folder)
        (home / ".aws").mkdir()
        (home / ".aws" / "config").write_text(config_of(100))
        run = home / "run"
        run.mkdir(mode=0o700)
        environ = {
            "HOME": folder,
            "XDG_RUNTIME_DIR": str(run),
            "PATH": os.environ["PATH"],
            "DBUS_SESSION_BUS_ADDRESS": bus.address,
        }
        ours, theirs = asyncio.run(_turns(str(aws), environ))
    megabytes = sum(one.lstat().st_size for one in PROGRAM.parent.rglob("*")) / 1e6
    start, peer = median(ours), median(theirs)
    return [
        Figure("frozen, start -> icon", start, "ms", "aws --version", peer, 1 / 3),
        Figure("frozen, size on disk", megabytes, "MB", "", None, None),
    ]


async def _turns(aws: str, environ: dict[str, str]) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    theirs: list[float] = []
    async with tray(environ["DBUS_SESSION_BUS_ADDRESS"]) as host:
        for _ in range(ROUNDS + 1):
            ours.append(await _start(host, environ))
            began = time.perf_counter()
            await _ended(
                await create_subprocess_exec(aws, "--version", env=environ, stdout=DEVNULL)
            )
            theirs.append((time.perf_counter() - began) * 1000)
        await host.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId")  # be done
    return ours[1:], theirs[1:]  # the first of each is read from the disk


async def _start(host: Host, environ: dict[str, str]) -> float:
    """Return ms until the icon has asked the tray to be shown."""
    asked: list[float] = []
    took = host.take

    async def take(service: str) -> None:
        asked.append(time.perf_counter())
        await took(service)

    host.take = take  # type: ignore[method-assign]  # only to look at the clock
    began = time.perf_counter()
    process = await create_subprocess_exec(PROGRAM, "run", env=environ, stdin=DEVNULL)
    try:
        await asyncio.wait_for(host.registered.get(), 60)
    finally:
        host.take = took  # type: ignore[method-assign]  # as it was
        process.terminate()
        await _ended(process)
    return (asked[0] - began) * 1000


async def _ended(process: Process) -> None:
    assert await asyncio.wait_for(process.wait(), 60) == 0
