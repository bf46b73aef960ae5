"""
What ``status`` in words depends on besides the daemon: variables of the caller's terminal.

Sent as hexadecimal digits of ``NAME=value`` fields that NUL ends, so that it takes no imports. Of
variables that hold or lead to credentials only whether they are set is sent.
"""

from __future__ import annotations

import os

from tray.system.credential_variables import DEFAULT_HIDDEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

_VALUES: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "TZ", "LC_ALL", "LC_TIME", "LANG")
_WHETHER: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    DEFAULT_HIDDEN,
)


def times(environ: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return what says how times are written: zone and locale, of which the first set counts."""
    named = (environ.get(name) for name in ("LC_ALL", "LC_TIME", "LANG"))
    return environ.get("TZ"), next(filter(None, named), None)


def packed(environ: Mapping[str, str]) -> str:
    fields = [f"{name}={environ[name]}" for name in _VALUES if name in environ]
    fields += [f"{name}={'set' if environ[name] else ''}" for name in _WHETHER if name in environ]
    return os.fsencode("\0".join(fields)).hex()


def unpacked(text: str) -> dict[str, str]:
    """Raises ValueError for anything else than what was packed."""
    fields = os.fsdecode(bytes.fromhex(text)).split("\0")
    pairs = [one.partition("=") for one in fields if one]
    if not {name for name, _, _ in pairs} <= {*_VALUES, *_WHETHER}:
        raise ValueError("no such variable")
    return {name: value for name, _, value in pairs}
