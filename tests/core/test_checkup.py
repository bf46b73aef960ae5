"""What the doctor makes of what it finds: one row a judgement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tray.core.checkup import Facts, Finding, SessionFacts, Verdict, judged, worst
from tray.core.model import Catalog, Profile, SsoSession

NOW = 1_000_000.0
CORP = SsoSession("corp", "https://corp.awsapps.com/start", "eu-west-2")
CONFIG = Catalog((CORP,), (Profile("dev", "sso", "corp", "1" * 12, "r"),))
WELL = Facts(
    now=NOW,
    resident="running",
    hosts=(True, True),
    keyring="ready",
    browser=(True, ""),
    catalog=CONFIG,
    sessions=(SessionFacts("corp", "signed in"),),
    skew=1.0,
    active="dev",
    applies=("default",),
    aws_cli=(2, 36, 7),
    starts=("on", False),
)


def test_where_all_is_well_nothing_is_to_be_done() -> None:
    """Every line is a plus, and none has a remedy."""
    findings = judged(WELL)

    assert ("ok", {""}) == (worst(findings), {one.remedy for one in findings})
    assert 10 <= len(findings)


def test_nothing_known_is_nothing_said_about_it() -> None:
    """Probes that found nothing out leave no line that claims anything."""
    assert ["resident"] == [one.area for one in judged(Facts(now=NOW))]


ROWS: list[tuple[dict[str, Any], Verdict, str, str]] = [
    ({"resident": "none"}, "note", "None runs", "sso-tray run"),
    ({"resident": "elsewhere"}, "note", "other files", "compare"),
    ({"problems": ("state.json is broken.",)}, "problem", "state.json", ""),
    ({"hosts": (False, True)}, "note", "No tray", "AppIndicator"),
    ({"hosts": (True, False)}, "note", "No notification", ""),
    ({"browser": (False, "no display")}, "note", "no display", "BROWSER"),
    ({"keyring": "locked"}, "problem", "Locked", "sso-tray login"),
    ({"keyring": "absent"}, "note", "none", ""),
    ({"keyring": "It hangs."}, "problem", "hangs", ""),
    ({"catalog": None, "config_problem": "config, line 3: x"}, "problem", "line 3", "mend"),
    ({"catalog": Catalog()}, "note", "no profile yet", "sso-tray add"),
    ({"catalog": replace(CONFIG, problems=("left out.",))}, "problem", "left out", ""),
    ({"settings": {"two words": {}}}, "note", "JavaScript", "rename"),
    ({"settings": {"Zoë": {}}}, "note", "JavaScript", "rename"),
    (
        {"settings": {"dev": {"aws_access_key_id": "***", "sso_session": "corp"}}},
        "note", "takes SSO", "keep one",
    ),
    ({"settings": {"dev": {"region": "eu-west-1 # mine"}}}, "note", "comment", "own"),
    ({"settings": {"default": {"aws_access_key_id": "***"}}}, "note", "bare aws", "apply default"),
    ({"sessions": (SessionFacts("corp", "expired", True),)}, "problem", "expired", "login corp"),
    ({"sessions": (SessionFacts("corp", "", problem="no region."),)}, "problem", "region", ""),
    ({"sessions": (SessionFacts("corp", "in", contested=True),)}, "note", "putting", "login"),
    (
        {"sessions": (SessionFacts("corp", "in", registration_ends_at=NOW + 86400.0),)},
        "note", "1 days", "",
    ),
    ({"applies": ()}, "note", "nothing follows", "apply default"),
    ({"environ": {"AWS_ACCESS_KEY_ID": "x"}}, "problem", "wins over every", "unset AWS_ACCESS"),
    ({"environ": {"AWS_PROFILE": "prod"}}, "note", "AWS_PROFILE", "unset AWS_PROFILE"),
    ({"environ": {"AWS_ENDPOINT_URL_STS": "x"}}, "note", "AWS_ENDPOINT_URL_STS", ""),
    ({"environ": {"HTTPS_PROXY": "x"}}, "note", "HTTPS_PROXY", ""),
    ({"missing_files": ("AWS_CA_BUNDLE",)}, "problem", "AWS_CA_BUNDLE", "unset"),
    ({"skew": 90.0}, "problem", "90 s behind", "NTP"),
    ({"skew": -3600.0}, "problem", "3600 s ahead of", "NTP"),
    ({"skew": "AWS was not reached."}, "note", "not reached", ""),
    ({"aws_cli": (2, 4)}, "problem", "2.4", "install"),
    ({"aws_cli": (1, 20)}, "problem", "1.20", "install"),
    ({"starts": ("on", True)}, "problem", "twice", "autostart off"),
    ({"starts": ("off", False)}, "note", "does not start", "autostart on"),
    ({"starts": ("changed", False)}, "note", "by hand", ""),
    ({"modes": ("/home/a b/x",)}, "problem", "may read", "chmod go= '/home/a b/x'"),
    ({"locks": "Locks do not hold."}, "problem", "Locks", ""),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "verdict", "words", "remedy"), ROWS)
def test_each_trouble_is_found_and_says_what_to_do(
    changes: dict[str, Any], verdict: Verdict, words: str, remedy: str
) -> None:
    """One thing wrong: one line more that is no plus, with the next step where there is one."""
    findings = [one for one in judged(replace(WELL, **changes)) if one.verdict != "ok"]

    assert [verdict] == [one.verdict for one in findings], findings
    assert words in findings[0].sentence
    assert remedy in findings[0].remedy
    assert bool(remedy) == bool(findings[0].remedy)


@pytest.mark.parametrize(
    "environ",
    [{"AWS_PROFILE": "dev"}, {"AWS_PROFILE": "x", "SSO_TRAY_SHELL": "x"}, {"AWS_REGION": "x"}],
)
def test_what_shadows_nothing_is_not_told(environ: dict[str, str]) -> None:
    """The active profile itself, and what the shell hook has exported, are as they should be."""
    assert "ok" == worst(judged(replace(WELL, environ=environ)))


def test_the_gravest_verdict_counts() -> None:
    """A problem beside notes is a problem."""
    lines = [Finding("a", "note", ""), Finding("b", "problem", ""), Finding("c", "ok", "")]

    assert ("problem", "note", "ok") == (worst(lines), worst(lines[:1]), worst(lines[2:]))
