from __future__ import annotations

import urllib.request
from collections.abc import Callable
from typing import ClassVar
from urllib.parse import urlencode

import pytest

from tests.aws.calls.wire import RawServer, json_http
from tray.aws.api.clients import AwsClients
from tray.aws.api.oidc import (
    AccessDenied,
    AuthorizationPending,
    CodeExpired,
    DeviceGrant,
    Oidc,
    SlowDown,
)
from tray.aws.cache.sso_token import Registration
from tray.core.model import SsoSession
from tray.errors import (
    RequestRefused,
    ServiceTrouble,
)
from tray.fake_aws.identity_center import IdentityCenter
from tray.secret import Secret

REGISTRATION = Registration("client", Secret("secret"), 4e9, ("sso:account:access",))


def decide(grant: DeviceGrant, decision: str) -> None:
    """Do what a person does on the device page."""
    form = urlencode({"user_code": grant.user_code, "decision": decision}).encode()
    urllib.request.urlopen(grant.verification_uri, form).close()


class TestDeviceCode:
    """Signing in by a code."""

    @pytest.fixture
    def registration(
        self, center: IdentityCenter, oidc: Oidc, session: SsoSession
    ) -> Registration:
        """Give a registration with scopes at a centre where a person decides."""
        center.auto_approve = False
        return oidc.register(session, grant="device_code", scopes=session.scopes)

    def test_whole_way(
        self, center: IdentityCenter, oidc: Oidc, session: SsoSession, registration: Registration
    ) -> None:
        """Pending until the person approves, then tokens that can be renewed."""
        grant = oidc.start_device(session, registration)
        with pytest.raises(AuthorizationPending) as pending:
            oidc.token_by_device(session, registration, grant)
        decide(grant, "approve")

        token = oidc.token_by_device(session, registration, grant)

        assert pending.value.answered
        assert center.accepts_access_token(token.access_token.reveal())
        assert token.refreshable
        assert f"{center.url}/device?user_code={grant.user_code}" == (
            grant.verification_uri_complete
        )
        assert 1 == grant.interval

    def test_refused(self, oidc: Oidc, session: SsoSession, registration: Registration) -> None:
        """The person's no ends the sign-in."""
        grant = oidc.start_device(session, registration)
        decide(grant, "deny")

        with pytest.raises(AccessDenied):
            oidc.token_by_device(session, registration, grant)

    def test_asked_too_soon(
        self, center: IdentityCenter, oidc: Oidc, session: SsoSession, registration: Registration
    ) -> None:
        """Asking again before the interval is over is told apart from pending."""
        center.enforce_device_interval = True
        center.device_interval = 30
        grant = oidc.start_device(session, registration)

        with pytest.raises(AuthorizationPending):
            oidc.token_by_device(session, registration, grant)
        with pytest.raises(SlowDown):
            oidc.token_by_device(session, registration, grant)

    def test_too_late(
        self, center: IdentityCenter, oidc: Oidc, session: SsoSession, registration: Registration
    ) -> None:
        """When nobody decides in time the sign-in has ended."""
        grant = oidc.start_device(session, registration)
        center.advance(601)

        with pytest.raises(CodeExpired):
            oidc.token_by_device(session, registration, grant)

    def test_organisations_key(
        self, oidc: Oidc, lead_to: Callable[[str], None], session: SsoSession
    ) -> None:
        """Access denied to the organisation's own key is not the person's no."""
        document = {"error": "access_denied", "reason": "KMS_AccessDeniedException"}
        answer = json_http(document, "400 Bad", x_amzn_ErrorType="AccessDeniedException")
        grant = DeviceGrant(Secret("code"), "BCDF-GHJK", "https://x", "https://x", 4e9, 1)
        with RawServer(answer) as server:
            lead_to(server.url)
            with pytest.raises(RequestRefused, match="organization's key: KMS_AccessDenied"):
                oidc.token_by_device(session, REGISTRATION, grant)

    def test_grant_without_refresh_token(
        self, center: IdentityCenter, oidc: Oidc, session: SsoSession, registration: Registration
    ) -> None:
        """A device grant that brings no refresh token gives a token that cannot be renewed."""
        center.device_refresh_token = False
        center.device_auto_approve = True

        token = oidc.token_by_device(
            session, registration, oidc.start_device(session, registration)
        )

        assert (None, False) == (token.refresh_token, token.refreshable)

    def test_without_scopes(self, center: IdentityCenter, oidc: Oidc, session: SsoSession) -> None:
        """Registered without scopes, a token lives eight hours and cannot be renewed."""
        center.device_auto_approve = True
        center.session_length = 20 * 3600
        registration = oidc.register(session, grant="device_code", scopes=())

        token = oidc.token_by_device(
            session, registration, oidc.start_device(session, registration)
        )

        assert token.issued_at is not None
        assert (8 * 3600, False) == (token.expires_at - token.issued_at, token.refreshable)

    ANSWER: ClassVar[dict[str, object]] = {
        "deviceCode": "d",
        "userCode": "BCDF-GHJK",
        "verificationUri": "https://x.awsapps.com/start/#/device",
        "verificationUriComplete": "https://x.awsapps.com/start/#/device?user_code=BCDF-GHJK",
        "expiresIn": 600,
        "interval": 1,
    }

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("deviceCode", None),
            ("userCode", "<b>BCDF</b>"),
            ("userCode", "BCDF\u202eGHJK"),
            ("verificationUri", None),
            ("verificationUri", "http://x.awsapps.com/start"),
            ("verificationUri", "javascript:alert(1)"),
            ("verificationUri", "https://"),
            ("verificationUri", "https://[x"),
            ("verificationUri", "file:///etc/passwd"),
            ("verificationUriComplete", "http://127.0.0.1.evil.com/"),
            ("verificationUriComplete", "https://x/ --new-window"),
        ],
    )
    def test_odd_answer(
        self,
        member: str,
        value: object,
        oidc: Oidc,
        lead_to: Callable[[str], None],
        session: SsoSession,
    ) -> None:
        """Nothing but a page on https and a plain code ever reaches browser and screen."""
        with RawServer(json_http({**self.ANSWER, member: value})) as server:
            lead_to(server.url)
            with pytest.raises(ServiceTrouble, match=f"no usable {member}"):
                oidc.start_device(session, REGISTRATION)

    @pytest.mark.parametrize(
        ("told", "life", "interval"),
        [
            ({}, 600, 1),
            ({"expiresIn": None, "interval": None}, 600, 5),
            ({"expiresIn": "soon", "interval": "often"}, 600, 5),
            ({"expiresIn": -1, "interval": 0}, 600, 5),
            ({"expiresIn": 10**12, "interval": 10**12}, 3600, 60),
        ],
    )
    def test_odd_times(
        self,
        told: dict[str, object],
        life: int,
        interval: int,
        clients: AwsClients,
        lead_to: Callable[[str], None],
        session: SsoSession,
    ) -> None:
        """Times that are missing or absurd become usual ones."""
        oidc = Oidc(clients, clock=lambda: 1000.0)
        with RawServer(json_http({**self.ANSWER, **told})) as server:
            lead_to(server.url)
            grant = oidc.start_device(session, REGISTRATION)

        assert (1000.0 + life, interval) == (grant.expires_at, grant.interval)

    def test_no_complete_page(
        self, oidc: Oidc, lead_to: Callable[[str], None], session: SsoSession
    ) -> None:
        """Where AWS gives no page with the code filled in, the plain page takes its place."""
        with RawServer(json_http({**self.ANSWER, "verificationUriComplete": None})) as server:
            lead_to(server.url)
            grant = oidc.start_device(session, REGISTRATION)

        assert grant.verification_uri == grant.verification_uri_complete
