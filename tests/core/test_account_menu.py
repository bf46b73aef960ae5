"""The menu's rows of roles: favourites, recent ones, and all accounts by session and name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.desktop.looks import NOW, row, view_of
from tests.desktop.test_menu import depth, every, labels, levels
from tray.core import events as ev
from tray.core.accounts.account_index import IndexListing, IndexState, SessionAccounts
from tray.core.accounts.remembered_roles import RememberedRoles
from tray.core.accounts.role_search import RoleRow
from tray.core.machine import step
from tray.core.menu.account_menu import shares
from tray.core.menu.menu_entry import Entry, MenuExtras
from tray.core.menu.menu_layout import entries
from tray.core.model import Now, Profile
from tray.core.policy import MENU_ROWS
from tray.core.requests import (
    AccountsRequested,
    ConsoleLinkRequested,
    ConsoleRequested,
    EnvironmentRequested,
    FavouriteRequested,
    PageRequested,
    TerminalRequested,
)
from tray.core.state import TrayState
from tray.core.views.view import view

DEV, PROD = "111111111111", "222222222222"
PROFILES = (
    Profile("dev", "sso", "corp", DEV, "Admin"),
    Profile("prod", "sso", "corp", PROD, "ReadOnly"),
    Profile("deploy", "chained", "corp", DEV, "Admin"),
)
ROLES = (
    RoleRow("corp", DEV, "Development", "Admin", "dev"),
    RoleRow("corp", PROD, "Archive", "ReadOnly", "prod", guarded=True),
    RoleRow("corp", DEV, "Development", "Admin", "deploy"),
    RoleRow("corp", DEV, "Development", "Billing"),
    RoleRow("lab", DEV, "", "Admin"),
)
BILLING = ("corp", DEV, "Billing")


def menu(
    remembered: RememberedRoles | None = None,
    *,
    active: str | None = None,
    roles: tuple[RoleRow, ...] = ROLES,
    sessions: tuple[str, ...] = ("corp", "lab"),
    index: IndexState | None = None,
    colors: tuple[str, ...] = (),
    page: bool = False,
) -> tuple[Entry, ...]:
    """Return the menu of two healthy sessions whose accounts were listed."""
    view = view_of(*(row(key, "signed-in") for key in sessions))
    view = replace(view, profiles=PROFILES, active_profile=active)
    listed = IndexState(sessions={key: SessionAccounts("", "", NOW) for key in sessions})
    extras = MenuExtras(
        remembered=remembered or RememberedRoles(),
        index=listed if index is None else index,
        roles=roles,
        guarded=("prod",),
        colors=colors,
        page=page,
    )
    return entries(view, extras, NOW)


def below(rows: tuple[Entry, ...], key: str) -> tuple[Entry, ...]:
    """Return the rows below the one with this key."""
    return next(one for one in rows if one.key == key).children


def test_favourites_come_first_then_what_was_used_last() -> None:
    """Stars in their order, then up to five others; not the active one, nor what is gone."""
    recent = (("dev",), ("gone",), ("prod",), BILLING, ("lab", DEV, "Admin"))
    remembered = RememberedRoles(favourites=(("prod",), ("gone",)), recent=recent)

    found = [one.text for one in menu(remembered, active="dev") if one.key.startswith("role:")]

    assert ["★ prod  (guarded)", "Development: Billing", "111111111111: Admin"] == found


def test_rows_have_the_colour_and_label_of_their_account() -> None:
    """Profiles by their name, favourites, and accounts by theirs; the words say it, too."""
    marks = ("prod=red", "develop*=green test", "archive=purple")
    rows = menu(RememberedRoles(favourites=(("prod",), BILLING)), colors=marks)
    found = {one.text: one.colour for one in every(rows) if one.colour}

    assert {
        "prod  (red, guarded)": "red",
        "★ prod  (red, guarded)": "red",
        "★ Development: Billing  (test)": "green",
        "dev  (test)": "green",
        "deploy  (test)": "green",
        f"Archive ({PROD}, purple)": "purple",
        f"Development ({DEV}, test)": "green",
    } == found


def test_each_of_them_can_be_used_opened_copied_and_starred() -> None:
    """What is copied is a name or a link; a role without a profile cannot be the active one."""
    rows = menu(RememberedRoles(favourites=(("prod",),), recent=(BILLING,)))

    assert [
        ("Use  (guarded)", ev.UseRequested("prod")),
        ("Open AWS console", ConsoleRequested(("prod",))),
        ("Copy AWS_PROFILE command", EnvironmentRequested("prod")),
        ("", None),
        ("Remove from favourites", FavouriteRequested(("prod",), on=False)),
    ] == [(one.text, one.event) for one in below(rows, "role:prod")]
    assert [
        ("Open AWS console", ConsoleRequested(BILLING)),
        ("Copy link to the console", ConsoleLinkRequested(BILLING)),
        ("", None),
        ("Add to favourites", FavouriteRequested(BILLING, on=True)),
    ] == [(one.text, one.event) for one in below(rows, "role:" + "/".join(BILLING))]


def test_a_starred_profile_in_use_says_so() -> None:
    """Its row stays where it is, and there is nothing to switch to."""
    (use, *_) = below(menu(RememberedRoles(favourites=(("dev",),)), active="dev"), "role:dev")

    assert ("In use", False) == (use.text, use.enabled)


def test_all_accounts_stand_by_session_and_name() -> None:
    """Below each the consoles of its roles, then its profiles; guarded ones say so."""
    assert [
        "corp",
        "Archive (222222222222)",
        ["Open AWS console:", "ReadOnly  (guarded)", "---", "Use profile:", "prod  (guarded)"],
        "Development (111111111111)",
        ["Open AWS console:", "Admin", "Billing", "---", "Use profile:", "dev", "deploy"],
        "---",
        "lab",
        "Account 111111111111",
        ["Open AWS console:", "Admin"],
    ] == labels(below(menu(), "accounts"))
    assert [ConsoleRequested(("dev",)), ConsoleRequested(BILLING)] == [
        one.event for one in below(below(menu(), "accounts"), f"account:corp:{DEV}")[1:3]
    ]


@pytest.mark.parametrize(
    ("index", "text", "event"),
    [
        (IndexState(), "List all accounts", AccountsRequested("corp")),
        (
            IndexState(problems={"corp": ("It failed.", NOW)}),
            "List all accounts (the last try failed)",
            AccountsRequested("corp"),
        ),
        (IndexState(listing=IndexListing("corp", 1, 3, 500)), "Reading accounts: 3 of 500", None),
    ],
)
def test_accounts_that_were_never_listed_are_listed_by_a_click(
    index: IndexState, text: str, event: AccountsRequested | None
) -> None:
    """Without the list only the config's profiles are known; meanwhile it says how far it is."""
    (*_, last) = below(menu(sessions=("corp",), index=index), "accounts")

    assert (text, event) == (last.text, last.event)


