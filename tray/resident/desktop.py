"""The desktop's half of the wiring: tray, notices, moods and clipboard around one connection."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import menu_text, text
from tray.core.effects import ButtonAction, Notice
from tray.core.events import Event
from tray.core.view import View
from tray.desktop.menu import RECENT, Extras
from tray.desktop.notice_chain import notifier_for
from tray.desktop.session_bus import SessionBus
from tray.desktop.tray import Tray
from tray.settings import Settings

log = logging.getLogger(__name__)


class Desktop:
    """
    Everything a person sees of the resident.

    Args:
        environ: of the resident.
        post: brings clicks and moods to the rules.
        settings: the settings as they are now.
        starts_at_login: whether the program starts at login.
        icon: whether there is to be an icon; notices come either way.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        post: Callable[[Event], None],
        settings: Callable[[], Settings],
        starts_at_login: Callable[[], bool],
        icon: bool,
    ) -> None:
        self._post = post
        self._settings = settings
        self._starts_at_login = starts_at_login
        self._recent: deque[tuple[float, fx.Note]] = deque(maxlen=RECENT)
        self._used: deque[str] = deque(maxlen=RECENT)
        self._problem: str | None = None
        self._redraw: asyncio.TimerHandle | None = None
        self._serving: asyncio.Task[None] | None = None
        self._view: View | None = None
        self.bus = SessionBus(environ)
        self.notifier = notifier_for(environ, self._pressed)
        self.bus.join(self.notifier)
        self.tray: Tray | None = None
        if icon:
            self.tray = Tray(self.bus, act=post, extras=self._extras, host=self._host)

    def start(self) -> None:
        """Connect; a desktop that is not there yet is waited for."""
        self._serving = asyncio.create_task(self.bus.serve())

    async def stop(self) -> None:
        """Take the icon away and let the connection go."""
        if self._redraw is not None:
            self._redraw.cancel()
        if self.tray is not None:
            self.tray.stop()
        await self.notifier.close()
        self.bus.stop()
        if self._serving is not None:
            await self._serving

    @property
    def problem(self) -> str | None:
        """Why no tray shows the icon that was wanted, as one sentence, or None."""
        return self._problem if self.tray is not None else None

    def show(self, view: View) -> None:
        """Show a view, and show it again when its icon changes by itself."""
        self._view = view
        if self._redraw is not None:
            self._redraw.cancel()
            self._redraw = None
        moment = self.tray.show(view) if self.tray is not None else None
        if moment is not None:
            delay = max(1.0, moment - time.time())
            self._redraw = asyncio.get_running_loop().call_later(delay, self.show, view)

    def tell(self, notice: Notice) -> None:
        """Show a notice, unless the person wants none."""
        if self._settings().notices:
            self.notifier.show(notice)

    def withdraw(self, slot: str) -> None:
        """Take a notice away."""
        self.notifier.withdraw(slot)

    def remember(self, note: fx.Note) -> None:
        """Take a line of the history into the menu."""
        if note.what.startswith("notice-"):
            return
        self._recent.appendleft((time.time(), note))
        if note.what == "active-profile" and note.detail not in ("none", *self._used):
            self._used.appendleft(note.detail)

    def _extras(self) -> Extras:
        zone = datetime.now().astimezone().tzinfo
        settings = self._settings()
        return Extras(
            recent=tuple(
                menu_text.happened(note.what, note.key, note.detail, text.clock(at, zone))
                for at, note in self._recent
            ),
            starts_at_login=self._starts_at_login(),
            adopts=settings.preferences.adopt,
            warns=settings.notices,
            recent_profiles=tuple(self._used),
            guarded=settings.preferences.guarded,
            zone=zone,
        )

    def _host(self, present: bool, reason: str) -> None:  # as the icon tells it
        self._problem = None if present else menu_text.no_tray(reason)

    def _pressed(self, action: ButtonAction, keys: tuple[str, ...]) -> None:
        for event in pressed(action, keys):
            self._post(event)


def pressed(action: ButtonAction, keys: tuple[str, ...]) -> tuple[Event, ...]:
    """Return what a notice's button tells the rules."""
    match action:
        case "sign-in" if len(keys) > 1:
            return (ev.SignInAllWanted(keys),)
        case "sign-in":
            return tuple(ev.SignInWanted(key) for key in keys)
        case "sign-in-afresh":
            return tuple(ev.SignInWanted(key, afresh=True) for key in keys[:1])
        case "snooze":
            return tuple(ev.SnoozeWanted(key) for key in keys)
        case "undo-adoption":
            return tuple(ev.ReleaseWanted(key) for key in keys)
        case "unlock-keyring":
            return (ev.UnlockWanted(),)
