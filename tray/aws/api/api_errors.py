"""
Turns botocore's exceptions and AWS's error names into errors that say who has to act.

Sources: the ``sso-oidc`` and ``sso`` service models, RFC 6749 5.2, RFC 8628 3.5. Sentences carry
no text of the server's, which could repeat what we sent.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ParamValidationError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)

from tray.aws.api.error_words import words_for
from tray.errors import (
    GrantRefused,
    Offline,
    OurBug,
    RegistrationRefused,
    RequestRefused,
    RoleForbidden,
    ServiceTrouble,
    TlsFailed,
    TokenRejected,
    TrayError,
)

ErrorFactory = Callable[[str], TrayError]

_MEANINGS: Mapping[str, tuple[ErrorFactory, str]] = {
    "InvalidGrantException": (GrantRefused, "this sign-in has ended or was revoked"),
    "ExpiredTokenException": (GrantRefused, "this sign-in is too old"),
    "InvalidClientException": (RegistrationRefused, "SSO Tray's registration has expired"),
    "UnauthorizedClientException": (RegistrationRefused, "SSO Tray is registered differently"),
    "AccessDeniedException": (RequestRefused, "access is denied"),
    "InvalidRequestException": (RequestRefused, "the start URL, region or another value is wrong"),
    "InvalidRequestRegionException": (RequestRefused, "the region is wrong"),
    "InvalidScopeException": (RequestRefused, "a registration scope is unknown"),
    "InvalidRedirectUriException": (RequestRefused, "the redirect address isn't allowed"),
    "InvalidClientMetadataException": (RequestRefused, "the registration is wrong"),
    "UnsupportedGrantTypeException": (RequestRefused, "this sign-in method isn't available"),
    "UnauthorizedException": (TokenRejected, "the session has ended"),
    "ForbiddenException": (RoleForbidden, "no access"),
    "ResourceNotFoundException": (RoleForbidden, "no such account or role"),
    # The token service's names for credentials it rejects.
    "AccessDenied": (RoleForbidden, "no access"),
    "ExpiredToken": (RoleForbidden, "the role credentials have expired"),
    "InvalidClientTokenId": (RoleForbidden, "the role credentials aren't valid"),
}
_THROTTLED = frozenset(
    ("SlowDownException", "TooManyRequestsException", "Throttling", "ThrottlingException")
)
_WORDS: Mapping[str, str] = {
    "RegisterClient": "to register this program",
    "StartDeviceAuthorization": "to start a sign-in by code",
    "CreateToken": "to give an access token",
    "ListAccounts": "to list the accounts",
    "ListAccountRoles": "to list the roles of an account",
    "GetRoleCredentials": "to give role credentials",
    "Logout": "to sign out",
    "GetCallerIdentity": "to say who the credentials belong to",
}
_LONGEST_WAIT = 3600.0
NO_OTHERS: Mapping[str, ErrorFactory] = MappingProxyType({})


def as_tray_error(
    operation: str,
    error: Exception,
    *,
    subject: str = "",
    instead: Mapping[str, ErrorFactory] = NO_OTHERS,
) -> TrayError:
    """
    Return our error for an exception of a call; raise it outside the ``except`` block.

    Otherwise botocore's error stays reachable as ``__context__``, and it can hold what was sent.
    ``subject`` is for the sentence, such as ``role Dev in 123456789012``; ``instead`` has the
    errors for AWS error names that mean something else in this call.
    """
    match error:
        case TrayError():
            return error
        case ClientError():
            return _refusal(operation, error, subject, instead)
        case BotoCoreError():
            return _no_answer(operation, error)
        case _:
            # Parser errors and the like; their text may quote the answer.
            return ServiceTrouble(
                f"AWS's answer to {operation} cannot be read ({type(error).__name__}).",
                answered=True,
                maybe_done=True,
            )


def printable(text: object, longest: int = 64) -> str:
    """Return a text for a sentence: anything but visible ASCII is replaced."""
    return re.sub(r"[^\x21-\x7e]+", " ", str(text)).strip()[:longest]


def retry_after(headers: Mapping[str, Any], now: float) -> float | None:
    """Return seconds, at most an hour (RFC 9110 10.2.3); header names are in lower case."""
    text = str(headers.get("retry-after", "")).strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), _LONGEST_WAIT)
    when = http_date(text)
    return None if when is None else max(0.0, min(when - now, _LONGEST_WAIT))


def http_date(text: str) -> float | None:
    """Return the seconds since the epoch of an HTTP date (RFC 9110 5.6.7), else None."""
    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def captive_portal(host: str) -> Offline:
    return Offline(f"Something other than AWS answers for {host}. Does this network need a login?")


def incomplete_response(operation: str, missing: str) -> ServiceTrouble:
    return ServiceTrouble(
        f"AWS's answer to {operation} {missing}.", answered=True, maybe_done=True
    )


def _refusal(
    operation: str, error: ClientError, subject: str, instead: Mapping[str, ErrorFactory]
) -> TrayError:
    response: Mapping[str, Any] = error.response
    metadata: Mapping[str, Any] = response.get("ResponseMetadata", {})
    headers: Mapping[str, Any] = metadata.get("HTTPHeaders", {})
    status = metadata.get("HTTPStatusCode", 0)
    code = printable(response.get("Error", {}).get("Code", ""))
    reason = printable(response.get("reason", ""))
    tail = f"({_details(code, status, metadata.get('RequestId'))})"
    call = " ".join(filter(None, (_WORDS.get(operation, operation), printable(subject, 160))))
    if reason.startswith("KMS_"):
        # The organisation's own KMS key is the trouble; the sign-in is intact.
        return RequestRefused(f"AWS can't use your organization's key: {reason} {tail}.")
    if status >= 500:
        # Only 503 says that nothing was done.
        return ServiceTrouble(
            f"AWS is having trouble {tail}.",
            answered=True,
            retry_after=retry_after(headers, time.time()),
            maybe_done=status != 503,
        )
    if code in instead:
        return instead[code](f"AWS refused {call} {tail}.")
    if status == 429 or code in _THROTTLED:
        return ServiceTrouble(
            f"AWS asks to slow down {tail}.",
            answered=True,
            retry_after=retry_after(headers, time.time()),
        )
    if code in _MEANINGS:
        kind, meaning = _MEANINGS[code]
        return kind(f"AWS refused {call}: {meaning} {tail}.")
    return ServiceTrouble(
        f"AWS refused {call} {tail}.", answered=True, retry_after=retry_after(headers, time.time())
    )


def _details(code: str, status: int, request_id: object) -> str:
    named = code if code and not code.isdigit() else f"HTTP {status}"
    return f"{named}, request {printable(request_id)}" if request_id else named


def _no_answer(operation: str, error: BotoCoreError) -> TrayError:
    host = host_of(error.kwargs.get("endpoint_url", ""))
    match error:
        case SSLError():
            return _tls(host, str(error.kwargs.get("error", "")))
        case ProxyConnectionError():
            proxy = host_of(error.kwargs.get("proxy_url", ""))
            return Offline(f"The proxy {proxy} doesn't let requests through to AWS.")
        case ConnectTimeoutError() | EndpointConnectionError():
            return Offline(f"{host} can't be reached.")
        case ReadTimeoutError():
            return Offline(f"{host} didn't answer in time.", maybe_done=True)
        case ConnectionClosedError():
            return Offline(f"{host} closed the connection.", maybe_done=True)
        case HTTPClientError():
            inner = type(error.kwargs.get("error")).__name__
            return ServiceTrouble(f"The call {operation} failed ({inner}).", maybe_done=True)
        case ParamValidationError():
            return OurBug(f"SSO Tray sent AWS a wrong request ({operation}).")
        case _:
            return unusable_settings(words_for(error))


def unusable_settings(why: str) -> RequestRefused:
    return RequestRefused(f"Check region, endpoint and CA bundle: {printable(why, 160)}.")


def _tls(host: str, said: str) -> TrayError:
    """Distinguish an untrusted certificate from a connection that is not TLS."""
    untrusted = re.search(r"certificate verify failed: (.+?)\s*\(_ssl", said)
    if untrusted:
        why = printable(untrusted[1], 160)
        sentence = f"The certificate of {host} isn't trusted: {why}."
        # A certificate that is not valid yet means that our clock is behind.
        return TlsFailed(sentence, reason="clock" if "not yet valid" in why else None)
    if "doesn't match" in said:  # urllib3's own words
        return TlsFailed(f"The certificate of {host} isn't trusted: it is another host's.")
    named = re.search(r"\[SSL: ([A-Z0-9_]+)\]", said)
    if named or "EOF" in said:
        return Offline(
            f"No secure connection with {host} ({named[1] if named else 'connection closed'})."
        )
    return TlsFailed(f"The certificates for checking {host} can't be read.")


def host_of(url: object) -> str:
    """Return the host of a URL for a sentence; never its user, path or query."""
    try:
        host = urlsplit(str(url)).hostname
    except ValueError:
        host = None
    return printable(host or "AWS", 100)
