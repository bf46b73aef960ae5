"""Checks that an answer comes from AWS and is complete, before anything in it is believed."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from tray.aws.api.api_errors import captive_portal, host_of, incomplete_response
from tray.secret import Secret

log = logging.getLogger(__name__)

_NUMBERS = ("expiresIn", "interval", "clientSecretExpiresAt", "clientIdIssuedAt")
# RFC 6749 appendix A: visible ASCII characters and spaces; nothing else fits in a header.
_SENDABLE = re.compile(r"[\x20-\x7e]{1,16384}")


class ResponseCheck:
    """Botocore takes a portal's page for an empty answer, and fails on a malformed number."""

    def __init__(self, endpoint: str) -> None:
        self._host = host_of(endpoint)

    def __call__(self, response_dict: dict[str, Any], operation_model: Any, **_: object) -> None:
        """Handle ``before-parse``; Offline: not AWS's answer, ServiceTrouble: it is cut."""
        status: int = response_dict["status_code"]
        body: bytes = response_dict["body"]
        kind = str(response_dict["headers"].get("content-type", "")).lower()
        is_page = "html" in kind or body.lstrip()[:1] == b"<"
        if 300 <= status < 400 or status == 511 or (is_page and status < 500):
            raise captive_portal(self._host)
        members = _json_object(body)
        if status >= 300:
            # botocore's parser fails on anything but a JSON object.
            response_dict["body"] = b"" if members is None else body
        elif members is not None:
            response_dict["body"] = _without_odd_numbers(body, members)
        elif body and kind and "json" not in kind:
            raise captive_portal(self._host)
        elif body:
            raise incomplete_response(operation_model.name, "is cut or no JSON object")


def secret_member(operation: str, answer: Mapping[str, Any], name: str) -> Secret:
    """Raises ServiceTrouble if it is missing, not a text, or does not fit in a header."""
    value = answer.get(name)
    if not is_sendable(value):
        raise incomplete_response(operation, f"has no usable {name}")
    return Secret(value)


def text_member(operation: str, answer: Mapping[str, Any], name: str) -> str:
    """Return a text that is not secret; raises ServiceTrouble if missing, empty or unprintable."""
    value = answer.get(name)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise incomplete_response(operation, f"has no usable {name}")
    return value


def number_member(answer: Mapping[str, Any], name: str) -> int | None:
    value = answer.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        return None
    return value


def is_sendable(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(_SENDABLE.fullmatch(value))


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _without_odd_numbers(body: bytes, members: dict[str, Any]) -> bytes:
    """Leave out malformed numbers; our own rules then decide what to assume."""
    odd = [name for name in _NUMBERS if name in members and not _is_number(members[name])]
    if not odd:
        return body
    log.warning("an answer of AWS holds no number as %s", " and ".join(odd))
    return json.dumps({k: v for k, v in members.items() if k not in odd}).encode()


def _is_number(value: object) -> bool:
    # An int is always finite, and math.isfinite fails on those that no float can hold.
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and math.isfinite(value)
    )
