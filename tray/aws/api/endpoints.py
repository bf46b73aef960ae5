"""Which endpoint and certificates the user's settings name for a service; imports no botocore."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from tray.core.connection import ConnectionSettings
from tray.own_connection import OwnConnection

_FIPS: Final = "AWS_USE_FIPS_ENDPOINT"
_DUALSTACK: Final = "AWS_USE_DUALSTACK_ENDPOINT"
_IGNORE: Final = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"


def named_endpoint(
    service: str, connection: ConnectionSettings, own: OwnConnection, environ: Mapping[str, str]
) -> str | None:
    """
    Return the endpoint named for botocore's ``service``, maybe an unsafe one; None: AWS's own.

    Our own settings win, then the environment, then the config file, as in every SDK. Neither
    ``AWS_ENDPOINT_URL`` nor a bare ``endpoint_url`` counts: only an endpoint named for the service
    gets a secret.
    """
    if service != "sts" and own.endpoint_url:
        return own.endpoint_url
    ignored = environ.get(_IGNORE)
    if ignored.lower() == "true" if ignored else connection.ignore_endpoints:
        return None
    key = service.replace("-", "_")
    return environ.get(f"AWS_ENDPOINT_URL_{key.upper()}") or connection.endpoint(key)


def variants(connection: ConnectionSettings, environ: Mapping[str, str]) -> dict[str, bool]:
    """Return what is said of FIPS and dual-stack, by the names of botocore's options."""
    said = {}
    for option, variable, value in (
        ("use_fips_endpoint", _FIPS, connection.fips),
        ("use_dualstack_endpoint", _DUALSTACK, connection.dualstack),
    ):
        if environ.get(variable):
            said[option] = environ[variable].lower() == "true"
        elif value is not None:
            said[option] = value
    return said


def certificates(
    connection: ConnectionSettings, own: OwnConnection, environ: Mapping[str, str]
) -> str | None:
    """Return the CA bundle that decides whom to trust; None: botocore's own."""
    return own.ca_bundle or environ.get("AWS_CA_BUNDLE") or connection.ca_bundle


def is_safe_endpoint(endpoint: str) -> bool:
    """Whether a secret may go to an endpoint: https, or http on loopback."""
    try:
        parts = urlsplit(endpoint)
        host = parts.hostname or ""
        if parts.scheme == "https":
            return bool(host)
        return parts.scheme == "http" and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False
