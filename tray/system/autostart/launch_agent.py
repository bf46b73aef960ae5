"""Start at login on macOS: a LaunchAgent, from launchd.plist(5). Never run."""

from __future__ import annotations

import plistlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self
from xml.parsers.expat import ExpatError

from tray.system.autostart.autostart_entry import FileEntry, Found, digest
from tray.system.paths import Paths

LABEL: Final = "sso-tray"

_MARK: Final = re.compile(rb"<!-- sso-tray ([0-9a-f]{16}) -->")


class LaunchAgent(FileEntry):
    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        home = Paths.from_environment(environ).home
        return cls(home / "Library" / "LaunchAgents" / f"{LABEL}.plist")

    def _found(self) -> Found | None:
        data = self._data()
        if data is None:
            return None
        try:
            agent = plistlib.loads(data)
        except (plistlib.InvalidFileException, ExpatError, ValueError):
            agent = {}  # launchd would not take it either; it is not ours
        if not isinstance(agent, dict):
            agent = {}
        ours = _is_ours(agent, data)
        command = [str(word) for word in agent["ProgramArguments"]] if ours else None
        return Found(agent.get("Disabled") is not True, ours, command)

    def _write(self, command: Sequence[str]) -> None:
        agent = {
            "Label": LABEL,
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            "ProcessType": "Interactive",
            "LimitLoadToSessionType": "Aqua",
        }
        mark = f"<!-- sso-tray {_digest(agent)} -->\n".encode()
        self._save(plistlib.dumps(agent) + mark)


def _digest(agent: Mapping[str, Any]) -> str:
    return digest({key: agent[key] for key in agent if key != "Disabled"})


def _is_ours(agent: Mapping[str, Any], data: bytes) -> bool:
    found = _MARK.search(data)
    try:
        return found is not None and found[1].decode() == _digest(agent)
    except TypeError:  # dates and data, which we never write
        return False
