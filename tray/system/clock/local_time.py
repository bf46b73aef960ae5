"""The user's time zone, and how their locale writes times and dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Final

# What stands in a locale's form of the time (POSIX: LC_TIME, t_fmt) if its hours are twelve.
_HALF_DAYS: Final = ("%r", "%I", "%l", "%p", "%P")


class LocalTime(tzinfo):
    """
    The zone by its offset at one time, and the forms for `datetime.strftime`.

    Only numbers and their order are the locale's: names stay English, as the sentences are.
    """

    def __init__(self, east: timedelta, *, twelve_hours: bool, month_first: bool) -> None:
        self.east, self.twelve_hours = east, twelve_hours
        self.time_form = "%-I:%M %p" if twelve_hours else "%H:%M"
        if month_first:
            self.date_form = "%b %-d"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LocalTime) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.east, self.time_form))

    def utcoffset(self, _when: datetime | None) -> timedelta:
        return self.east

    def dst(self, _when: datetime | None) -> None:
        return None

    def tzname(self, _when: datetime | None) -> None:
        return None

    def fromutc(self, when: datetime) -> datetime:
        return when + self.east


def local_time(at: float | None = None) -> LocalTime:
    """Return this machine's zone as it is at a time in seconds since the epoch, or now."""
    moment = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    twelve_hours, month_first = written()
    return LocalTime(
        moment.astimezone().utcoffset() or timedelta(),
        twelve_hours=twelve_hours,
        month_first=month_first,
    )


@cache
def written() -> tuple[bool, bool]:
    """
    Return whether the locale's hours are twelve, and whether its month comes before the day.

    Neither, where it is not installed or the system cannot say (Windows). Asked once, as
    `setlocale` is not for several threads.
    """
    import locale

    if not hasattr(locale, "nl_langinfo"):
        return False, False
    before = locale.setlocale(locale.LC_TIME)
    try:
        name = locale.setlocale(locale.LC_TIME, "")
        time, date = locale.nl_langinfo(locale.T_FMT), locale.nl_langinfo(locale.D_FMT)
    except locale.Error:
        return False, False
    finally:
        locale.setlocale(locale.LC_TIME, before)
    of_c = name.partition(".")[0] in ("C", "POSIX")
    return any(form in time for form in _HALF_DAYS), not of_c and date.startswith("%m")
