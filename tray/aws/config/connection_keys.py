"""How a profile's keys say to reach AWS (AWS SDKs guide, "Service-specific endpoints")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tray.aws.config.ini import Section, Value
from tray.core.connection import SERVICES, ConnectionSettings

CONNECTION_KEYS: Final = ("use_fips_endpoint", "use_dualstack_endpoint", "ca_bundle", "services")


def connection_of(settings: Section, services: Mapping[str, Section]) -> ConnectionSettings:
    """
    Return the settings of a profile; a bare ``endpoint_url`` is none of them.

    Args:
        services: the ``[services NAME]`` sections.
    """
    endpoints: dict[str, str | None] = {}
    name = settings.get("services")
    if (
        isinstance(name, str)
        and _flag(settings.get("ignore_configured_endpoint_urls")) is not True
    ):
        for service in SERVICES:
            block = services.get(name, {}).get(service)
            if isinstance(block, dict):
                endpoints[service] = block.get("endpoint_url") or None
    bundle = settings.get("ca_bundle")
    return ConnectionSettings(
        fips=_flag(settings.get("use_fips_endpoint")),
        dualstack=_flag(settings.get("use_dualstack_endpoint")),
        ca_bundle=bundle if isinstance(bundle, str) and bundle else None,
        **endpoints,
    )


def _flag(value: Value | None) -> bool | None:
    """Return a boolean as botocore's ``ensure_boolean`` reads it."""
    return value.lower() == "true" if isinstance(value, str) and value else None
