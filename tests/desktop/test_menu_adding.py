"""The menu's "Add profile": it asks, then offers accounts and roles below the session."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.desktop.looks import NOW, row, view_of
from tests.desktop.test_menu import depth, every, labels, levels
from tray.core.menu.listed_roles import Listing
from tray.core.menu.menu_entry import Entry
from tray.core.menu.menu_extras import MenuExtras
from tray.core.menu.menu_layout import entries
from tray.core.model import Profile
from tray.core.policy import MENU_ROWS
from tray.core.profiles.profile_planning import Assignment
from tray.core.requests import AddProfileRequested, RolesRequested

DEV = Assignment("111111111111", "Admin", "dev")
DEV_READ = Assignment("111111111111", "ReadOnly", "dev")
PROD = Assignment("222222222222", "ReadOnly", "Archive")
NAMELESS = Assignment("333333333333", "ReadOnly")


def offered(
    *roles: Assignment, problem: str | None = None, at: float | None = NOW
) -> tuple[Entry, ...]:
    """Return a session's rows from "Add profile" on, once these roles were listed."""
    listing = Listing(1, "https://corp", "eu-west-1", roles, problem, at)
    view = replace(
        view_of(row("corp", "signed-in", listing=listing)),
        profiles=(
            Profile("mine", "sso", "corp", "111111111111", "Admin"),
            Profile("through", "chained", "corp", "222222222222", "ReadOnly"),
            Profile("theirs", "sso", "lab", "111111111111", "ReadOnly"),
        ),
    )
    session = entries(view, MenuExtras(), NOW)[0].children
    texts = [one.text.partition(":")[0] for one in session]
    return session[texts.index("Add profile") :]


def test_accounts_stand_by_name_with_their_roles() -> None:
    """A role that this session has a profile for says which, and cannot be picked again."""
    found = offered(DEV, DEV_READ, PROD, NAMELESS)

    assert [
        "Add profile",
        "Account 333333333333",
        ["ReadOnly"],
        "Archive (222222222222)",
        ["ReadOnly"],
        "dev (111111111111)",
        ["Admin: profile mine", "ReadOnly"],
        "Refresh list",
        "---",
        "Sign out",
    ] == labels(found)
    assert {
        "add:corp:111111111111:Admin": False,
        "add:corp:111111111111:ReadOnly": True,
        "add:corp:222222222222:ReadOnly": True,
        "add:corp:333333333333:ReadOnly": True,
    } == {one.key: one.enabled for one in every(found) if one.key.count(":") == 3}
    assert AddProfileRequested("corp", "222222222222", "ReadOnly") in [
        one.event for one in every(found)
    ]


def test_while_it_is_asked_for_nothing_can_be_clicked() -> None:
    """One question at a time."""
    found = offered(at=None)[0]

    assert ("Add profile: listing accounts and roles…", False) == (found.text, found.enabled)


def test_what_went_wrong_is_said_and_can_be_tried_again() -> None:
    """The reason stands where the accounts would."""
    found = offered(problem="AWS cannot be reached.")

    assert ["Add profile", "AWS cannot be reached.", "Refresh list"] == labels(found)[:3]
    assert [None, None, RolesRequested("corp")] == [one.event for one in found[:3]]


@pytest.mark.parametrize(
    ("accounts", "roles"), [(17, 25), (24, 26), (400, 1), (1000, 1), (1, 100)]
)
def test_no_level_overflows(accounts: int, roles: int) -> None:
    """Up to 425 roles can be picked two levels below the top, the rest is for the command."""
    many = (
        Assignment(f"{number:012}", f"Role{role}", f"account {number:04}")
        for number in range(accounts)
        for role in range(roles)
    )

    found = offered(*many)

    told = list(every(found))
    assert (MENU_ROWS, 1) >= (len(found), depth(found))
    assert MENU_ROWS >= max(len(level) for level in levels(found))
    reached = {one.key for one in told if isinstance(one.event, AddProfileRequested)}
    fits = accounts * roles <= 425
    assert fits == ("More: sso-tray add" not in [one.text for one in told])
    assert (accounts * roles if fits else 400) == len(reached)


def test_ranges_name_account_and_role() -> None:
    """Where accounts find no room of their own, each row says whose role it is."""
    found = offered(*(Assignment(f"{n:012}", "ReadOnly", f"account {n:02}") for n in range(60)))

    assert "account 00 (000000000000): ReadOnly" in [one.text for one in every(found)]
