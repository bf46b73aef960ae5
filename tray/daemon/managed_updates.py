"""Update the managed sections of the AWS config to the active profile, in a thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from tray.core.views.view import View
from tray.errors import TrayError
from tray.managed import managed_sections
from tray.managed.managed_sections import ManagedContext, Target

log = logging.getLogger(__name__)


def following(setting: str) -> Target | None:
    """Return the managed section that a setting of the menu controls, if any."""
    name = setting.removesuffix("-follows")
    return next((target for target in managed_sections.TARGETS if target == name), None)


class ManagedUpdates:
    """Keep ``[default]`` and ``[profile sso-tray]`` at the active profile, where wanted."""

    def __init__(
        self,
        world: Callable[[], ManagedContext],
        done: Callable[[], None],
    ) -> None:
        self._world, self._done = world, done
        self._seen: object = None
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self.refusal: str | None = None

    @property
    def follows(self) -> tuple[Target, ...]:
        return managed_sections.applies(self._world().paths.state)

    def shown(self, view: View) -> None:
        active = next((one for one in view.profiles if one.name == view.active_profile), None)
        seen = (active, view.guarded)
        if seen != self._seen:
            self._seen = seen
            self.follow()

    def follow(self) -> None:
        if self._task is not None and not self._task.done():
            self._again = True  # it may have read the profile that was active before
        elif managed_sections.at_work(self._world().paths.state):
            self._task = asyncio.create_task(self._run(managed_sections.follow))

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
            await self._run(change)
            why, self.refusal = (
                self.refusal,
                None,
            )  # the answer to a click is not a lasting problem
            told(why)

        self._task = asyncio.create_task(clicked())

    async def close(self) -> None:
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def _run(self, act: Callable[[ManagedContext], object]) -> None:
        try:
            await asyncio.to_thread(act, self._world())
            self.refusal = None
        except TrayError as error:
            self.refusal = error.sentence
            log.warning("%s", error.sentence)
        except OSError as error:
            self.refusal = f"The AWS config can't be written: {error.strerror}."
            log.warning("%s", self.refusal)
        self._done()
        if self._again:
            self._again = False
            self._task = asyncio.create_task(self._run(managed_sections.follow))
