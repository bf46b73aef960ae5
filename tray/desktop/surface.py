"""Each system's desktop: where the icon and the notices are shown."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from tray.core.events import Event
from tray.core.menu.menu_entry import MenuExtras
from tray.core.views.view import View
from tray.desktop.native.main_thread import MainThread
from tray.desktop.notifications.notice_chain import notifier_for
from tray.desktop.notifications.notifier import Notifier, Pressed
from tray.desktop.search.known_roles import KnownRoles
from tray.errors import TrayError
from tray.system import LINUX
from tray.system.dbus.search_files import offer_to_krunner
from tray.values import dataclass

log = logging.getLogger(__name__)


class TrayFace(Protocol):
    """Every system's tray; called on the loop, raises nothing."""

    def show(self, view: View) -> float | None:
        """Show a view; returns when it has to be shown again, seconds since the epoch."""

    def stop(self) -> None:
        """Remove the icon."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the desktop reports, always on the loop."""

    act: Callable[[Event], None]  # a click, as an event for the rules
    extras: Callable[[], MenuExtras]  # asked for what the menu shows beside the view
    host: Callable[[bool, str], None]  # whether a tray shows the icon, and why not
    pressed: Pressed  # a notice's button


class Surface(ABC):
    notifier: Notifier

    def __init__(self, environ: Mapping[str, str], hooks: Hooks) -> None:
        self._hooks = hooks
        self.notifier = notifier_for(environ, hooks.pressed)

    @abstractmethod
    def make_tray(self) -> TrayFace:
        """Make the icon; raises whatever its libraries raise on import (fault 72)."""

    def join(self, client: Any) -> None:  # noqa: B027  (most systems have nothing to join)
        """Add a client to the desktop's connection, where there is one."""

    def serve_search(self, roles: KnownRoles) -> None:  # noqa: B027  (nor a search of its own)
        """Answer the desktop's own search."""

    def start(self) -> None:  # noqa: B027  (nor to connect to)
        """Connect; a desktop that is not there yet is waited for."""

    async def stop(self) -> None:  # noqa: B027  (nor to let go)
        """Close the connection."""


class LinuxSurface(Surface):
    def __init__(self, environ: Mapping[str, str], hooks: Hooks) -> None:
        from tray.desktop.linux.session_bus import SessionBus  # elsewhere there is no dbus-fast

        super().__init__(environ, hooks)
        self._environ = environ
        self._bus = SessionBus(environ)
        self._serving: asyncio.Task[None] | None = None
        self._bus.join(self.notifier)

    def make_tray(self) -> TrayFace:
        """Draw for a light or a dark panel where the desktop says which."""
        from tray.desktop.icon.icon_pictures import IconPictures
        from tray.desktop.linux.color_scheme import ColorScheme
        from tray.desktop.linux.linux_tray import LinuxTray

        hooks = self._hooks
        pictures = IconPictures(self._environ)
        tray = LinuxTray(self._bus, pictures, act=hooks.act, extras=hooks.extras, host=hooks.host)
        self._bus.join(ColorScheme(tray.use_theme, self._environ))
        return tray

    def join(self, client: Any) -> None:
        self._bus.join(client)

    def serve_search(self, roles: KnownRoles) -> None:
        from tray.desktop.search.search_providers import SearchProviders

        self._bus.join(SearchProviders(roles, self._hooks.act))
        try:
            offer_to_krunner(self._environ)
        except (TrayError, OSError) as error:
            log.info("KRunner is not told of the search (%s)", type(error).__name__)

    def start(self) -> None:
        self._serving = asyncio.get_running_loop().create_task(self._bus.serve())

    async def stop(self) -> None:
        self._bus.stop()
        if self._serving is not None:
            await self._serving


class NativeSurface(Surface):
    """macOS and Windows; the icon lives on the main thread."""

    def __init__(self, environ: Mapping[str, str], hooks: Hooks, main: MainThread) -> None:
        super().__init__(environ, hooks)
        self._main = main

    def make_tray(self) -> TrayFace:
        from tray.desktop.native.native_tray import native_tray

        hooks = self._hooks
        return native_tray(self._main, act=hooks.act, extras=hooks.extras, host=hooks.host)


def surface_for(environ: Mapping[str, str], hooks: Hooks, main: MainThread | None) -> Surface:
    return LinuxSurface(environ, hooks) if main is None else NativeSurface(environ, hooks, main)


def main_thread() -> MainThread | None:
    """Return the main thread to lend to the icon, or None where the icon lives on the loop."""
    return None if LINUX else MainThread()


if TYPE_CHECKING:
    from tray.desktop.linux.linux_tray import LinuxTray
    from tray.desktop.native.native_tray import NativeTray

    _FACES: tuple[type[TrayFace], ...] = (LinuxTray, NativeTray)
