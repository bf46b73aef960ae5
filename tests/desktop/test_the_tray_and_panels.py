"""Panels that come late, go and come back, and a menu of a thousand profiles."""

from __future__ import annotations

from tests.desk import until
from tests.desktop.person import CONFIG, Person, person
from tests.desktop.tray_host import Shown
from tray.core.policy import MENU_ROWS

THOUSAND = CONFIG + "".join(
    f"""
[profile team-{number:04d}]
sso_session = corp
sso_account_id = {200000000000 + number // 25}
sso_role_name = ReadOnly
"""
    for number in range(1000)
)


def widest(menu: Shown) -> int:
    """Return how many rows the longest level has."""
    return max([len(menu.children), *(widest(row) for row in menu.children if row.children)])


def no_tray(who: Person) -> bool:
    """Whether ``status`` says that no tray shows the icon, and what of it."""
    (problem,) = who.status()["problems"] or [""]
    assert isinstance(problem, str)
    return problem.startswith("The icon can't be shown (") and problem.endswith(
        "the AppIndicator extension. Everything else works."
    )


def test_an_icon_waits_for_its_panel_and_outlives_it_with_a_thousand_profiles() -> None:
    """Started before the panel, through its crash: shown, and each profile three clicks away."""
    with person(config=THOUSAND, panel=False) as who:
        # The icon looks for a panel once its first picture is drawn.
        until(lambda: no_tray(who), "status to say that no tray is there")

        who.desk.start_panel()
        who.sees_icon("signed-out")
        until(lambda: not who.status()["problems"], "status without a problem")

        assert widest(who.menu()) <= MENU_ROWS

        group = next(
            one.properties["label"]
            for one in who.menu().named("No active profile").children
            if "team-0490" in one.labels()
        )
        who.click_on("No active profile", group, "team-0490", picture="panel-thousand")
        who.living.until(lambda one: one.get("status", {}).get("active_profile") == "team-0490")
        who.desk.stop_panel()
        until(lambda: no_tray(who), "status to say that no tray is there")
        who.desk.start_panel()
        who.sees_icon("signed-out")
        who.click_on("Profile: team-0490", "team-0490", picture="panel-restarted")
        until(who.nothing_open, "the menu to close")

        assert "team-0490" == who.status()["active_profile"]
