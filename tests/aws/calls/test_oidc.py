from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

import botocore.session
import pytest
from botocore.tokens import SSOTokenProvider
from botocore.utils import JSONFileCache

from tests.aws.calls.wire import RawServer, json_http
from tray.aws.clients import AwsClients
from tray.aws.oidc import (
    AccessDenied,
    AuthorizationPending,
    CodeExpired,
    DeviceGrant,
    Oidc,
    SlowDown,
)
from tray.aws.pkce import challenge, new_state, new_verifier
from tray.aws.sso_token import Registration, SsoToken
from tray.aws.token_cache import cache_directory, cache_path, full_document, read_token
from tray.core.model import SsoSession
from tray.errors import (
    GrantRefused,
    OurBug,
    RegistrationRefused,
    RequestRefused,
    ServiceTrouble,
)
from tray.files import private_directory, write_atomic
from tray.identity_center import IdentityCenter, SignedIn
from tray.secret import Secret

REDIRECT = "http://127.0.0.1:43210/oauth/callback"
REGISTRATION = Registration("client", Secret("secret"), 4e9, ("sso:account:access",))
TOKEN = SsoToken(
    "https://x.awsapps.com/start",
    "eu-west-2",
    Secret("old-access"),
    1000.0,
    refresh_token=Secret("old-refresh"),
    registration=REGISTRATION,
    extra={"ide": 1},
)


@pytest.fixture
def oidc(clients: AwsClients) -> Oidc:
    """Give the service on the shared clients, with the system's clock."""
    return Oidc(clients)


def authorize(url: str) -> dict[str, str]:
    """Do what a browser does with the authorize page, and return the callback's values."""
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc)) as connection:
        connection.request("GET", f"{parts.path}?{parts.query}")
        location = connection.getresponse().headers["Location"]
    assert location.startswith(REDIRECT)
    return {name: value for name, [value] in parse_qs(urlsplit(location).query).items()}


def decide(grant: DeviceGrant, decision: str) -> None:
    """Do what a person does on the device page."""
    form = urlencode({"user_code": grant.user_code, "decision": decision}).encode()
    urllib.request.urlopen(grant.verification_uri, form).close()


def signed_in(token: SignedIn) -> SsoToken:
    """Return what the Identity Center arranged as a token of ours."""
    return SsoToken(
        token.start_url,
        token.region,
        Secret(token.access_token),
        token.expires_at,
        Secret(token.refresh_token) if token.refresh_token else None,
        Registration(token.client_id, Secret(token.client_secret), token.registration_expires_at),
    )


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
        assert Registration("c", Secret("s"), 4e9, ("sso:account:access",)) == made

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
        with pytest.raises(RequestRefused, match="scope is unknown"):
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
            with pytest.raises(RequestRefused, match="organisation's key: KMS_AccessDenied"):
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