def test_with_one_session_it_is_not_named() -> None:
    """Its accounts stand right below."""
    rows = below(menu(sessions=("corp",)), "accounts")

    assert "Archive (222222222222)" == rows[0].text


def roles(accounts: int, each: int, session: str = "corp") -> tuple[RoleRow, ...]:
    """Return the roles of accounts whose names are in order."""
    return tuple(
        RoleRow(session, f"{account:012}", f"account {account:04}", f"Role{role:03}")
        for account in range(accounts)
        for role in range(each)
    )


@pytest.mark.parametrize(
    ("accounts", "each", "told"),
    [
        (25, 25, ["Find… (2 more)"]),
        (26, 2, ["Find… (2 more)"]),
        (500, 10, ["Find… (476 more)"]),
        (3, 24, []),
    ],
)
def test_a_full_level_says_how_many_more_there_are(
    accounts: int, each: int, told: list[str]
) -> None:
    """Never more than 25 rows, nor than two levels below the top; typing finds the rest."""
    rows = menu(roles=roles(accounts, each), sessions=("corp",))

    found = [one for one in every(rows) if one.event == TerminalRequested("console --pick")]
    assert told == list(dict.fromkeys(one.text for one in found))
    assert MENU_ROWS >= max(map(len, levels(rows)))
    assert 2 >= depth(rows)


