"""What changes shows at once, sessions are signed in and out, and a lost daemon is said."""

from __future__ import annotations

from tests.page.conftest import Page
from tests.page.page_processes import end_pages

CORP = "document.querySelector('.card').dataset.state"


def test_a_session_is_signed_out_and_in(page: Page) -> None:
    """Sign out after a question, then sign in by the browser; each state shows by itself."""
    page.go("sessions")
    page.shows("Signed in", ".card")
    page.tab.press("[data-what=sign-out]")
    page.shows("Sign out of “corp”?", "dialog")
    page.tab.press("dialog .bad")
    page.tab.until(f"{CORP} === 'signed-out'")
    page.told('Signed out of "corp".')
    page.tab.press("[data-what=sign-in]")
    page.tab.until(f"{CORP} === 'signed-in'")
    page.tab.until("!document.querySelector('[aria-busy]')")

    assert "signed-in" == page.stage.status()["state"]


def test_what_others_do_shows_by_itself(page: Page) -> None:
    """A profile picked, credentials given and a sign-out at a terminal: no reload."""
    page.stage.tray("use", "reader")
    page.shows("Active: reader", "#standing")
    page.go("sessions")
    page.stage.given_out("credentials", "--profile", "dev")
    page.shows("dev", ".card .uses")
    page.stage.tray("logout", "corp")
    page.tab.until(f"{CORP} === 'signed-out'")


def test_a_daemon_that_goes_and_comes_is_said(page: Page) -> None:
    """Its end is said above the page, which still shows what the files say; then all is well."""
    page.stage.tray("quit")
    page.shows("SSO Tray isn't running", "#banner")
    with page.stage.daemon():
        page.tab.until("document.querySelector('#banner').hidden")


def test_the_list_is_fetched_on_request(page: Page) -> None:
    """New accounts come into the list that is shown."""
    page.stage.center.accounts = page.stage.center.accounts[:3]
    page.go("sessions")
    page.shows("16 accounts", ".card")  # what comes later would move the button
    page.tab.press("[data-what=list]")
    page.shows("3 accounts", ".card")
    page.go("accounts")
    page.search("payments")
    page.shows("Nothing fits", ".finder .empty")


def test_a_listing_says_how_far_it_is(page: Page) -> None:
    """Whoever lists: a command at a terminal, too. It goes when the listing has ended."""
    last = page.stage.center.accounts[-1].account_id
    held = page.stage.center.fault("ListAccountRoles", "hang", account_id=last)
    page.go("sessions")
    # Not by the mouse: a row drawn anew between its press and its release would take no click.
    page.tab.read("document.querySelector('[data-what=list]').click()")
    page.shows(" of 16", "#listing")
    most = page.tab.read("document.querySelector('#listed').max")
    said = page.tab.read("document.querySelector('#listing label').innerText")
    held.release()
    page.tab.until("document.querySelector('#listing').hidden")
    page.tab.until("!document.querySelector('[aria-busy]')")
    page.stage.tray("accounts", "--refresh")

    assert said.startswith("Reading the accounts of corp: ")
    assert 16 == most
    assert not (page.stage.state / "listing-progress").exists()


def test_a_page_without_its_server_says_so(page: Page) -> None:
    """Its process ends: the page says that, and how to open it again."""
    ended = end_pages(page.stage.home)
    page.shows("Open it again: sso-tray open", "#banner")

    assert 1 == len(ended)
