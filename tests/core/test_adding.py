"""Which profiles are added, and how they are called."""

from __future__ import annotations

import pytest

from tray.core.model import Profile, SsoSession
from tray.core.profiles.profile_planning import (
    TEMPLATE,
    Assignment,
    ProfilePlan,
    chosen,
    not_to_prune,
    plan,
    profile_keys,
    profile_name,
    session_name_flaw,
    sources_of,
    template_flaw,
    usual_region,
)

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
            "Zoe-s-big-account",
        ),
        (TEMPLATE, Assignment("1" * 12, "R", "日本"), "111111111111-R"),
        (TEMPLATE, Assignment("1" * 12, "R", "東京 Prod"), "Prod-R"),
        ("{account_name}", Assignment("1" * 12, "R", '"$(rm)"'), "rm"),
        ("{email}", Assignment("1" * 12, "R"), "111111111111"),
    ],
)
def test_a_name_holds_nothing_a_shell_or_file_obeys(
    template: str, one: Assignment, name: str
) -> None:
    """Plain letters and a few signs, as every SDK reads; else the account's number."""
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
        ("{account_name}/{role_name}", False),
        ("{account_name} {role_name}", False),
        ("a.b_c@d+e-{role_name}", True),
    ],
)
def test_a_template_has_our_fields_and_no_more(template: str, sound: bool) -> None:
    """Nothing of Python's formatting language is for sale."""
    assert sound == (template_flaw(template) is None)


@pytest.mark.parametrize(
    ("name", "sound"),
    [("devto-article", True), ("a.b@c/d:e%f+g_1", True), ("a b", False), ("Zoë", False),
     ("", False), ("x]\n[y", False)],
)  # fmt: skip
def test_a_new_session_has_a_name_every_sdk_finds(name: str, sound: bool) -> None:
    """One that is in the config already is not judged by it."""
    assert sound == (session_name_flaw(name) is None)


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
        ProfilePlan((("Dev-Admin", DEV), ("Dev-ReadOnly", DEV_READ), ("Prod-EU-ReadOnly", PROD))),
    ),
    "there already, whatever it is called": (
        (sso("mine", DEV),),
        (DEV, DEV_READ),
        ProfilePlan((("Dev-ReadOnly", DEV_READ),), ("mine",)),
    ),
    "gone": ((sso("old", TWIN),), (DEV,), ProfilePlan((("Dev-Admin", DEV),), (), ("old",))),
    "a name that is taken": (
        (Profile("Dev-Admin"),),
        (DEV,),
        ProfilePlan((("Dev-Admin-111111111111", DEV),)),
    ),
    "a name taken twice": (
        (Profile("Dev-Admin"), Profile("Dev-Admin-111111111111")),
        (DEV,),
        ProfilePlan((("Dev-Admin-111111111111-2", DEV),)),
    ),
    "another session's": (
        (Profile("x", "sso", "other", DEV.account_id, DEV.role_name),),
        (DEV,),
        ProfilePlan((("Dev-Admin", DEV),)),
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


NAMES = {
    "whichever of two twins is added first": (TEMPLATE, (TWIN,), ["Dev-Admin-333333333333"]),
    "a twin whose other role has no double": (TEMPLATE, (DEV_READ,), ["Dev-ReadOnly"]),
    "one role under a name of one's own": ("mine", (DEV,), ["mine"]),
    "two roles under one": (
        "mine",
        (DEV, PROD),
        ["mine-Admin-111111111111", "mine-ReadOnly-222222222222"],
    ),
    "two roles of one account": (
        "{account_name}",
        (DEV, DEV_READ),
        ["Dev-Admin-111111111111", "Dev-ReadOnly-111111111111"],
    ),
    "one role of it": ("{account_name}", (DEV_READ,), ["Dev"]),
    "never what is ours": ("sso-tray", (PROD,), ["sso-tray-ReadOnly-222222222222"]),
    "never the default": ("default", (PROD,), ["default-ReadOnly-222222222222"]),
}


@pytest.mark.parametrize("name", NAMES)
def test_what_would_share_a_name_is_told_apart(name: str) -> None:
    """A name depends on what there is at AWS, not on the order in which it was added."""
    template, wanted, expected = NAMES[name]

    made = plan(CORP, (), wanted, (*EVERY, TWIN), template)

    assert expected == [one for one, _ in made.new]


PLAIN_KEYS = ("sso_session", "sso_account_id", "sso_role_name", "region", "output")


@pytest.mark.parametrize(
    ("keys", "active", "guarded", "sources", "why"),
    [
        (PLAIN_KEYS, None, (), (), None),
        (("sso_start_url", "sso_region", *PLAIN_KEYS[1:3]), "other", ("*prod*",), ("x",), None),
        (PLAIN_KEYS, "old", (), (), "it is the active profile"),
        (PLAIN_KEYS, None, ("o*",), (), "it is guarded"),
        (PLAIN_KEYS, None, (), ("old",), "other profiles chain from it"),
        ((*PLAIN_KEYS, "s3", "cli"), None, (), (), "it has settings of its own (cli, s3)"),
    ],
)
def test_only_what_is_exactly_ours_is_pruned(
    keys: tuple[str, ...],
    active: str | None,
    guarded: tuple[str, ...],
    sources: tuple[str, ...],
    why: str | None,
) -> None:
    """What somebody counts on stays, and says why."""
    assert why == not_to_prune("old", keys, active=active, guarded=guarded, sources=sources)


def test_sources_and_the_usual_region_are_read_from_the_config() -> None:
    """A block in place of a name is none; of equal regions the first counts."""
    sections: dict[str, dict[str, object]] = {
        "profile a": {"source_profile": "old"},
        "profile b": {"source_profile": {"x": "y"}},
    }
    regions = [Profile(str(n), region=one) for n, one in enumerate((None, "b", "a", "a", "b"))]

    assert frozenset({"old"}) == sources_of(sections)
    assert ("b", None) == (usual_region(regions), usual_region(regions[:1]))


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


def test_a_role_gets_a_second_profile_under_another_name_only() -> None:
    """One role in two regions: asked for by its name; the same again adds nothing."""
    one = Profile("Dev-Admin", "sso", "corp", "111111111111", "Admin", "eu-west-1")
    two = Profile("admin-us", "sso", "corp", "111111111111", "Admin", "us-east-1")

    plain = plan(CORP, (one,), (DEV,), EVERY, "admin-us")
    asked = plan(CORP, (one,), (DEV,), EVERY, "admin-us", again=True)
    repeated = plan(CORP, (one, two), (DEV,), EVERY, "admin-us", again=True)
    both = plan(CORP, (one, two), (DEV, PROD), EVERY, "admin-us", again=True)

    assert ((), ("Dev-Admin",)) == (plain.new, plain.there)
    assert ((("admin-us", DEV),), ()) == (asked.new, asked.there)
    assert ((), ("admin-us",)) == (repeated.new, repeated.there)
    assert [("admin-us-ReadOnly-222222222222", PROD)] == list(both.new)


def test_account_slash_role_is_refused_with_the_reason() -> None:
    """Some tools name profiles so; one SDK leaves those out, and nothing says why."""
    flaw = template_flaw("{account_name}/{role_name}")

    assert flaw is not None
    assert 'can\'t hold "/": the AWS SDK for JavaScript' in flaw
