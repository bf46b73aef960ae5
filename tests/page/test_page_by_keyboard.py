"""The page as a person uses it, by keyboard and by mouse, in a real Chromium."""

from __future__ import annotations

from tests.page.conftest import Page

PORTAL = "https://sso-portal.awsapps.com/start/#/console?account_id="


def test_typing_and_enter_open_a_console(page: Page) -> None:
    """A few letters, an arrow and Enter: the portal's link in the browser, and it is recent."""
    page.find("log arch", "Log Archive")
    page.tab.key("ArrowDown", 40)
    page.shows("FullAccess", "#rows [aria-selected=true]")
    page.tab.key("Enter", 13, text="\r")

    page.stage.until(lambda: bool(page.stage.opened()))
    page.told("Opening the AWS console in your browser.")
    page.shows("just now", "#rows [aria-selected=true]")
    assert [f"{PORTAL}123456789019&role_name=FullAccess"] == page.stage.opened()
    assert "dev" == page.stage.tray("status", "--json").json()["active_profile"]


def test_a_service_and_a_region_lead_to_its_page(page: Page) -> None:
    """What is typed beside the button is where the console opens; an unknown region is refused."""
    page.find("reader", "Prod EU")
    page.tab.read("document.querySelector('#service').focus()")
    page.tab.type("logs")
    page.tab.read("document.querySelector('#region').focus()")
    page.tab.type("europe")
    page.tab.key("Enter", 13, text="\r")
    page.told('"europe" is no AWS region')
    page.tab.read("document.querySelector('#region').select()")
    page.tab.type("eu-central-1")
    page.tab.press("#open")
    page.stage.until(lambda: bool(page.stage.opened()))

    (opened,) = page.stage.opened()
    assert "destination=https%3A%2F%2Feu-central-1.console.aws.amazon.com%2Fcloudwatch" in opened


def test_an_answer_given_up_while_it_is_read_breaks_nothing(page: Page) -> None:
    """The next letter comes between an answer's head and its body; the list goes on."""
    page.find("log", "Log Archive")
    page.tab.read(
        "{ const whole = Response.prototype.json;"
        "  Response.prototype.json = function () {"
        "    return new Promise((go) => { window.release = go; }).then(() => whole.call(this)); };"
        "  window.unhold = () => { Response.prototype.json = whole; window.release(); }; } 0"
    )
    page.tab.type(" ")
    page.tab.until("window.release")
    page.tab.type("a")
    page.tab.read("window.unhold(), 0")
    page.find("sandbox", "Sandbox")


def test_a_star_and_the_active_profile(page: Page) -> None:
    """A star moves its row to the top of everything; making a profile active is seen at once."""
    page.find("sandbox read", "Sandbox")
    page.tab.press("#star")
    page.shows("★", "#rows [aria-selected=true] .star")
    page.find("reader", "Prod EU")
    page.tab.press("#use")
    page.shows("Active: reader", "#standing")
    page.tab.read("document.querySelector('#find').select()")
    page.tab.key("Escape", 27)
    page.shows("Sandbox", "#rows li:first-child")

    assert "reader" == page.stage.tray("status", "--json").json()["active_profile"]


def test_a_guarded_profile_is_asked_about(page: Page) -> None:
    """Only after a question; Escape leaves the active profile as it is."""
    page.stage.config.write_text(
        page.stage.config.read_text() + "[profile prod]\nsso_session = corp\n"
        "sso_account_id = 123456789012\nsso_role_name = FullAccess\n"
    )
    page.find("prod full", "Prod EU")
    page.shows("prod", "#rows [aria-selected=true] .profile")
    page.tab.press("#use")
    page.shows("is guarded", "dialog")
    page.tab.key("Escape", 27)
    page.tab.until("!document.querySelector('dialog')")
    refused = page.stage.tray("status", "--json").json()["active_profile"]
    page.tab.press("#use")
    page.shows("is guarded", "dialog")
    page.tab.press("dialog .bad")
    page.shows("Active: prod", "#standing")

    assert "dev" == refused


def test_lines_to_copy_select_and_hold_no_credential(page: Page) -> None:
    """The lines name a profile or a role; what is copied is exactly what is shown."""
    page.find("reader", "Prod EU")
    page.tab.read(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => "
        "{ window.copied = text; }}}), 0"
    )
    page.tab.press(".copies button")
    page.told("Copied.")
    lines = page.tab.read("[...document.querySelectorAll('.copies code')].map(c => c.innerText)")

    assert "export AWS_PROFILE=reader" == page.tab.read("window.copied")
    assert [
        "export AWS_PROFILE=reader",
        "aws --profile reader sts get-caller-identity",
        "sso-tray credentials --profile reader --format dotenv",
    ] == lines


def test_a_profile_is_added_after_its_change_was_shown(page: Page) -> None:
    """First the exact change, then the same is written; a name that cannot be is refused."""
    page.find("backup read", "Backup")
    page.tab.press(".adding summary")
    page.tab.read("document.querySelector('#profile-name').focus()")
    page.tab.type("{nothing}")
    page.tab.press("#preview")
    page.told("The name template can only use")
    page.tab.read("document.querySelector('#profile-name').select()")
    page.tab.type("backups")
    page.tab.press("#preview")
    page.shows("+[profile backups]", ".adding pre")
    before = page.stage.config.read_text()
    page.tab.press("#write")
    page.shows("backups", "#rows [aria-selected=true] .profile")

    after = page.stage.config.read_text()
    assert "backups" not in before
    assert after.startswith(before)
    assert "[profile backups]\nsso_session = corp\nsso_account_id = 123456789025\n" in after
