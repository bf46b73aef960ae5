"""Requests, answers, and refusals as each AWS service words them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

STS_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"

OIDC_ERRORS: Mapping[str, tuple[int, str]] = {
    "AccessDeniedException": (400, "access_denied"),
    "AuthorizationPendingException": (400, "authorization_pending"),
    "ExpiredTokenException": (400, "expired_token"),
    "InternalServerException": (500, "server_error"),
    "InvalidClientException": (401, "invalid_client"),
    "InvalidClientMetadataException": (400, "invalid_client_metadata"),
    "InvalidGrantException": (400, "invalid_grant"),
    "InvalidRedirectUriException": (400, "invalid_redirect_uri"),
    "InvalidRequestException": (400, "invalid_request"),
    "InvalidScopeException": (400, "invalid_scope"),
    "SlowDownException": (400, "slow_down"),
    "UnauthorizedClientException": (400, "unauthorized_client"),
    "UnsupportedGrantTypeException": (400, "unsupported_grant_type"),
}
"""sso-oidc's exceptions: HTTP status and the RFC 6749 / 8628 error code in the body."""

PORTAL_ERRORS: Mapping[str, int] = {
    "ForbiddenException": 403,
    "InternalServerException": 500,
    "InvalidRequestException": 400,
    "ResourceNotFoundException": 404,
    "TooManyRequestsException": 429,
    "UnauthorizedException": 401,
}

STS_ERRORS: Mapping[str, int] = {
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "IncompleteSignature": 400,
    "InternalFailure": 500,
    "InvalidAction": 400,
    "InvalidClientTokenId": 403,
    "MissingAuthenticationToken": 403,
    "MissingParameter": 400,
    "SignatureDoesNotMatch": 403,
    "Throttling": 400,
    "ValidationError": 400,
}


@dataclass(frozen=True, slots=True)
class Request:
    method: str  # upper case
    path: str  # without the query
    # decoded pairs in order, repeated names included
    query: tuple[tuple[str, str], ...] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)  # names in lower case
    body: bytes = field(repr=False)
    base_url: str  # ``http://127.0.0.1:port``, for links back to us


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = field(default=b"", repr=False)
    content_type: str | None = None  # None for an empty body
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # further headers
    error: str | None = None  # the AWS error's name, for the request log


class AwsError(Exception):
    """A refusal, e.g. ``InvalidGrantException``; ``status`` overrides that of the name."""

    def __init__(self, name: str, message: str, status: int | None = None) -> None:
        super().__init__(name)
        self.name = name
        self.message = message
        self.status = status


Refuse = Callable[[AwsError], Response]


def json_answer(document: Mapping[str, object], status: int = 200) -> Response:
    return Response(status, json.dumps(document).encode(), "application/json")


def html_answer(text: str, status: int = 200, error: str | None = None) -> Response:
    """Return a page that nobody may cache, frame or load anything into."""
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; "
        "form-action 'self' http://127.0.0.1:*"
    )
    headers = (("Content-Security-Policy", policy), ("Cache-Control", "no-store"))
    return Response(status, text.encode(), "text/html; charset=utf-8", headers, error)


def redirect(location: str, status: int = 302, error: str | None = None) -> Response:
    """303 after a form (RFC 9110 15.4.4)."""
    headers = (("Location", location), ("Cache-Control", "no-store"))
    return Response(status, headers=headers, error=error)


def refuse_oidc(refused: AwsError) -> Response:
    """As sso-oidc: ``{"error", "error_description"}``."""
    status, code = OIDC_ERRORS.get(refused.name, (400, "invalid_request"))
    body = json.dumps({"error": code, "error_description": refused.message}).encode()
    headers = (("x-amzn-ErrorType", refused.name),)
    return Response(
        refused.status or status, body, "application/json", headers, error=refused.name
    )


def refuse_portal(refused: AwsError) -> Response:
    """With the header's suffix after a colon that the real portal sends and SDKs strip."""
    kind = f"com.amazonaws.switchboard.portal#{refused.name}"
    body = json.dumps({"message": refused.message, "__type": kind}).encode()
    headers = (("x-amzn-ErrorType", f"{refused.name}:http://internal.amazon.com/coral/"),)
    status = refused.status or PORTAL_ERRORS.get(refused.name, 400)
    return Response(status, body, "application/json", headers, error=refused.name)


def refuse_sts(refused: AwsError) -> Response:
    """As the query protocol: an ``ErrorResponse`` document."""
    status = refused.status or STS_ERRORS.get(refused.name, 400)
    blame = "Sender" if status < 500 else "Receiver"
    text = (
        f'<ErrorResponse xmlns="{STS_NAMESPACE}"><Error><Type>{blame}</Type>'
        f"<Code>{escape(refused.name)}</Code><Message>{escape(refused.message)}</Message></Error>"
        "<RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>"
    )
    return Response(status, text.encode(), "text/xml", error=refused.name)


def read_members(request: Request) -> dict[str, Any]:
    """Refuse anything but one JSON object without repeated or null members."""
    kind = request.headers.get("content-type", "application/json")
    if not re.match(r"application/(x-amz-)?json\b", kind):
        raise AwsError("InvalidRequestException", "the body must be application/json")
    try:
        document = json.loads(request.body.decode(), object_pairs_hook=_each_once)
    except (UnicodeDecodeError, json.JSONDecodeError):
        document = None
    if not isinstance(document, dict):
        raise AwsError("InvalidRequestException", "the body must be one JSON object")
    return document


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise AwsError("InvalidRequestException", "a member is given twice")
    return members


def check_members(
    members: Mapping[str, Any], *, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> None:
    """Refuse members that are unknown, missing, empty, null or neither text nor list of texts."""
    for name in members:
        if name not in required and name not in optional:
            raise AwsError("InvalidRequestException", f"unknown member {name!r}")
    for name in required:
        if name not in members:
            raise AwsError("InvalidRequestException", f"member {name!r} is missing")
    for name, value in members.items():
        texts = value if isinstance(value, list) and name in LIST_MEMBERS else [value]
        if not texts or not all(isinstance(text, str) and text for text in texts):
            raise AwsError("InvalidRequestException", f"member {name!r} is of the wrong type")
        if isinstance(value, str) and name in LIST_MEMBERS:
            raise AwsError("InvalidRequestException", f"member {name!r} must be a list")


LIST_MEMBERS = ("scopes", "redirectUris", "grantTypes")


def single_values(pairs: tuple[tuple[str, str], ...], known: tuple[str, ...]) -> dict[str, str]:
    """Refuse an unknown or repeated name (InvalidRequestException)."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            raise AwsError("InvalidRequestException", f"unknown parameter {name!r}")
        if name in values:
            raise AwsError("InvalidRequestException", f"parameter {name!r} is given twice")
        values[name] = value
    return values
