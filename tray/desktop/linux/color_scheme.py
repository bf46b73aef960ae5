"""
Whether the desktop is dark or light, from the settings portal; without one, nothing is reported.

https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Settings.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, Literal

from dbus_fast import Message, Variant

from tray.system.dbus.bus_service import BusService

Scheme = Literal["dark", "light"]

_NAME: Final = "org.freedesktop.portal.Desktop"
_PATH: Final = "/org/freedesktop/portal/desktop"
_SETTINGS: Final = "org.freedesktop.portal.Settings"
_NAMESPACE: Final = "org.freedesktop.appearance"
_KEY: Final = "color-scheme"
_PREFERS_DARK: Final = 1


class ColorScheme(BusService):
    """Calls ``tell`` with the first scheme and each change; "no preference" is light."""

    name: ClassVar[str] = _NAME
    rules: ClassVar[tuple[str, ...]] = (
        f"type='signal',sender='{_NAME}',path='{_PATH}',interface='{_SETTINGS}',"
        f"member='SettingChanged',arg0='{_NAMESPACE}',arg1='{_KEY}'",
    )

    def __init__(self, tell: Callable[[Scheme], None]) -> None:
        super().__init__()
        self._tell = tell
        self._scheme: Scheme | None = None

    async def _appeared(self) -> None:
        before = self._heard
        asked = [_NAMESPACE, _KEY]
        found = await self._ask(_PATH, _SETTINGS, "ReadOne", "ss", asked)
        if found is None:  # before version 2 of the interface
            found = await self._ask(_PATH, _SETTINGS, "Read", "ss", asked)
        if found is not None and before == self._heard:
            self._say(found[0])

    def _vanished(self) -> None:
        """Keep the last scheme."""

    def _signal(self, message: Message) -> None:
        match message.member, message.body:
            case ("SettingChanged", [str(namespace), str(key), value]):
                if (namespace, key) == (_NAMESPACE, _KEY):
                    self._say(value)

    def _say(self, value: Any) -> None:
        while isinstance(value, Variant):  # ``Read`` wraps it twice
            value = value.value
        if not isinstance(value, int):
            return
        scheme: Scheme = "dark" if value == _PREFERS_DARK else "light"
        if scheme != self._scheme:
            self._scheme = scheme
            self._tell(scheme)
