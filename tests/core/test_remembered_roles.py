"""Favourites and the roles used last: what is kept of them, and how it is written."""

from __future__ import annotations

import pytest

from tray.core import policy
from tray.core.accounts.remembered_roles import RememberedRoles
from tray.core.json_members import BadDocument
from tray.core.model import Profile

ROLE = ("corp", "111111111111", "Admin")
OTHER = ("corp", "222222222222", "Admin")


def test_what_was_used_comes_first_and_once() -> None:
    """The latest first; the oldest goes where there are too many."""
    remembered = RememberedRoles()
    for number in range(policy.RECENT_KEPT + 5):
        remembered = remembered.used((f"p{number}",))

    again = remembered.used(("p20",))

    assert policy.RECENT_KEPT == len(again.recent)
    assert [("p20",), ("p24",), ("p23",)] == list(again.recent[:3])
    assert 1 == again.recent.count(("p20",))


def test_a_star_is_set_once_and_taken_back() -> None:
    """Stars stay in the order in which they were set."""
    starred = RememberedRoles().starred(ROLE, on=True).starred(("dev",), on=True)

    assert (ROLE, ("dev",)) == starred.starred(ROLE, on=True).favourites
    assert (("dev",),) == starred.starred(ROLE, on=False).favourites


def test_a_role_that_gets_a_profile_stays_a_favourite() -> None:
    """The first profile of the config that is this role; one that only begins with it is not."""
    remembered = RememberedRoles(favourites=(ROLE, OTHER, ("named",)), recent=(("named",), ROLE))
    profiles = (
        Profile("through", "chained", *ROLE),
        Profile("named", "sso", *ROLE),
        Profile("second", "sso", *ROLE),
        Profile("elsewhere", "sso", "lab", *ROLE[1:]),
    )

    known = remembered.with_profiles(profiles)

    assert ((("named",), OTHER), (("named",),)) == (known.favourites, known.recent)
    assert (OTHER,) == known.starred(("named",), on=False).favourites


def test_it_is_read_as_it_was_written() -> None:
    """A role with a profile is its name, one without says where it is."""
    remembered = RememberedRoles(favourites=(ROLE,), recent=(("dev",), ROLE))

    assert remembered == RememberedRoles.from_json(remembered.to_json())
    assert {"profile": "dev"} == remembered.to_json()["recent"][0]


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"version": 2, "favourites": [], "recent": []},
        {"version": 1, "favourites": [{"session": "corp"}], "recent": []},
        {"version": 1, "favourites": "dev", "recent": []},
    ],
)
def test_what_cannot_be_read_is_refused(document: object) -> None:
    """A later version's file, and one that is damaged."""
    with pytest.raises(BadDocument):
        RememberedRoles.from_json(document)
