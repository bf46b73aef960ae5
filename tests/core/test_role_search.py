from __future__ import annotations

import random
import re

import pytest

from tray.core.accounts.role_search import RoleRow, RoleSearch

ROWS = (
    RoleRow("corp", "111111111111", "Data Platform", "AdministratorAccess", "data-admin"),
    RoleRow("corp", "111111111111", "Data Platform", "ReadOnly", "data-read"),
    RoleRow("corp", "222222222222", "prod-eu-west-1", "DataAdmin", "ProdDataAdmin", guarded=True),
    RoleRow("corp", "333333333333", "Sandbox (Ada)", "PowerUser"),
    RoleRow("lab", "444444444444", "Größe", "Admin", "admin"),
    RoleRow("lab", "123456789012", "", "Admin", "team_x.dev"),
)


def found(words: str, recent: tuple[tuple[str, ...], ...] = ()) -> list[str]:
    """Return the rows that fit, by profile or account name."""
    rows = RoleSearch(ROWS, recent).find(words)
    return [row.profile or row.account_name for row in rows]


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("data admin", ["data-admin", "ProdDataAdmin"]),
        ("admin data", ["data-admin", "ProdDataAdmin"]),
        ("dat ADM", ["data-admin", "ProdDataAdmin"]),
        ("data-adm", ["data-admin"]),
        ("eu-west", ["ProdDataAdmin"]),
        ("prod west 1", ["ProdDataAdmin"]),
        ("dataadmin", ["ProdDataAdmin"]),
        ("2222", ["ProdDataAdmin"]),
        ("333333333333 power", ["Sandbox (Ada)"]),
        ("ada", ["Sandbox (Ada)"]),
        ("GRÖSSE", ["admin"]),
        ("x.dev", ["team_x.dev"]),
        ("dev", ["team_x.dev"]),
        ("lab", ["admin", "team_x.dev"]),
        ("min", []),
        ("data zzz", []),
        ("nothing", []),
    ],
)
def test_words_in_any_order_begin_words(words: str, rows: list[str]) -> None:
    """Every word has to begin a word of the row: a name, number, role, profile or session."""
    assert rows == found(words)


def test_no_words_fit_everything() -> None:
    """An empty search is the whole list, recent ones first."""
    assert [row.profile or row.account_name for row in ROWS] == found(" ")
    assert "team_x.dev" == found("", (("team_x.dev",),))[0]


def test_an_exact_name_comes_before_recent_ones_and_these_before_the_rest() -> None:
    """Whoever types a whole name means it; else what was used lately is meant."""
    assert ["admin", "data-admin", "ProdDataAdmin", "team_x.dev"] == found("admin")
    assert ["admin"] == found("grösse")
    recent = (("team_x.dev",), ("ProdDataAdmin",))
    assert ["admin", "team_x.dev", "ProdDataAdmin", "data-admin"] == found("admin", recent)


def test_a_role_without_a_profile_is_remembered_by_its_place() -> None:
    """Session, account and role name it."""
    assert "Sandbox (Ada)" == found("", (("corp", "333333333333", "PowerUser"),))[0]


def fits(row: RoleRow, words: str) -> bool:
    """Say by the rule alone, field by field, whether each word begins one of the row's words."""
    begun = set()
    fields = (row.profile, row.account_name, row.role_name, row.account_id, row.session)
    for joined in " ".join(filter(None, fields)).split():
        begun.add(joined.casefold())
        for part in re.finditer(r"[A-Z]+(?![a-z])|[A-Z]?[^\W_A-Z]+|[^\W_]", joined):
            begun |= {joined[part.start() :].casefold(), part[0].casefold()}
    return all(any(one.startswith(word) for one in begun) for word in words.casefold().split())


@pytest.mark.parametrize("seed", range(40))
def test_every_row_that_fits_is_found_and_no_other(seed: int) -> None:
    """However rows share accounts and roles, in any order; all of the same rank keep theirs."""
    drawn = random.Random(seed)
    names = ("Data Platform", "Data", "Prod-EU", "", "x y", "DataAdmin", "Größe 12")
    roles = ("Admin", "DataAdmin", "ReadOnly", "read_only-2", None)
    rows = [
        RoleRow(
            drawn.choice(("corp", "lab", None)),
            drawn.choice(("111111111111", "222222222222", None)),
            drawn.choice(names),
            drawn.choice(roles),
            drawn.choice((None, f"profile-{number}", f"DataAdmin{number}")),
        )
        for number in range(drawn.choice((3, 40, 400)))
    ]
    search = RoleSearch(rows)
    places = {id(row): place for place, row in enumerate(rows)}

    for words in (
        "data",
        "adm data",
        "11",
        "corp read",
        "profile-1",
        "x",
        "zz",
        "eu prod",
        "only 2",
    ):
        found = search.find(words)

        assert sorted(places[id(row)] for row in found) == [
            place for place, row in enumerate(rows) if fits(row, words)
        ]


@pytest.mark.parametrize("words", ["", "a", "adm", "prod", "prod adm", "read 0", "zzz", "p7"])
@pytest.mark.parametrize("most", [1, 12, 500])
def test_the_first_so_many_are_the_first_of_all(words: str, most: int) -> None:
    """What is found sooner is the same, whatever is recent, and in whatever order rows come."""
    rows = [
        RoleRow(
            "corp",
            f"{200_000_000_000 + number * 7 % 90}",
            f"Prod {number * 7 % 90}",
            f"{('Admin', 'Read', 'Audit')[number % 3]}{number % 11}",
            f"p{number}" if number % 4 == 0 else None,
        )
        for number in range(900)
    ]
    search = RoleSearch(rows, [rows[800].key, rows[5].key, ("p4",)])

    assert search.find(words)[:most] == search.find(words, most)
