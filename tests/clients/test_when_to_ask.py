"""
When a token file lets its reader renew: we ask AWS whenever botocore does.

We also ask where the registration has expired by this machine's clock, as botocore does not: AWS
decides whether it is too old.

The cases are those of the table that AWS's SDKs share for their token providers (botocore keeps
it in ``tests/unit/test_tokens.py``), told in our own words and asked of the real botocore.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.clients.desk import IT_IS_ME, Desk
from tray.core.outcomes import Refused, Renewed, Unrenewable

LONG_AGO = "2020-01-01T00:00:00Z"

# What is wrong with the file, and whether botocore and we ask AWS to renew all the same.
CASES: Mapping[str, tuple[Mapping[str, str | None], bool, bool]] = {
    "whole": ({}, True, True),
    "without refreshToken": ({"refreshToken": None}, False, False),
    "without clientId": ({"clientId": None}, False, False),
    "without clientSecret": ({"clientSecret": None}, False, False),
    "without registrationExpiresAt": ({"registrationExpiresAt": None}, False, False),
    "registration expired": ({"registrationExpiresAt": LONG_AGO}, False, True),
}


def arranged(desk: Desk, changes: Mapping[str, str | None]) -> int:
    """Have a full file with 4 minutes left, members changed or left out; return the calls."""
    desk.keep("full", minutes=4)
    members = {**desk.members(), **changes}
    desk.write({name: value for name, value in members.items() if value is not None})
    return desk.refreshes()


@pytest.mark.parametrize("case", CASES)
def test_we_ask_when_botocore_asks(case: str, desk: Desk) -> None:
    """Whatever lets botocore renew lets us, and the other files serve until their end."""
    changes, botocore_asks, we_ask = CASES[case]
    before = arranged(desk, changes)
    answer = desk.ask("boto3")
    by_botocore = desk.refreshes() - before

    before = arranged(desk, changes)
    outcome = desk.renew()
    by_us = desk.refreshes() - before

    assert (IT_IS_ME, Renewed if we_ask else Unrenewable) == (answer, type(outcome))
    assert [int(botocore_asks), int(we_ask)] == [by_botocore, by_us]


def test_an_answer_without_a_refresh_token_costs_nothing(desk: Desk) -> None:
    """Where AWS gives no new refresh token botocore loses the old one, and we keep it (R3)."""
    desk.center.omit_refresh_token = True
    desk.keep("full", minutes=4)
    assert IT_IS_ME == desk.ask("boto3")
    by_botocore = desk.members()

    desk.keep("full", minutes=4)
    before = desk.members()
    desk.renew()
    by_us = desk.members()

    assert "refreshToken" not in by_botocore
    assert before["refreshToken"] == by_us["refreshToken"]
    assert isinstance(desk.renew(), Renewed)


def test_a_refused_renewal_leaves_the_token_in_use(desk: Desk) -> None:
    """AWS refuses, the token still lives: botocore goes on with it, and we say so (R4)."""
    desk.keep("full", minutes=4)
    # Over, as when its length has passed: access tokens outlive that, refresh tokens do not.
    desk.center.end_session()

    answer = desk.ask("boto3")
    outcome = desk.renew()

    assert (IT_IS_ME, Refused("valid")) == (answer, outcome)
