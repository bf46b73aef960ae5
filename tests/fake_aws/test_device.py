"""The device grant, as boto3 and a person at the page go through it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.fake_aws.client import DEVICE_CODE, SCOPE, Client
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter

if TYPE_CHECKING:
    from types_boto3_sso_oidc import SSOOIDCClient

PENDING = (400, "AuthorizationPendingException")


@pytest.fixture
def center(center: IdentityCenter) -> IdentityCenter:
    """A center that waits for a person."""
    center.auto_approve = False
    return center


def test_boto3_signs_in_by_device_code(center: IdentityCenter, oidc: SSOOIDCClient) -> None:
    """Register, start, be told to wait, be approved, get tokens: all with the SDK's own words."""
    registered = oidc.register_client(clientName="t", clientType="public", scopes=[SCOPE])
    client_id, client_secret = registered["clientId"], registered["clientSecret"]
    started = oidc.start_device_authorization(
        clientId=client_id, clientSecret=client_secret, startUrl=DEFAULT_START_URL
    )
    with pytest.raises(oidc.exceptions.AuthorizationPendingException):
        oidc.create_token(
            clientId=client_id,
            clientSecret=client_secret,
            grantType=DEVICE_CODE,
            deviceCode=started["deviceCode"],
        )
    Client(center).form("/device", {"user_code": started["userCode"], "decision": "approve"})

    token = oidc.create_token(
        clientId=client_id,
        clientSecret=client_secret,
        grantType=DEVICE_CODE,
        deviceCode=started["deviceCode"],
    )

    assert (3600, "Bearer") == (token["expiresIn"], token["tokenType"])
    assert center.accepts_refresh_token(token["refreshToken"])


def test_what_the_start_tells(center: IdentityCenter, client: Client) -> None:
    """The answer names our own page, with and without the code, and the code's life."""
    started = client.start_device(client.register_device())

    page = f"{center.url}/device"
    assert page == started["verificationUri"]
    assert f"{page}?user_code={started['userCode']}" == started["verificationUriComplete"]
    assert (600, 1) == (started["expiresIn"], started["interval"])


def test_the_page_shows_the_code(client: Client) -> None:
    """The page with the code filled in shows it to be compared, with both buttons."""
    started = client.start_device(client.register_device())
    target = urlsplit(started["verificationUriComplete"])

    page = client.send("GET", f"{target.path}?{target.query}").text

    assert f'id="user-code">{started["userCode"]}<' in page
    assert 'id="approve"' in page
    assert 'id="deny"' in page


def test_the_page_without_a_code_asks_for_it(client: Client) -> None:
    """The plain verification page has a field for the code; lower case will do."""
    started = client.start_device(client.register_device())

    empty = client.send("GET", "/device")
    typed = client.send("GET", f"/device?user_code={started['userCode'].lower()}")

    assert '<input id="user_code"' in empty.text
    assert started["userCode"] in typed.text


def test_denied(client: Client) -> None:
    """After a refusal polling ends with AccessDeniedException, and the page is gone."""
    registration = client.register_device()
    started = client.start_device(registration)

    page = client.form("/device", {"user_code": started["userCode"], "decision": "deny"})

    assert 'id="denied"' in page.text
    got = client.poll(registration, started["deviceCode"])
    assert (400, "AccessDeniedException") == got.refusal
    assert 400 == client.send("GET", f"/device?user_code={started['userCode']}").status


def test_too_late(center: IdentityCenter, client: Client) -> None:
    """A device code past its life is expired, and its page knows it no more."""
    registration = client.register_device()
    started = client.start_device(registration)
    center.advance(center.device_life)

    got = client.poll(registration, started["deviceCode"])

    assert (400, "ExpiredTokenException") == got.refusal
    page = client.form("/device", {"user_code": started["userCode"], "decision": "approve"})
    assert 400 == page.status


def test_a_device_code_counts_once_and_for_its_client(
    center: IdentityCenter, client: Client
) -> None:
    """Another registration and a second use are refused."""
    center.device_auto_approve = True
    registration = client.register_device()
    device_code = client.start_device(registration)["deviceCode"]

    foreign = client.poll(client.register_device(), device_code)
    first = client.poll(registration, device_code)
    second = client.poll(registration, device_code)

    assert (400, "InvalidGrantException") == foreign.refusal
    assert 200 == first.status
    assert (400, "InvalidGrantException") == second.refusal


def test_auto_approve_needs_the_page(center: IdentityCenter, client: Client) -> None:
    """With auto_approve fetching the page approves, and nothing sooner."""
    center.auto_approve = True
    registration = client.register_device()
    started = client.start_device(registration)

    before = client.poll(registration, started["deviceCode"])
    client.send("GET", f"/device?user_code={started['userCode']}")
    after = client.poll(registration, started["deviceCode"])

    assert (PENDING, 200) == (before.refusal, after.status)


def test_slow_down(center: IdentityCenter, client: Client) -> None:
    """With the interval enforced a hasty poll costs five seconds more (RFC 8628 3.5)."""
    center.enforce_device_interval = True
    registration = client.register_device()
    device_code = client.start_device(registration)["deviceCode"]
    slow_down = (400, "SlowDownException")

    told = []
    for wait in (0, 0, 5, 11, 11):
        center.advance(wait)
        told.append(client.poll(registration, device_code).refusal)

    assert [PENDING, slow_down, slow_down, PENDING, PENDING] == told


def test_a_scoped_device_grant_without_refresh_token(
    center: IdentityCenter, client: Client
) -> None:
    """The knob makes device sign-ins bring no refresh token, scoped or not."""
    center.device_auto_approve = True
    center.device_refresh_token = False
    registration = client.register_device()

    device_code = client.start_device(registration)["deviceCode"]
    token = client.poll(registration, device_code).json()

    assert {"accessToken", "expiresIn", "tokenType"} == token.keys()


def test_an_unscoped_registration(center: IdentityCenter, client: Client) -> None:
    """Without scopes a token lives eight hours and nothing renews it."""
    center.device_auto_approve = True
    told = client.post("/client/register", {"clientName": "old", "clientType": "public"}).json()
    registration = {name: told[name] for name in ("clientId", "clientSecret")}

    device_code = client.start_device(registration)["deviceCode"]
    token = client.poll(registration, device_code).json()

    assert 8 * 3600 == token["expiresIn"]
    assert "refreshToken" not in token


def test_a_foreign_portal_is_refused_by_boto3(oidc: SSOOIDCClient) -> None:
    """The SDK sees a wrong start URL as InvalidRequestException."""
    registered = oidc.register_client(clientName="t", clientType="public")

    with pytest.raises(ClientError) as caught:
        oidc.start_device_authorization(
            clientId=registered["clientId"],
            clientSecret=registered["clientSecret"],
            startUrl="https://portal.example.com/start",
        )

    assert "InvalidRequestException" == caught.value.response["Error"]["Code"]
