from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import botocore.utils
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray.core.text.timestamps import format_timestamp, parse_timestamp

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("2027-01-01T00:00:00Z", 0.0),
        ("2027-01-01T00:00:00.5Z", 0.5),
        ("2027-01-01T00:00:00.492Z", 0.492),
        ("2027-01-01T00:00:00.123456789Z", 0.123456789),
        ("2027-01-01T00:00:00+00:00", 0.0),
        ("2027-01-01T01:00:00+01:00", 0.0),
        ("2026-12-31T18:30:00-0530", 0.0),
        ("2027-01-01T00:00:00UTC", 0.0),
        ("2027-01-01 00:00:00 UTC", 0.0),
        ("2027-01-01t00:00:00z", 0.0),
        ("2027-01-01T00:00:00", 0.0),
    ],
)
def test_accepted(text: str, after: float) -> None:
    """Every form an SDK was seen to write is the moment it means; without a zone it is UTC."""
    assert pytest.approx(NEW_YEAR + after, abs=1e-6) == parse_timestamp(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1798761600",
        "1798761600.5",
        "tomorrow",
        "2027-01-01",
        "2027-13-01T00:00:00Z",
        "2027-02-30T00:00:00Z",
        "2027-01-01T24:00:01Z",
        "2027-01-01T00:00:60Z",
        "2027-01-01T00:00:00.Z",
        "2027-01-01T00:00:00.1234567890Z",
        "2027-01-01T00:00:00+25:00",
        "2027-01-01T00:00:00+00:60",
        "2027-01-01T00:00:00 PST",
        "٢٠٢٧-01-01T00:00:00Z",
        " 2027-01-01T00:00:00Z",
        "2027-01-01T00:00:00Z\n",
        "0000-01-01T00:00:00Z",
    ],
)
def test_refused(text: str) -> None:
    """What is no moment is refused, and the refusal does not repeat it."""
    with pytest.raises(ValueError, match=r"^not a timestamp$"):
        parse_timestamp(text)


@pytest.mark.parametrize(
    "text",
    ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"],
)
def test_ends_of_time(text: str) -> None:
    """The first and the last year are moments like any other, and can be written again."""
    assert 20 == len(format_timestamp(parse_timestamp(text)))


@pytest.mark.parametrize("seconds", [1e18, math.inf])
def test_no_time_is_too_late_to_be_written(seconds: float) -> None:
    """A token that never ends still gives a timestamp."""
    assert "9999-12-31T23:59:59Z" == format_timestamp(seconds)


def test_fraction_is_dropped() -> None:
    """What we write has whole seconds, never later than the moment meant."""
    assert "2027-01-01T00:00:00Z" == format_timestamp(NEW_YEAR + 0.999)


@given(st.integers(min_value=-62135596800, max_value=253402300799))
def test_round_trip(seconds: int) -> None:
    """Every whole second of the years 1 to 9999 is written so that we read it back."""
    assert seconds == parse_timestamp(format_timestamp(seconds))


@given(
    st.integers(min_value=-2_208_988_800, max_value=253_402_214_400),
    st.integers(min_value=-23 * 60, max_value=23 * 60),
)
def test_same_as_botocore(seconds: int, minutes_east: int) -> None:
    """With any whole minute of offset we read what Python writes as botocore does."""
    zone = timezone(timedelta(minutes=minutes_east))
    text = datetime.fromtimestamp(seconds, zone).isoformat()

    assert seconds == botocore.utils.parse_timestamp(text).timestamp() == parse_timestamp(text)
