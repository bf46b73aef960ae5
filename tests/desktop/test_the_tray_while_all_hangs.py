"""Clicks while keyring and network give no answer."""

from __future__ import annotations

from tests.desk import until
from tests.desktop.person import Person, person


def warns(who: Person) -> bool:
    """Whether the setting is ticked in the menu."""
    row = who.menu().named("Settings", "Warn before a session ends")
    return bool(row.properties["toggle-state"] == 1)


def test_the_menu_answers_while_keyring_and_network_hang() -> None:
    """Sign in hangs at AWS, the keyring at its first call; each further click is obeyed."""
    with person(keyring="hanging") as who:
        hanging = who.center.fault("RegisterClient", "hang", times=None)
        who.click_on("corp", "Sign in")
        who.living.until_state("corp", "signing-in")
        who.sees_icon("signing-in")
        who.click_on("No active profile", "dev", picture="hang-signing-in")
        who.living.until(lambda one: one.get("status", {}).get("active_profile") == "dev")
        hanging.wait_hit(1, 60)  # the keyring was waited for long enough
        who.click_on("Settings", "Warn before a session ends")
        until(lambda: not warns(who), "the tick to go")

        assert "Profile: dev" in who.menu().labels()


def test_a_sign_in_nobody_finishes_is_cancelled_with_a_click() -> None:
    """L4: while the page waits for a person, the row says so and offers link and cancel."""
    with person(auto_approve=False) as who:
        who.click_on("corp", "Sign in")
        who.living.until_state("corp", "signing-in")
        until(lambda: offered(who) == ["Copy sign-in link", "Cancel sign-in"], "the link")
        who.sees_icon("signing-in")

        assert who.menu().labels()[0].startswith("corp: signing in – finish in the browser (")

        before = len(who.living.messages)
        who.click_on("corp", "Cancel sign-in", picture="hang-cancel")
        who.living.until_state("corp", "signed-out", since=before)
        who.sees_icon("signed-out")

        assert ["Sign in"] == offered(who)


def offered(who: Person) -> list[str]:
    """Return what can be clicked below the session."""
    _, session = who.menu().stop("corp:")
    rows = session.children
    return [row.properties["label"] for row in rows if row.properties.get("enabled", True)]
