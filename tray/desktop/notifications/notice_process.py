"""Notices by a short-lived process, which may be missing, or is killed if it does not confirm."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from abc import abstractmethod
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from tray.core.effects import Notice
from tray.desktop.notifications.notifier import (
    LIMIT_SECONDS,
    NoticeChannel,
    NotShown,
    Pressed,
    ShownBy,
)
from tray.system import WINDOWS
from tray.system.spawn import APART, module_command, worker_environment

log = logging.getLogger(__name__)

TOLD: Final = b"told\n"  # printed once the notice is on its way; the process may live on

_LINGER_SECONDS: Final = 60.0


class ProcessNotices(NoticeChannel):
    """Such a notice has no buttons and cannot be withdrawn."""

    def __init__(
        self, pressed: Pressed, environ: Mapping[str, str], *, limit: float = LIMIT_SECONDS
    ) -> None:
        super().__init__(pressed, limit=limit)
        self._environ = environ

    @abstractmethod
    def _command(self, notice: Notice) -> Sequence[str]:
        """Return the argv."""

    @abstractmethod
    def _input(self, notice: Notice) -> bytes:
        """Return what to write to its standard input."""

    @abstractmethod
    async def _wait(self, process: Process) -> None:
        """Return once the notice is shown; raise NotShown if it is not."""

    async def _show(self, notice: Notice) -> None:
        process = await asyncio.create_subprocess_exec(
            *self._command(notice),
            env=worker_environment(self._environ),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            **APART,
        )
        try:
            assert process.stdin is not None  # noqa: S101  (it was started with a pipe)
            process.stdin.write(self._input(notice))
            process.stdin.close()
            await self._wait(process)
        except BaseException:
            _kill(process)
            raise
        finally:
            self._go(_see_off(process))  # it may linger, or have just been killed

    async def _withdraw(self, slot: str) -> None:
        """There is no handle to what was shown."""


class PlyerNotices(ProcessNotices):
    """Plyer: notify-send on Linux, a balloon on Windows."""

    shown_by: ClassVar[ShownBy] = "plyer"

    def _command(self, notice: Notice) -> Sequence[str]:
        del notice
        return module_command("tray.desktop.notifications.plyer_notice")

    def _input(self, notice: Notice) -> bytes:
        return json.dumps({"title": notice.title, "text": notice.text}).encode()

    async def _wait(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101  (it was started with a pipe)
        if await process.stdout.readline() != TOLD:
            raise NotShown("plyer finds nothing to tell with")


class OsascriptNotices(ProcessNotices):
    """A banner on macOS, where plyer's fails (https://github.com/kivy/plyer/issues/780)."""

    shown_by: ClassVar[ShownBy] = "banner"

    def _command(self, notice: Notice) -> Sequence[str]:
        # After "-", osascript(1) takes no more options: a title may begin with a dash.
        return ["osascript", "-", notice.title, notice.text]

    def _input(self, notice: Notice) -> bytes:
        del notice
        return (
            b"on run argv\n"
            b"display notification (item 2 of argv) with title (item 1 of argv)\n"
            b"end run\n"
        )

    async def _wait(self, process: Process) -> None:
        if await process.wait() != 0:
            raise NotShown("osascript shows no banner")


async def _see_off(process: Process) -> None:
    try:
        async with asyncio.timeout(_LINGER_SECONDS):
            await process.communicate()
    except TimeoutError:
        log.info("what told a notice did not end by itself")
    finally:
        _kill(process)
        await process.communicate()


def _kill(process: Process) -> None:
    """Kill it with all it started: plyer waits for a notify-send that waits for its daemon."""
    if process.returncode is not None:
        return
    if WINDOWS:
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
