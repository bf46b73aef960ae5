"""Whether the screen is locked; a source that is gone counts as unlocked, so no notice waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, Literal

from dbus_fast import Message

from tray.system.dbus.bus_service import BusService

Lock = Literal["locked", "unlocked"]


class ScreenLock:
    """Combines several sources: locked while any of them says so."""

    def __init__(self, on_event: Callable[[Lock], None]) -> None:
        self._on_event = on_event
        self._sources: set[str] = set()

    def update(self, source: str, *, locked: bool) -> None:
        before = bool(self._sources)
        if locked:
            self._sources.add(source)
        else:
            self._sources.discard(source)
        self._compare(before)

    def clear(self) -> None:
        before = bool(self._sources)
        self._sources.clear()
        self._compare(before)

    def _compare(self, before: bool) -> None:
        after = bool(self._sources)
        if before != after:
            self._on_event("locked" if after else "unlocked")


class ScreenSaver(BusService):
    """A screen saver on the session bus, for desktops that give logind no hint."""

    path: ClassVar[str]

    def __init__(self, lock: ScreenLock) -> None:
        super().__init__()
        self._lock = lock

    async def _appeared(self) -> None:
        before = self._heard
        found = await self._ask(self.path, self.name, "GetActive")
        if before == self._heard:
            self._update(found)

    def _vanished(self) -> None:
        self._lock.update(self.name, locked=False)

    def _signal(self, message: Message) -> None:
        if message.interface == self.name and message.member == "ActiveChanged":
            self._update(message.body)

    def _update(self, body: list[Any] | None) -> None:
        self._lock.update(self.name, locked=body == [True])


def _saver(name: str, path: str) -> type[ScreenSaver]:
    rule = f"type='signal',sender='{name}',interface='{name}',member='ActiveChanged'"
    return type("ScreenSaver", (ScreenSaver,), {"name": name, "path": path, "rules": (rule,)})


SCREEN_SAVERS: Final = (
    _saver("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"),  # KDE
    _saver("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"),
    _saver("org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver"),
    _saver("org.mate.ScreenSaver", "/org/mate/ScreenSaver"),
    _saver("org.xfce.ScreenSaver", "/org/xfce/ScreenSaver"),
)
"""KDE, Cinnamon, MATE and Xfce implement GNOME's interface under names of their own."""
