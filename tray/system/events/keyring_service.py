"""When the keyring is there and open (again), so that nothing waits for it longer than it must."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from dbus_fast import Message

from tray.system.dbus.bus_service import BusService

_NAME: Final = "org.freedesktop.secrets"
_SERVICE: Final = "org.freedesktop.Secret.Service"
_COLLECTION: Final = "org.freedesktop.Secret.Collection"
_PATH: Final = "/org/freedesktop/secrets"
_TELLING: Final = {"CollectionChanged", "CollectionCreated", "PropertiesChanged"}
"""GNOME Keyring says none of them when the login screen unlocks it (measured, 42.1)."""


class KeyringService(BusService):
    name = _NAME
    rules = (f"type='signal',sender='{_NAME}'",)

    def __init__(self, on_event: Callable[[Literal["keyring-unlocked"]], None]) -> None:
        super().__init__()
        self._on_event = on_event
        self._locked = True

    async def _appeared(self) -> None:
        await self._look()

    def _vanished(self) -> None:
        self._locked = True

    def _signal(self, message: Message) -> None:
        if message.member in _TELLING:
            self._go(self._look())

    async def _look(self) -> None:
        """Tell it once: what is done then may bring signals of its own."""
        found = await self._ask(_PATH, _SERVICE, "ReadAlias", "s", ["default"])
        path = found[0] if found else "/"
        locked = await self._property(path, _COLLECTION, "Locked") is not False
        before, self._locked = self._locked, locked
        if before and not locked:
            self._on_event("keyring-unlocked")
