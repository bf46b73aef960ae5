"""
Whether the desktop is dark or light, from the settings portal, where there is one.

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
    """The colour scheme, reported when first known and at each change; light by default."""

    name: ClassVar[str] = _NAME
    rules: ClassVar[tuple[str, ...]] = (
        f"type='signal',sender='{_NAME}',path='{_PATH}',interface='{_SETTINGS}',"
        f"member='SettingChanged',arg0='{_NAMESPACE}',arg1='{_KEY}'",
    )

    def __init__(self, on_change: Callable[[Scheme], None]) -> None:
        super().__init__()
        self._on_change = on_change
        self._scheme: Scheme | None = None

    async def _appeared(self) -> None:
        before = self._heard
        key = [_NAMESPACE, _KEY]
        found = await self._ask(_PATH, _SETTINGS, "ReadOne", "ss", key)
        if found is None:  # before version 2 of the interface
            found = await self._ask(_PATH, _SETTINGS, "Read", "ss", key)
        if found is not None and before == self._heard:
            self._update(found[0])

    def _vanished(self) -> None:
        """Keep the last known scheme."""

    def _signal(self, message: Message) -> None:
        match message.member, message.body:
            case ("SettingChanged", [str(namespace), str(key), value]):
                if (namespace, key) == (_NAMESPACE, _KEY):
                    self._update(value)

    def _update(self, value: Any) -> None:
        while isinstance(value, Variant):  # ``Read`` wraps it twice
            value = value.value
        if not isinstance(value, int):
            return
        scheme: Scheme = "dark" if value == _PREFERS_DARK else "light"
        if scheme != self._scheme:
            self._scheme = scheme
            self._on_change(scheme)
