"""The desktop's half of the wiring: tray, notices, system events, clipboard."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import tray
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.effects import Button, ButtonAction, Notice
from tray.core.events import Event
from tray.core.menu.menu_entry import MenuExtras
from tray.core.policy import RECENT_LINES
from tray.core.requests import (
    PageRequested,
    SettingRequested,
    SignInAllRequested,
    StatusRequested,
    TerminalCommand,
    UnlockRequested,
)
from tray.core.text import menu_text, notice_text, sentences
from tray.core.views.view import View
from tray.desktop.linux.terminal_window import open_in_terminal
from tray.desktop.native.main_thread import MainThread
from tray.desktop.search.known_roles import KnownRoles
from tray.desktop.surface import Hooks, TrayFace, surface_for
from tray.errors import TrayError, sentence_of
from tray.storage.settings import Settings
from tray.system import LINUX, WINDOWS
from tray.system.autostart.applications_entry import MenuEntry
from tray.system.autostart.start_at_login import autostart_for, own_command
from tray.system.browser import browser_command
from tray.system.clipboard import copy
from tray.system.clock.local_time import local_time
from tray.system.events.system_events import SystemEvents
from tray.system.spawn import own_program, said_if_failed

log = logging.getLogger(__name__)


class Desktop:
    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        post: Callable[[Event], None],
        settings: Callable[[], Settings],
        icon: bool,
        main: MainThread | None = None,
        follows: Callable[[], tuple[str, ...]] = lambda: (),
        roles: KnownRoles,
    ) -> None:
        self._post = post
        self._follows = follows
        self._roles = roles
        self._settings = settings
        self.environ = environ
        self._autostart = autostart_for(environ)
        self._recent: deque[tuple[float, fx.RecordHistory]] = deque(maxlen=RECENT_LINES)
        self._problem: str | None = None
        self._no_icon: str | None = None
        self._redraw: asyncio.TimerHandle | None = None
        self._view: View | None = None
        self._started = False
        hooks = Hooks(post, self._extras, self._host, self._pressed)
        self._surface = surface_for(environ, hooks, main)
        self.notifier = self._surface.notifier
        self.system_events = SystemEvents(lambda word: post(ev.SystemEvent(word)), environ)
        for client in self.system_events.clients:
            self._surface.join(client)
        self._surface.serve_search(roles)
        self.tray = self._made_tray() if icon else None

    def _made_tray(self) -> TrayFace | None:
        """Make the icon; whatever pystray raises at import costs the icon alone (fault 72)."""
        try:
            return self._surface.make_tray()
        except Exception as error:  # noqa: BLE001  (see above)
            log.warning("the icon cannot be made (%s)", type(error).__name__)
            self._no_icon = menu_text.no_tray(f"{type(error).__name__} at import")
            return None

    def start(self) -> None:
        self._follow_autostart()
        self.system_events.start()
        self._surface.start()
        self._started = True
        self.refresh()

    async def stop(self) -> None:
        if self._redraw is not None:
            self._redraw.cancel()
        if self.tray is not None:
            self.tray.stop()
        await self.system_events.close()
        await self.notifier.close()
        await self._surface.stop()

    def join(self, client: Any) -> None:
        """Let a client know when the desktop's connection comes and goes, where there is one."""
        self._surface.join(client)

    @property
    def shows_icon(self) -> bool:
        return self.tray is not None and self.problem is None

    @property
    def problem(self) -> str | None:
        return self._no_icon if self.tray is None else self._problem

    def show(self, view: View) -> None:
        """Draw the last of several views, and draw it again when its icon is due to change."""
        self._view = view
        if not self._started:
            return
        if self._redraw is not None:
            self._redraw.cancel()
            self._redraw = None
        moment = self.tray.show(view) if self.tray is not None else None
        if moment is not None:
            delay = max(1.0, moment - time.time())
            self._redraw = asyncio.get_running_loop().call_later(delay, self.show, view)

    def refresh(self) -> None:
        if self._view is not None:
            self.show(self._view)

    def show_notice(self, notice: Notice) -> None:
        if self._settings().notices:
            self.notifier.show(notice)

    def withdraw(self, slot: str) -> None:
        self.notifier.withdraw(slot)

    def forget(self) -> None:
        """What the menu lists as recent is no longer in the history."""
        self._recent.clear()

    def remember(self, note: fx.RecordHistory) -> None:
        if note.what.startswith("notice-"):
            return
        self._recent.appendleft((time.time(), note))

    async def copy(self, text: str, what: str) -> None:
        """Copy a link or names; where no clipboard works, show them to be copied by hand."""
        try:
            done = await asyncio.to_thread(copy, text, self.environ)
        except TrayError as error:
            log.warning("%s", error.sentence)
            self.report(fx.Report(menu_text.COPY_REFUSED, error.sentence))
            return
        say = menu_text.copied(what) if done else menu_text.not_copied(what, text)
        self.report(fx.Report(*say, good=done))

    def found(self, words: str) -> dict[str, Any]:
        """Answer ``find`` with names of profiles, never guarded ones (A7); two are too many."""
        rows = self._roles.search().find(words)
        names = [row.profile for row in rows if row.profile is not None and not row.guarded]
        return {"exit": 0, "sentence": "", "profiles": names[:2]}

    async def remember_role(self, effect: fx.RememberRole) -> None:
        try:
            await asyncio.to_thread(self._roles.remember, effect)
        except (TrayError, OSError) as error:
            why = sentence_of(error)
            log.warning("%s", why)
            if effect.how != "used":
                self.report(fx.Report(menu_text.NOT_STARRED, why))
        self.refresh()

    async def open_page(self, effect: PageRequested) -> None:
        """Open the page as ``sso-tray open`` does; without a browser tell how things are."""
        if not browser_command(self.environ).available:
            if effect.page == "setup":
                await self.open_terminal("add")
            else:
                self._post(StatusRequested())
            return
        words = ["--page", effect.page, "--no-daemon", "--", *effect.words.split()]
        trouble = await asyncio.to_thread(said_if_failed, ["open", *words], self.environ)
        if trouble is not None:
            self.report(fx.Report(menu_text.PAGE_NOT_OPENED, trouble or menu_text.NO_BROWSER))

    async def open_terminal(self, command: TerminalCommand) -> None:
        """Run a command of ours where the user can type; else it is copied."""
        argv = [*own_program(self.environ), *command.split()]
        if not await asyncio.to_thread(open_in_terminal, argv, self.environ):
            await self.copy(f"sso-tray {command}", menu_text.COPIED_FOR_TERMINAL)

    def report(self, report: fx.Report) -> None:
        once = f"click:{report.title}"
        # The category selects the picture: a tick, or a warning sign.
        category: fx.NoticeCategory = "adopted" if report.good else "keyring"
        title, text, state = report.title, report.text, report.state
        self.notifier.show(Notice("click", once, category, "normal", title, text, state=state))

    @property
    def starts_at_login(self) -> bool:
        """Read each time: the command and the page change it, too."""
        try:
            return self._autostart.status() == "on"
        except (TrayError, OSError):
            return False  # a click says why it cannot be changed

    def offer(self, actions: Sequence[notice_text.OfferedSetting]) -> None:
        buttons = tuple(Button(one, notice_text.OFFER_BUTTONS[one], ()) for one in actions)
        text = notice_text.offer_notice(actions)
        self.notifier.show(Notice("offer", "offer", "adopted", "normal", *text, buttons))

    def start_at_login(self, *, on: bool) -> None:
        """Raises `TrayError` and OSError."""
        if on:
            self._autostart.enable(own_command(self.environ))
        else:
            self._autostart.disable()

    def _follow_autostart(self) -> None:
        """Correct our own entries if the program has moved."""
        try:
            MenuEntry.of(self.environ).follow(own_command(self.environ))
            self._autostart.follow(own_command(self.environ))
        except (TrayError, OSError) as error:
            log.info("start at login: %s", sentence_of(error))

    def _extras(self) -> MenuExtras:
        zone = local_time()
        settings = self._settings()
        return MenuExtras(
            recent=tuple(
                menu_text.happened(note.what, note.key, note.detail, sentences.clock(at, zone))
                for at, note in self._recent
            ),
            starts_at_login=self.starts_at_login,
            adopts=settings.preferences.adopt,
            warns=settings.notices,
            restores=settings.restore_removed,
            follow=self._follows(),
            remembered=self._roles.remembered(),
            index=self._roles.index(),
            roles=self._roles.rows(),
            guarded=settings.preferences.guarded,
            colors=settings.preferences.colors,
            locked=settings.locked,
            keyring_required=settings.preferences.keyring_required,
            zone=zone,
            page=LINUX or WINDOWS,
            version=tray.__version__,
        )

    def _host(self, present: bool, reason: str) -> None:  # as the icon reports it
        self._problem = None if present else menu_text.no_tray(reason)

    def _pressed(self, action: ButtonAction, keys: tuple[str, ...]) -> None:
        for event in pressed(action, keys):
            self._post(event)


def pressed(action: ButtonAction, keys: tuple[str, ...]) -> tuple[Event, ...]:
    match action:
        case "sign-in" if len(keys) > 1:
            return (SignInAllRequested(keys),)
        case "sign-in" | "snooze" | "undo-adoption" | "undo-removal" | "sign-out":
            return tuple(_OF_A_SESSION[action](key) for key in keys)
        case "sign-in-afresh":
            return tuple(ev.SignInRequested(key, afresh=True) for key in keys[:1])
        case "restore-removed":
            put_back = tuple(ev.UndoRequested(key) for key in keys)
            return (SettingRequested("restore-removed", on=True), *put_back)
        case "start-at-login" | "default-follows":
            return (SettingRequested(action, on=True),)
        case "unlock-keyring":
            return (UnlockRequested(),)


_OF_A_SESSION: Final[Mapping[ButtonAction, Callable[[str], Event]]] = {
    "sign-in": ev.SignInRequested,
    "snooze": ev.SnoozeRequested,
    "undo-adoption": ev.ReleaseRequested,
    "undo-removal": ev.UndoRequested,
    "sign-out": ev.SignOutRequested,
}
