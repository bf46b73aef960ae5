"""Numbers by day and session, which stay when the history's lines go."""

from __future__ import annotations

from tray.core.policy import DAY
from tray.core.views.daily_totals import joined, lanes, totals_of
from tray.core.views.history_lines import HistoryLine


def lines(day: int, *whats: str, session: str | None = "corp") -> list[HistoryLine]:
    """Return lines of a day in January 1970."""
    return [HistoryLine((day - 1) * DAY + 3600, what, session, "secret/Role") for what in whats]


def test_a_day_is_numbers_and_names_of_sessions() -> None:
    """No role, program or detail; what is of no session, or says nothing, is not counted."""
    found = totals_of(
        [
            *lines(1, "signed-in", "renewed", "renewed", "refused"),
            *lines(1, "credentials", "console-opened"),
            *lines(1, "active-profile", session=None),
            *lines(1, "notice-ending"),
            *lines(2, "whoami", session="lab"),
        ]
    )

    assert {"1970-01-01": {"corp": [1, 2, 1, 2]}, "1970-01-02": {"lab": [0, 0, 0, 1]}} == found


def test_days_are_added_up_and_drawn_by_bucket() -> None:
    """A day may leave the history in parts; what is outside the time that is drawn is left out."""
    first = totals_of(lines(1, "renewed") + lines(20, "credentials"))
    both = joined(first, totals_of(lines(1, "renewed", "refused") + lines(40, "renewed")))

    assert {"corp": [0, 2, 1, 0]} == both["1970-01-01"]
    assert [
        ("corp", "renewed", [2, 0, 0, 0]),
        ("corp", "failed", [1, 0, 0, 0]),
        ("corp", "used", [0, 0, 1, 0]),
    ] == lanes(both, 0.0, 28 * DAY, 4)