def test_what_finds_no_room_is_found_on_the_page() -> None:
    """It opens with the session or the account whose list is full, where there are several."""
    many = roles(30, 30)
    one = below(menu(roles=many, sessions=("corp",), page=True), "accounts")
    several = below(menu(roles=(*many, *ROLES[-1:]), page=True), "accounts")

    found = [one[0].children[-1].event, one[-1].event, several[-4].event]
    assert [PageRequested(words=words) for words in ("000000000000", "", "corp")] == found


@pytest.mark.parametrize("sessions", [2, 5, 8, 40])
def test_each_session_gets_its_share(sessions: int) -> None:
    """No long one pushes a short one out; of too many the accounts are counted."""
    keys = tuple(f"s{number}" for number in range(sessions))
    many = tuple(one for key in keys for one in roles(2 if key == "s0" else 30, 1, key))

    rows = below(menu(roles=many, sessions=keys), "accounts")

    told = sum(
        int(one.text.removeprefix("Find… (").removesuffix(" more)"))
        for one in rows
        if one.event is not None
    )
    assert MENU_ROWS >= len(rows)
    assert len(rows) == len({one.key for one in rows if one.key != "separator"}) + sum(
        one.key == "separator" for one in rows
    )
    assert 2 + 30 * (sessions - 1) == told + sum(bool(one.children) for one in rows)
    assert 1 <= sum(one.key.startswith("account:s0:") for one in rows)


@pytest.mark.parametrize(
    ("wanted", "room", "given"),
    [
        ((3, 40), 25, [3, 22]),
        ((40, 3), 25, [22, 3]),
        ((40, 40), 25, [12, 13]),
        ((1, 2), 25, [1, 2]),
        ((), 25, []),
    ],
)
def test_rows_are_shared_fairly(wanted: tuple[int, ...], room: int, given: list[int]) -> None:
    """What a short list leaves is for the longer ones."""
    assert given == shares(wanted, room)


def test_favourites_that_find_no_room_stand_one_level_below() -> None:
    """Every star can be reached, three clicks away at most."""
    starred = tuple(("lab", f"{number:012}", "Admin") for number in range(30))
    known = tuple(RoleRow(*key[:2], "", key[2]) for key in starred)

    rows = menu(RememberedRoles(favourites=starred), roles=known)

    held = below(rows, "remembered")
    assert (MENU_ROWS, "Find… (6 more)") == (len(held), held[-1].text)
    assert 2 >= depth(rows)


@pytest.mark.parametrize("sessions", [("corp",), ()])
def test_a_profile_of_aws_login_without_keys_has_a_row(sessions: tuple[str, ...]) -> None:
    """It names what to type, is no problem of ours, and goes with the next look."""
    state = TrayState("desk")
    now = Now(NOW, NOW)

    def texts() -> list[str]:
        seen = view(state, now)
        assert () == seen.problems
        shown = replace(view_of(*(row(key, "signed-in") for key in sessions)),
                        signed_out_logins=seen.signed_out_logins)  # fmt: skip
        return [one.text for one in entries(shown, MenuExtras(), NOW) if one.key == "aws-logins"]

    assert [] == texts()
    state, _ = step(state, ev.LoginsRead(("by hand",)), now)
    assert ["Signed out: \"by hand\". Run: aws login --profile 'by hand'"] == texts()
    state, _ = step(state, ev.LoginsRead(("a", "b")), now)
    assert ['Signed out of 2 profiles of "aws login": a, b'] == texts()
    state, _ = step(state, ev.LoginsRead(()), now)
    assert [] == texts()
