"""A person with a daemon, sixteen accounts, and the accounts page open in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.stage import Stage
from tests.clients.chromium import Tab, chromium
from tests.page.page_processes import end_pages
from tray.fake_aws.fake_options import Account
from tray.fake_aws.identity_center import IdentityCenter

NAMES = (
    "Data Platform", "Prod EU", "Prod US", "Staging", "Payments Prod", "Payments Dev", "Sandbox",
    "Security Audit", "Log Archive", "Networking", "Shared Services", "Web Shop Prod",
    "Web Shop Test", "Machine Learning", "Backup", "Data Lake",
)  # fmt: skip
ROLES = ("AdministratorAccess", "FullAccess", "ReadOnly")


@dataclass
class Page:
    """
    A page that is open.

    Args:
        stage: the person's machine; its daemon runs.
        tab: the browser that shows the page.
        link: what opened it, used up.
    """

    stage: Stage
    tab: Tab
    link: str

    @property
    def origin(self) -> str:
        """The page's origin."""
        return self.link.partition("/#")[0]

    def shows(self, text: str, within: str = "body") -> None:
        """Wait until an element's text contains this."""
        self.tab.until(f"document.querySelector({within!r})?.innerText.includes({text!r})")

    def told(self, text: str) -> None:
        """Wait until the page says this at its foot."""
        self.shows(text, "#told")

    def find(self, words: str, first: str) -> None:
        """Type into the search, and wait for the account that comes first."""
        self.search(words)
        self.shows(first, "#rows [aria-selected=true]")

    def search(self, words: str) -> None:
        """Type into the search, whatever it finds."""
        self.tab.read("document.querySelector('#find').select()")
        self.tab.type(words)
        self.tab.until(f"document.querySelector('#find').value === {words!r}")

    def go(self, name: str) -> None:
        """Follow a link of the page's navigation."""
        self.tab.press(f"[data-page={name}]")
        self.tab.until(f"document.querySelector('[data-page={name}]').ariaCurrent === 'page'")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Somebody who is signed in to corp, with a daemon and a list of accounts."""
    home = tmp_path / "home"
    home.mkdir()
    with IdentityCenter(auto_approve=True) as center:
        center.accounts = tuple(
            Account(str(123456789011 + number), ROLES, name) for number, name in enumerate(NAMES)
        )
        made = Stage(home, center)
        made.signed_in_by_cli()
        settings = made.home / ".config/sso-tray/config.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text('guarded = ["*prod*"]\n')
        with made.daemon():
            made.tray("accounts", "--session", "corp")
            made.tray("use", "dev")
            yield made
            end_pages(made.home)


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    """A browser with nothing open."""
    with chromium(tmp_path / "chromium") as found:
        yield found


@pytest.fixture
def page(stage: Stage, tab: Tab) -> Page:
    """The page, opened by the link that ``sso-tray open --print`` printed."""
    link = stage.tray("open", "--print").out.strip()
    tab.size(1280, 900)
    tab.open(link)
    found = Page(stage, tab, link)
    tab.until("document.querySelectorAll('#rows li').length > 20")
    found.shows("dev", "#standing")
    return found
