from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import botocore.session
import pytest
from botocore.tokens import SSOTokenProvider
from botocore.utils import JSONFileCache

from tests.aws.calls.wire import RawServer, json_http
from tray.aws.api.clients import AwsClients
from tray.aws.api.oidc import Oidc
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.aws.cache.token_cache import cache_directory, cache_path, full_document, read_token
from tray.core.model import SsoSession
from tray.errors import (
    GrantRefused,
    OurBug,
    RegistrationRefused,
    ServiceTrouble,
)
from tray.fake_aws.identity_center import IdentityCenter, SignedIn
from tray.secret import Secret
from tray.storage.atomic_files import private_directory, write_atomic

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
