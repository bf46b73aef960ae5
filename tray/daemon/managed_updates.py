"""Update the managed sections of the AWS config to the active profile, in a thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from tray.core import events as ev
from tray.core.events import Event
from tray.core.model import InputFile
from tray.core.profiles.managed_profile import Target
from tray.core.views.view import View
from tray.errors import TrayError, Unread, WillRetry
from tray.managed import managed_sections
from tray.managed.section_plan import ManagedContext
from tray.storage.atomic_files import is_passing

log = logging.getLogger(__name__)

FILE = InputFile("managed")


def following(setting: str) -> Target | None:
    """Return the managed section that a setting of the menu controls, if any."""
    name = setting.removesuffix("-follows")
    return next((target for target in managed_sections.TARGETS if target == name), None)


class ManagedUpdates:
    """
    Keep ``[default]`` and ``[profile sso-tray]`` at the active profile, where wanted.

    What fails for a moment (a busy lock, no descriptors) is an unread file of the rules: tried
    again, and told if it lasts.
    """

    def __init__(
        self,
        state: Path,
        world: Callable[[], ManagedContext],
        *,
        post: Callable[[Event], None],
        done: Callable[[], None],
    ) -> None:
        self._state, self._world = state, world
        self._post, self._done = post, done
        self._seen: object = None
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self._follows: tuple[Target, ...] = ()
        self.refusal: str | None = None

    @property
    def follows(self) -> tuple[Target, ...]:
        """What was applied when that could last be read."""
        try:
            self._follows = managed_sections.applies(self._state)
        except Unread as unread:
            log.info("%s", unread.sentence)
        return self._follows

    def shown(self, view: View) -> None:
        active = next((one for one in view.profiles if one.name == view.active_profile), None)
        seen = (active, view.guarded)
        if seen != self._seen:
            self._seen = seen
            self.follow()

    def follow(self) -> None:
        if self._task is not None and not self._task.done():
            self._again = True  # it may have read the profile that was active before
            return
        try:
            if managed_sections.at_work(self._state):
                self._task = asyncio.create_task(self._followed())
            else:
                self._post(ev.InputRead(FILE))
        except Unread as unread:
            self._post(ev.InputUnread(FILE, unread.sentence))

    def let_follow(self, target: Target, *, on: bool, told: Callable[[str | None], None]) -> None:
        """Start it; ``told`` gets the refusal, or None, since nobody sees a click's result."""

        def change(world: ManagedContext) -> None:
            if on:
                managed_sections.apply(world, target)
            else:
                managed_sections.take_back(world, target)

        before = self._task

        async def clicked() -> None:
            if before is not None:
                await asyncio.wait([before])
            trouble = await self._tried(change)
            told(trouble[0] if trouble is not None else None)  # no lasting problem
            await self._finished()

        self._task = asyncio.create_task(clicked())

    async def close(self) -> None:
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def _followed(self) -> None:
        trouble = await self._tried(managed_sections.follow)
        self.refusal = trouble[0] if trouble is not None and not trouble[1] else None
        passes = trouble is not None and trouble[1]
        self._post(ev.InputUnread(FILE, trouble[0]) if trouble and passes else ev.InputRead(FILE))
        await self._finished()

    async def _finished(self) -> None:
        self._done()
        if self._again:
            self._again = False
            await self._followed()

    async def _tried(self, act: Callable[[ManagedContext], object]) -> tuple[str, bool] | None:
        """Return why it failed, and whether that passes by itself; None if it did not fail."""
        try:
            await asyncio.to_thread(act, self._world())
        except TrayError as error:
            log.warning("%s", error.sentence)
            return error.sentence, isinstance(error, WillRetry)
        except OSError as error:
            sentence = f"The AWS config can't be written: {error.strerror}."
            log.warning("%s", sentence)
            return sentence, is_passing(error)
        return None
