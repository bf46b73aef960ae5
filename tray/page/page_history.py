"""The page's history and settings: what happened in a day, a week, a month; what is set where."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from tray.cli.command_context import CommandContext
from tray.cli.settings_listing.setting_rows import setting_rows
from tray.cli.settings_listing.settings_command import source_of, written
from tray.core.policy import DAY
from tray.core.text import settings_text
from tray.core.text.display_names import clean, session_name
from tray.core.views.history_timeline import ProgramLane, SessionLane, timeline
from tray.page.page_accounts import PageAccounts

SPANS: Final = {"day": (DAY, 96), "week": (7 * DAY, 168), "month": (30 * DAY, 120)}
"""By name: seconds, and into how many equal parts they are cut."""

_LONGEST: Final = 300  # characters of a name


class PageHistory:
    """Called from any thread."""

    def __init__(self, context: CommandContext, accounts: PageAccounts) -> None:
        self._context, self._accounts = context, accounts

    def history(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Answer ``history``: ``span`` is one of `SPANS`; times in seconds since the epoch."""
        seconds, buckets = SPANS.get(query.get("span", ""), SPANS["day"])
        now = time.time()
        found = timeline(self._accounts.history_lines(), now - seconds, now, buckets)
        return {
            "since": found.since,
            "until": found.until,
            "buckets": buckets,
            "sessions": [_session(lane) for lane in found.sessions],
            "programs": [_program(lane) for lane in found.programs],
            "events": [[one.at, clean(one.text, _LONGEST)] for one in found.events],
        }

    def settings(self, _query: Mapping[str, str]) -> dict[str, Any]:
        """Answer ``settings``: name, value and whence of each, and whether somebody has set it."""
        held, paths = self._context.settings_or_safe(), self._context.paths
        return {
            "file": clean(str(paths.settings_file), _LONGEST),
            "settings": [
                [
                    clean(row.name, _LONGEST),
                    settings_text.value(row.name, written(row.value)),
                    settings_text.whence(source_of(row, paths), row.file, row.locked_by),
                    row.file is not None,
                ]
                for row in setting_rows(held)
            ],
            "problems": list(held.problems),
        }


def _session(lane: SessionLane) -> dict[str, Any]:
    return {
        "name": session_name(lane.session),
        "spans": [list(one) for one in lane.spans],
        "renewals": lane.renewals,
        "failures": [[one.at, clean(one.text, _LONGEST)] for one in lane.failures],
    }


def _program(lane: ProgramLane) -> dict[str, Any]:
    return {
        "program": clean(lane.program),
        "role": clean(lane.role, _LONGEST),
        "uses": list(lane.uses),
    }
