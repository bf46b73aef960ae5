"""
Whether the desktop is dark or light, from the settings portal; without one, nothing is reported.

https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Settings.html
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Literal

from dbus_fast import Message

from tray.desktop.linux.portal_scheme import (
    KEY,
    METHODS,
    NAME,
    NAMESPACE,
    PATH,
    SETTINGS,
    unwrapped,
)
from tray.system.dbus.bus_service import BusService
from tray.system.spawn import APART, module_command, worker_environment

log = logging.getLogger(__name__)

Scheme = Literal["dark", "light"]

_PREFERS_DARK: Final = 1
_PROGRAM: Final = "tray.desktop.linux.portal_scheme"
_PATIENCE: Final = 20.0  # seconds for that; it takes a fifth of one


class ColorScheme(BusService):
    """Calls ``tell`` with the first scheme and each change; "no preference" is light."""

    name: ClassVar[str] = NAME
    rules: ClassVar[tuple[str, ...]] = (
        f"type='signal',sender='{NAME}',path='{PATH}',interface='{SETTINGS}',"
        f"member='SettingChanged',arg0='{NAMESPACE}',arg1='{KEY}'",
    )

    def __init__(self, tell: Callable[[Scheme], None], environ: Mapping[str, str]) -> None:
        super().__init__()
        self._tell = tell
        self._environ = worker_environment(environ)
        self._scheme: Scheme | None = None

    async def _appeared(self) -> None:
        before = self._heard
        for member in METHODS:
            found = await self._ask(PATH, SETTINGS, member, "ss", [NAMESPACE, KEY])
            if found is not None:
                value = unwrapped(found[0])
                break
        else:
            value = await self._asked_apart() if self.refused else None
        if value is not None and before == self._heard:
            self._say(value)

    async def _asked_apart(self) -> int | None:
        """Have a process ask that the portal may look at; None without an answer."""
        try:
            process = await asyncio.create_subprocess_exec(
                *module_command(_PROGRAM),
                env=self._environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                **APART,
            )
        except OSError as error:
            log.info("the settings portal is not asked (%s)", error.strerror)
            return None
        try:
            async with asyncio.timeout(_PATIENCE):
                told, _ = await process.communicate()
        except TimeoutError:
            return None
        finally:
            if process.returncode is None:
                process.kill()
        return int(told) if told.strip().isdigit() else None

    def _vanished(self) -> None:
        """Keep the last scheme."""

    def _signal(self, message: Message) -> None:
        match message.member, message.body:
            case ("SettingChanged", [str(namespace), str(key), value]):
                number = unwrapped(value)
                if (namespace, key) == (NAMESPACE, KEY) and number is not None:
                    self._say(number)

    def _say(self, value: int) -> None:
        scheme: Scheme = "dark" if value == _PREFERS_DARK else "light"
        if scheme != self._scheme:
            self._scheme = scheme
            self._tell(scheme)
