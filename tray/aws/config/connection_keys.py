"""How a profile's keys say to reach AWS (AWS SDKs guide, "Service-specific endpoints")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tray.aws.config.ini import Section, Value
from tray.core.connection import SERVICES, ConnectionSettings

_VARIABLES: Final = {
    "use_fips_endpoint": "AWS_USE_FIPS_ENDPOINT",
    "use_dualstack_endpoint": "AWS_USE_DUALSTACK_ENDPOINT",
    "endpoint_url": "AWS_ENDPOINT_URL",
    "ignore_configured_endpoint_urls": "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "ca_bundle": "AWS_CA_BUNDLE",
    "sts_regional_endpoints": "AWS_STS_REGIONAL_ENDPOINTS",
}
_TELLING: Final = frozenset((*_VARIABLES, "services"))
CONNECTION_KEYS: Final = (
    "use_fips_endpoint", "use_dualstack_endpoint", "ca_bundle", "services",
    "ignore_configured_endpoint_urls",
)  # fmt: skip


def connection_of(settings: Section, services: Mapping[str, Section]) -> ConnectionSettings:
    """A bare ``endpoint_url`` does not count; ``services`` are ``[services NAME]`` sections."""
    endpoints: dict[str, str | None] = {}
    name = settings.get("services")
    if isinstance(name, str):
        for service in SERVICES:
            block = services.get(name, {}).get(service)
            if isinstance(block, dict):
                endpoints[service] = block.get("endpoint_url") or None
    bundle = settings.get("ca_bundle")
    return ConnectionSettings(
        fips=_flag(settings.get("use_fips_endpoint")),
        dualstack=_flag(settings.get("use_dualstack_endpoint")),
        ca_bundle=bundle if isinstance(bundle, str) and bundle else None,
        sso=endpoints.get("sso"),
        sso_oidc=endpoints.get("sso_oidc"),
        sts=endpoints.get("sts"),
        ignore_endpoints=_flag(settings.get("ignore_configured_endpoint_urls")),
    )


def every_variable(
    profiles: Mapping[str, Section], services: Mapping[str, Section]
) -> dict[str, dict[str, str]]:
    """Return `variables_of` those profiles that have any."""
    return {
        name: found
        for name, settings in profiles.items()
        if not _TELLING.isdisjoint(settings) and (found := variables_of(settings, services))
    }


def variables_of(settings: Section, services: Mapping[str, Section]) -> dict[str, str]:
    """Return the environment that sends an SDK's calls where a profile's keys do."""
    found = {
        variable: value
        for key, variable in _VARIABLES.items()
        if isinstance(value := settings.get(key), str) and value
    }
    name = settings.get("services")
    for service, block in services.get(name if isinstance(name, str) else "", {}).items():
        if isinstance(block, dict) and block.get("endpoint_url"):
            found[f"AWS_ENDPOINT_URL_{service.upper()}"] = block["endpoint_url"]
    return found


def _flag(value: Value | None) -> bool | None:
    """As botocore's ``ensure_boolean`` reads it."""
    return value.lower() == "true" if isinstance(value, str) and value else None
