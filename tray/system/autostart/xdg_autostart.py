"""
Start at login on Linux: one file in ``~/.config/autostart``, like that of the desktop's menu.

Desktop Application Autostart Specification 0.5; Desktop Entry Specification 1.5.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from sysconfig import get_path
from typing import Final, Self

from tray.errors import UserMustAct
from tray.system.autostart.autostart_entry import FileEntry, Found, Status, digest
from tray.system.paths import config_home

NAME: Final = "sso-tray"
FILE_NAME: Final = f"{NAME}.desktop"
UNIT: Final = "sso-tray.service"  # the packages' user unit; never used together with this entry

_ICON: Final = Path("share/icons/hicolor/scalable/apps/sso-tray.svg")  # as in pyproject.toml
_GROUP: Final = "[Desktop Entry]"
_MARK: Final = "X-SSO-Tray-Digest"
_SWITCHES: Final = frozenset(
    {"Hidden", "X-GNOME-Autostart-enabled", "X-MATE-Autostart-enabled", "X-MATE-Autostart-Enabled"}
)
"""Keys that desktops' own settings change to switch an entry off and on."""

_QUOTED: Final = re.compile(r'["`$\\]')
_PLAIN: Final = re.compile(r"[A-Za-z0-9_@+=:,./-]+")


class LaunchingFile(FileEntry):
    """A file by which the desktop starts SSO Tray, at login or from its menu."""

    def _found(self) -> Found | None:
        data = self._data()
        if data is None:
            return None
        said = parse(data.decode("utf-8", "replace"))
        ours = _is_ours(said)
        return Found(not _switched_off(said), ours, split_exec(said["Exec"]) if ours else None)

    def _write(self, command: Sequence[str]) -> None:
        self._save(render(command, self._keys()).encode())

    @abstractmethod
    def _keys(self) -> Mapping[str, str]:
        """Return the keys that this kind has beside the common ones."""


class DesktopEntry(LaunchingFile):
    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        return cls(config_home(environ) / "autostart" / FILE_NAME)

    def enable(self, command: Sequence[str]) -> None:
        """Do nothing if systemd's user unit starts us already."""
        if not self._by_unit():
            super().enable(command)

    def disable(self) -> None:
        """Raises UserMustAct if the user unit is enabled, which only systemctl can undo."""
        if self._by_unit():
            raise UserMustAct(
                f"systemd starts SSO Tray at login. Run: systemctl --user disable {UNIT}"
            )
        super().disable()

    def status(self) -> Status:
        """A file that is not ours is ``changed``, unless it is off."""
        return "on" if self._by_unit() else super().status()

    def _by_unit(self) -> bool:
        """Whether the unit is enabled; if there is an entry too, the unit yields to it."""
        wanted = self._file.parent.parent / "systemd/user/graphical-session.target.wants" / UNIT
        return wanted.is_symlink() and not self._file.exists()

    def _keys(self) -> Mapping[str, str]:
        return {"X-GNOME-Autostart-enabled": "true"}


def icon_of(data: Path) -> str:
    """
    Return what an entry names as its icon: a file where no desktop looks for the name.

    Args:
        data: where pip and pipx put what a wheel shares.
    """
    file = data / _ICON
    return str(file) if file.is_file() else NAME


def render(command: Sequence[str], more: Mapping[str, str]) -> str:
    """Return the file's text; raises UserMustAct if no entry can hold the command."""
    keys = {
        "Type": "Application",
        "Name": "SSO Tray",
        "Comment": "Keeps AWS IAM Identity Center sessions alive",
        "Exec": _escaped(" ".join(_argument(word) for word in command)),
        "TryExec": _escaped(command[0]),
        "Icon": _escaped(icon_of(Path(get_path("data")))),
        "Terminal": "false",
        "StartupNotify": "false",
        **more,
    }
    keys[_MARK] = _digest(keys)
    return "\n".join([_GROUP, *(f"{key}={value}" for key, value in keys.items()), ""])


def parse(text: str) -> dict[str, str]:
    said: dict[str, str] = {}
    inside = False
    for line in text.splitlines():
        if line.startswith("["):
            inside = line.strip() == _GROUP
        elif inside and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            said.setdefault(key.strip(), value.strip())
    return said


def split_exec(value: str) -> list[str]:
    """Return the argv of an ``Exec`` value that we wrote."""
    text = re.sub(r"\\(.)", r"\1", value)
    words = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', text)
    return [re.sub(r"\\(.)", r"\1", quoted or plain).replace("%%", "%") for quoted, plain in words]


def _digest(keys: Mapping[str, str]) -> str:
    return digest({key: keys[key] for key in keys if key not in {*_SWITCHES, _MARK}})


def _is_ours(said: Mapping[str, str]) -> bool:
    return said.get(_MARK) == _digest(said) and "Exec" in said


def _switched_off(said: Mapping[str, str]) -> bool:
    if said.get("Hidden", "").lower() == "true":
        return True
    return any(said.get(key, "").lower() == "false" for key in _SWITCHES - {"Hidden"})


def _argument(word: str) -> str:
    """Quote one argument ("The Exec key"): a field code's ``%`` doubled, the reserved escaped."""
    if not word.isprintable():  # line breaks; bytes that are no UTF-8
        raise UserMustAct("A path with unprintable characters can't be started at login.")
    word = word.replace("%", "%%")
    if _PLAIN.fullmatch(word):
        return word
    return '"' + _QUOTED.sub(lambda found: f"\\{found[0]}", word) + '"'


def _escaped(value: str) -> str:
    r"""Escape a value of type string: each backslash becomes ``\\``."""
    return value.replace("\\", "\\\\")
