"""The tray on macOS and Windows, by pystray; the menu is rebuilt when a text changes (M2)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from tray.core.events import Event
from tray.core.menu.menu_entry import SEPARATION, Entry, MenuExtras
from tray.core.menu.menu_layout import entries
from tray.core.text import menu_text
from tray.core.views.view import View
from tray.desktop.icon.icon_drawing import draw
from tray.desktop.icon.icon_state import IconState, Theme, icon_state_of, redraw_at
from tray.desktop.menu.menu_rows import render
from tray.desktop.native.main_thread import MainThread, OwnLoop
from tray.system import MACOS

if TYPE_CHECKING:
    from PIL import Image

log = logging.getLogger(__name__)

FRESHENED: Final = 60.0  # seconds between rebuilds of the menu's times while any end is known
TIP_LENGTH: Final = 127  # characters that Windows shows (NOTIFYICONDATAW.szTip)


class NativeTray:
    """As `LinuxTray`; ``ampersand`` is how ``&`` is written in this system's menus."""

    def __init__(
        self,
        main: MainThread,
        make: Callable[[str, Image.Image, str, object], OwnLoop],
        *,
        act: Callable[[Event], None],
        extras: Callable[[], MenuExtras],
        host: Callable[[bool, str], None],
        ampersand: str = "&",
        size: int = 64,
        theme: Theme = "any",
    ) -> None:
        self._main, self._make = main, make
        self._extras, self._host = extras, host
        self._ampersand, self._size, self._theme = ampersand, size, theme
        self._loop = asyncio.get_running_loop()
        self._act = act
        self._icon: OwnLoop | None = None
        self._asked = False
        self._look: IconState | None = None
        self._title = ""
        self._rows: tuple[Entry, ...] = ()

    def show(self, view: View) -> float | None:
        """Return when a time in it passes and it must be shown again (epoch seconds), or None."""
        now = time.time()
        look, title = (
            icon_state_of(view, now),
            menu_text.tooltip(view.attention, view.active_profile, view.mark.label),
        )
        rows = tuple(self._plain(row) for row in entries(view, self._extras(), now))
        picture = draw(look, self._size, self._theme) if look != self._look else None
        menu = render(rows, self._clicked) if rows != self._rows else None
        self._look, self._rows = look, rows
        if not self._asked and picture is not None:
            self._asked, self._title = True, title
            self._main.lend(lambda: self._made(picture, title, menu), self._failed)
        elif self._icon is not None:
            icon = self._icon
            renamed = title if title != self._title else None
            self._title = title
            icon.on_main(lambda: _changed(icon, picture, renamed, menu))
        ends = any(row.session_ends_at is not None for row in view.sessions)
        moments = [redraw_at(view, now), now + FRESHENED if ends else None]
        return min((moment for moment in moments if moment is not None), default=None)

    def use_theme(self, theme: Theme) -> None:
        """Do nothing: these systems tint or frame the icon themselves."""

    def stop(self) -> None:
        icon, self._icon = self._icon, None
        if icon is not None:
            icon.end()

    def _made(self, picture: Image.Image, title: str, menu: object) -> OwnLoop:
        icon = self._make("sso-tray", picture, title[:TIP_LENGTH], menu)
        self._on_loop(self._stands, icon)
        return icon

    def _stands(self, icon: OwnLoop) -> None:
        self._icon = icon
        # Replay updates that arrived while the icon was being created.
        look, rows = self._look, self._rows
        picture = draw(look, self._size, self._theme) if look is not None else None
        menu, title = render(rows, self._clicked), self._title
        icon.on_main(lambda: _changed(icon, picture, title, menu))
        self._host(True, "")

    def _failed(self, error: Exception) -> None:
        log.warning("the icon cannot be shown (%s)", type(error).__name__)
        reason = f"{type(error).__name__} in the system's own tray"
        self._on_loop(self._host, False, reason)

    def _clicked(self, event: Event) -> None:
        self._on_loop(self._act, event)

    def _on_loop(self, act: Callable[..., None], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended; nobody wants to know
            self._loop.call_soon_threadsafe(act, *arguments)

    def _plain(self, row: Entry) -> Entry:
        if row is SEPARATION:
            return row
        label = row.text.replace("&", self._ampersand)
        return replace(
            row, text=label, children=tuple(self._plain(child) for child in row.children)
        )


def _changed(
    icon: OwnLoop, picture: Image.Image | None, title: str | None, menu: object | None
) -> None:
    """Apply what differs; on the main thread."""
    native = cast("Any", icon)
    if picture is not None:
        native.icon = picture
    if title is not None:
        native.title = title[:TIP_LENGTH]
    if menu is not None:
        native.menu = menu


def native_tray(
    main: MainThread,
    *,
    act: Callable[[Event], None],
    extras: Callable[[], MenuExtras],
    host: Callable[[bool, str], None],
) -> NativeTray:
    if MACOS:
        # Two pixels per point, transparent but for its shape, so that it can be tinted.
        return NativeTray(
            main, _for_macos, act=act, extras=extras, host=host, size=36, theme="template"
        )
    return NativeTray(main, _for_windows, act=act, extras=extras, host=host, ampersand="&&")


def _for_macos(name: str, picture: Image.Image, title: str, menu: object) -> OwnLoop:
    from tray.desktop.native.macos_tray import MacosIcon  # elsewhere there is no AppKit

    return MacosIcon(name, picture, title, menu)


def _for_windows(name: str, picture: Image.Image, title: str, menu: object) -> OwnLoop:
    from tray.desktop.native.windows_tray import WindowsIcon  # elsewhere there is no user32

    return WindowsIcon(name, picture, title, menu)
