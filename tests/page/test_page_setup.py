"""The page's set-up: from nothing to a console and a bare ``aws``, without a terminal."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.stage import Stage
from tests.clients.chromium import Tab
from tests.components import require
from tests.page.conftest import NAMES, ROLES, Page
from tests.page.page_processes import end_pages
from tray.fake_aws.fake_options import DEFAULT_START_URL, Account
from tray.fake_aws.identity_center import IdentityCenter


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Stage]:
    """Somebody with no AWS config at all, whose tray runs."""
    home = tmp_path / "home"
    home.mkdir()
    with IdentityCenter(auto_approve=True) as center:
        center.accounts = tuple(
            Account(str(123456789011 + number), ROLES, name) for number, name in enumerate(NAMES)
        )
        made = Stage(home, center)
        made.config.unlink()
        with made.daemon():
            yield made
            end_pages(made.home)


@pytest.fixture
def setup(newcomer: Stage, tab: Tab) -> Page:
    """The page as the menu's "Set up AWS access" opens it."""
    link = newcomer.tray("open", "--page", "setup", "--print").out.strip()
    tab.size(1280, 900)
    tab.open(link)
    found = Page(newcomer, tab, link)
    found.shows("Set up AWS access", "h1")
    found.shows("No active profile", "#standing")
    return found


def fill(page: Page, field: str, text: str) -> None:
    """Click into a field and type, over what stands there."""
    page.tab.press(f"#{field}")
    page.tab.read(f"document.querySelector('#{field}').select()")
    page.tab.type(text)
    page.tab.until(f"document.querySelector('#{field}').value === {json.dumps(text)}")


def visible(page: Page, selector: str) -> None:
    """Wait until an element is there to be clicked."""
    page.tab.until(
        f"document.querySelector({json.dumps(selector)})"
        "?.checkVisibility() && !document.querySelector('[aria-busy]')"
    )


def test_a_newcomer_gets_to_a_console_and_a_bare_aws_by_mouse(setup: Page) -> None:
    """The portal's address as pasted, a sign-in, one role, and what follows; no terminal."""
    stage = setup.stage
    fill(setup, "setup-url", "sso-portal.awsapps.com/start#/?tab=accounts")
    fill(setup, "setup-region", "us-east-1")
    setup.tab.press("#setup-next")
    setup.shows("+[sso-session sso-portal]", ".card pre")
    before = stage.config.exists()
    setup.tab.picture("page-setup-portal")
    visible(setup, "#setup-write")
    setup.tab.press("#setup-write")
    setup.tab.until("document.querySelectorAll('.picks li').length === 48")
    fill(setup, "setup-find", "sandbox read")
    setup.tab.until("document.querySelectorAll('.picks li').length === 1")
    setup.tab.press(".picks input")
    setup.shows("1 chosen", ".setup")
    setup.tab.press("#setup-look")
    visible(setup, "#setup-add")
    setup.shows("+[profile Sandbox-ReadOnly]", "[aria-labelledby=setup-roles] pre")
    setup.tab.picture("page-setup-roles")
    setup.tab.press("#setup-add")
    visible(setup, "#setup-active")
    setup.tab.press("#setup-active")
    setup.shows("Active: Sandbox-ReadOnly", "#standing")
    visible(setup, "#setup-follow")
    setup.tab.press("#setup-follow")
    setup.tab.until("document.querySelector('#setup-follow').disabled")
    visible(setup, "#setup-console")
    setup.tab.press("#setup-console")
    stage.until(lambda: any("#/console?" in one for one in stage.opened()))
    setup.tab.picture("page-setup-use")
    found = subprocess.run(
        [str(require("aws-newest")), "sts", "get-caller-identity"],
        env=stage.environ, cwd=stage.home, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert not before
    assert "AWSReservedSSO_ReadOnly_" in found.stdout, found.stderr
    assert f"{DEFAULT_START_URL}/#/console?account_id=123456789017&role_name=ReadOnly" in (
        stage.opened()
    )
    config = stage.config.read_text()
    assert f"[sso-session sso-portal]\nsso_start_url = {DEFAULT_START_URL}\n" in config
    assert "[profile Sandbox-ReadOnly]\nsso_session = sso-portal\n" in config


def test_what_cannot_be_is_said_at_its_field(setup: Page) -> None:
    """A missing address, a region that is none, pasted keys, which nothing quotes."""
    setup.tab.press("#setup-next")
    setup.shows("Give the address", "#setup-url-fault")
    focused = setup.tab.read("document.activeElement.id")
    fill(setup, "setup-url", "export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI")
    fill(setup, "setup-region", "Europe")
    setup.tab.press("#setup-next")
    setup.shows("temporary keys", "#setup-url-fault")
    setup.shows("isn't an AWS region", "#setup-region-fault")
    fill(setup, "setup-url", "acme")
    setup.tab.key("Tab", 9)
    setup.tab.until("document.querySelector('#setup-name').value === 'acme'")
    url = setup.tab.read("document.querySelector('#setup-url').value")

    assert "setup-url" == focused
    assert "https://acme.awsapps.com/start" == url
    assert not setup.stage.config.exists()


def test_a_session_that_is_there_leads_on(page: Page) -> None:
    """Its roles are listed, those with a profile ticked; all that are shown can be chosen."""
    page.go("setup")
    page.shows("Go on with corp", ".setup")
    page.tab.press("[data-session=corp]")
    page.tab.until("document.querySelectorAll('.picks li').length === 49")
    ticked = page.tab.read("document.querySelectorAll('.picks input:disabled:checked').length")
    fill(page, "setup-find", "networking")
    page.tab.until("document.querySelectorAll('.picks li').length === 3")
    page.tab.press("#setup-every")
    page.shows("3 chosen", ".setup")
    page.tab.press("#setup-look")
    visible(page, "#setup-add")
    before = page.stage.config.read_text()
    page.tab.press("#setup-add")
    page.shows("Networking-ReadOnly", "#setup-profile")

    assert 3 == ticked
    assert page.stage.config.read_text().startswith(before)
    assert 3 == page.stage.config.read_text().count("[profile Networking-")
