"""
Shows notices on the best channel there is; each is tried when the one before it fails.

A failure costs the notice and nothing else: a channel may be absent, refuse, vanish or hang.
`NoticeChannel` handles that in one place (rule W4).
"""

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
"""The channel that showed it; ``badge``: none could, so only the icon's badge and the log do."""

Pressed = Callable[[ButtonAction, tuple[str, ...]], None]
"""Called on the loop with what a clicked button does, and to which sessions."""

LIMIT_SECONDS: Final = 5.0
"""How long a channel may take (W4): notify-send waits 25 s for a hung daemon, D-Bus for ever."""

_GOODBYE_SECONDS: Final = 1.0
_TITLE_LENGTH: Final = 120
_TEXT_LENGTH: Final = 600


class NotShown(Exception):
    """A channel could not show a notice; the text is the reason and quotes nothing of it."""


class NoticeChannel(ABC):
    """One way to show notices. A failure is logged here, and nothing else happens."""

    shown_by: ClassVar[ShownBy]

    def __init__(self, pressed: Pressed, *, limit: float = LIMIT_SECONDS) -> None:
        self._pressed = pressed
        self._limit = limit
        self._tasks: set[asyncio.Task[None]] = set()

    async def show(self, notice: Notice) -> bool:
        """Show a notice in its slot; returns whether it was shown. Raises nothing."""
        return await self._guarded("show", self._show(notice))

    async def withdraw(self, slot: str) -> bool:
        """Withdraw what the slot shows, if this channel can. Raises nothing."""
        return await self._guarded("withdraw", self._withdraw(slot))

    async def close(self) -> None:
        """Cancel background work and wait until it has ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @abstractmethod
    async def _show(self, notice: Notice) -> None:
        """Show it, replacing what its slot shows; any exception means: not shown."""

    @abstractmethod
    async def _withdraw(self, slot: str) -> None:
        """Withdraw it; an empty slot is no error."""

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the background."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _press(self, button: Button) -> None:
        """Report a click; a failing listener does not break the channel."""
        try:
            self._pressed(button.action, button.keys)
        except Exception:
            log.exception("a notice's button failed")

    async def _guarded(self, what: str, doing: Coroutine[Any, Any, None]) -> bool:
        # Notices are not critical: a failing desktop must not stop the program.
        try:
            async with asyncio.timeout(self._limit):
                await doing
        except NotShown as failed:
            log.info("%s cannot %s a notice: %s", self.shown_by, what, failed)
        except TimeoutError:
            log.warning("%s did not %s a notice in time", self.shown_by, what)
        except Exception as error:  # noqa: BLE001  (the failure policy of all channels)
            log.warning("%s failed to %s a notice (%s)", self.shown_by, what, type(error).__name__)
        else:
            return True
        return False


class BusChannel(NoticeChannel):
    """A channel on the session bus."""

    @abstractmethod
    async def connected(self, bus: MessageBus) -> None:
        """Use this connection from now on."""

    @abstractmethod
    def disconnected(self, reason: str) -> None:
        """Note that there is no connection, and why."""


class Notifier:
    """
    The chain. All methods but `settled` and `close` return at once and raise nothing.

    In one slot the latest wish counts: what is replaced or withdrawn before it could be shown is
    never shown. Slots do not wait for each other. Also a tenant of the session bus.
    """

    def __init__(self, channels: Sequence[NoticeChannel]) -> None:
        self._channels = tuple(channels)
        self._requested: dict[str, Notice | None] = {}
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._shown: dict[str, NoticeChannel] = {}
        self.shown_by: ShownBy | None = None
        """What showed the last notice; None before the first."""

    def show(self, notice: Notice) -> None:
        """Show a notice; it replaces what its slot shows."""
        title, text = clean(notice.title, _TITLE_LENGTH), clean(notice.text, _TEXT_LENGTH)
        self._request(notice.slot, replace(notice, title=title, text=text))

    def withdraw(self, slot: str) -> None:
        """Withdraw what a slot shows."""
        self._request(slot, None)

    async def settled(self) -> None:
        """Wait until every request was carried out or has failed."""
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
        """Give the channels a connection to the session bus."""
        for channel in self._channels:
            if isinstance(channel, BusChannel):
                await channel.connected(bus)

    def disconnected(self, reason: str) -> None:
        """Note that there is no connection."""
        for channel in self._channels:
            if isinstance(channel, BusChannel):
                channel.disconnected(reason)

    def _request(self, slot: str, notice: Notice | None) -> None:
        self._requested[slot] = notice
        if slot not in self._busy:
            self._busy[slot] = asyncio.get_running_loop().create_task(self._settle(slot))

    async def _settle(self, slot: str) -> None:
        try:
            while slot in self._requested:
                notice = self._requested.pop(slot)
                if notice is None:
                    await self._withdraw(slot)
                else:
                    await self._show(notice)
        finally:
            del self._busy[slot]

    async def _show(self, notice: Notice) -> None:
        for channel in self._channels:
            if await channel.show(notice):
                if self._shown.get(notice.slot, channel) is not channel:
                    await self._shown[notice.slot].withdraw(notice.slot)
                self._shown[notice.slot] = channel
                self.shown_by = channel.shown_by
                return
        log.warning("no notice could be shown (%s); the icon tells", notice.category)
        self.shown_by = "badge"

    async def _withdraw(self, slot: str) -> None:
        channel = self._shown.pop(slot, None)
        if channel is not None:
            await channel.withdraw(slot)
