"""
Role credentials by one plain request: importing botocore takes longer than all the rest.

For the plain case only, and for a good answer: whatever else is left to `tray.aws.api.portal`,
which asks again and says what is wrong.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import tray
from tray.aws.api.endpoints import is_safe_endpoint, named_endpoint, variants
from tray.aws.api.role_credentials import Credentials
from tray.core.connection import ConnectionSettings
from tray.own_connection import OwnConnection
from tray.secret import Secret

_REGION: Final = re.compile(r"((us|eu|ap|sa|ca|me|af|il|mx)|us-gov)-[a-z]+-[0-9]+")
"""Those of the partitions ``aws`` and ``aws-us-gov`` (botocore's ``partitions.json``)."""

_SENDABLE: Final = re.compile(r"[\x20-\x7e]{1,16384}")
_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 15
_LONGEST_ANSWER: Final = 65536


def direct_endpoint(
    region: str, connection: ConnectionSettings, own: OwnConnection, environ: Mapping[str, str]
) -> str | None:
    """Return the portal's endpoint, as botocore would; None for all but the plain case."""
    if own.proxies:
        return None
    named = named_endpoint("sso", connection, own, environ)
    if named is not None:
        plain = is_safe_endpoint(named) and not urlsplit(named).username
        return named.rstrip("/") if plain else None
    if True in variants(connection, environ).values() or not _REGION.fullmatch(region):
        return None
    return f"https://portal.sso.{region}.amazonaws.com"


def direct_credentials(
    access_token: Secret,
    account_id: str,
    role_name: str,
    endpoint: str,
    bundle: str | None,
) -> Credentials | None:
    """Return fresh credentials (``GetRoleCredentials``), or None for any other answer or none."""
    parts = urlsplit(endpoint)
    if parts.scheme in getproxies() and not proxy_bypass(parts.netloc):
        return None
    query = urlencode({"role_name": role_name, "account_id": account_id})
    target = f"{parts.path}/federation/credentials?{query}"
    headers = {
        "x-amz-sso_bearer_token": access_token.reveal(),
        "User-Agent": f"sso-tray/{tray.__version__}",
    }
    try:
        connection = _connection(parts.scheme, parts.netloc, bundle)
        try:
            connection.connect()
            connection.sock.settimeout(_READ_SECONDS)
            connection.request("GET", target, headers=headers)
            answer = connection.getresponse()
            body = answer.read(_LONGEST_ANSWER) if answer.status == 200 else b""
        finally:
            connection.close()
        return _credentials(json.loads(body), account_id)
    except (OSError, HTTPException, ValueError, RecursionError):
        return None


def _connection(scheme: str, netloc: str, bundle: str | None) -> HTTPConnection:
    if scheme == "http":
        return HTTPConnection(netloc, timeout=_CONNECT_SECONDS)
    trusted = ssl.create_default_context(cafile=bundle or str(_usual_bundle()))
    return HTTPSConnection(netloc, timeout=_CONNECT_SECONDS, context=trusted)


def _usual_bundle() -> Path:
    """Return the file that botocore takes (``botocore.httpsession.where``); raises OSError."""
    for package in ("certifi", "botocore"):
        found = find_spec(package)
        if found is not None and found.origin is not None:
            return Path(found.origin).parent / "cacert.pem"
    raise FileNotFoundError


def _credentials(document: Any, account_id: str) -> Credentials | None:
    members = document.get("roleCredentials") if isinstance(document, dict) else None
    if not isinstance(members, dict):
        return None
    texts = [members.get(name) for name in ("accessKeyId", "secretAccessKey", "sessionToken")]
    end = members.get("expiration")
    if not all(isinstance(one, str) and _SENDABLE.fullmatch(one) for one in texts):
        return None
    if not isinstance(end, int) or isinstance(end, bool) or end <= 0:
        return None
    key, secret, token = (Secret(str(one)) for one in texts)
    return Credentials(key, secret, token, end / 1000, account_id)
