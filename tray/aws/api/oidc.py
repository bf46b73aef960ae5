"""Identity Center's OIDC service (``sso-oidc`` 2019-06-10; RFC 6749, 7636 and 8628)."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from tray.aws.api.api_errors import ErrorFactory, incomplete_response, printable
from tray.aws.api.clients import AwsClients, server_time
from tray.aws.api.response_checks import is_sendable, number_member, secret_member, text_member
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.model import SsoSession
from tray.core.profiles.start_url import is_dual_stack
from tray.errors import OurBug, RequestRefused, SignInEnded, TrayError, WillRetry
from tray.secret import Secret

log = logging.getLogger(__name__)

Grant = Literal["authorization_code", "device_code"]  # rule L1; each has a registration of its own

REGISTERED_REDIRECT = "http://127.0.0.1/oauth/callback"  # RFC 8252 7.3 leaves the port open

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_LONGEST_LIFE = 12 * 3600
_USUAL_LIFE = 3600
_USUAL_DEVICE_LIFE = 600
_USUAL_INTERVAL = 5  # RFC 8628 3.2
_LAST_MOMENT = 253402300799.0


class _AskAgain(WillRetry):
    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, answered=True)


class AuthorizationPending(_AskAgain):
    """The user has not decided about the device code yet; ask again after the interval."""


class SlowDown(_AskAgain):
    """We asked too soon; the interval grows by 5 s for good (RFC 8628 3.5)."""


class CodeExpired(SignInEnded):
    """The device or authorization code is too old; sign in again."""


class AccessDenied(SignInEnded):
    """The user refused in the browser."""


@dataclass(frozen=True, slots=True)
class DeviceGrant:
    """A started sign-in by code (RFC 8628 3.2)."""

    device_code: Secret
    user_code: str  # what the user compares, e.g. ``BCDF-GHJK``
    verification_uri: str  # the page where the code is typed
    # with the code filled in; the plain page where AWS sent none
    verification_uri_complete: str
    expires_at: float  # seconds since the epoch, by our clock
    interval: int  # seconds to wait between two questions


class Oidc:
    def __init__(self, clients: AwsClients, *, clock: Callable[[], float] = time.time) -> None:
        self._clients = clients
        self._clock = clock

    def using(self, clients: AwsClients) -> Oidc:
        return Oidc(clients, clock=self._clock)

    def register(
        self, session: SsoSession, *, grant: Grant, scopes: tuple[str, ...]
    ) -> Registration:
        """
        Register this program for a session, as the AWS CLI does; no scopes: without any (rule L2).

        For the authorization code grant the session's start URL becomes ``issuerUrl``. What the
        registration is used for goes to the same endpoint. Raises RequestRefused if start URL,
        region or scopes are wrong.
        """
        arguments: dict[str, object] = {
            "clientName": f"sso-tray-{_cleaned(session.key)}",
            "clientType": "public",
        }
        if scopes:
            arguments["scopes"] = list(scopes)
        if grant == "authorization_code":
            arguments |= {
                "grantTypes": ["authorization_code", "refresh_token"],
                "redirectUris": [REGISTERED_REDIRECT],
                "issuerUrl": session.start_url,
            }
        endpoint = self.endpoint(session, grant)
        client = self._clients.oidc(session.region, endpoint)
        answer = self._clients.call(
            "RegisterClient",
            client.register_client,
            arguments,
            instead={"InvalidScopeException": lambda _: _unknown_scope(scopes)},
        )
        expires_at = number_member(answer, "clientSecretExpiresAt")
        if expires_at is None:
            raise incomplete_response("RegisterClient", "has no usable clientSecretExpiresAt")
        return Registration(
            client_id=secret_member("RegisterClient", answer, "clientId").reveal(),
            client_secret=secret_member("RegisterClient", answer, "clientSecret"),
            expires_at=min(float(expires_at), _LAST_MOMENT),
            scopes=scopes,
            grant=grant,
            endpoint=endpoint,
        )

    def endpoint(self, session: SsoSession, grant: Grant) -> str:
        """
        Return where a session is signed in to; raises RequestRefused.

        A dual-stack portal's device grant is confirmed at the dual-stack endpoint: the plain one
        leads to an older portal without outside identity providers (aws-cli issue 10507).
        """
        clients, region = self._clients, session.region
        plain: str = clients.oidc(region).meta.endpoint_url
        if grant == "device_code" and is_dual_stack(session.start_url) and ".amazonaws." in plain:
            both = clients.reaching(replace(clients.connection, dualstack=True))
            return both.oidc(region).meta.endpoint_url
        return plain

    def authorize_url(
        self,
        session: SsoSession,
        registration: Registration,
        *,
        redirect_uri: str,
        state: Secret,
        challenge: str,
    ) -> str:
        """Return the page to open (RFC 7636 4.3), as in the AWS CLI; raises RequestRefused."""
        query = {
            "response_type": "code",
            "client_id": registration.client_id,
            "redirect_uri": redirect_uri,
            "state": state.reveal(),
            "code_challenge_method": "S256",
            "scopes": " ".join(registration.scopes),
            "code_challenge": challenge,
        }
        client = self._clients.oidc(session.region, registration.endpoint)
        endpoint = client.meta.endpoint_url.rstrip("/")
        return f"{endpoint}/authorize?{urlencode(query, quote_via=quote, safe='')}"

    def start_device(self, session: SsoSession, registration: Registration) -> DeviceGrant:
        """Raises RequestRefused for a wrong start URL, RegistrationRefused to register anew."""
        operation = "StartDeviceAuthorization"
        client = self._clients.oidc(session.region, registration.endpoint)
        answer = self._clients.call(
            operation,
            client.start_device_authorization,
            {
                "clientId": registration.client_id,
                "clientSecret": registration.client_secret.reveal(),
                "startUrl": session.start_url,
            },
        )
        page = _page(operation, answer, "verificationUri")
        complete = answer.get("verificationUriComplete")
        life = min(number_member(answer, "expiresIn") or _USUAL_DEVICE_LIFE, 3600)
        return DeviceGrant(
            device_code=secret_member(operation, answer, "deviceCode"),
            user_code=_user_code(operation, answer),
            verification_uri=page,
            verification_uri_complete=(
                _page(operation, answer, "verificationUriComplete") if complete else page
            ),
            expires_at=self._clock() + life,
            interval=min(number_member(answer, "interval") or _USUAL_INTERVAL, 60),
        )

    def token_by_code(
        self,
        session: SsoSession,
        registration: Registration,
        *,
        code: Secret,
        redirect_uri: str,
        verifier: Secret,
    ) -> SsoToken:
        """
        Exchange an authorization code for tokens (RFC 6749 4.1.3, RFC 7636 4.5).

        Raises CodeExpired; GrantRefused if code or verifier are wrong or were used before;
        WillRetry, with ``maybe_done`` if the code is most likely used up.
        """
        arguments = {
            "code": code.reveal(),
            "redirectUri": redirect_uri,
            "codeVerifier": verifier.reveal(),
        }
        return self._first_token(
            session,
            registration,
            "authorization_code",
            arguments,
            {"ExpiredTokenException": CodeExpired},
        )

    def token_by_device(
        self, session: SsoSession, registration: Registration, grant: DeviceGrant
    ) -> SsoToken:
        """Ask once (RFC 8628 3.4); AuthorizationPending and SlowDown mean: ask again."""
        return self._first_token(
            session,
            registration,
            _DEVICE_GRANT,
            {"deviceCode": grant.device_code.reveal()},
            {
                "AuthorizationPendingException": AuthorizationPending,
                "SlowDownException": SlowDown,
                "ExpiredTokenException": CodeExpired,
                "AccessDeniedException": AccessDenied,
            },
        )

    def make_ready(self, token: SsoToken) -> None:
        """Make the client that `refresh` will use: the first of a process takes 0.2 s."""
        if token.registration is not None:
            with suppress(TrayError):  # `refresh` says why
                self._clients.oidc(token.region, token.registration.endpoint)

    def refresh(self, token: SsoToken) -> SsoToken:
        """
        Renew an access token (RFC 6749 6); without a new refresh token the old one is kept.

        Other members of ``token`` are carried over. Raises GrantRefused if the sign-in session is
        over or revoked (rule R4); RegistrationRefused if only a new sign-in helps; WillRetry, with
        ``maybe_done`` if the refresh token may have been replaced; OurBug if the token has no
        refresh data.
        """
        if token.registration is None or not token.refresh_token:
            raise OurBug("A token without refresh data was to be renewed.")
        arguments = {"refreshToken": token.refresh_token.reveal()}
        answer = self._create_token(
            token.region, token.registration, "refresh_token", arguments, {}
        )
        return self._token_from(answer, token)

    def _first_token(
        self,
        session: SsoSession,
        registration: Registration,
        grant_type: str,
        arguments: Mapping[str, str],
        instead: Mapping[str, ErrorFactory],
    ) -> SsoToken:
        answer = self._create_token(session.region, registration, grant_type, arguments, instead)
        blank = SsoToken(
            session.start_url, session.region, Secret(""), 0.0, registration=registration
        )
        return self._token_from(answer, blank)

    def _create_token(
        self,
        region: str,
        registration: Registration,
        grant_type: str,
        arguments: Mapping[str, str],
        instead: Mapping[str, ErrorFactory],
    ) -> Mapping[str, Any]:
        client = self._clients.oidc(region, registration.endpoint)
        whole = {
            "clientId": registration.client_id,
            "clientSecret": registration.client_secret.reveal(),
            "grantType": grant_type,
            **arguments,
        }
        return self._clients.call("CreateToken", client.create_token, whole, instead=instead)

    def _token_from(self, answer: Mapping[str, Any], before: SsoToken) -> SsoToken:
        issued_at = self._clock()
        refresh_token = answer.get("refreshToken")
        return replace(
            before,
            access_token=secret_member("CreateToken", answer, "accessToken"),
            expires_at=issued_at + _life(answer),
            refresh_token=(
                Secret(refresh_token) if is_sendable(refresh_token) else before.refresh_token
            ),
            issued_at=issued_at,
            dated=server_time(answer),
        )


def _unknown_scope(scopes: tuple[str, ...]) -> TrayError:
    named = printable(", ".join(scopes), 160)
    return RequestRefused(f"AWS doesn't know each of these sso_registration_scopes: {named}.")


def _life(answer: Mapping[str, Any]) -> int:
    """Return seconds, at most 12 h; a malformed ``expiresIn`` must not cost us the answer."""
    seconds = number_member(answer, "expiresIn")
    if seconds is None:
        log.warning("AWS gave a token without a usable expiresIn; taken as an hour")
        return _USUAL_LIFE
    if seconds > _LONGEST_LIFE:
        log.warning("AWS gave a token with an expiresIn of over 12 hours; taken as 12 hours")
    return min(seconds, _LONGEST_LIFE)


def _cleaned(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", key).strip("-")[:64] or "session"


def _user_code(operation: str, answer: Mapping[str, Any]) -> str:
    code = text_member(operation, answer, "userCode")
    if not re.fullmatch(r"[A-Za-z0-9-]{4,32}", code):
        raise incomplete_response(operation, "has no usable userCode")
    return code


def _page(operation: str, answer: Mapping[str, Any], name: str) -> str:
    """Return a page for the browser: https, or http on loopback (demo)."""
    url = text_member(operation, answer, name)
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise incomplete_response(operation, f"has no usable {name}") from None
    local = parts.scheme == "http" and host in ("127.0.0.1", "::1")
    if not host or not (parts.scheme == "https" or local) or not is_sendable(url) or " " in url:
        raise incomplete_response(operation, f"has no usable {name}")
    return url
