"""What lines of the history say: which role was last used when, and by which programs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tray.core.text.timestamps import parse_timestamp
from tray.values import dataclass

_ROLE: Final = re.compile(r' \((?:through )?"[^"]*"\)$')
_NUMBER: Final = re.compile(r" \(\d+\)$")


@dataclass(frozen=True, slots=True)
class HistoryLine:
    at: float  # seconds since the epoch
    what: str  # as `tray.core.effects.RecordHistory.what`
    session: str | None
    detail: str = ""

    @property
    def role(self) -> str | None:
        """The profile that was used, or ``ACCOUNT/ROLE`` where there is none; None: no use."""
        if self.what == "console-opened":
            return self.detail.strip('"')
        if self.what not in ("credentials", "whoami"):
            return None
        return _ROLE.sub("", self.detail.rpartition(", to ")[0] or self.detail)

    @property
    def program(self) -> str | None:
        """The program that got credentials, without its process number."""
        if self.what not in ("credentials", "whoami"):
            return None
        return _NUMBER.sub("", self.detail.rpartition(", to ")[2]) if self._named else ""

    @property
    def _named(self) -> bool:
        return ", to " in self.detail


@dataclass(frozen=True, slots=True)
class ProgramUse:
    """What a program was given of a session."""

    program: str  # empty where it is not known
    role: str
    times: int
    last_at: float


def history_lines(documents: Iterable[Any]) -> Iterator[HistoryLine]:
    """Yield what the lines say, each read as JSON; those of another form are left out."""
    for event in documents:
        try:
            at = parse_timestamp(event["at"])
            texts = event["what"], event.get("session"), event.get("detail", "")
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            continue
        what, session, detail = texts
        if isinstance(what, str) and isinstance(detail, str) and isinstance(session, str | None):
            yield HistoryLine(at, what, session, detail)


def last_used(lines: Iterable[HistoryLine]) -> dict[str, float]:
    """Return when each role (`HistoryLine.role`) was last used."""
    found: dict[str, float] = {}
    for line in lines:
        role = line.role
        if role:
            found[role] = max(line.at, found.get(role, 0.0))
    return found


def program_uses(lines: Iterable[HistoryLine], since: float) -> dict[str, list[ProgramUse]]:
    """Return what programs were given by session, the latest first."""
    found: dict[tuple[str, str, str], tuple[int, float]] = {}
    for line in lines:
        if line.what != "credentials" or line.at < since or line.session is None:
            continue
        key = (line.session, line.program or "", line.role or "")
        times, last = found.get(key, (0, 0.0))
        found[key] = (times + 1, max(last, line.at))
    uses: dict[str, list[ProgramUse]] = {}
    for (session, program, role), (times, last) in found.items():
        uses.setdefault(session, []).append(ProgramUse(program, role, times, last))
    for listed in uses.values():
        listed.sort(key=lambda use: -use.last_at)
    return uses
