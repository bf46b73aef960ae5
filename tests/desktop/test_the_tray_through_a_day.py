"""One day with the tray on a real desktop, clicked through with a mouse."""

from __future__ import annotations

import json
from pathlib import Path

from tests.desk import until
from tests.desktop.browser_window import await_page, click_allow, close
from tests.desktop.person import Person, person

SIGNED_IN = "You're signed in"
"""The title of our own page."""


def session(who: Person) -> dict[str, object]:
    """Return the session as ``status --json`` has it."""
    return dict(who.status()["sessions"][0])


def signs_in(who: Person, picture: str) -> None:
    """Allow access on the page that has opened, read the page that follows, and close it."""
    click_allow(who.desk)
    await_page(who.desk, SIGNED_IN)
    who.desk.screenshot(picture)
    close(who.desk, SIGNED_IN)


def test_a_person_lives_a_day_with_the_mouse_alone() -> None:
    """Sign in, pick a profile, be warned and sign in from the notice, sign out, quit."""
    with person(notices=True, chromium=True, token_life=600) as who:
        who.sees_icon("signed-out")
        labels = who.menu().labels()
        assert ["Sign in to corp", "corp: signed out", ["Sign in"], "---"] == labels[:4]
        who.click_on("corp", "Sign in", picture="day-1-signed-out")
        signs_in(who, "day-1-browser")
        who.living.until_state("corp", "signed-in", keeper="keyring")
        who.sees_icon("signed-in")
        published = json.loads(who.token_file().read_text())

        assert "refreshToken" not in published
        assert who.center.accepts_access_token(published["accessToken"])
        assert who.menu().labels()[0].startswith("corp: signed in, renews itself")

        who.click_on("No active profile", "staging_eu", picture="day-2-profiles")
        who.living.until(lambda one: one.get("status", {}).get("active_profile") == "staging_eu")

        assert "staging_eu" == who.status()["active_profile"]
        state = Path(who.environ["XDG_STATE_HOME"]) / "sso-tray"
        assert "staging_eu\n" == (state / "active-profile").read_text()
        ticked = {
            row.properties["label"]: row.properties["toggle-state"]
            for row in who.menu().named("Profile: staging__eu").children
            if "toggle-state" in row.properties
        }
        assert {"None": 0, "dev": 0, "staging__eu": 1, "prod": 0} == ticked

        who.center.end_session()
        notice = who.seen_notice(
            lambda: who.click_on("corp", "Renew now", picture="day-3-renew"), "ending"
        )
        who.living.until_state("corp", "ending", reason="refused")
        who.sees_icon("ending")
        who.desk.await_rest()
        who.desk.screenshot("day-4-notice")

        assert session(who)["state"] == "ending"
        assert "SSO Tray: 1 session needs attention, profile staging_eu" == who.tooltip()[0]

        before = len(who.living.messages)
        who.click_button(notice, "left")
        signs_in(who, "day-5-browser")
        who.living.until_state("corp", "signed-in", since=before)
        who.sees_icon("signed-in")
        until(who.nothing_open, "notice and browser to go")
        who.desk.screenshot("day-5-signed-in-again")

        assert 2 == who.center.count("CreateToken", grant_type="authorization_code", status=200)
        assert session(who)["keeper"] == "keyring"

        who.click_on("corp", "Sign out", picture="day-6-sign-out")
        who.living.until_state("corp", "signed-out", since=before)
        who.sees_icon("signed-out")

        assert not who.token_file().exists()
        assert session(who)["state"] == "signed-out"
        assert ["corp: signed out", "corp: signed in"] == who.recent()[:2]

        who.click_on("Quit", picture="day-7-quit")

        assert 0 == who.living.process.wait(60)
        until(lambda: not who.any_icon(), "the icon to go")
        assert who.status()["resident"] is None
