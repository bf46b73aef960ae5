"""Clicks while keyring and network give no answer."""

from __future__ import annotations

from tests.desk import until
from tests.desktop.person import Person, person


def warns(who: Person) -> bool:
    """Whether the setting is ticked in the menu."""
    row = who.menu().named("Settings", "Warn before a session ends")
    return row.properties["toggle-state"] == 1


def test_the_menu_answers_while_keyring_and_network_hang() -> None:
    """Sign in hangs at AWS, the keyring at its first call; each further click is obeyed at once."""
    with person(keyring="hanging") as who:
        hanging = who.center.fault("RegisterClient", "hang", times=None)
        who.click_on("corp", "Sign in")
        who.living.until_state("corp", "signing-in")
        hanging.wait_hit(1, 60)
        who.sees_icon("signing-in")
        who.click_on("No profile active", "dev", picture="hang-signing-in")
        who.living.until(lambda one: one.get("status", {}).get("active_profile") == "dev")
        who.click_on("Settings", "Warn before a session ends")
        until(lambda: not warns(who), "the tick to go")

        assert "Profile: dev" in who.menu().labels()

        before = len(who.living.messages)
        who.click_on("corp", "Cancel signing in", picture="hang-cancel")
        who.living.until_state("corp", "signed-out", since=before)
        hanging.cancel()
