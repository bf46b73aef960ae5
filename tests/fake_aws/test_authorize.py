"""The authorize page: what it refuses, how it answers, and what a person does with it."""

from __future__ import annotations

import re

import pytest

from tests.fake_aws.client import CALLBACK, Client, authorize_query
from tray.fake_aws.identity_center import IdentityCenter


def ticket_in(page: str) -> str:
    """Return the hidden field that a browser sends back."""
    found = re.search(r'name="ticket" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_auto_approve_redirects_at_once(client: Client) -> None:
    """Without a page the answer is a 302 to the callback with code and state."""
    got = client.authorize(client.register()["clientId"])

    target, query = got.redirected()
    assert (302, CALLBACK) == (got.status, target)
    assert {"code", "state"} == query.keys()
    assert "a-state" == query["state"]


@pytest.mark.parametrize("port", ["", ":1", ":65535"])
def test_any_port_of_the_loopback_redirect(client: Client, port: str) -> None:
    """A redirect registered without port matches any port (RFC 8252 7.3)."""
    uri = f"http://127.0.0.1{port}/oauth/callback"

    got = client.authorize(client.register()["clientId"], redirect_uri=uri)

    assert uri == got.redirected()[0]


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "",
        "http://127.0.0.1:54321/other",
        "http://127.0.0.1:54321/oauth/callback/",
        "http://localhost:54321/oauth/callback",
        "http://127.0.0.1.example.com/oauth/callback",
        "http://127.0.0.1:54321@example.com/oauth/callback",
        "https://127.0.0.1:54321/oauth/callback",
        "http://127.0.0.1:54321/oauth/callback?x=1",
        "http://127.0.0.1:65536/oauth/callback",
        "http://[::1]:54321/oauth/callback",
    ],
)
def test_a_redirect_never_registered(client: Client, uri: str | None) -> None:
    """A wrong redirect gets an error page and is never followed (RFC 6749 4.1.2.1)."""
    got = client.authorize(client.register()["clientId"], redirect_uri=uri)

    assert 400 == got.status
    assert "location" not in got.headers
    assert "t registered." in got.text


def test_an_unknown_client(center: IdentityCenter, client: Client) -> None:
    """An unknown or expired client gets an error page."""
    client_id = client.register()["clientId"]
    center.expire_registrations()

    assert 400 == client.authorize("unknown").status
    assert 400 == client.authorize(client_id).status


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "invalid_request"),
        ({"response_type": None}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scopes": None}, "invalid_request"),
        ({"scopes": "codewhisperer:completions"}, "invalid_scope"),
        ({"scope": "openid"}, "invalid_request"),
    ],
)
def test_other_faults_go_back_to_the_client(
    client: Client, change: dict[str, str | None], error: str
) -> None:
    """A bad request of a good client is redirected with RFC 6749's error code."""
    got = client.authorize(client.register()["clientId"], **change)

    target, query = got.redirected()
    assert (CALLBACK, error) == (target, query["error"])


def test_a_device_client_has_no_codes(client: Client) -> None:
    """A registration without redirects cannot authorize."""
    assert 400 == client.authorize(client.register_device()["clientId"]).status


def test_the_page_names_who_asks(center: IdentityCenter, client: Client) -> None:
    """The person sees the client's name, the portal's host and the scopes."""
    center.auto_approve = False
    registration = client.register(clientName="<b>tray</b> & co")

    page = client.authorize(registration["clientId"]).text

    assert '<dd id="client-name">&lt;b&gt;tray&lt;/b&gt; &amp; co</dd>' in page
    assert '<dd id="start-host">sso-portal.awsapps.com</dd>' in page
    assert '<dd id="scopes">sso:account:access</dd>' in page


def test_pages_load_nothing(center: IdentityCenter, client: Client) -> None:
    """A page holds no script and no address but its own forms'."""
    center.auto_approve = False

    got = client.authorize(client.register()["clientId"])

    assert "default-src 'none'" in got.headers["content-security-policy"]
    assert "no-store" == got.headers["cache-control"]
    assert [] == re.findall(r"<script|(?:src|href)=\"(?!data:)", got.text)


def test_approving(center: IdentityCenter, client: Client) -> None:
    """The approve button leads to the callback with a code that gives the named user a token."""
    center.auto_approve = False
    registration = client.register()
    page = client.authorize(registration["clientId"]).text
    assert '<button id="approve"' in page

    got = client.form(
        "/authorize", {"ticket": ticket_in(page), "decision": "approve", "user": "grace"}
    )

    target, query = got.redirected()
    assert (303, CALLBACK, "a-state") == (got.status, target, query["state"])
    assert ["grace"] == [session.user for session in center.live_sessions()]


def test_denying(center: IdentityCenter, client: Client) -> None:
    """The deny button leads to the callback with access_denied; no session begins."""
    center.auto_approve = False
    page = client.authorize(client.register()["clientId"]).text
    assert '<button id="deny"' in page

    got = client.form("/authorize", {"ticket": ticket_in(page), "decision": "deny"})

    target, query = got.redirected()
    assert (CALLBACK, "access_denied", "a-state") == (target, query["error"], query["state"])
    assert () == center.live_sessions()


def test_a_decision_counts_once(center: IdentityCenter, client: Client) -> None:
    """A page answered before, waiting too long, or invented gets an error page."""
    center.auto_approve = False
    client_id = client.register()["clientId"]
    used, late = (ticket_in(client.authorize(client_id).text) for _ in range(2))
    client.form("/authorize", {"ticket": used, "decision": "approve"})
    center.advance(center.code_life)

    for ticket in (used, late, "invented"):
        got = client.form("/authorize", {"ticket": ticket, "decision": "approve"})
        assert (400, True) == (got.status, "already answered" in got.text)


def test_a_garbled_decision_changes_nothing(center: IdentityCenter, client: Client) -> None:
    """Anything but approve or deny is refused, and the page can still be answered."""
    center.auto_approve = False
    ticket = ticket_in(client.authorize(client.register()["clientId"]).text)

    assert 400 == client.form("/authorize", {"ticket": ticket, "decision": "perhaps"}).status
    assert 303 == client.form("/authorize", {"ticket": ticket, "decision": "approve"}).status


def test_a_parameter_given_twice(client: Client) -> None:
    """Repeated parameters are refused (RFC 6749 3.1)."""
    query = authorize_query(client.register()["clientId"])
    pairs = "&".join(f"{name}={value}" for name, value in query.items())

    got = client.send("GET", f"/authorize?{pairs}&state=another")

    assert "invalid_request" == got.redirected()[1]["error"]
