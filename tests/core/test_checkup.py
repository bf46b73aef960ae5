"""What the doctor makes of what it finds: one row a judgement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.core import forms_table
from tray.core.doctor.findings import Facts, Finding, SessionFacts, Verdict, worst
from tray.core.doctor.general_checks import judged
from tray.core.model import Catalog, Profile, SsoSession, State

NOW = 1_000_000.0
CORP = SsoSession("corp", "https://corp.awsapps.com/start", "eu-west-2")
DEV = Profile("dev", "sso", "corp", "1" * 12, "r")
CONFIG = Catalog((CORP,), (DEV,))
TWO = Catalog((CORP,), (DEV, replace(DEV, name="prod")))
AS_DEV = {"sso_session": "corp", "sso_account_id": "1" * 12, "sso_role_name": "r"}
DEFAULT = {"default": AS_DEV, "dev": AS_DEV, "prod": AS_DEV}
A_ROLE = {"role_arn": "x", "source_profile": "default"}
WELL = Facts(
    now=NOW,
    daemon="running",
    tray="ours",
    notices=("xfce4-notifyd", "drawn"),
    keyring="ready",
    browser=(True, ""),
    catalog=CONFIG,
    settings=DEFAULT,
    sessions=(SessionFacts("corp", "signed in"),),
    skew=1.0,
    program="1.0",
    daemon_program="1.0",
    active="dev",
    applies=("default",),
    aws_cli=(2, 36, 7),
    starts=("on", False, True),
)


def test_where_all_is_well_nothing_is_to_be_done() -> None:
    """Every line is a plus, and none has a remedy."""
    findings = judged(WELL)

    assert ("ok", {""}) == (worst(findings), {one.remedy for one in findings})
    assert 10 <= len(findings)


def test_nothing_known_is_nothing_said_about_it() -> None:
    """Probes that found nothing out leave no line that claims anything."""
    assert () == judged(Facts(now=NOW))


def _session(state: State, *, renews: bool = True) -> dict[str, Any]:
    return {"sessions": (SessionFacts("corp", state, state, renews),)}


PAIR = {"aws_access_key_id": "***", "aws_secret_access_key": "***"}
FIPS = "use_fips_endpoint"
ROWS: list[tuple[dict[str, Any], Verdict, str, str]] = [
    ({"daemon": "none"}, "note", "isn't running", "sso-tray start"),
    ({"daemon": "mute"}, "problem", "doesn't answer", "sso-tray start"),
    ({"daemon_program": "0.9"}, "problem", "Version 0.9 is running", "sso-tray quit"),
    ({"daemon": "elsewhere"}, "note", "other files", "compare"),
    ({"problems": ("state.json is broken.",)}, "problem", "state.json", ""),
    ({"tray": "none"}, "note", "No", "AppIndicator"),
    ({"tray": "lost"}, "note", "doesn't show SSO Tray's icon", "sso-tray quit"),
    ({"no_tray": "No tray.", "problems": ("No tray.",)}, "note", "No", "AppIndicator"),
    ({"environ": {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}}, "note", "doesn't use",
     "AWS_ENDPOINT_URL_SSO_OIDC"),
    ({"tray": None, "notices": None, "no_bus": "gone"}, "note", "isn't available (gone)",
     "dbus-run-session"),
    ({"unknown": (("clock", "no answer within 8 s"),)}, "note", "no answer within 8 s", ""),
    ({"notices": "none"}, "note", "No notification", "install"),
    ({"browser": (False, "no display")}, "note", "No display.", "BROWSER"),
    ({"keyring": "locked"}, "problem", "locked", "sso-tray login"),
    ({"keyring": "absent"}, "note", "No keyring", "GNOME"),
    ({"keyring": "It hangs."}, "problem", "hangs", ""),
    ({"catalog": None, "config_problem": "config, line 3: x"}, "problem", "line 3", "fix"),
    ({"catalog": Catalog(), "active": None}, "note", "No profile yet", "sso-tray add"),
    ({"catalog": replace(CONFIG, problems=("left out.",))}, "problem", "left out", "fix it in"),
    (
        {"catalog": Catalog((replace(CORP, problem="no region."),), (replace(DEV, problem="x"),))},
        "problem", "no region", "fix it in",
    ),
    ({"catalog": replace(CONFIG, sessions=(replace(CORP, key="a b"),)), "sessions": ()},
        "note", 'Not every client reads sso-session "a b"', "rename"),
    ({"quirks": (("colon", 3), ("colon", 9))}, "note", "Lines 3 and 9", "="),
    ({"quirks": (("colon", 3),)}, "note", "it isn't read by the JavaScript SDK; no profile of the"
        " whole file is read by the Java, Rust and C++ SDKs.", "="),
    (
        {"quirks": (("quoted-name", 3),)},
        "note", "only by the AWS CLI, boto3 and the JavaScript SDK", "remove",
    ),
    ({"quirks": (("loose-word", 3),)}, "problem", "by the AWS CLI and boto3.", "put #"),
    ({"settings": {"prod": {"aws_access_key_id": "x"}}}, "problem", "half a key pair", "together"),
    (
        {"settings": {"prod": {"aws_access_key_id": "x", "sso_session": "corp"}}},
        "note", "half a key pair beside SSO, which Terraform and the Go SDK refuse", "together",
    ),
    (
        {"settings": {"prod": {"sso_account_id": '"1"'}}},
        "problem", '"1" of prod', "sso_account_id",
    ),
    ({"elsewhere": (("corp", "old.example"),)}, "problem", "(old.example)", "login corp"),
    ({"differing": ("AWS_CA_BUNDLE",)}, "note", "without this terminal's AWS_CA_BUNDLE", "here"),
    ({"quirks": (("upper-case", 3),)}, "note", "Line 3: a key", "lower case"),
    ({"quirks": (("two-defaults", 3),)}, "note", "[profile default]", "keep"),
    (
        {"catalog": replace(
            CONFIG, sessions=(CORP, replace(CORP, key="b", start_url=f"{CORP.start_url}/#/"))
        )},
        "note", "written in 2 ways", "use one sso-session",
    ),
    (
        {"settings": {"dev": {**AS_DEV, "endpoint_url": "x"}}},
        "note", "SSO Tray doesn't", "services",
    ),
    (
        {"catalog": replace(CONFIG, sessions=(replace(CORP, disagreements=(FIPS,)),))},
        "note", 'profiles of "corp" disagree on use_fips_endpoint', "give all of them",
    ),
    ({"guarded": ("*prod*", "D*")}, "note", 'no profile: "*prod*".', "sso-tray profiles"),
    ({"calls": {"me": "me"}}, "problem", '"me" asks SSO Tray for "me"', "--profile"),
    ({"calls": {"dev": None}}, "problem", '"dev" asks SSO Tray for "dev"', "--profile"),
    (
        {"calls": {"a": "b", "c": "dev"}, "settings": {"b": {"source_profile": "a"}}},
        "problem", '"a" asks', "--profile",
    ),
    ({"settings": {"two words": {}}}, "note", "JavaScript", "rename"),
    ({"settings": {"Zoë": {}}}, "note", "JavaScript", "rename"),
    (
        {"settings": {"dev": {**AS_DEV, **PAIR}}},
        "note", "Rust SDKs use SSO", "keep one",
    ),
    ({"settings": {"dev": {**AS_DEV, "region": "eu-west-1 # mine"}}}, "note", "comment", "own"),
    (_session("expired", renews=False), "problem", "expired", "login corp"),
    (_session("expired"), "note", "expired", ""),
    (_session("unreadable", renews=False), "problem", "unreadable", "login corp"),
    (_session("signed-out", renews=False), "note", "signed-out", "login corp"),
    (_session("ending"), "note", "ending", "login corp"),
    (_session("renewal-failing"), "note", "failing", ""),
    ({"sessions": (SessionFacts("corp", "in", contested=True),)}, "note", "restoring", "login"),
    (
        {"sessions": (SessionFacts("corp", "in", registration_ends_at=NOW + 86400.0),)},
        "note", "1 day.", "",
    ),
    ({"applies": (), "settings": {"default": {}}}, "note", "find no credentials", "apply default"),
    ({"settings": {"default": {}}}, "problem", "isn't used everywhere", "sso-tray use"),
    ({"settings": {"default": {}}, "guarded": ("D*",)}, "note", "is guarded", "--profile dev"),
    (
        {"environ": {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}},
        "problem", "only --profile overrides", "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY",
    ),
    ({"environ": {"AWS_ACCESS_KEY_ID": "x"}}, "problem", "boto3 fail", "unset AWS_ACCESS"),
    (
        {"environ": {"AWS_WEB_IDENTITY_TOKEN_FILE": "x", "AWS_ROLE_ARN": "y"}},
        "problem", "before a profile's SSO", "unset AWS_WEB",
    ),
    ({"environ": {"AWS_WEB_IDENTITY_TOKEN_FILE": "x"}}, "problem", "without AWS_ROLE", "unset"),
    ({"environ": {"AWS_PROFILE": ""}}, "problem", "is empty", "unset AWS_PROFILE"),
    (
        {"environ": {"AWS_PROFILE": "dev", "AWS_DEFAULT_PROFILE": "prod"}},
        "note", "boto3 the second", "unset AWS_DEFAULT_PROFILE",
    ),
    ({"settings": {"default": {"sso_session": "corp"}}}, "note", "find no", "rename [default]"),
    ({"settings": {"default": {"role_arn": "x"}}}, "note", "[default] is incomplete", "rename"),
    (
        {"settings": {"default": {**AS_DEV, "sso_role_name": "other"}}},
        "note", "use [default].", "rename [default]",
    ),
    (
        {
            "catalog": replace(CONFIG, managed=frozenset({"default"})),
            "settings": {"default": {**PAIR, "credential_process": "x"}},
            "in_credentials": ("default",),
        },
        "problem", "use the keys of [default]", "remove the keys",
    ),
    (
        {
            "catalog": replace(CONFIG, managed=frozenset({"default"})),
            "settings": {"dev": A_ROLE, "default": A_ROLE},
        },
        "problem", 'builds on "default"', "source_profile",
    ),
    (
        {"environ": {"AWS_PROFILE": "prod"}, "catalog": TWO},
        "note", "overrides the active", "unset AWS_PROFILE",
    ),
    ({"environ": {"AWS_PROFILE": "gone"}}, "problem", "no such profile", "unset AWS_PROFILE"),
    (
        {"environ": {"AWS_REGION": "x"}, "settings": {"dev": {**AS_DEV, "region": "y"}}},
        "note", "AWS_REGION", "unset AWS_REGION",
    ),
    ({"active": "gone"}, "problem", "no longer in the config", "sso-tray use"),
    ({"environ": {"AWS_CA_BUNDLE": "x"}}, "note", "NODE_EXTRA_CA_CERTS", ""),
    ({"environ": {"AWS_ENDPOINT_URL_STS": "x"}}, "note", "AWS_ENDPOINT_URL_STS", ""),
    ({"environ": {"HTTPS_PROXY": "x"}}, "note", "HTTPS_PROXY", ""),
    ({"missing_files": ("AWS_CA_BUNDLE",)}, "problem", "AWS_CA_BUNDLE", "unset"),
    ({"skew": 90.0}, "problem", "90 s behind", "NTP"),
    ({"skew": -3600.0}, "problem", "3600 s ahead of", "NTP"),
    ({"skew": "AWS was not reached."}, "note", "not reached", ""),
    ({"aws_cli": (2, 4)}, "problem", "2.4", "install"),
    ({"aws_cli": (1, 20)}, "problem", "1.20", "install"),
    ({"starts": ("on", True, True)}, "note", "skipped", "systemctl --user disable"),
    ({"starts": ("off", True, True)}, "problem", "disabled", "autostart off"),
    ({"starts": ("off", False, False)}, "note", "doesn't start", "autostart on"),
    ({"starts": ("changed", False, True)}, "note", "by hand", ""),
    ({"modes": ("/home/a b/x",)}, "problem", "can read", "chmod go= '/home/a b/x'"),
    ({"modes": ("~/a b",)}, "problem", "~/a b", "chmod go= ~/'a b'"),
    ({"logins": {"a b": None, "c": NOW - 1}}, "note", '"a b"', "aws login --profile 'a b'"),
    ({"shared": (("corp", True),)}, "note", "one token file", ""),
    ({"shared": (("corp", False),)}, "problem", "another portal", "rename the sso-session"),
    ({"foreign": ("/x",)}, "problem", "another user", "sudo chown"),
    ({"unwritable": ("/x",)}, "problem", "isn't writable", "chmod"),
    ({"locks": "Locks do not hold."}, "problem", "Locks", "XDG_STATE_HOME"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "verdict", "words", "remedy"), ROWS)
def test_each_trouble_is_found_and_says_what_to_do(
    changes: dict[str, Any], verdict: Verdict, words: str, remedy: str
) -> None:
    """One thing wrong: one line more that is no plus, with the next step where there is one."""
    changes = {**changes, "settings": {**DEFAULT, **changes.get("settings", {})}}
    findings = [one for one in judged(replace(WELL, **changes)) if one.verdict != "ok"]

    assert [verdict] == [one.verdict for one in findings], findings
    assert words in findings[0].sentence
    assert remedy in findings[0].remedy
    assert bool(remedy) == bool(findings[0].remedy)


@pytest.mark.parametrize(
    "environ",
    [
        {"AWS_PROFILE": "dev"},
        {"AWS_PROFILE": "x", "SSO_TRAY_SHELL": "x"},
        {"AWS_REGION": "x"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/"},
        {"AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "y"},
    ],
)
def test_what_shadows_nothing_is_not_told(environ: dict[str, str]) -> None:
    """The active profile itself, and what the shell hook has exported, are as they should be."""
    assert "ok" == worst(judged(replace(WELL, environ=environ)))


def test_the_unit_alone_is_one_start() -> None:
    """Autostart counts the enabled unit as "on"; that is no second start."""
    assert "ok" == worst(judged(replace(WELL, starts=("on", True, False))))


def test_without_a_resident_a_person_is_told_to_renew() -> None:
    """Nobody is at it, and no sign-in is needed."""
    findings = judged(replace(WELL, daemon="none", **_session("expired")))

    assert "sso-tray renew" in [one.remedy for one in findings if one.area == "corp"]


def test_a_large_config_in_trouble_still_fits_a_screen() -> None:
    """Of many entries of one kind a few are told, and how many more there are."""
    many = tuple(replace(DEV, name=f"p {n}", problem=f"{n} is wrong.") for n in range(40))
    settings = {one.name: {"region": "x # y"} for one in many}

    findings = judged(replace(WELL, catalog=Catalog((CORP,), (DEV, *many)), settings=settings))

    told = [one.sentence for one in findings if one.area == "config"]
    assert 7 == len(told)
    assert "37 more entries can't be used." in told
    assert any("p 2" in one and "and 37 more" in one for one in told[-2:])


def test_the_gravest_verdict_counts() -> None:
    """A problem beside notes is a problem."""
    lines = [Finding("a", "note", ""), Finding("b", "problem", ""), Finding("c", "ok", "")]

    assert ("problem", "note", "ok") == (worst(lines), worst(lines[:1]), worst(lines[2:]))


def test_the_guide_has_the_table_of_forms() -> None:
    """What each client does with a form is data, and the guide shows the same data."""
    page = forms_table.PAGE.read_text(encoding="utf-8")

    assert forms_table.documented(page) == page


def test_what_we_copied_from_the_active_profile_is_told_of_it_alone() -> None:
    """`[default]` and `[profile sso-tray]` are named only for what a person wrote there."""
    dev = {**AS_DEV, "endpoint_url": "http://127.0.0.1:4566", "region": "r # here"}
    settings = {"dev": dev, "default": dev, "sso-tray": {"endpoint_url": dev["endpoint_url"]}}
    managed = replace(CONFIG, managed=frozenset(("default", "sso-tray")))
    own = {**settings, "default": {**dev, "endpoint_url": "https://other.example"}}

    told = [
        one.sentence
        for written in (settings, own)
        for one in judged(replace(WELL, catalog=managed, settings=written))
        if "endpoint_url" in one.sentence or "comment" in one.sentence
    ]

    assert [
        ("dev" in one, "sso-tray" in one.replace("SSO Tray", ""), "default" in one) for one in told
    ] == [(True, False, False), (True, False, False), (True, False, False), (True, False, True)]
