"""Timestamps as texts: all forms that AWS's cache files have, and the one we write."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

# The forms that SDKs have been seen to write: Z with 0 to 9 digits of a second's fraction
# (JavaScript 3, Java 0/3/6/9, .NET up to 7), numeric offsets, and the "UTC" of old AWS CLIs.
_FORM = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d:\d\d)"
    r"(?:\.(?P<fraction>\d{1,9}))?"
    r" ?(?P<zone>[Zz]|UTC|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()
_LAST = (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _EPOCH).total_seconds()


def parse_timestamp(text: str) -> float:
    """Return epoch seconds of RFC 3339 and the like (no zone: UTC); ValueError repeats no text."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError("not a timestamp")
    try:
        moment = datetime.fromisoformat(f"{match['date']}T{match['time']}+00:00")
    except ValueError:
        raise ValueError("not a timestamp") from None
    fraction = float(f"0.{match['fraction'] or 0}")
    return (moment - _EPOCH).total_seconds() + fraction - _offset(match["zone"])


def format_timestamp(seconds: float) -> str:
    """The only form that every SDK reads (measured); years outside 1 to 9999 are clamped."""
    whole = math.floor(max(_FIRST, min(seconds, _LAST)))
    moment = _EPOCH + timedelta(seconds=whole)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _offset(zone: str | None) -> float:
    if zone is None or zone.upper() in ("Z", "UTC"):
        return 0.0
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError("not a timestamp")
    east = hours * 3600.0 + minutes * 60.0
    return -east if zone[0] == "-" else east
