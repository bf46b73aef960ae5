from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ParamValidationError

from tray.aws.api.api_errors import as_tray_error, host_of, http_date, printable, retry_after
from tray.errors import (
    GrantRefused,
    Offline,
    OurBug,
    RegistrationRefused,
    RequestRefused,
    RoleForbidden,
    ServiceTrouble,
    TokenRejected,
    TrayError,
)

CANARY = "canary-7f3a"


def refusal(code: str, status: int = 400, **members: object) -> ClientError:
    """Return botocore's error for an error answer, with a description that must not be shown."""
    response: Any = {
        "Error": {"Code": code, "Message": CANARY},
        "ResponseMetadata": {
            "HTTPStatusCode": status,
            "RequestId": "0f1e2d3c",
            "HTTPHeaders": members.pop("headers", {}),
        },
        "error_description": CANARY,
        **members,
    }
    return ClientError(response, "CreateToken")


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("InvalidGrantException", 400, GrantRefused),
        ("ExpiredTokenException", 400, GrantRefused),
        ("InvalidClientException", 401, RegistrationRefused),
        ("UnauthorizedClientException", 400, RegistrationRefused),
        ("AccessDeniedException", 400, RequestRefused),
        ("InvalidRequestException", 400, RequestRefused),
        ("InvalidRequestRegionException", 400, RequestRefused),
        ("InvalidScopeException", 400, RequestRefused),
        ("InvalidRedirectUriException", 400, RequestRefused),
        ("InvalidClientMetadataException", 400, RequestRefused),
        ("UnsupportedGrantTypeException", 400, RequestRefused),
        ("UnauthorizedException", 401, TokenRejected),
        ("ForbiddenException", 403, RoleForbidden),
        ("ResourceNotFoundException", 404, RoleForbidden),
        ("SlowDownException", 400, ServiceTrouble),
        ("TooManyRequestsException", 429, ServiceTrouble),
        ("InternalServerException", 500, ServiceTrouble),
        ("BrandNewException", 400, ServiceTrouble),
        # A status without an AWS error name comes from something between us and AWS.
        ("401", 401, ServiceTrouble),
        ("403", 403, ServiceTrouble),
        ("429", 429, ServiceTrouble),
        ("503", 503, ServiceTrouble),
        # Whatever it calls itself, a 5xx never costs a token.
        ("InvalidGrantException", 500, ServiceTrouble),
        ("UnauthorizedException", 503, ServiceTrouble),
    ],
)
def test_refusals(code: str, status: int, expected: type[TrayError]) -> None:
    """Each error name of AWS's means one thing; its own text is never repeated."""
    error = as_tray_error("CreateToken", refusal(code, status))

    assert expected is type(error)
    assert CANARY not in f"{error} {error!r}"
    assert "request 0f1e2d3c" in error.sentence
    assert (code if not code.isdigit() else f"HTTP {status}") in error.sentence


@pytest.mark.parametrize("code", ["InvalidRequestException", "AccessDeniedException"])
def test_organisations_key(code: str) -> None:
    """Trouble with the organisation's own key never looks like a dead sign-in."""
    error = as_tray_error("CreateToken", refusal(code, reason="KMS_DisabledException"))

    assert RequestRefused is type(error)
    assert "KMS_DisabledException" in error.sentence


@pytest.mark.parametrize("name", ["bad\r\nname", "\x1b[31mred", "x" * 10_000, "é\u202e"])
def test_hostile_names(name: str) -> None:
    """Whatever a server calls its error, the sentence is short, plain and one line."""
    error = as_tray_error("CreateToken", refusal(name, reason=name), subject=name)

    assert error.sentence.isascii()
    assert error.sentence.isprintable()
    assert len(error.sentence) < 400


def test_answered() -> None:
    """Every refusal counts as answered (rule R5); only a 5xx may have been carried out."""
    slow, broken, busy = (
        as_tray_error("CreateToken", refusal(code, status))
        for code, status in (("SlowDownException", 400), ("502", 502), ("503", 503))
    )

    assert isinstance(slow, ServiceTrouble)
    assert isinstance(broken, ServiceTrouble)
    assert isinstance(busy, ServiceTrouble)
    assert (True, True, True) == (slow.answered, broken.answered, busy.answered)
    assert (False, True, False) == (slow.maybe_done, broken.maybe_done, busy.maybe_done)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("999999999", 3600.0),
        ("9999999999", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_seconds(text: str, seconds: float | None) -> None:
    """Seconds are taken as they are, up to an hour; nonsense is no wait."""
    assert seconds == retry_after({"retry-after": text}, 0.0)


def test_retry_after_date() -> None:
    """A date is a wait until then, never negative and never over an hour."""
    now = datetime(2027, 1, 1, tzinfo=UTC)
    waits = [
        retry_after(
            {"retry-after": format_datetime(now + timedelta(seconds=seconds), usegmt=True)},
            now.timestamp(),
        )
        for seconds in (90, -90, 90_000)
    ]

    assert [90.0, 0.0, 3600.0] == waits


def test_retry_after_reaches_the_caller() -> None:
    """The wait that AWS asks for is part of the error."""
    error = as_tray_error(
        "CreateToken", refusal("SlowDownException", headers={"retry-after": "7"})
    )

    assert isinstance(error, ServiceTrouble)
    assert 7.0 == error.retry_after


@pytest.mark.parametrize("text", ["", "yesterday", "Fri, 99 Foo 2027 99:99:99 GMT", "1", "\0"])
def test_no_date(text: str) -> None:
    """What is no date is None, whatever it is."""
    assert http_date(text) is None


def test_date() -> None:
    """An HTTP date is its moment."""
    assert datetime(2027, 1, 1, tzinfo=UTC).timestamp() == http_date(
        "Fri, 01 Jan 2027 00:00:00 GMT"
    )


def test_connect_timeout() -> None:
    """No connection in time: AWS was never reached, and nothing was done."""
    error = as_tray_error(
        "CreateToken", ConnectTimeoutError(endpoint_url="https://oidc.x.amazonaws.com/token")
    )

    assert isinstance(error, Offline)
    assert (False, False) == (error.answered, error.maybe_done)
    assert "oidc.x.amazonaws.com can't be reached." == error.sentence


def test_wrong_arguments() -> None:
    """A request that botocore itself refuses is our mistake; its report quotes values."""
    error = as_tray_error("CreateToken", ParamValidationError(report=f"value: {CANARY}"))

    assert isinstance(error, OurBug)
    assert CANARY not in str(error)


def test_our_own() -> None:
    """An error that already has its meaning keeps it."""
    error = Offline("No.")

    assert error is as_tray_error("CreateToken", error)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://user:secret@host.example:1/path?token=x", "host.example"),
        ("", "AWS"),
        (None, "AWS"),
        ("https://[", "AWS"),
    ],
)
def test_host(url: object, host: str) -> None:
    """Of a URL only the host is shown."""
    assert host == host_of(url)


def test_printable() -> None:
    """Controls, blanks and all that is not ASCII become one blank; the rest is clipped."""
    assert "a b" == printable("\x1b a\r\n\té b ")
    assert 64 == len(printable("x" * 100))
