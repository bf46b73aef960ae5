"""Colours and labels of accounts by pattern."""

from __future__ import annotations

import pytest

from tray.core.accounts.account_marks import NO_MARK, Mark, mark_of, parsed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("*prod*=red", ("*prod*", Mark("red", "red"))),
        ("*Prod* = Red", ("*prod*", Mark("red", "red"))),
        ("*stage*=orange test", ("*stage*", Mark("orange", "test"))),
        ("a=b=blue", ("a=b", Mark("blue", "blue"))),
        ("1234*=billing", ("1234*", Mark("", "billing"))),
        ("*prod*", None),
        ("=red", None),
        ("*prod*=", None),
        ("*prod*=a label that is far too long", None),
        ("*prod*=red\x1b[31m", None),
    ],
)
def test_a_mark_is_a_pattern_and_a_colour_or_a_label(
    text: str, found: tuple[str, Mark] | None
) -> None:
    """A colour without a label is called by its name: colour alone tells nobody anything."""
    assert found == parsed(text)


def test_the_first_pattern_that_fits_marks_an_account() -> None:
    """By the profile's name, the account's or its number, without case."""
    marks = ("nonsense", "*live*=purple", "*prod*=red", "2222*=billing")

    found = [
        mark_of(marks, *names).label
        for names in (("PROD-live",), ("a", "222222222222", "Prod"), (None, "222222222222", ""))
    ]

    assert ["purple", "red", "billing"] == found
    assert NO_MARK == mark_of(marks, None, "333333333333", "Sandbox")
