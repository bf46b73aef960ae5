"""Notices through a chain of channels, each tried when the one before it fails (W4)."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from tray.core.effects import Button, ButtonAction, Notice
from tray.core.text.display_names import clean

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus  # other systems than Linux have none

log = logging.getLogger(__name__)

ShownBy = Literal["dbus", "desktop-notifier", "plyer", "banner", "badge"]
""""badge": no channel worked; only the icon's badge and the log report it."""

Pressed = Callable[[ButtonAction, tuple[str, ...]], None]
"""Called on the loop with a clicked button's action and its sessions."""

LIMIT_SECONDS: Final = 5.0
"""Limit of a channel (W4): notify-send waits 25 s for a mute daemon, D-Bus for ever."""

_GOODBYE_SECONDS: Final = 1.0
_TITLE_LENGTH: Final = 120
_TEXT_LENGTH: Final = 600


class NotShown(Exception):
    """Its text is the reason, without anything of the notice."""


class NoticeChannel(ABC):
    """One way to show notices; a failure is logged here, once."""

    shown_by: ClassVar[ShownBy]

    def __init__(self, pressed: Pressed, *, limit: float = LIMIT_SECONDS) -> None:
        self._pressed = pressed
        self._limit = limit
        self._tasks: set[asyncio.Task[None]] = set()

    async def show(self, notice: Notice) -> bool:
        """Show a notice in its slot; returns whether it was shown. Raises nothing."""
        return await self._kept("show", self._show(notice))

    async def withdraw(self, slot: str) -> bool:
        """Withdraw what the slot shows, as far as this channel can. Raises nothing."""
        return await self._kept("withdraw", self._withdraw(slot))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @abstractmethod
    async def _show(self, notice: Notice) -> None:
        """Show it, replacing what its slot shows; any exception means it was not shown."""

    @abstractmethod
    async def _withdraw(self, slot: str) -> None:
        """Withdraw it; a slot that shows nothing is no error."""

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _press(self, button: Button) -> None:
        try:
            self._pressed(button.action, button.keys)
        except Exception:
            log.exception("a notice's button failed")

    async def _kept(self, what: str, doing: Coroutine[Any, Any, None]) -> bool:
        # Notices are not critical: whatever a desktop does, the program continues.
        try:
            async with asyncio.timeout(self._limit):
                await doing
        except NotShown as failed:
            log.info("%s cannot %s a notice: %s", self.shown_by, what, failed)
        except TimeoutError:
            log.warning("%s did not %s a notice in time", self.shown_by, what)
        except Exception as error:  # noqa: BLE001  (the failure policy of all channels, see above)
            log.warning("%s failed to %s a notice (%s)", self.shown_by, what, type(error).__name__)
        else:
            return True
        return False


class BusChannel(NoticeChannel):
    @abstractmethod
    async def connected(self, bus: MessageBus) -> None:
        """Use this connection from now on."""

    @abstractmethod
    def disconnected(self, reason: str) -> None:
        """There is no connection, and why."""


class Notifier:
    """The latest request of a slot counts. All but `settled` and `close` return at once."""

    def __init__(self, channels: Sequence[NoticeChannel]) -> None:
        self._channels = tuple(channels)
        self._wishes: dict[str, Notice | None] = {}
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._shown: dict[str, NoticeChannel] = {}
        self.shown_by: ShownBy | None = None  # of the last notice

    def show(self, notice: Notice) -> None:
        title = clean(notice.title, _TITLE_LENGTH)
        text = "\n".join(clean(line, _TEXT_LENGTH) for line in notice.text.splitlines())
        self._wish(notice.slot, replace(notice, title=title, text=text))

    def withdraw(self, slot: str) -> None:
        self._wish(slot, None)

    async def settled(self) -> None:
        """Wait until every request was carried out or given up."""
        while self._busy:
            await asyncio.wait(list(self._busy.values()))

    async def close(self) -> None:
        """Withdraw what is on screen, since its buttons would do nothing; at most a second."""
        for slot in list(self._shown):
            self.withdraw(slot)
        with suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self.settled()
        for task in self._busy.values():
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)
        for channel in self._channels:
            await channel.close()

    async def connected(self, bus: MessageBus) -> None:
        for channel in self._channels:
            if isinstance(channel, BusChannel):
                await channel.connected(bus)

    def disconnected(self, reason: str) -> None:
        for channel in self._channels:
            if isinstance(channel, BusChannel):
                channel.disconnected(reason)

    def _wish(self, slot: str, notice: Notice | None) -> None:
        self._wishes[slot] = notice
        if slot not in self._busy:
            self._busy[slot] = asyncio.get_running_loop().create_task(self._settle(slot))

    async def _settle(self, slot: str) -> None:
        try:
            while slot in self._wishes:
                notice = self._wishes.pop(slot)
                if notice is None:
                    await self._take_away(slot)
                else:
                    await self._tell(notice)
        finally:
            del self._busy[slot]

    async def _tell(self, notice: Notice) -> None:
        for channel in self._channels:
            if await channel.show(notice):
                if self._shown.get(notice.slot, channel) is not channel:
                    await self._shown[notice.slot].withdraw(notice.slot)
                self._shown[notice.slot] = channel
                self.shown_by = channel.shown_by
                return
        log.warning("no notice could be shown (%s); the icon tells", notice.category)
        self.shown_by = "badge"

    async def _take_away(self, slot: str) -> None:
        channel = self._shown.pop(slot, None)
        if channel is not None:
            await channel.withdraw(slot)
