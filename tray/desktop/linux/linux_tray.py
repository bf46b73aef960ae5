"""The tray on Linux: icon, tooltip and menu follow the view; clicks become events."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial

from tray.core import policy
from tray.core.events import Event
from tray.core.menu.account_menu import ACCOUNTS
from tray.core.menu.menu_entry import MenuExtras
from tray.core.menu.menu_layout import entries
from tray.core.requests import AccountsUsed, PageRequested
from tray.core.text import menu_text, sentences
from tray.core.views.view import View
from tray.desktop.icon.icon_pictures import IconPictures, NotDrawn
from tray.desktop.icon.icon_state import IconState, Picture, Theme, icon_state_of, redraw_at
from tray.desktop.linux.session_bus import SessionBus
from tray.desktop.linux.status_notifier import StatusNotifierIcon
from tray.desktop.menu.menu_rows import render

log = logging.getLogger(__name__)


class LinuxTray:
    """Called on the loop; returns at once, raises nothing: a failing desktop costs the icon."""

    def __init__(
        self,
        bus: SessionBus,
        pictures: IconPictures,
        *,
        act: Callable[[Event], None],
        extras: Callable[[], MenuExtras],
        host: Callable[[bool, str], None],
    ) -> None:
        self._act = act
        self._extras = extras
        self._theme: Theme = "any"
        self._look: IconState | None = None
        self._view: View | None = None
        self._icon = StatusNotifierIcon("sso-tray")
        self._icon.on_host(host)
        self._icon.on_open(self._freshen)
        self._icon.on_activate(partial(act, PageRequested()))
        self._icon.on_submenu(self._looked_below)
        self._bus = bus
        self._host = host
        self._pictures = pictures
        self._drawing: asyncio.Task[None] | None = None
        self._joined = False  # not before there is a picture: hosts would show an empty place

    def show(self, view: View) -> float | None:
        """Return when the ring next moves, seconds since the epoch, or None."""
        self._view = view
        now = time.time()
        self._draw(icon_state_of(view, now))
        self._icon.title = menu_text.tooltip(view.attention, view.active_profile, view.mark.label)
        self._icon.attention = view.attention > 0
        self._freshen()
        return redraw_at(view, now)

    def use_theme(self, theme: Theme) -> None:
        if theme != self._theme:
            self._theme, self._look = theme, None
            if self._view is not None:
                self.show(self._view)

    def stop(self) -> None:
        if self._drawing is not None:
            self._drawing.cancel()
        self._icon.stop()

    def _looked_below(self, key: str) -> None:
        if key == ACCOUNTS:
            self._act(AccountsUsed())

    def _draw(self, look: IconState) -> None:
        if look != self._look:
            self._look = look
            if self._drawing is not None:
                self._drawing.cancel()
            kept = self._pictures.kept(look, self._theme)
            if kept is not None:
                self._wear(kept)
            else:
                work = self._drawn(look, self._theme)
                self._drawing = asyncio.get_running_loop().create_task(work)

    async def _drawn(self, look: IconState, theme: Theme) -> None:
        try:
            self._wear(await self._pictures.picture(look, theme))
        except NotDrawn as error:
            log.warning("the icon: %s", error)
            self._look = None  # tried again with the next view
            if not self._joined:
                self._host(False, str(error))

    def _wear(self, picture: Picture) -> None:
        self._icon.icon = picture
        if not self._joined:
            self._joined = True
            self._bus.join(self._icon)

    def _freshen(self) -> None:
        """The menu's times are right whenever it opens (M2)."""
        if self._view is None:
            return
        extras, now = self._extras(), time.time()
        self._icon.menu = render(entries(self._view, extras, now), self._act)
        rows = self._view.sessions[: policy.STATUS_LINES]
        self._icon.detail = "\n".join(sentences.row(row, now, extras.zone) for row in rows)
