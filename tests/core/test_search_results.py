"""The desktop's own search: what is found, and what a pick may do."""

from __future__ import annotations

import pytest

from tray.core import policy
from tray.core.accounts.role_search import RoleRow, RoleSearch
from tray.core.accounts.search_results import matches, picked, with_picks
from tray.core.events import Event, UseRequested
from tray.core.requests import ConsoleRequested

DEV = RoleRow("corp", "111111111111", "Development", "Admin", "dev-admin")
TEST = RoleRow("corp", "444444444444", "Test", "Admin", "test-admin")
PROD = RoleRow("corp", "222222222222", "Production", "Admin", "prod-admin", guarded=True)
BARE = RoleRow("corp", "333333333333", "R&D <lab>", "Admin")
KEYS = RoleRow(None, None, "", None, "admin-keys")
ROWS = (DEV, TEST, PROD, BARE, KEYS)


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("prod adm", [PROD]),
        ("adm prod", [PROD]),
        ("333333", [BARE]),
        ("admin", [DEV, TEST, PROD, BARE]),
        ("ad", []),
        ("  a  ", []),
        ("nothing", []),
    ],
)
def test_words_find_roles_that_have_a_console(words: str, rows: list[RoleRow]) -> None:
    """In any order; a letter or two would answer every search of the desktop."""
    assert rows == [one.row for one in matches(RoleSearch(ROWS), words)]


def test_only_as_many_are_shown_as_anybody_reads() -> None:
    """A desktop asks for the name and picture of each."""
    many = [RoleRow("corp", f"{one:012}", "Team", "Admin") for one in range(100)]

    assert policy.SEARCH_SHOWN == len(matches(RoleSearch(many), "team"))


def test_a_search_with_one_action_has_a_result_of_its_own_for_the_other() -> None:
    """Below the consoles that Enter takes; never for a guarded one, or one without a profile."""
    one = with_picks(matches(RoleSearch(ROWS), "dev"))
    all_of_them = with_picks(matches(RoleSearch(ROWS), "admin"))
    guarded = with_picks(matches(RoleSearch(ROWS), "prod"))

    assert ["dev-admin", "Use dev-admin"] == [each.title for each in one]
    assert [
        "dev-admin",
        "test-admin",
        "prod-admin  (guarded)",
        "Use dev-admin",
        "R&D <lab>: Admin",
    ] == [each.title for each in all_of_them]
    assert ["prod-admin  (guarded)"] == [each.title for each in guarded]


def test_a_result_says_what_it_does_and_where() -> None:
    """Two roles of one name are told apart by their account."""
    console, use = with_picks(matches(RoleSearch(ROWS), "dev"))

    assert "Open AWS console: Admin in Development (111111111111)" == console.text
    assert "Make it the active profile: Admin in Development (111111111111)" == use.text


@pytest.mark.parametrize(
    ("identifier", "action", "event"),
    [
        (["console", "dev-admin"], "", ConsoleRequested(("dev-admin",))),
        (["use", "dev-admin"], "", UseRequested("dev-admin")),
        (["console", "dev-admin"], "use", UseRequested("dev-admin")),
        (["console", "prod-admin"], "", ConsoleRequested(("prod-admin",))),
        (["console", "prod-admin"], "use", None),
        (["use", "prod-admin"], "", None),
        (["console", "corp", "333333333333", "Admin"], "", ConsoleRequested(BARE.key)),
        (["console", "corp", "333333333333", "Admin"], "use", None),
        (["console", "gone"], "", None),
        (["delete", "dev-admin"], "", None),
        (["console", "dev-admin"], "delete", None),
        (["console"], "", None),
        ([], "", None),
    ],
)
def test_a_pick_does_what_it_says_or_nothing(
    identifier: list[str], action: str, event: Event | None
) -> None:
    """What comes back from the bus may be anything; a guarded profile is never made active."""
    assert event == picked(ROWS, "/".join(identifier), action)


@pytest.mark.parametrize(
    "identifier", ["", "console", "/" * 100_000, "\x00", "%", "%ff/dev-admin"]
)
def test_an_identifier_that_is_not_ours_does_nothing(identifier: str) -> None:
    """Every program of the user's can call us."""
    assert picked(ROWS, identifier) is None


def test_a_results_identifier_leads_back_to_it() -> None:
    """Of each kind of row, and each action."""
    results = with_picks(matches(RoleSearch(ROWS), "admin"))

    assert [
        ConsoleRequested(DEV.key),
        ConsoleRequested(TEST.key),
        ConsoleRequested(PROD.key),
        UseRequested("dev-admin"),
        ConsoleRequested(BARE.key),
    ] == [picked(ROWS, one.id) for one in results]
