"""Which profile may be picked, and how: guarded names and our own managed one (rule A7)."""

from __future__ import annotations

from collections.abc import Container, Iterable
from fnmatch import fnmatchcase
from typing import Final

MANAGED_PROFILE: Final = "sso-tray"
"""The profile that always is the active one (A1); picking it would be a circle."""


def is_guarded(name: str, patterns: Iterable[str]) -> bool:
    """
    Whether a profile is never switched to or from but by a person.

    Args:
        name: the profile's name; case counts, as it does for the SDKs.
        patterns: shell patterns such as ``*prod*`` (setting ``guarded``).
    """
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def is_managed(name: str, managed: Container[str] = ()) -> bool:
    """
    Whether a profile is ours, so that ``use`` refuses it.

    Args:
        name: the profile's name.
        managed: what else is ours (`Catalog.managed`): a ``[default]`` that follows.
    """
    return name == MANAGED_PROFILE or name in managed
