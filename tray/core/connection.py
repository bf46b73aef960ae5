"""
How AWS is reached: the user's settings that apply to a call (F3).

A profile's credentials follow the profile's own settings, a session those on which all its
profiles agree; what our own settings say of a session wins. ``[default]`` applies to no other
profile. A secret goes to AWS, or to an endpoint named for this very service: a bare
``endpoint_url`` is usually meant for an emulator.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar, Final

from tray.core.json_members import Document, MayLack, flag, optional, text
from tray.core.text.display_names import clean
from tray.values import dataclass

SERVICES: Final = ("sso", "sso_oidc", "sts")
"""As a ``services`` section spells them."""


@dataclass(frozen=True, slots=True)
class ConnectionSettings(Document):
    """Settings from the AWS config, None where it says nothing."""

    fips: bool | None = None
    dualstack: bool | None = None
    ca_bundle: str | None = None
    sso: str | None = None  # the endpoint named for this service; the next two as well
    sso_oidc: str | None = None
    sts: str | None = None
    ignore_endpoints: bool | None = None  # whether those named in config and environment count

    def endpoint(self, service: str) -> str | None:
        return getattr(self, service, None)

    MEMBERS: ClassVar = {
        "fips": optional(flag),
        "dualstack": optional(flag),
        "ca_bundle": optional(text),
        "sso": optional(text),
        "sso_oidc": optional(text),
        "sts": optional(text),
        "ignore_endpoints": MayLack(optional(flag)),
    }


_KEYS: Final = {
    "fips": "use_fips_endpoint",
    "dualstack": "use_dualstack_endpoint",
    "ca_bundle": "ca_bundle",
    "ignore_endpoints": "ignore_configured_endpoint_urls",
} | {service: f"the {service} endpoint" for service in SERVICES}

AWS_DEFAULTS: Final = ConnectionSettings()


def agreed(settings: Collection[ConnectionSettings]) -> ConnectionSettings:
    if len(settings) == 1:
        return next(iter(settings))
    common = {name: {getattr(one, name) for one in settings} for name in _KEYS}
    return ConnectionSettings(
        **{name: values.pop() for name, values in common.items() if len(values) == 1}
    )


def disagreements(settings: Collection[ConnectionSettings]) -> tuple[str, ...]:
    if len(settings) < 2:
        return ()
    return tuple(
        key for name, key in _KEYS.items() if len({getattr(one, name) for one in settings}) > 1
    )


def disagreement(key: str, keys: Collection[str], own: Collection[str]) -> str | None:
    """Say what a session's profiles disagree on; ``own``: our settings of it, which decide."""
    said = {"endpoint_url": ("the sso endpoint", "the sso_oidc endpoint")}
    settled = {word for name in own for word in said.get(name, (name,))}
    left = [one for one in keys if one not in settled]
    if not left:
        return None
    return (
        f'The profiles of "{clean(key)}" disagree on {", ".join(left)}, so the session uses '
        "AWS's defaults."
    )
