"""
When the network comes and goes: NetworkManager.

Where it does not run nothing is told; renewals then try by their back-off alone. A machine whose
interfaces it does not manage is "disconnected" all the time, so only changes are told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, Literal

from dbus_fast import Message

from tray.system.dbus.bus_service import BusService

Network = Literal["network-up", "network-down"]

_NAME: Final = "org.freedesktop.NetworkManager"
_PATH: Final = "/org/freedesktop/NetworkManager"
_SITE: Final = 60
"""A default route, though NetworkManager's own check was not answered: behind many a proxy AWS can
be reached all the same, and behind a hotel's sign-in page it soon can
(NMState, https://networkmanager.dev/docs/api/latest/nm-dbus-types.html)."""


class NetworkManager(BusService):
    """
    NetworkManager's word on connectivity.

    ``network-up`` comes with each step up, so also when a sign-in page has been left behind.
    """

    name: ClassVar[str] = _NAME
    rules: ClassVar[tuple[str, ...]] = (
        f"type='signal',sender='{_NAME}',path='{_PATH}',interface='{_NAME}',member='StateChanged'",
    )

    def __init__(self, tell: Callable[[Network], None]) -> None:
        super().__init__()
        self._tell = tell
        self._state: int | None = None
        self._down = False

    async def _appeared(self) -> None:
        self._say(await self._property(_PATH, _NAME, "State"))

    def _vanished(self) -> None:
        self._state = None
        if self._down:  # nobody knows any more: let what waits try
            self._down = False
            self._tell("network-up")

    def _signal(self, message: Message) -> None:
        if message.interface == _NAME and message.member == "StateChanged" and message.body:
            self._say(message.body[0])

    def _say(self, state: Any) -> None:
        if not isinstance(state, int):
            return
        before, self._state = self._state, state
        if before is None:
            return
        if state >= _SITE and state > before:
            self._down = False
            self._tell("network-up")
        elif state < _SITE <= before:
            self._down = True
            self._tell("network-down")
