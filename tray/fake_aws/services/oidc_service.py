"""
The OIDC service (sso-oidc 2019-06-10): registrations, device codes, tokens.

Decides which registration, code or refresh token is good, and refuses everything else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tray.fake_aws.http.wire_format import (
    AwsError,
    Request,
    Response,
    check_members,
    json_answer,
    read_members,
)
from tray.fake_aws.realm import Client, Grant, Issued, Realm, Session

AUTHORIZATION_CODE = "authorization_code"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the grant type's name
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"

_GRANT_MEMBERS: Mapping[str, tuple[str, ...]] = {
    AUTHORIZATION_CODE: ("code", "redirectUri", "codeVerifier"),
    REFRESH_TOKEN: ("refreshToken",),
    DEVICE_CODE: ("deviceCode",),
}
_SCOPE = re.compile(r"(sso|codewhisperer|codecatalyst|transform|q)[a-z_-]*:[a-z_:*-]+")
_USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


@dataclass(slots=True)
class Authorization:
    """First waits for the user, then is a code waiting for its use."""

    client: Client
    start_url: str
    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    challenge: str
    expires_at: float
    session: Session | None = None
    used: bool = False
    issued: Grant | None = None


@dataclass(slots=True)
class DeviceGrant:
    """``decided`` is None until the user has decided."""

    client: Client
    start_url: str
    user_code: str
    expires_at: float
    interval: float
    decided: bool | None = None
    session: Session | None = None
    used: bool = False
    polled_at: float | None = None


class Oidc:
    """The operations and what waits between them; the server's lock is held."""

    def __init__(self, realm: Realm) -> None:
        self.realm = realm
        self.codes: dict[str, Authorization] = {}
        self.device_codes: dict[str, DeviceGrant] = {}

    def register_client(self, request: Request) -> Response:
        """``POST /client/register`` (RFC 7591 in AWS's words)."""
        members = read_members(request)
        check_members(
            members,
            required=("clientName", "clientType"),
            optional=("scopes", "redirectUris", "grantTypes", "issuerUrl"),
        )
        client = self._client_from(members)
        self.realm.clients[client.client_id] = client
        return json_answer(
            {
                "clientId": client.client_id,
                "clientSecret": client.client_secret,
                "clientIdIssuedAt": int(self.realm.knobs.time()),
                "clientSecretExpiresAt": int(client.expires_at),
            }
        )

    def _client_from(self, members: Mapping[str, Any]) -> Client:
        if members["clientType"] != "public":
            raise AwsError("InvalidClientMetadataException", "clientType must be public")
        for scope in members.get("scopes", ()):
            if not _SCOPE.fullmatch(scope):
                raise AwsError("InvalidScopeException", f"unknown scope {scope!r}")
        grant_types = frozenset(members.get("grantTypes", (DEVICE_CODE, REFRESH_TOKEN)))
        if not grant_types <= _GRANT_MEMBERS.keys():
            raise AwsError("UnsupportedGrantTypeException", "unknown grant type")
        redirect_uris = tuple(members.get("redirectUris", ()))
        for uri in redirect_uris:
            if loopback_redirect(uri) is None:
                raise AwsError("InvalidRedirectUriException", "redirectUris must be loopback")
        if AUTHORIZATION_CODE in grant_types and not redirect_uris:
            raise AwsError("InvalidRequestException", "member 'redirectUris' is missing")
        if AUTHORIZATION_CODE in grant_types and "issuerUrl" not in members:
            raise AwsError("InvalidRequestException", "member 'issuerUrl' is missing")
        issuer = members.get("issuerUrl")
        realm = self.realm
        return Client(
            client_id=secrets.token_urlsafe(16),
            client_secret=realm.secret("eyJraWQiOiJrZXktMSIsImFsZyI6IkhTMzg0In0.", 900),
            name=members["clientName"],
            scopes=tuple(members.get("scopes", ())),
            grant_types=grant_types,
            redirect_uris=redirect_uris,
            start_url=None if issuer is None else realm.check_start_url(issuer),
            expires_at=realm.knobs.time() + realm.knobs.registration_life,
        )

    def start_device_authorization(self, request: Request) -> Response:
        """``POST /device_authorization`` (RFC 8628 3.1, 3.2)."""
        members = read_members(request)
        check_members(members, required=("clientId", "clientSecret", "startUrl"))
        client = self._authenticate(members)
        if DEVICE_CODE not in client.grant_types:
            raise AwsError("UnauthorizedClientException", "not registered for device codes")
        start_url = self.realm.check_start_url(members["startUrl"])
        if client.start_url not in (None, start_url):
            raise AwsError("InvalidRequestException", "startUrl is not the client's issuerUrl")
        client.asked_start_url = start_url
        knobs = self.realm.knobs
        grant = DeviceGrant(
            client=client,
            start_url=start_url,
            user_code=_user_code(),
            expires_at=knobs.time() + knobs.device_life,
            interval=knobs.device_interval,
        )
        device_code = self.realm.secret(length=64)
        self.device_codes[device_code] = grant
        if knobs.device_auto_approve:
            self.decide_device(grant, approve=True, user=knobs.user)
        page = f"{request.base_url}/device"
        return json_answer(
            {
                "deviceCode": device_code,
                "userCode": grant.user_code,
                "verificationUri": page,
                "verificationUriComplete": f"{page}?user_code={grant.user_code}",
                "expiresIn": int(knobs.device_life),
                "interval": knobs.device_interval,
            }
        )

    def device_grant_waiting(self, user_code: str) -> DeviceGrant | None:
        """Return the undecided, unexpired device grant with this code, typed in any case."""
        now = self.realm.knobs.time()
        for grant in self.device_codes.values():
            waiting = grant.decided is None and now < grant.expires_at
            if waiting and grant.user_code == user_code.strip().upper():
                return grant
        return None

    def decide_device(self, grant: DeviceGrant, *, approve: bool, user: str) -> None:
        """Record the user's decision; approving is the sign-in."""
        grant.decided = approve
        if approve:
            grant.session = self.realm.sign_in(grant.start_url, user)

    def create_token(self, request: Request) -> Response:
        """``POST /token`` (RFC 6749 4.1.3, 6; RFC 7636 4.5; RFC 8628 3.4)."""
        members = read_members(request)
        grant_type = members.get("grantType")
        if not isinstance(grant_type, str):
            raise AwsError("InvalidRequestException", "member 'grantType' is missing")
        if grant_type not in _GRANT_MEMBERS:
            raise AwsError("UnsupportedGrantTypeException", "unknown grant type")
        check_members(
            members,
            required=("grantType", "clientId", "clientSecret", *_GRANT_MEMBERS[grant_type]),
        )
        client = self._authenticate(members)
        if grant_type not in client.grant_types:
            raise AwsError("UnauthorizedClientException", "not registered for this grant type")
        if grant_type == REFRESH_TOKEN:
            issued = self.realm.renew(client, members["refreshToken"])
        elif grant_type == DEVICE_CODE:
            issued = self._redeem_device_code(client, members["deviceCode"])
        else:
            issued = self._redeem_code(client, members)
        document: dict[str, object] = {
            "accessToken": issued.access_token,
            "expiresIn": issued.expires_in,
            "tokenType": "Bearer",
        }
        if issued.refresh_token is not None:
            document["refreshToken"] = issued.refresh_token
        return json_answer(document)

    def _authenticate(self, members: Mapping[str, Any]) -> Client:
        client = self.realm.clients.get(members["clientId"])
        if client is None or not hmac.compare_digest(
            client.client_secret.encode(), members["clientSecret"].encode()
        ):
            raise AwsError("InvalidClientException", "unknown client or wrong secret")
        if self.realm.knobs.time() >= client.expires_at:
            raise AwsError("InvalidClientException", "the registration has expired")
        return client

    def _redeem_code(self, client: Client, members: Mapping[str, Any]) -> Issued:
        if not re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", members["codeVerifier"]):
            raise AwsError("InvalidRequestException", "the verifier is not of RFC 7636's form")
        found = self.codes.get(members["code"])
        if found is None or found.client is not client or found.session is None:
            raise AwsError("InvalidGrantException", "Invalid authorization code provided")
        if found.used:
            if found.issued is not None:
                self.realm.revoke_grant(found.issued)
            raise AwsError("InvalidGrantException", "the authorization code was used before")
        if self.realm.knobs.time() >= found.expires_at:
            raise AwsError("ExpiredTokenException", "the authorization code has expired")
        if members["redirectUri"] != found.redirect_uri:
            raise AwsError("InvalidGrantException", "redirectUri differs from authorize")
        if not hmac.compare_digest(_challenge(members["codeVerifier"]), found.challenge):
            raise AwsError("InvalidGrantException", "the verifier does not match the challenge")
        found.used = True
        issued = self._first_tokens(client, found.session, device=False)
        found.issued = self.realm.grant_of(issued.access_token)
        return issued

    def _redeem_device_code(self, client: Client, device_code: str) -> Issued:
        found = self.device_codes.get(device_code)
        if found is None or found.client is not client or found.used:
            raise AwsError("InvalidGrantException", "Invalid device code provided")
        now = self.realm.knobs.time()
        last, found.polled_at = found.polled_at, now
        if now >= found.expires_at:
            raise AwsError("ExpiredTokenException", "the device code has expired")
        if found.decided is False:
            raise AwsError("AccessDeniedException", "the person refused")
        if found.session is None:
            hasty = last is not None and now < last + found.interval
            if hasty and self.realm.knobs.enforce_device_interval:
                found.interval += 5
                raise AwsError("SlowDownException", "polled sooner than the interval")
            raise AwsError("AuthorizationPendingException", "nobody has decided yet")
        found.used = True
        return self._first_tokens(client, found.session, device=True)

    def _first_tokens(self, client: Client, session: Session, *, device: bool) -> Issued:
        if not session.live(self.realm.knobs.time()):
            raise AwsError("InvalidGrantException", "the sign-in session has ended")
        return self.realm.new_grant(client, session, device=device)


def loopback_redirect(uri: str) -> SplitResult | None:
    """Only 127.0.0.1 counts: ``localhost`` may be another host (RFC 8252 8.3)."""
    if not re.fullmatch(r"http://127\.0\.0\.1(:[0-9]{1,5})?/[A-Za-z0-9/._~-]*", uri):
        return None
    parts = urlsplit(uri)
    digits = parts.netloc.partition(":")[2] or "80"
    return parts if 1 <= int(digits) <= 65535 else None


def redirect_matches(uri: str, registered: tuple[str, ...]) -> bool:
    """Whether a redirect URI is a registered one but for its port (RFC 8252 7.3)."""
    parts = loopback_redirect(uri)
    return parts is not None and any(urlsplit(known).path == parts.path for known in registered)


def _challenge(verifier: str) -> str:
    """S256 (RFC 7636 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _user_code() -> str:
    letters = [secrets.choice(_USER_CODE_LETTERS) for _ in range(8)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])
