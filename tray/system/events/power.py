"""When the machine sleeps and wakes, and the screen is locked: org.freedesktop.login1(5)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Literal

from dbus_fast import Message

from tray.system.dbus.bus_service import BusService
from tray.system.events.screen import ScreenLock

Sleep = Literal["asleep", "woke"]

_LOGIND: Final = "org.freedesktop.login1"
_PATH: Final = "/org/freedesktop/login1"
_MANAGER: Final = "org.freedesktop.login1.Manager"
_SESSION: Final = "org.freedesktop.login1.Session"
_USER: Final = "org.freedesktop.login1.User"
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"


class Logind(BusService):
    """
    Sleep, and the lock of the user's graphical session; ``environ`` gives ``XDG_SESSION_ID``.

    The signal ``Lock`` only asks for a lock, and where nothing locks, or its end is not reported
    (swaylock issue 382), notices would be held back for ever. ``LockedHint`` and ``Unlock`` count.
    """

    name: ClassVar[str] = _LOGIND
    rules: ClassVar[tuple[str, ...]] = (
        f"type='signal',sender='{_LOGIND}',interface='{_MANAGER}',member='PrepareForSleep'",
    )

    def __init__(
        self, on_event: Callable[[Sleep], None], lock: ScreenLock, environ: Mapping[str, str]
    ) -> None:
        super().__init__()
        self._on_event = on_event
        self._lock = lock
        self._environ = environ
        self._asleep = False
        self._session: str | None = None
        self._no_session: str | None = None

    @property
    def lock_missing(self) -> str | None:
        """Why it does not report the screen's lock; None while it does."""
        return self.missing or self._no_session

    async def _appeared(self) -> None:
        await self._find_session()

    def _vanished(self) -> None:
        self._session = None
        self._set_locked(locked=False)
        self._set_asleep(asleep=False)

    def _signal(self, message: Message) -> None:
        match message.interface, message.member, message.body:
            case ("org.freedesktop.login1.Manager", "PrepareForSleep", [bool(starts)]):
                self._set_asleep(asleep=starts)
            case ("org.freedesktop.login1.Manager", "SessionRemoved", [_, path]):
                if path == self._session:
                    self._go(self._lose_session(path))
            case ("org.freedesktop.login1.Session", "Unlock", _):
                if message.path == self._session:
                    self._lock.clear()
            case ("org.freedesktop.DBus.Properties", "PropertiesChanged", [_, changed, _]):
                if message.path == self._session and "LockedHint" in changed:
                    self._set_locked(locked=changed["LockedHint"].value is True)

    # --- The session ---------------------------------------------------------------------------

    async def _find_session(self) -> None:
        path = await self._display() or await self._of_this_process()
        if path is None:
            self._no_session = "not available: logind knows no session of this user"
            return
        self._session, self._no_session = path, None
        for rule in _session_rules(path):
            self._match(rule)
        hint = await self._property(path, _SESSION, "LockedHint")
        if path == self._session:
            self._set_locked(locked=hint is True)

    async def _lose_session(self, path: str) -> None:
        """Find another session: the last may have ended while this process lives on (linger)."""
        self._session = None
        self._set_locked(locked=False)
        for rule in _session_rules(path):
            self._match(rule, member="RemoveMatch")
        await self._find_session()

    async def _display(self) -> str | None:
        user = await self._ask(_PATH, _MANAGER, "GetUser", "u", [os.getuid()])
        if not user:
            return None
        display = await self._property(user[0], _USER, "Display")
        return display[1] if display and display[0] else None

    async def _of_this_process(self) -> str | None:
        number = self._environ.get("XDG_SESSION_ID")
        if number:
            found = await self._ask(_PATH, _MANAGER, "GetSession", "s", [number])
        else:
            found = await self._ask(_PATH, _MANAGER, "GetSessionByPID", "u", [os.getpid()])
        return found[0] if found else None

    def _set_asleep(self, *, asleep: bool) -> None:
        if asleep != self._asleep:
            self._asleep = asleep
            self._on_event("asleep" if asleep else "woke")

    def _set_locked(self, *, locked: bool) -> None:
        self._lock.update(self.name, locked=locked)


def _session_rules(path: str) -> tuple[str, ...]:
    match = f"type='signal',sender='{_LOGIND}',path='{path}'"
    return (
        f"{match},interface='{_SESSION}',member='Unlock'",
        f"{match},interface='{_PROPERTIES}',member='PropertiesChanged',arg0='{_SESSION}'",
        f"type='signal',sender='{_LOGIND}',interface='{_MANAGER}',member='SessionRemoved',"
        f"arg1path='{path}'",
    )
