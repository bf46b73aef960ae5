from __future__ import annotations

import pytest

from tray.core.model import SsoSession
from tray.core.profiles.console_link import console_link
from tray.core.profiles.start_url import normal_start_url, same_portal
from tray.core.session import shares_portal

PORTAL = "https://acme.awsapps.com/start"


@pytest.mark.parametrize(
    "text",
    [
        PORTAL,
        f"{PORTAL}/",
        f"{PORTAL}#",
        f"{PORTAL}#/",
        f"{PORTAL}/#",
        f"{PORTAL}/#/",
        f"{PORTAL}/#/?tab=accounts",
        f"{PORTAL}?x=1",
        f" {PORTAL}\n",
        "https://ACME.awsapps.com/start",
        "HTTPS://acme.awsapps.com",
        "https://acme.awsapps.com/",
        "acme.awsapps.com/start/#/",
        "acme.awsapps.com",
        "acme",
    ],
)
def test_one_portal_has_one_spelling(text: str) -> None:
    """Whatever is pasted leads to the same portal, and to a link that is well formed."""
    link = console_link(text, "123456789011", "Dev")

    assert (PORTAL, True) == (normal_start_url(text), same_portal(text, PORTAL))
    assert f"{PORTAL}/#/console?account_id=123456789011&role_name=Dev" == link


@pytest.mark.parametrize(
    "text",
    [
        "https://start.us-gov-home.awsapps.com/directory/d-1",
        "https://ssoins-1.portal.us-east-1.app.aws",
        "http://acme.awsapps.com/start",
        "https://user:Secret@acme.awsapps.com/start",
        "not a url",
        "",
    ],
)
def test_anything_else_stays_what_it_is(text: str) -> None:
    """Other paths and hosts are kept, and what is wrong stays visible to the check."""
    assert text == normal_start_url(text)


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("ssoins-1.portal.us-east-1.app.aws", "ssoins-1.eu-west-1.portal.amazonaws.com", True),
        ("ssoins-1.portal.us-east-1.app.aws", "ssoins-2.portal.us-east-1.app.aws", False),
        (PORTAL, f"{PORTAL}/#/", False),
    ],
)  # fmt: skip
def test_an_instance_is_one_in_all_its_regions(one: str, other: str, shared: bool) -> None:
    """Signing out in one Region ends the others; the same name elsewhere says nothing."""
    sessions = SsoSession("a", one, "us-east-1"), SsoSession("b", other, "eu-west-1")

    assert shared == shares_portal(*sessions)


def test_other_portals_are_others() -> None:
    """Another name or another path is another portal."""
    assert not same_portal(PORTAL, "https://acme2.awsapps.com/start")
    assert not same_portal("https://a.example/one", "https://a.example/two")
