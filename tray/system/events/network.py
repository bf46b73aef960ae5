"""When the network comes and goes, from NetworkManager; only changes, as it may manage nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, Literal

from dbus_fast import Message

from tray.system.dbus.bus_service import BusService

Network = Literal["network-up", "network-down"]

_NAME: Final = "org.freedesktop.NetworkManager"
_PATH: Final = "/org/freedesktop/NetworkManager"
_SITE: Final = 60
"""A default route, though NetworkManager's connectivity check failed: behind many proxies AWS can
still be reached (NMState, https://networkmanager.dev/docs/api/latest/nm-dbus-types.html)."""


class NetworkManager(BusService):
    """``network-up`` comes with each step up, also when a captive portal has been passed."""

    name: ClassVar[str] = _NAME
    rules: ClassVar[tuple[str, ...]] = (
        f"type='signal',sender='{_NAME}',path='{_PATH}',interface='{_NAME}',member='StateChanged'",
    )

    def __init__(self, on_event: Callable[[Network], None]) -> None:
        super().__init__()
        self._on_event = on_event
        self._state: int | None = None
        self._down = False

    async def _appeared(self) -> None:
        self._update(await self._property(_PATH, _NAME, "State"))

    def _vanished(self) -> None:
        self._state = None
        if self._down:  # unknown from now on: let what waits try
            self._down = False
            self._on_event("network-up")

    def _signal(self, message: Message) -> None:
        if message.interface == _NAME and message.member == "StateChanged" and message.body:
            self._update(message.body[0])

    def _update(self, state: Any) -> None:
        if not isinstance(state, int):
            return
        before, self._state = self._state, state
        if before is None:
            return
        if state >= _SITE and state > before:
            self._down = False
            self._on_event("network-up")
        elif state < _SITE <= before:
            self._down = True
            self._on_event("network-down")
