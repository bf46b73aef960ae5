from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.aws.calls.wire import RawServer, json_http
from tray.aws.api.oidc import CodeExpired, Oidc
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.model import SsoSession
from tray.errors import (
    GrantRefused,
    RequestRefused,
    ServiceTrouble,
)
from tray.fake_aws.identity_center import IdentityCenter
from tray.secret import Secret
from tray.worker.sign_in.browser_sign_in import challenge, new_state, new_verifier

REDIRECT = "http://127.0.0.1:43210/oauth/callback"
REGISTRATION = Registration("client", Secret("secret"), 4e9, ("sso:account:access",))


def authorize(url: str) -> dict[str, str]:
    """Do what a browser does with the authorize page, and return the callback's values."""
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc)) as connection:
        connection.request("GET", f"{parts.path}?{parts.query}")
        location = connection.getresponse().headers["Location"]
    assert location.startswith(REDIRECT)
    return {name: value for name, [value] in parse_qs(urlsplit(location).query).items()}


class TestAuthorizationCode:
    """Signing in by the browser with PKCE."""

    def test_whole_way(self, center: IdentityCenter, oidc: Oidc, session: SsoSession) -> None:
        """Registration, page, code and tokens: the strict server takes each of our requests."""
        registration = oidc.register(session, grant="authorization_code", scopes=session.scopes)
        verifier, state = new_verifier(), new_state()
        url = oidc.authorize_url(
            session,
            registration,
            redirect_uri=REDIRECT,
            state=state,
            challenge=challenge(verifier),
        )
        values = authorize(url)

        token = oidc.token_by_code(
            session,
            registration,
            code=Secret(values["code"]),
            redirect_uri=REDIRECT,
            verifier=verifier,
        )

        assert state.reveal() == values["state"]
        assert center.accepts_access_token(token.access_token.reveal())
        assert token.refreshable
        assert (session.start_url, session.region) == (token.start_url, token.region)
        assert token.issued_at is not None
        assert 3600 == token.expires_at - token.issued_at

    @pytest.mark.usefixtures("center")
    def test_used_code(self, oidc: Oidc, session: SsoSession) -> None:
        """A code that was used before is refused as a dead grant."""
        registration = oidc.register(session, grant="authorization_code", scopes=session.scopes)
        verifier = new_verifier()
        url = oidc.authorize_url(
            session,
            registration,
            redirect_uri=REDIRECT,
            state=new_state(),
            challenge=challenge(verifier),
        )
        code = Secret(authorize(url)["code"])

        def exchange() -> SsoToken:
            return oidc.token_by_code(
                session, registration, code=code, redirect_uri=REDIRECT, verifier=verifier
            )

        exchange()
        with pytest.raises(GrantRefused):
            exchange()

    def test_late_code(self, center: IdentityCenter, oidc: Oidc, session: SsoSession) -> None:
        """A code that comes too late ends the sign-in, not the session."""
        registration = oidc.register(session, grant="authorization_code", scopes=session.scopes)
        center.fault("CreateToken", "ExpiredTokenException")

        with pytest.raises(CodeExpired):
            oidc.token_by_code(
                session,
                registration,
                code=Secret("code"),
                redirect_uri=REDIRECT,
                verifier=new_verifier(),
            )

    def test_page_of_aws(self, oidc: Oidc) -> None:
        """Without endpoint settings the page is at AWS's own host, and each value is quoted."""
        session = SsoSession("corp", "https://x.awsapps.com/start", "us-east-1")

        url = oidc.authorize_url(
            session,
            replace(REGISTRATION, scopes=("sso:account:access", "a&b")),
            redirect_uri=REDIRECT,
            state=Secret("st"),
            challenge="ch",
        )

        assert (
            "https://oidc.us-east-1.amazonaws.com/authorize?response_type=code&client_id=client"
            "&redirect_uri=http%3A%2F%2F127.0.0.1%3A43210%2Foauth%2Fcallback&state=st"
            "&code_challenge_method=S256&scopes=sso%3Aaccount%3Aaccess%20a%26b&code_challenge=ch"
        ) == url


class TestRegister:
    """What is asked for, and what is made of the answer."""

    def test_request_for_codes(
        self, oidc: Oidc, lead_to: Callable[[str], None], session: SsoSession
    ) -> None:
        """The request for PKCE has the AWS CLI's members, under a cleaned name of ours."""
        answer = {"clientId": "c", "clientSecret": "s", "clientSecretExpiresAt": 4_000_000_000}
        with RawServer(json_http(answer)) as server:
            lead_to(server.url)
            made = oidc.register(
                replace(session, key="corp\n<b>é"),
                grant="authorization_code",
                scopes=("sso:account:access",),
            )

        [request] = server.requests
        assert {
            "clientName": "sso-tray-corp-b",
            "clientType": "public",
            "scopes": ["sso:account:access"],
            "grantTypes": ["authorization_code", "refresh_token"],
            "redirectUris": ["http://127.0.0.1/oauth/callback"],
            "issuerUrl": session.start_url,
        } == json.loads(request.partition(b"\r\n\r\n")[2])
        scopes, grant = ("sso:account:access",), "authorization_code"
        assert Registration("c", Secret("s"), 4e9, scopes, grant, server.url) == made

    def test_request_for_device_codes_without_scopes(
        self, oidc: Oidc, lead_to: Callable[[str], None], session: SsoSession
    ) -> None:
        """Without scopes the member is left out, since an empty list is refused."""
        answer = {"clientId": "c", "clientSecret": "s", "clientSecretExpiresAt": 4_000_000_000}
        with RawServer(json_http(answer)) as server:
            lead_to(server.url)
            oidc.register(session, grant="device_code", scopes=())

        [request] = server.requests
        assert {"clientName": "sso-tray-corp", "clientType": "public"} == json.loads(
            request.partition(b"\r\n\r\n")[2]
        )

    @pytest.mark.usefixtures("center")
    def test_unknown_scope(self, oidc: Oidc, session: SsoSession) -> None:
        """A scope that AWS does not know is the request's own fault."""
        with pytest.raises(RequestRefused, match="sso_registration_scopes: nonsense"):
            oidc.register(session, grant="device_code", scopes=("nonsense",))

    @pytest.mark.parametrize("member", ["clientId", "clientSecret", "clientSecretExpiresAt"])
    @pytest.mark.parametrize("value", [None, "", [], -1, "a\r\nb"])
    def test_odd_answer(
        self,
        member: str,
        value: object,
        oidc: Oidc,
        lead_to: Callable[[str], None],
        session: SsoSession,
    ) -> None:
        """An answer that lacks a member, or has a strange one, is not a registration."""
        answer = {"clientId": "c", "clientSecret": "s", "clientSecretExpiresAt": 4_000_000_000}
        with RawServer(json_http({**answer, member: value})) as server:
            lead_to(server.url)
            with pytest.raises(ServiceTrouble, match=f"no usable {member}"):
                oidc.register(session, grant="device_code", scopes=())
