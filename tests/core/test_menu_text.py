from __future__ import annotations

import pytest

from tray.core.text import menu_text
from tray.core.text.display_names import session_name


@pytest.mark.parametrize(
    ("attention", "profile", "words"),
    [
        (0, None, "SSO Tray"),
        (0, "dev", "SSO Tray, profile dev"),
        (1, None, "SSO Tray: 1 session needs attention"),
        (3, "dev", "SSO Tray: 3 sessions need attention, profile dev"),
    ],
)
def test_the_tooltip_says_the_essence(attention: int, profile: str | None, words: str) -> None:
    """M1: how many sessions need a person, and the active profile."""
    assert words == menu_text.tooltip(attention, profile)


def test_a_profile_is_named_with_what_should_make_one_think_twice() -> None:
    """A7: guarded, incomplete, both, and the account's label."""
    assert "dev" == menu_text.profile("dev", guarded=False, problem=False)
    assert "eu-prod  (red, guarded, incomplete)" == (
        menu_text.profile("eu-prod", guarded=True, problem=True, label="red")
    )
    assert "No active profile" == menu_text.active(None)
    assert "Profile: dev" == menu_text.active("dev")


def test_groups_are_named_by_what_is_in_them() -> None:
    """M1: an account with its number, the rest in words, groups by first and last."""
    assert "Account 111111111111 (3)" == menu_text.account("111111111111", "", 3)
    assert "Prod (111111111111): 3" == menu_text.account("111111111111", "Prod", 3)
    assert "Other profiles (2)" == menu_text.account(None, "", 2)
    assert "corp … lab" == menu_text.range_of("corp", "lab")


@pytest.mark.parametrize(
    ("what", "key", "detail", "line"),
    [
        ("signed-in", "corp", "", "17:42 corp: signed in"),
        ("renewed", "https://lab.awsapps.com/start", "", "17:42 lab.awsapps.com: renewed"),
        ("active-profile", None, "dev", "17:42 active profile dev"),
        ("console-opened", "corp", "dev", "17:42 corp: opened the console of dev"),
        ("sign-in-failed", "corp", "offline", "17:42 corp: sign-in failed"),
        ("something-new", None, "", "17:42 something new"),
    ],
)
def test_the_history_is_told_in_words(what: str, key: str | None, detail: str, line: str) -> None:
    """M1: recent activity; a kind without words of its own is still readable."""
    assert line == menu_text.happened(what, key, detail, "17:42")


def test_nothing_from_a_config_reaches_a_row_as_it_is() -> None:
    """G2: cleaned and clipped, and still to be told apart."""
    nasty = "a\x1b[31m\u202eb"

    said = (
        menu_text.active(nasty),
        menu_text.profile(nasty, guarded=False, problem=False),
        menu_text.account(nasty, nasty, 1),
        menu_text.role_in(nasty, nasty, nasty),
        menu_text.sign_in_to(nasty, afresh=True),
        menu_text.user_code(nasty),
        menu_text.tooltip(1, nasty),
        menu_text.problem(nasty * 100),
        menu_text.happened("signed-in", nasty, nasty, "17:42"),
    )

    assert all(words.isprintable() for words in said)
    assert max(map(len, said)) < 150


def test_a_legacy_session_is_called_by_its_host() -> None:
    """S1: two start URLs that differ in a slash are two sessions, and are called differently."""
    keys = [
        "corp",
        "https://corp.awsapps.com/start",
        "https://corp.awsapps.com/start/",
        "https://corp.awsapps.com/start#/",
        "https://d-1.awsapps.com",
    ]

    assert [
        "corp",
        "corp.awsapps.com",
        "corp.awsapps.com/start/",
        "corp.awsapps.com/start#/",
        "d-1.awsapps.com",
    ] == [session_name(key) for key in keys]


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("no tray on the session bus", "Add a system tray to your panel, or on GNOME the "
         "AppIndicator extension. "),
        ("no session bus: No such file or directory", "It needs a desktop session. "),
        ("ImportError at import", ""),
    ],
)  # fmt: skip
def test_an_icon_that_is_not_shown_comes_with_advice_that_helps(reason: str, advice: str) -> None:
    """A panel is no help where there is no desktop session, or a module is missing."""
    said = f"The icon can't be shown ({reason}). {advice}Everything else works."

    assert said == menu_text.no_tray(reason)
