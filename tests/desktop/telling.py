"""A notifier on a bus, and what its buttons reported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dbus_fast.aio import MessageBus

from tray.core.effects import Button, ButtonAction, Notice
from tray.desktop.notifications.notifier import NoticeChannel, Notifier, Pressed

SIGN_IN = Button("sign-in", "Sign in", ("corp",))
SNOOZE = Button("snooze", "Remind me later", ("corp",))
ENDING = Notice(
    slot="session:corp",
    once_key="ending:1:900",
    category="ending",
    severity="normal",
    title="corp ends at 17:42",
    text="That is in 15 min. Sign in to keep working.",
    buttons=(SIGN_IN, SNOOZE),
    keys=("corp",),
    at=1_790_000_000.0,
)
EXPIRED = Notice(
    slot="session:corp",
    once_key="expired:1",
    category="expired",
    severity="urgent",
    title='Your AWS session "corp" has expired',
    text="Sign in again to keep working.",
    buttons=(SIGN_IN,),
    keys=("corp",),
)


@dataclass
class Telling:
    """
    A notifier with ears.

    Args:
        notifier: under test.
        pressed: what clicks reported, in order.
        bus: its connection.
    """

    notifier: Notifier
    pressed: asyncio.Queue[tuple[ButtonAction, tuple[str, ...]]]
    bus: MessageBus | None = None
    _more: list[MessageBus] = field(default_factory=list)

    async def connect(self, address: str) -> MessageBus:
        """Give it a new connection, as the session bus does after it came back."""
        self.bus = await MessageBus(bus_address=address).connect()
        self._more.append(self.bus)
        await self.notifier.connected(self.bus)
        return self.bus

    async def shown(self, notice: Notice) -> str | None:
        """Show a notice and return who told it."""
        self.notifier.show(notice)
        await self.notifier.settled()
        return self.notifier.shown_by

    async def withdrawn(self, slot: str) -> None:
        """Withdraw, to the end."""
        self.notifier.withdraw(slot)
        await self.notifier.settled()
        await self.heard()

    async def heard(self) -> None:
        """Return once everything on the bus has been heard: a round trip to the bus and back."""
        assert self.bus is not None
        await self.bus.request_name("tests.sso_tray.RoundTrip")
        await self.bus.release_name("tests.sso_tray.RoundTrip")


@asynccontextmanager
async def telling(
    channels: Callable[[Pressed], Sequence[NoticeChannel]], address: str | None = None
) -> AsyncIterator[Telling]:
    """Run a notifier with these rungs, connected if an address is given."""
    queue: asyncio.Queue[tuple[ButtonAction, tuple[str, ...]]] = asyncio.Queue()
    told = Telling(
        Notifier(channels(lambda action, keys: queue.put_nowait((action, keys)))), queue
    )
    try:
        if address is not None:
            await told.connect(address)
        yield told
    finally:
        await told.notifier.close()
        for bus in told._more:
            bus.disconnect()
