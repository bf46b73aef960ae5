"""``exec --each``: a command with many profiles, several at a time, their outputs told apart."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import BinaryIO, Final

from tray.cli.command_context import CommandContext
from tray.cli.exec.child_process import SIGNALLED
from tray.cli.front.quick_reading import OURS_FAILED
from tray.cli.front.terminal import Ended, note
from tray.core import policy
from tray.core.model import Catalog
from tray.core.profiles.guards import is_guarded, is_managed
from tray.core.text.credentials import credentials_text
from tray.core.text.display_names import clean
from tray.system.processes import KILL, end_group
from tray.system.spawn import APART, own_program

_CHUNK: Final = 64 * 1024  # bytes; a longer line is shown in parts


def run_each(
    context: CommandContext,
    catalog: Catalog,
    pattern: str,
    command: Sequence[str],
    *,
    with_guarded: bool,
) -> int:
    """Return the worst exit status; raises Ended if no profile matches."""
    names = _matching(context, catalog, pattern, with_guarded=with_guarded)
    each = _Each(own_program(context.environ), names, command)
    return asyncio.run(each.run(context))


def _matching(
    context: CommandContext, catalog: Catalog, pattern: str, *, with_guarded: bool
) -> list[str]:
    guarded = context.settings_or_safe().preferences.guarded
    names, kept_out = [], []
    for one in catalog.profiles:
        fits = fnmatchcase(one.name.casefold(), pattern.casefold())
        if not fits or is_managed(one.name, catalog.managed):
            continue
        if is_guarded(one.name, guarded) and not with_guarded:
            kept_out.append(one.name)
        else:
            names.append(one.name)
    if kept_out:
        note(credentials_text.guarded_left_out(kept_out))
    if not names:
        raise Ended("" if kept_out else credentials_text.no_match(pattern), OURS_FAILED)
    return names


class _Each:
    """The runs, and how each has ended."""

    def __init__(
        self, program: Sequence[str], names: Sequence[str], command: Sequence[str]
    ) -> None:
        self._program, self._names, self._command = program, names, command
        self._width = max(len(clean(name)) for name in names)
        self._room = asyncio.Semaphore(policy.EACH_AT_ONCE)
        self._running: set[asyncio.subprocess.Process] = set()
        self._codes: dict[str, int] = {}
        self._ended_by = 0  # the number of the signal that ends all

    async def run(self, context: CommandContext) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", None)):
            if number is not None:
                with suppress(NotImplementedError):  # Windows ends them with the console
                    loop.add_signal_handler(number, self._end, number)
        tasks = [asyncio.create_task(self._one(name, context)) for name in self._names]
        try:
            await asyncio.gather(*tasks)
        finally:
            for process in self._running:  # our output broke: nobody reads theirs either
                end_group(process.pid, KILL)
        return self._worst()

    def _ending(self) -> bool:
        return self._ended_by != 0

    def _worst(self) -> int:
        failed = {name: code for name, code in self._codes.items() if code}
        if failed:
            note(credentials_text.failed(failed, len(self._names)))
        if self._ended_by:
            return SIGNALLED + self._ended_by
        return max(self._codes.values(), default=0)

    def _end(self, number: int) -> None:
        """Pass a signal on, start no more, and kill what still runs after a while."""
        if self._ended_by:  # pressed again: now
            number = KILL
        else:
            self._ended_by = number
            loop = asyncio.get_running_loop()
            loop.call_later(policy.EACH_ENDS_WITHIN, self._end, KILL)
        for process in self._running:
            end_group(process.pid, number)

    async def _one(self, name: str, context: CommandContext) -> None:
        async with self._room:
            if self._ending():
                return
            process = await asyncio.create_subprocess_exec(
                *self._program, "exec", "--profile", name, "--", *self._command,
                env=dict(context.environ),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                **APART,
            )  # fmt: skip
            self._running.add(process)
            if self._ending():  # since it was being started
                end_group(process.pid, self._ended_by)
            await asyncio.gather(
                self._shown(name, process.stdout, sys.stdout.buffer),
                self._shown(name, process.stderr, sys.stderr.buffer),
            )
            code = await process.wait()
            self._running.discard(process)
            self._codes[name] = code if code >= 0 else SIGNALLED - code

    async def _shown(self, name: str, stream: asyncio.StreamReader | None, to: BinaryIO) -> None:
        """Write each line behind the profile's name, whole lines only."""
        head = f"{clean(name):<{self._width}} | ".encode()
        waiting = b""
        while stream is not None and (data := await stream.read(_CHUNK)):
            *lines, waiting = (waiting + data).split(b"\n")
            if len(waiting) > _CHUNK:
                lines, waiting = [*lines, waiting], b""
            self._write(to, b"".join(head + line + b"\n" for line in lines))
        if waiting:
            self._write(to, head + waiting + b"\n")

    @staticmethod
    def _write(to: BinaryIO, data: bytes) -> None:
        if data:
            to.write(data)
            to.flush()
