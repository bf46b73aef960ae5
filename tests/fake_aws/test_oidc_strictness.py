"""What the OIDC service refuses, and how it words it; one row per rule."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fake_aws.client import CALLBACK, PKCE_REGISTRATION, SCOPE, VERIFIER, Client
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter

Change = dict[str, Any]
BAD_REQUEST = (400, "InvalidRequestException")
BAD_GRANT = (400, "InvalidGrantException")
BAD_CLIENT = (401, "InvalidClientException")
WRONG_GRANT = (400, "UnauthorizedClientException")


def changed(members: dict[str, Any], change: Change) -> dict[str, Any]:
    """Return the members with some replaced; None leaves one out."""
    both = {**members, **change}
    return {name: value for name, value in both.items() if value is not None}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"clientName": None}, BAD_REQUEST),
        ({"clientType": None}, BAD_REQUEST),
        ({"clientType": "confidential"}, (400, "InvalidClientMetadataException")),
        ({"clientName": ""}, BAD_REQUEST),
        ({"clientName": 7}, BAD_REQUEST),
        ({"client_name": "x"}, BAD_REQUEST),
        ({"scopes": SCOPE}, BAD_REQUEST),
        ({"scopes": []}, BAD_REQUEST),
        ({"scopes": ["everything"]}, (400, "InvalidScopeException")),
        ({"grantTypes": ["password"]}, (400, "UnsupportedGrantTypeException")),
        ({"redirectUris": None}, BAD_REQUEST),
        ({"issuerUrl": None}, BAD_REQUEST),
        ({"issuerUrl": "http://sso-portal.awsapps.com/start"}, BAD_REQUEST),
        ({"issuerUrl": "https://portal.example.com/start"}, BAD_REQUEST),
        ({"issuerUrl": "https://a.b/c.awsapps.com/start"}, BAD_REQUEST),
        ({"redirectUris": ["https://example.com/cb"]}, (400, "InvalidRedirectUriException")),
        ({"redirectUris": ["http://localhost/cb"]}, (400, "InvalidRedirectUriException")),
        ({"redirectUris": ["http://127.0.0.1/cb#x"]}, (400, "InvalidRedirectUriException")),
        ({"redirectUris": ["http://127.0.0.1:0/cb"]}, (400, "InvalidRedirectUriException")),
    ],
)
def test_registration(client: Client, change: Change, refusal: tuple[int, str]) -> None:
    """A registration with a member missing, unknown or wrong is refused."""
    got = client.post("/client/register", changed(dict(PKCE_REGISTRATION), change))

    assert refusal == got.refusal


def test_a_refusal_is_worded_as_aws_words_it(client: Client) -> None:
    """OIDC errors carry RFC 6749's code and a description."""
    got = client.post("/client/register", {"clientName": "x", "clientType": "secret"})

    assert {"error", "error_description"} == got.json().keys()
    assert "invalid_client_metadata" == got.json()["error"]


def test_a_start_url_of_another_region(center: IdentityCenter, client: Client) -> None:
    """A start URL known to live elsewhere is refused, as AWS does in the wrong region."""
    far = "https://far.awsapps.com/start"
    center.start_urls = {far: "us-east-1"}

    got = client.post("/client/register", {**PKCE_REGISTRATION, "issuerUrl": far})

    assert BAD_REQUEST == got.refusal


def test_only_named_start_urls(center: IdentityCenter, client: Client) -> None:
    """With any_start_url off an unnamed start URL is refused, a named one is taken."""
    center.any_start_url = False

    named = client.post("/client/register", {**PKCE_REGISTRATION})
    other = client.post(
        "/client/register", {**PKCE_REGISTRATION, "issuerUrl": "https://x.awsapps.com/start"}
    )

    assert (200, BAD_REQUEST) == (named.status, other.refusal)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"\xff", b'{"clientName":"a","clientName":"b"}']
)
def test_a_body_that_is_no_object(client: Client, body: bytes) -> None:
    """Only one JSON object without repeated members is taken."""
    got = client.send("POST", "/client/register", body, {"Content-Type": "application/json"})

    assert BAD_REQUEST == got.refusal


def test_a_form_is_no_json(client: Client) -> None:
    """A form-encoded CreateToken, as plain OAuth would send it, is refused."""
    got = client.form("/token", {"grant_type": "refresh_token"})

    assert BAD_REQUEST == got.refusal


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"grantType": None}, BAD_REQUEST),
        ({"grantType": "password"}, (400, "UnsupportedGrantTypeException")),
        ({"clientId": None}, BAD_REQUEST),
        ({"clientId": "unknown"}, BAD_CLIENT),
        ({"clientSecret": "wrong"}, BAD_CLIENT),
        ({"code": None}, BAD_REQUEST),
        ({"code": "invented"}, BAD_GRANT),
        ({"redirectUri": None}, BAD_REQUEST),
        ({"redirectUri": "http://127.0.0.1:54322/oauth/callback"}, BAD_GRANT),
        ({"redirectUri": "http://127.0.0.1/oauth/callback"}, BAD_GRANT),
        ({"codeVerifier": None}, BAD_REQUEST),
        ({"codeVerifier": VERIFIER[:42]}, BAD_REQUEST),
        ({"codeVerifier": VERIFIER + "="}, BAD_REQUEST),
        ({"codeVerifier": VERIFIER[:-1] + "K"}, BAD_GRANT),
        ({"refreshToken": "x"}, BAD_REQUEST),
        ({"scope": [SCOPE]}, BAD_REQUEST),
        ({"code": 5}, BAD_REQUEST),
    ],
)
def test_code_exchange(client: Client, change: Change, refusal: tuple[int, str]) -> None:
    """A code is exchanged only with everything as authorize had it."""
    members = client.code_members(client.register())

    got = client.post("/token", changed(members, change))

    assert refusal == got.refusal


