"""The menu's "Add profile": it asks, then offers accounts and roles, 25 rows a level at most."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.desktop.looks import NOW, row, view_of
from tests.desktop.test_menu import every, labels, levels
from tray.core.menu.listed_roles import Listing
from tray.core.model import Profile
from tray.core.profiles.profile_planning import Assignment
from tray.core.requests import AddProfileRequested, RolesRequested
from tray.desktop.menu.menu_entry import LEVEL, Entry
from tray.desktop.menu.menu_extras import MenuExtras
from tray.desktop.menu.menu_tree_builder import entries

DEV = Assignment("111111111111", "Admin", "dev")
DEV_READ = Assignment("111111111111", "ReadOnly", "dev")
PROD = Assignment("222222222222", "ReadOnly", "Archive")
NAMELESS = Assignment("333333333333", "ReadOnly")


def offered(*roles: Assignment, problem: str | None = None, at: float | None = NOW) -> Entry:
    """Return the row "Add profile" once these roles were listed."""
    listing = Listing(1, "https://corp", "eu-west-1", roles, problem, at)
    view = replace(
        view_of(row("corp", "signed-in", listing=listing)),
        profiles=(
            Profile("mine", "sso", "corp", "111111111111", "Admin"),
            Profile("through", "chained", "corp", "222222222222", "ReadOnly"),
            Profile("theirs", "sso", "lab", "111111111111", "ReadOnly"),
        ),
    )
    session = entries(view, MenuExtras(), NOW)[0]
    return next(one for one in session.children if one.text.startswith("Add profile"))


def test_accounts_stand_by_name_with_their_roles() -> None:
    """A role that this session has a profile for says which, and cannot be picked again."""
    found = offered(DEV, DEV_READ, PROD, NAMELESS)

    assert [
        "Account 333333333333",
        ["ReadOnly"],
        "Archive (222222222222)",
        ["ReadOnly"],
        "dev (111111111111)",
        ["Admin: profile mine", "ReadOnly"],
        "---",
        "Refresh list",
    ] == labels(found.children)
    assert {
        "add:corp:111111111111:Admin": False,
        "add:corp:111111111111:ReadOnly": True,
        "add:corp:222222222222:ReadOnly": True,
        "add:corp:333333333333:ReadOnly": True,
    } == {one.key: one.enabled for one in every(found.children) if one.key.count(":") == 3}
    assert AddProfileRequested("corp", "222222222222", "ReadOnly") in [
        one.event for one in every(found.children)
    ]


def test_while_it_is_asked_for_nothing_can_be_clicked() -> None:
    """One question at a time."""
    found = offered(at=None)

    assert ("Add profile: listing accounts and roles…", False) == (found.text, found.enabled)


def test_what_went_wrong_is_said_and_can_be_tried_again() -> None:
    """The reason stands where the accounts would."""
    found = offered(problem="AWS cannot be reached.")

    assert ["AWS cannot be reached.", "---", "Refresh list"] == labels(found.children)
    assert [None, None, RolesRequested("corp")] == [one.event for one in found.children]


@pytest.mark.parametrize(("accounts", "roles"), [(24, 26), (500, 3), (1000, 1), (1, 100)])
def test_no_level_overflows(accounts: int, roles: int) -> None:
    """25 rows a level; up to 575 accounts each can be reached, the rest is for the command."""
    many = (
        Assignment(f"{number:012}", f"Role{role}", f"account {number:04}")
        for number in range(accounts)
        for role in range(roles)
    )

    found = offered(*many)

    told = list(every(found.children))
    assert LEVEL >= max(len(level) for level in levels((found,)))
    reached = {one.key for one in told if isinstance(one.event, AddProfileRequested)}
    assert min(accounts, 550) * min(roles, LEVEL) <= len(reached) + (roles > LEVEL) * accounts
    if accounts > 575 or roles > LEVEL:
        assert "More: sso-tray add" in [one.text for one in told]
