"""The tray on Linux: icon, tooltip and menu follow the view; clicks become events."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from tray.core import policy
from tray.core.events import Event
from tray.core.requests import StatusRequested
from tray.core.text import menu_text, sentences
from tray.core.views.view import View
from tray.desktop.icon.icon_drawing import IconState, Theme, draw, icon_state_of, redraw_at
from tray.desktop.linux.session_bus import SessionBus
from tray.desktop.linux.status_notifier import StatusNotifierIcon
from tray.desktop.menu.menu_extras import MenuExtras
from tray.desktop.menu.menu_tree_builder import entries, render


class LinuxTray:
    """Called on the loop; returns at once, raises nothing: a failing desktop costs the icon."""

    def __init__(
        self,
        bus: SessionBus,
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
        self._icon.on_activate(partial(act, StatusRequested()))
        bus.join(self._icon)

    def show(self, view: View) -> float | None:
        """Return when the ring next moves, seconds since the epoch, or None."""
        self._view = view
        now = time.time()
        self._draw(icon_state_of(view, now))
        self._icon.title = menu_text.tooltip(view.attention, view.active_profile)
        self._icon.attention = view.attention > 0
        self._freshen()
        return redraw_at(view, now)

    def use_theme(self, theme: Theme) -> None:
        if theme != self._theme:
            self._theme, self._look = theme, None
            if self._view is not None:
                self.show(self._view)

    def stop(self) -> None:
        self._icon.stop()

    def _draw(self, look: IconState) -> None:
        if look != self._look:
            self._look = look
            self._icon.icon = partial(draw, look, theme=self._theme)

    def _freshen(self) -> None:
        """The menu's times are right whenever it opens (M2)."""
        if self._view is None:
            return
        extras, now = self._extras(), time.time()
        self._icon.menu = render(entries(self._view, extras, now), self._act)
        rows = self._view.sessions[: policy.STATUS_LINES]
        self._icon.detail = "\n".join(sentences.row(row, now, extras.zone) for row in rows)
