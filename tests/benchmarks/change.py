"""
How long it takes from a changed cache file to a changed state.

Beside it, the least that anybody could take: inotify and a read of the file, in the same loop.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from inotify_simple import INotify, flags

from tests.benchmarks.table import Figure, median
from tray.aws.cache.token_cache import cache_path
from tray.core.effects import Effect
from tray.core.events import ConfigRead, Event
from tray.core.model import Catalog, SsoSession
from tray.core.state import TrayState
from tray.daemon.event_loop import EventLoop
from tray.daemon.file_watch import FileWatch
from tray.system.paths import Paths

EVENTS = 300

# Another process writes, as the AWS CLI and botocore do: in place, and by rename.
_WRITER = """
import json, os, sys, time
path = sys.argv[1]
for line in sys.stdin:
    number = int(line)
    token = {"startUrl": "https://x.awsapps.com/start", "region": "eu-west-2",
             "accessToken": f"token-{number:06d}" + "x" * 1500,
             "expiresAt": "2099-01-01T00:00:00Z"}
    data = json.dumps(token).encode()
    if number % 2:
        target = path + ".new"
        with open(target, "wb") as file:
            file.write(data)
        began = time.monotonic_ns()
        os.rename(target, path)
    else:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(descriptor, data)
        began = time.monotonic_ns()
        os.close(descriptor)
    print(began, flush=True)
"""


def measure() -> list[Figure]:
    """Measure 300 changes, half by rename and half in place, made by another process."""
    with tempfile.TemporaryDirectory() as folder:
        spent, floor = asyncio.run(_changes(Path(folder)))
    spent.sort()
    p99 = spent[int(len(spent) * 0.99) - 1]
    ours = median(spent)
    return [
        Figure("token file changed -> state", ours, "ms", "inotify + read", median(floor), None),
        Figure("token file changed -> state, median", ours, "ms", "(limit)", None, 1.0),
        Figure("token file changed -> state, p99", p99, "ms", "(limit)", None, 5.0),
    ]


async def _changes(home: Path) -> tuple[list[float], list[float]]:
    environ = {"HOME": str(home)}
    paths = Paths.from_environment(environ)
    paths.token_cache.mkdir(parents=True)
    moments: list[int] = []
    arrived = asyncio.Event()

    def take(event: Event) -> None:
        before = loop.state.sessions["corp"].token
        loop.post(event)
        if loop.state.sessions["corp"].token != before:
            moments.append(time.monotonic_ns())
            arrived.set()

    def nothing(*_: object) -> None:
        return None

    def perform(effect: Effect) -> None:
        del effect

    loop = EventLoop(TrayState("machine"), perform=perform, changed=nothing, arm=nothing)
    session = SsoSession("corp", "https://x.awsapps.com/start", "eu-west-2")
    loop.post(ConfigRead(Catalog((session,))))
    watch = FileWatch(
        paths, paths.home / ".aws/login/cache", post=take, changed=nothing, applied=nothing
    )
    watch.follow(["corp"])
    watch.start(())
    bare = home / "bare"
    bare.mkdir()
    inotify = INotify()
    inotify.add_watch(str(bare), flags.CLOSE_WRITE | flags.MOVED_TO)

    def read() -> None:
        if any(event.name == "token.json" for event in inotify.read(0)):
            (bare / "token.json").read_bytes()
            moments.append(time.monotonic_ns())
            arrived.set()

    asyncio.get_running_loop().add_reader(inotify.fd, read)
    ours = _Writer(cache_path(paths.token_cache, "corp"))
    floor = _Writer(bare / "token.json")
    for number in range(EVENTS):
        for writer in (ours, floor):
            arrived.clear()
            await writer.write(number)
            await asyncio.wait_for(arrived.wait(), 30)
            await writer.wrote(moments[-1])
    for writer in (ours, floor):
        await writer.close()
    asyncio.get_running_loop().remove_reader(inotify.fd)
    inotify.close()
    watch.close()
    return ours.spent, floor.spent


class _Writer:
    """Another program that writes a file, and how long each change took to be known."""

    def __init__(self, path: Path) -> None:
        self.spent: list[float] = []
        self._path = path
        self._process: asyncio.subprocess.Process | None = None

    async def write(self, number: int) -> None:
        """Have it write."""
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _WRITER, str(self._path),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ),
            )  # fmt: skip
        assert self._process.stdin is not None
        self._process.stdin.write(f"{number}\n".encode())

    async def wrote(self, known_at: int) -> None:
        """Take in when it had written."""
        assert self._process is not None
        assert self._process.stdout is not None
        began = json.loads(await self._process.stdout.readline())
        self.spent.append((known_at - began) / 1e6)

    async def close(self) -> None:
        """Let it end."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
