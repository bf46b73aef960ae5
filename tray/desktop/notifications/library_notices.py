"""
Notices by desktop-notifier, for macOS (in a signed app) and Windows; from 6.2's source.

It reports failures only in its log, so a notice counts as shown once ``on_dispatched`` was called.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Final, Protocol

from tray.core.effects import Button, Notice
from tray.desktop.notifications.notifier import (
    LIMIT_SECONDS,
    NoticeChannel,
    NotShown,
    Pressed,
    ShownBy,
)

log = logging.getLogger(__name__)

APP_NAME: Final = "SSO Tray"


class NotificationCenter(Protocol):
    """The part of ``desktop_notifier.DesktopNotifier`` that is used."""

    async def has_authorisation(self) -> bool:
        """Whether the system lets us show notices."""

    async def request_authorisation(self) -> bool:
        """Ask the user, the first time; returns whether they agreed."""

    async def send(
        self,
        title: str,
        message: str,
        *,
        urgency: Any,
        buttons: Sequence[Any],
        on_dispatched: Callable[[], Any],
    ) -> str:
        """Return an identifier."""

    async def clear(self, identifier: str) -> None:
        """Remove a notice."""


class LibraryNotices(NoticeChannel):
    shown_by: ClassVar[ShownBy] = "desktop-notifier"

    def __init__(
        self, pressed: Pressed, *, library: Any = None, limit: float = LIMIT_SECONDS
    ) -> None:
        super().__init__(pressed, limit=limit)
        self._library = library
        self._center: NotificationCenter | None = None
        self._asked = False
        self._shown: dict[str, str] = {}

    async def _show(self, notice: Notice) -> None:
        center = await self._ready()
        loop = asyncio.get_running_loop()
        dispatched: list[bool] = []
        urgency = self._library.Urgency
        await self._withdraw(notice.slot)  # it cannot replace
        identifier = await center.send(
            notice.title,
            notice.text,
            urgency=urgency.Critical if notice.severity == "urgent" else urgency.Normal,
            buttons=[self._button(loop, one) for one in notice.buttons],
            on_dispatched=lambda: dispatched.append(True),
        )
        if not dispatched:
            raise NotShown("the system took no notice")
        self._shown[notice.slot] = identifier

    async def _withdraw(self, slot: str) -> None:
        identifier = self._shown.pop(slot, None)
        if identifier is None or self._center is None:
            return
        try:
            await self._center.clear(identifier)
        except KeyError:  # how it says (6.2, on D-Bus) that the person has closed it
            log.debug("a notice was gone already")

    async def _ready(self) -> NotificationCenter:
        if self._library is None:
            self._library = await asyncio.to_thread(importlib.import_module, "desktop_notifier")
        if self._center is None:
            self._center = self._library.DesktopNotifier(app_name=APP_NAME, app_icon=None)
        if not self._asked:
            # macOS asks in a dialog: who answers after our limit gets the next notice.
            self._asked = True
            await self._center.request_authorisation()
        if not await self._center.has_authorisation():
            raise NotShown("the system doesn't allow SSO Tray to show notifications")
        return self._center

    def _button(self, loop: asyncio.AbstractEventLoop, button: Button) -> Any:
        """The system may call a button on a thread of its own."""
        pressed = partial(loop.call_soon_threadsafe, self._press, button)
        return self._library.Button(title=button.label, on_pressed=pressed)
