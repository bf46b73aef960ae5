"""Adding a profile with the mouse: an account, a role, and it is there to be picked."""

from __future__ import annotations

from tests.desk import until
from tests.desktop.person import Person, person
from tray.aws.config.catalog import CatalogReader
from tray.aws.config.config_files import ConfigFiles
from tray.fake_aws.fake_options import DEFAULT_START_URL

PICKED = "Production-ReadOnly"


def offer(who: Person) -> list[object]:
    """Return what the only session's menu says from "Add profile" on; empty before it lists."""
    rows = who.menu().children[0].labels()
    return rows[rows.index("Add profile") + 1 :] if "Add profile" in rows else []


def reads_the_notice(who: Person, picture: str) -> None:
    """Wait for the notice, keep what is seen, and click it away: the next menu needs its place."""
    until(lambda: not who.nothing_open(), "a notice")
    left, top, right, bottom = until(
        lambda: who.desk.await_rest().crop((0, 33, *who.desk.look().size)).getbbox(),
        "a notice to stay",
    )
    who.desk.screenshot(picture)
    who.desk.click((left + right) // 2, 33 + (top + bottom) // 2)
    until(who.nothing_open, "the notice to go")


def test_a_role_is_picked_in_the_menu_and_becomes_a_profile() -> None:
    """M1: asked for by a click, said when it is there; every other byte of the file stays."""
    config = (
        "# mine\n[sso-session corp]\nsso_region = eu-west-2\n"
        f"sso_start_url = {DEFAULT_START_URL}\n\n"
        "[profile dev]\nsso_session = corp\nsso_account_id = 123456789011\n"
        "sso_role_name = FullAccess\nregion = eu-west-1\n"
    )
    with person(config=config, keyring="none", notices=True) as who:
        path = who.home / ".aws/config"
        who.click_on("corp", "Sign in")
        who.living.until_state("corp", "signed-in")
        who.sees_icon("signed-in")

        who.click_on("corp", "Add profile: list")
        offered = until(lambda: offer(who), "the roles in the menu")
        reads_the_notice(who, "add-1-listed")
        who.click_on("corp", "Production", "ReadOnly", picture="add-2-roles")
        who.living.until(
            lambda one: any(
                PICKED in each["profiles"] for each in one.get("status", {}).get("sessions", ())
            )
        )
        reads_the_notice(who, "add-3-added")

        written = path.read_text()
        catalog = CatalogReader(ConfigFiles(path, who.home / "none")).read()
        assert [
            "Development (123456789011)",
            ["FullAccess: profile dev", "ReadOnly"],
            "Production (123456789012)",
            ["ReadOnly"],
            "Refresh list",
            "---",
            "Sign out",
        ] == offered
        assert written == (
            f"{config}\n[profile {PICKED}]\nsso_session = corp\n"
            "sso_account_id = 123456789012\nsso_role_name = ReadOnly\nregion = eu-west-1\n"
        )
        assert ["dev", PICKED] == [one.name for one in catalog.profiles]
        assert f"corp: added profile {PICKED}" in who.recent()
        assert f"ReadOnly: profile {PICKED}" in str(who.menu().labels())
