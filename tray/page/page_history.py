"""The page's history: what happened in a day, a week, a month; a year in numbers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from tray.core.policy import LONGEST_SHOWN_NAME, PAGE_SPANS
from tray.core.text.display_names import clean, session_name
from tray.core.text.page import page_words
from tray.core.text.timestamps import parse_timestamp
from tray.core.views.daily_totals import day_of, joined, lanes, totals_of
from tray.core.views.history_timeline import ProgramLane, SessionLane, timeline
from tray.page.page_accounts import PageAccounts


class PageHistory:
    """Called from any thread."""

    def __init__(self, accounts: PageAccounts) -> None:
        self._accounts = accounts

    def history(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Answer ``history``: ``span`` is of `PAGE_SPANS`; times are seconds since the epoch."""
        span = query.get("span", "")
        seconds, buckets = PAGE_SPANS.get(span, PAGE_SPANS["day"])
        now = time.time()
        if span == "year":
            return self._year(now - seconds, now, buckets)
        found = timeline(self._accounts.history_lines(), now - seconds, now, buckets)
        return {
            "since": found.since,
            "until": found.until,
            "buckets": buckets,
            "sessions": [_session(lane) for lane in found.sessions],
            "programs": [_program(lane) for lane in found.programs],
            "events": [[one.at, clean(one.text, LONGEST_SHOWN_NAME)] for one in found.events],
        }

    def _year(self, since: float, until: float, buckets: int) -> dict[str, Any]:
        totals = joined(self._accounts.totals(), totals_of(self._accounts.history_lines()))
        found = lanes(totals, since, until, buckets)
        days = sorted(((day, one) for day, one in totals.items() if day > day_of(since)))
        return {
            "since": since,
            "until": until,
            "buckets": buckets,
            "sessions": [],
            "programs": [
                {"program": session_name(key), "role": kind, "uses": list(numbers)}
                for key, kind, numbers in found
            ],
            "events": [
                [parse_timestamp(f"{day}T12:00:00Z"), page_words.day(session_name(key), numbers)]
                for day, sessions in reversed(days)
                for key, numbers in sorted(sessions.items())
            ],
        }


def _session(lane: SessionLane) -> dict[str, Any]:
    return {
        "name": session_name(lane.session),
        "spans": [list(one) for one in lane.spans],
        "renewals": lane.renewals,
        "failures": [[one.at, clean(one.text, LONGEST_SHOWN_NAME)] for one in lane.failures],
    }


def _program(lane: ProgramLane) -> dict[str, Any]:
    return {
        "program": clean(lane.program),
        "role": clean(lane.role, LONGEST_SHOWN_NAME),
        "uses": list(lane.uses),
    }