class TestRefresh:
    """Renewing."""

    def test_rotated(self, center: IdentityCenter, oidc: Oidc) -> None:
        """A renewal gives new tokens, bound to the same registration; all else is carried over."""
        before = replace(signed_in(center.sign_in()), extra={"ide": 1})

        after = oidc.refresh(before)

        assert after.refresh_token is not None
        assert center.accepts_access_token(after.access_token.reveal())
        assert before.refresh_token != after.refresh_token
        assert (before.registration, before.start_url, before.extra) == (
            after.registration,
            after.start_url,
            after.extra,
        )

    def test_answer_without_refresh_token(self, center: IdentityCenter, oidc: Oidc) -> None:
        """An answer without refresh token means: keep the old one (RFC 6749 6)."""
        center.omit_refresh_token = True
        before = signed_in(center.sign_in())

        after = oidc.refresh(before)

        assert before.refresh_token == after.refresh_token
        assert before.access_token != after.access_token

    def test_session_over(self, center: IdentityCenter, oidc: Oidc) -> None:
        """After the session's end the grant is refused."""
        token = signed_in(center.sign_in())
        center.end_session()

        with pytest.raises(GrantRefused) as caught:
            oidc.refresh(token)
        assert "refused" == caught.value.reason

    def test_registration_expired(self, center: IdentityCenter, oidc: Oidc) -> None:
        """An expired registration has a reason of its own."""
        token = signed_in(center.sign_in())
        center.expire_registrations()

        with pytest.raises(RegistrationRefused) as caught:
            oidc.refresh(token)
        assert "registration-expired" == caught.value.reason

    @pytest.mark.parametrize(
        "token", [replace(TOKEN, refresh_token=None), replace(TOKEN, registration=None)]
    )
    def test_nothing_to_renew_with(self, token: SsoToken, oidc: Oidc) -> None:
        """Asking to renew what cannot be renewed is our own mistake; nothing is sent."""
        with pytest.raises(OurBug):
            oidc.refresh(token)

    @pytest.mark.parametrize(
        ("told", "life"),
        [
            (3600, 3600),
            (1, 1),
            (43_200, 43_200),
            (43_201, 43_200),
            (10**12, 43_200),
            (10**400, 43_200),
            (0, 3600),
            (-1, 3600),
            ("3600", 3600),
            ("long", 3600),
            (None, 3600),
            (True, 3600),
            ([], 3600),
            ({}, 3600),
            (float("inf"), 3600),
            (1800.9, 1800),
        ],
    )
    def test_odd_life(
        self,
        told: object,
        life: int,
        clients: AwsClients,
        lead_to: Callable[[str], None],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """An odd expiresIn never costs the new refresh token, and is never believed or logged."""
        oidc = Oidc(clients, clock=lambda: 5000.0)
        answer = {"accessToken": "new-access", "refreshToken": "new-refresh", "expiresIn": told}
        with RawServer(json_http(answer)) as server:
            lead_to(server.url)
            after = oidc.refresh(TOKEN)

        assert (
            replace(
                TOKEN,
                access_token=Secret("new-access"),
                refresh_token=Secret("new-refresh"),
                expires_at=5000.0 + life,
                issued_at=5000.0,
            )
            == after
        )
        assert (life != told and told != 1800.9) == ("expiresIn" in caplog.text)
        assert "new-" not in caplog.text

    @pytest.mark.parametrize("value", [None, "", 7, ["x"], "a\r\nHost: evil", "é"])
    def test_odd_access_token(
        self, value: object, oidc: Oidc, lead_to: Callable[[str], None]
    ) -> None:
        """An answer without a usable access token is trouble, and says that it may be done."""
        with RawServer(json_http({"accessToken": value, "expiresIn": 3600})) as server:
            lead_to(server.url)
            with pytest.raises(ServiceTrouble, match="no usable accessToken") as caught:
                oidc.refresh(TOKEN)
        assert (True, True) == (caught.value.answered, caught.value.maybe_done)

    @pytest.mark.parametrize("value", [None, "", 7, ["x"], "a\r\nb"])
    def test_odd_refresh_token(
        self, value: object, oidc: Oidc, lead_to: Callable[[str], None]
    ) -> None:
        """A strange new refresh token does not replace the old one."""
        answer = {"accessToken": "a", "expiresIn": 3600, "refreshToken": value}
        with RawServer(json_http(answer)) as server:
            lead_to(server.url)
            after = oidc.refresh(TOKEN)

        assert TOKEN.refresh_token == after.refresh_token

    def test_in_turns_with_botocore(
        self, center: IdentityCenter, oidc: Oidc, session: SsoSession, tmp_path: Path
    ) -> None:
        """Botocore renews from our full file under strict rotation, and we renew from its own."""
        center.rotation = "strict"
        (tmp_path / ".aws").mkdir()
        (tmp_path / ".aws/config").write_text(
            f"[profile dev]\nsso_session = corp\n[sso-session corp]\n"
            f"sso_start_url = {session.start_url}\nsso_region = {session.region}\n"
        )
        path = cache_path(private_directory(cache_directory(tmp_path)), "corp")
        ours = oidc.refresh(signed_in(center.sign_in()))
        write_atomic(path, full_document(replace(ours, expires_at=ours.expires_at - 3000)))

        theirs = botocore_renews(path.parent)
        read = read_token(path)

        assert read is not None
        assert theirs == read.access_token.reveal() != ours.access_token.reveal()
        assert oidc.refresh(read).refreshable


def botocore_renews(directory: Path) -> str:
    """Return the access token that botocore's provider gives, renewed since it is near its end."""
    session = botocore.session.Session(profile="dev")
    # botocore fixes its directory when it is imported; ours is the home of this test.
    cache = JSONFileCache(str(directory), dumps_func=_dumps)
    return SSOTokenProvider(session, cache).load_token().get_frozen_token().token


def _dumps(token: object) -> str:
    return json.dumps(token, default=lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
