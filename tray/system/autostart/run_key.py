"""
Start at login on Windows: the user's Run key, from Microsoft's reference. Never run.

Task Manager disables entries in ``StartupApproved``: an odd first byte there means off.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from subprocess import list2cmdline
from typing import Any, Final, Protocol

from tray.system.autostart.autostart_entry import Autostart, Found

VALUE: Final = "SSO Tray"
RUN: Final = r"Software\Microsoft\Windows\CurrentVersion\Run"
APPROVED: Final = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
OWN: Final = r"Software\sso-tray"
WRITTEN: Final = "autostart"
ARGUMENTS: Final = "autostart-arguments"


class Registry(Protocol):
    """The part of HKEY_CURRENT_USER that is used; a value is text or bytes."""

    def read(self, key: str, name: str) -> str | bytes | None:
        """Return a value, None where there is none."""

    def write(self, key: str, name: str, value: str) -> None:
        """Set a text, making the key where it is missing."""

    def delete(self, key: str, name: str) -> None:
        """Remove a value; harmless where there is none."""


class RunKey(Autostart):
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @property
    def place(self) -> str:
        return rf'"{VALUE}" in HKEY_CURRENT_USER\{RUN}'

    def _found(self) -> Found | None:
        value, approved, arguments = (
            self._registry.read(key, name)
            for key, name in ((RUN, VALUE), (APPROVED, VALUE), (OWN, ARGUMENTS))
        )
        if value is None:
            return None
        off = isinstance(approved, bytes) and bool(approved) and approved[0] % 2 == 1
        command = arguments.split("\n") if isinstance(arguments, str) else None
        return Found(not off, value == self._registry.read(OWN, WRITTEN), command)

    def _write(self, command: Sequence[str]) -> None:
        line = list2cmdline(command)
        self._registry.write(OWN, ARGUMENTS, "\n".join(command))
        self._registry.write(OWN, WRITTEN, line)
        self._registry.write(RUN, VALUE, line)
        self._registry.delete(APPROVED, VALUE)

    def _remove(self) -> None:
        for key, name in ((RUN, VALUE), (APPROVED, VALUE), (OWN, WRITTEN), (OWN, ARGUMENTS)):
            self._registry.delete(key, name)


class WindowsRegistry:
    def __init__(self) -> None:
        self._winreg: Any = importlib.import_module("winreg")

    def read(self, key: str, name: str) -> str | bytes | None:
        reg = self._winreg
        try:
            with reg.OpenKey(reg.HKEY_CURRENT_USER, key) as opened:
                value = reg.QueryValueEx(opened, name)[0]
        except FileNotFoundError:
            return None
        return value if isinstance(value, str | bytes) else str(value)

    def write(self, key: str, name: str, value: str) -> None:
        reg = self._winreg
        with reg.CreateKey(reg.HKEY_CURRENT_USER, key) as opened:
            reg.SetValueEx(opened, name, 0, reg.REG_SZ, value)

    def delete(self, key: str, name: str) -> None:
        reg = self._winreg
        try:
            with reg.OpenKey(reg.HKEY_CURRENT_USER, key, 0, reg.KEY_SET_VALUE) as opened:
                reg.DeleteValue(opened, name)
        except FileNotFoundError:
            return
