"""The menu's "Add profile": it asks, then offers accounts and roles below the session."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.desktop.looks import NOW, row, view_of
from tests.desktop.test_menu import depth, every, labels, levels
from tray.core.accounts.account_index import (
    IndexListing,
    IndexState,
    ListedAccount,
    SessionAccounts,
)
from tray.core.menu.menu_entry import Entry, MenuExtras
from tray.core.menu.menu_layout import entries
from tray.core.model import Profile
from tray.core.policy import MENU_ROWS
from tray.core.requests import AccountsRequested, AddProfileRequested
from tray.core.views.view import SessionRow

DEV = ListedAccount("111111111111", "dev", roles=("Admin", "ReadOnly"))
PROD = ListedAccount("222222222222", "Archive", roles=("ReadOnly",))
NAMELESS = ListedAccount("333333333333", "", roles=("ReadOnly",))
CORP = row("corp", "signed-in", session_began_at=NOW - 60)


def known(*accounts: ListedAccount, at: float = NOW) -> SessionAccounts:
    """Return what was listed of corp."""
    return SessionAccounts(CORP.start_url, CORP.region, at, accounts)


def offered(index: IndexState, session: SessionRow = CORP) -> tuple[Entry, ...]:
    """Return a session's rows from "Add profile" on."""
    view = replace(
        view_of(session),
        profiles=(
            Profile("mine", "sso", "corp", "111111111111", "Admin"),
            Profile("through", "chained", "corp", "222222222222", "ReadOnly"),
            Profile("theirs", "sso", "lab", "111111111111", "ReadOnly"),
        ),
    )
    rows = entries(view, MenuExtras(index=index), NOW)[0].children
    texts = [one.text.partition(":")[0] for one in rows]
    return rows[texts.index("Add profile") :]


def listed(*accounts: ListedAccount) -> tuple[Entry, ...]:
    """Return these rows, once these accounts were listed."""
    return offered(IndexState({"corp": known(*accounts)}))


def test_accounts_stand_by_name_with_their_roles() -> None:
    """A role that this session has a profile for says which, and cannot be picked again."""
    found = listed(DEV, PROD, NAMELESS)

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


@pytest.mark.parametrize(
    "index",
    [
        IndexState(asked=("corp",)),
        IndexState({"corp": known(DEV)}, listing=IndexListing("corp", 1)),
    ],
    ids=["waiting", "under way"],
)
def test_while_it_is_listed_nothing_can_be_clicked(index: IndexState) -> None:
    """One question at a time."""
    found = offered(index)[0]

    assert ("Add profile: listing accounts and roles…", False) == (found.text, found.enabled)


@pytest.mark.parametrize(
    ("accounts", "problem", "said"),
    [
        (None, "AWS cannot be reached.", "AWS cannot be reached."),
        ((DEV,), "AWS cannot be reached.", "AWS cannot be reached."),
        ((), None, "You have no role in any account."),
    ],
)
def test_what_went_wrong_is_said_and_can_be_tried_again(
    accounts: tuple[ListedAccount, ...] | None, problem: str | None, said: str
) -> None:
    """The reason stands where the accounts would."""
    sessions = {} if accounts is None else {"corp": known(*accounts)}
    problems = {} if problem is None else {"corp": (problem, NOW + 60)}
    found = offered(IndexState(sessions, problems=problems))

    assert ["Add profile", said, "Refresh list"] == labels(found)[:3]
    assert [None, None, AccountsRequested("corp")] == [one.event for one in found[:3]]


@pytest.mark.parametrize(
    "listed_for",
    [known(DEV, at=NOW - 61), replace(known(DEV), start_url="https://other.awsapps.com/start")],
    ids=["somebody else", "another portal"],
)
def test_what_was_listed_for_others_is_not_offered(listed_for: SessionAccounts) -> None:
    """Nobody is offered what another user, or another company, may do; it can be listed."""
    found = offered(IndexState({"corp": listed_for}))[0]

    assert ("Add profile: list accounts and roles", AccountsRequested("corp")) == (
        found.text,
        found.event,
    )


@pytest.mark.parametrize(
    ("accounts", "roles"), [(17, 25), (24, 26), (400, 1), (1000, 1), (1, 100)]
)
def test_no_level_overflows(accounts: int, roles: int) -> None:
    """Up to 425 roles can be picked two levels below the top, the rest is for the command."""
    names = tuple(f"Role{role}" for role in range(roles))
    many = (
        ListedAccount(f"{number:012}", f"account {number:04}", roles=names)
        for number in range(accounts)
    )

    found = listed(*many)

    told = list(every(found))
    assert (MENU_ROWS, 1) >= (len(found), depth(found))
    assert MENU_ROWS >= max(len(level) for level in levels(found))
    reached = {one.key for one in told if isinstance(one.event, AddProfileRequested)}
    fits = accounts * roles <= 425
    assert fits == ("More: sso-tray add" not in [one.text for one in told])
    assert (accounts * roles if fits else 400) == len(reached)


def test_ranges_name_account_and_role() -> None:
    """Where accounts find no room of their own, each row says whose role it is."""
    sixty = (ListedAccount(f"{n:012}", f"account {n:02}", roles=("ReadOnly",)) for n in range(60))
    found = listed(*sixty)

    assert "account 00 (000000000000): ReadOnly" in [one.text for one in every(found)]
