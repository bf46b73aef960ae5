"""Which profiles are added, and how they are called."""

from __future__ import annotations

import pytest

from tray.core.adding import (
    TEMPLATE,
    Assignment,
    Plan,
    chosen,
    plan,
    profile_keys,
    profile_name,
    template_flaw,
)
from tray.core.model import Profile, SsoSession

CORP = SsoSession("corp", "https://corp.awsapps.com/start", "eu-west-2")
DEV = Assignment("111111111111", "Admin", "Dev", "dev@corp.example")
DEV_READ = Assignment("111111111111", "ReadOnly", "Dev", "dev@corp.example")
PROD = Assignment("222222222222", "ReadOnly", "Prod EU", "prod@corp.example")
EVERY = (DEV, DEV_READ, PROD)


@pytest.mark.parametrize(
    ("template", "one", "name"),
    [
        (TEMPLATE, DEV, "Dev-Admin"),
        (TEMPLATE, PROD, "Prod-EU-ReadOnly"),
        (TEMPLATE, Assignment("1" * 12, "R"), "111111111111-R"),
        ("{session}.{account_id}.{role_name}", DEV, "corp.111111111111.Admin"),
        ("{email}", DEV, "dev@corp.example"),
        ("mine", DEV, "mine"),
        (
            "{account_name}",
            Assignment("1" * 12, "R", "Zoë's [big] account\n"),
            "Zoë-s-big-account",
        ),
        ("{account_name}", Assignment("1" * 12, "R", '"$(rm)"'), "rm"),
        ("{email}", Assignment("1" * 12, "R"), "111111111111"),
    ],
)
def test_a_name_holds_nothing_a_shell_or_file_obeys(
    template: str, one: Assignment, name: str
) -> None:
    """Letters, digits and a few signs; what is left of nothing is the account's number."""
    assert name == profile_name(template, one, "corp")


@pytest.mark.parametrize(
    ("template", "sound"),
    [
        (TEMPLATE, True),
        ("plain", True),
        ("{role}", False),
        ("{account_name", False),
        ("{0}", False),
        ("{account_name.__class__}", False),
        ("{role_name!r}", False),
        ("{role_name:>99999999}", False),
    ],
)
def test_a_template_has_our_fields_and_no_more(template: str, sound: bool) -> None:
    """Nothing of Python's formatting language is for sale."""
    assert sound == (template_flaw(template) is None)


@pytest.mark.parametrize(
    ("accounts", "roles", "expected"),
    [
        ((), (), EVERY),
        (("dev",), (), (DEV, DEV_READ)),
        (("2222*",), (), (PROD,)),
        ((), ("readonly",), (DEV_READ, PROD)),
        (("*eu*", "dev"), ("Read*",), (DEV_READ, PROD)),
        (("nobody",), (), ()),
    ],
)
def test_patterns_choose(
    accounts: tuple[str, ...], roles: tuple[str, ...], expected: tuple[Assignment, ...]
) -> None:
    """Accounts by number or name, roles by name, case ignored."""
    assert expected == chosen(reversed(EVERY), accounts, roles)


def sso(name: str, one: Assignment) -> Profile:
    """Return a profile of CORP."""
    return Profile(name, "sso", "corp", one.account_id, one.role_name)


TWIN = Assignment("333333333333", "Admin", "Dev")

PLANS = {
    "all new": (
        (),
        EVERY,
        Plan((("Dev-Admin", DEV), ("Dev-ReadOnly", DEV_READ), ("Prod-EU-ReadOnly", PROD))),
    ),
    "there already, whatever it is called": (
        (sso("mine", DEV),),
        (DEV, DEV_READ),
        Plan((("Dev-ReadOnly", DEV_READ),), ("mine",)),
    ),
    "gone": ((sso("old", TWIN),), (DEV,), Plan((("Dev-Admin", DEV),), (), ("old",))),
    "a name that is taken": (
        (Profile("Dev-Admin"),),
        (DEV,),
        Plan((("Dev-Admin-111111111111", DEV),)),
    ),
    "a name taken twice": (
        (Profile("Dev-Admin"), Profile("Dev-Admin-111111111111")),
        (DEV,),
        Plan((("Dev-Admin-111111111111-2", DEV),)),
    ),
    "another session's": (
        (Profile("x", "sso", "other", DEV.account_id, DEV.role_name),),
        (DEV,),
        Plan((("Dev-Admin", DEV),)),
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_adds_what_is_missing_and_tells_what_is_gone(name: str) -> None:
    """What is there is left alone, and no name is given twice."""
    profiles, wanted, expected = PLANS[name]

    assert expected == plan(CORP, profiles, wanted, EVERY, TEMPLATE)


def test_two_accounts_of_one_name_are_told_apart_by_number() -> None:
    """Both get it, so that neither looks like the real one."""
    made = plan(CORP, (), (DEV, TWIN), (DEV, TWIN), TEMPLATE)

    assert ["Dev-Admin-111111111111", "Dev-Admin-333333333333"] == [name for name, _ in made.new]


def test_a_profile_has_its_sessions_style() -> None:
    """A legacy session's profiles carry start URL and region themselves."""
    legacy = SsoSession("https://x/start", "https://x/start", "us-east-1", legacy=True)
    own = {"sso_account_id": DEV.account_id, "sso_role_name": "Admin"}

    assert {"sso_session": "corp", **own, "region": "eu-west-1"} == profile_keys(
        CORP, DEV, "eu-west-1", None
    )
    assert {
        "sso_start_url": "https://x/start",
        "sso_region": "us-east-1",
        **own,
        "output": "json",
    } == profile_keys(legacy, DEV, None, "json")