def test_a_failed_exchange_leaves_the_code(client: Client) -> None:
    """A wrong verifier does not use the code up: the rightful client still gets its token."""
    members = client.code_members(client.register())
    client.post("/token", {**members, "codeVerifier": "x" * 43})

    assert 200 == client.post("/token", members).status


def test_a_code_used_twice(center: IdentityCenter, client: Client) -> None:
    """The second use is refused and kills what the first one gave (RFC 6749 4.1.2)."""
    members = client.code_members(client.register())
    first = client.post("/token", members).json()

    second = client.post("/token", members)

    assert BAD_GRANT == second.refusal
    assert not center.accepts_access_token(first["accessToken"])
    assert not center.accepts_refresh_token(first["refreshToken"])


def test_a_code_of_another_registration(client: Client) -> None:
    """A code belongs to the client that asked for it."""
    members = client.code_members(client.register())

    got = client.post("/token", {**members, **client.register()})

    assert BAD_GRANT == got.refusal


def test_a_code_too_old(center: IdentityCenter, client: Client) -> None:
    """A code dies after its life."""
    members = client.code_members(client.register())
    center.advance(center.code_life)

    assert (400, "ExpiredTokenException") == client.post("/token", members).refusal


def test_a_code_of_a_session_that_ended(center: IdentityCenter, client: Client) -> None:
    """A sign-in that was signed out before its code was used gives nothing."""
    members = client.code_members(client.register())
    center.revoke()

    assert BAD_GRANT == client.post("/token", members).refusal


@pytest.mark.parametrize("operation", ["/token", "/device_authorization"])
def test_an_expired_registration(center: IdentityCenter, client: Client, operation: str) -> None:
    """Nothing is to be had with a registration past its end."""
    registration = client.register_device()
    token = center.sign_in()
    center.advance(center.registration_life)
    members: dict[str, Change] = {
        "/token": {
            "grantType": "refresh_token",
            "clientId": token.client_id,
            "clientSecret": token.client_secret,
            "refreshToken": token.refresh_token,
        },
        "/device_authorization": {**registration, "startUrl": DEFAULT_START_URL},
    }

    assert BAD_CLIENT == client.post(operation, members[operation]).refusal


def test_registrations_can_be_expired_on_demand(center: IdentityCenter, client: Client) -> None:
    """After expire_registrations a client is refused, a new one is not."""
    old = client.register_device()
    center.expire_registrations()

    assert (
        BAD_CLIENT
        == client.post("/device_authorization", {**old, "startUrl": DEFAULT_START_URL}).refusal
    )
    assert "deviceCode" in client.start_device(client.register_device())


def test_refreshing_with_anything_else(client: Client) -> None:
    """An access token, another client's token and an invented one are no refresh tokens."""
    registration = client.register()
    token = client.sign_in(registration)

    assert BAD_GRANT == client.renew(registration, token["accessToken"]).refusal
    assert BAD_GRANT == client.renew(client.register(), token["refreshToken"]).refusal
    assert BAD_GRANT == client.renew(registration, "aorAAAAAinvented").refusal


def test_the_words_of_a_dead_refresh_token(client: Client) -> None:
    """Tools compare the description of this one error, so it is AWS's own."""
    got = client.renew(client.register(), "aorAAAAAinvented")

    assert "Invalid refresh token provided" == got.json()["error_description"]


def test_grant_types_are_kept_apart(client: Client) -> None:
    """A registration is good for its own grant types only."""
    by_code, by_device = client.register(), client.register_device()

    started = client.post("/device_authorization", {**by_code, "startUrl": DEFAULT_START_URL})
    exchanged = client.post(
        "/token",
        {
            "grantType": "authorization_code",
            **by_device,
            "code": "x",
            "redirectUri": CALLBACK,
            "codeVerifier": VERIFIER,
        },
    )
    no_refresh = client.register(grantTypes=["authorization_code"])

    assert WRONG_GRANT == started.refusal
    assert WRONG_GRANT == exchanged.refusal
    assert "refreshToken" not in client.sign_in(no_refresh)
    assert WRONG_GRANT == client.renew(no_refresh, "x").refusal


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"startUrl": None}, BAD_REQUEST),
        ({"startUrl": "https://portal.example.com/start"}, BAD_REQUEST),
        ({"clientSecret": "wrong"}, BAD_CLIENT),
        ({"scopes": [SCOPE]}, BAD_REQUEST),
    ],
)
def test_device_start(client: Client, change: Change, refusal: tuple[int, str]) -> None:
    """A device authorization starts with a good client and start URL only."""
    members = {**client.register_device(), "startUrl": DEFAULT_START_URL}

    assert refusal == client.post("/device_authorization", changed(members, change)).refusal


@pytest.mark.parametrize(
    ("path", "method"),
    [("/token", "GET"), ("/register", "POST"), ("/", "GET"), ("/assignment/accounts", "POST")],
)
def test_unknown_operations(client: Client, path: str, method: str) -> None:
    """A path or method of no operation is told so."""
    assert (404, "UnknownOperationException") == client.send(method, path).refusal
