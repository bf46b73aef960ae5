"""Start at login on macOS: a LaunchAgent, from launchd.plist(5). Never run."""

from __future__ import annotations

import plistlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self
from xml.parsers.expat import ExpatError

from tray.storage.atomic_files import make_directories, read_small, write_atomic
from tray.system.autostart.autostart_entry import Autostart, Status, digest
from tray.system.paths import Paths

LABEL: Final = "sso-tray"

_LIMIT: Final = 64 * 1024
_MARK: Final = re.compile(rb"<!-- sso-tray ([0-9a-f]{16}) -->")


class LaunchAgent(Autostart):
    def __init__(self, file: Path) -> None:
        self._file = file

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        home = Paths.from_environment(environ).home
        return cls(home / "Library" / "LaunchAgents" / f"{LABEL}.plist")

    @property
    def place(self) -> str:
        return str(self._file)

    def status(self) -> Status:
        """``Disabled`` switches it off."""
        found = self._read()
        if found is None or found[0].get("Disabled") is True:
            return "off"
        return "on" if _is_ours(*found) else "changed"

    def written(self) -> Sequence[str] | None:
        found = self._read()
        if found is None or found[0].get("Disabled") is True or not _is_ours(*found):
            return None
        return [str(word) for word in found[0]["ProgramArguments"]]

    def _theirs(self) -> bool:
        found = self._read()
        return found is not None and not _is_ours(*found)

    def _write(self, command: Sequence[str]) -> None:
        agent = {
            "Label": LABEL,
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            "ProcessType": "Interactive",
            "LimitLoadToSessionType": "Aqua",
        }
        mark = f"<!-- sso-tray {_digest(agent)} -->\n".encode()
        make_directories(self._file.parent)
        write_atomic(self._file, plistlib.dumps(agent) + mark, mode=0o644)

    def _remove(self) -> None:
        self._file.unlink(missing_ok=True)

    def _read(self) -> tuple[dict[str, Any], bytes] | None:
        try:
            data = read_small(self._file, _LIMIT)
        except FileNotFoundError:
            return None
        try:
            agent = plistlib.loads(data)
        except (plistlib.InvalidFileException, ExpatError, ValueError):
            agent = {}  # launchd would not take it either; it is not ours
        return (agent if isinstance(agent, dict) else {}), data


def _digest(agent: Mapping[str, Any]) -> str:
    return digest({key: agent[key] for key in agent if key != "Disabled"})


def _is_ours(agent: Mapping[str, Any], data: bytes) -> bool:
    found = _MARK.search(data)
    try:
        return found is not None and found[1].decode() == _digest(agent)
    except TypeError:  # dates and data, which we never write
        return False
