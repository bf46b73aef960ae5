"""Which profile may be picked, and how: guarded names and our own managed one (A7)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping
    from typing import Final

MANAGED_PROFILE: Final = "sso-tray"
"""The profile that always is the active one (A1); picking it would be a circle."""


def is_guarded(name: str, patterns: Iterable[str] | None) -> bool:
    """Whether only the user may switch to or from it; without case. None: any may be guarded."""
    if not patterns:
        return patterns is None
    from fnmatch import fnmatchcase

    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)


def is_managed(name: str, managed: Container[str] = ()) -> bool:
    return name == MANAGED_PROFILE or name in managed


SHELL_FOLLOWS: Final = "SSO_TRAY_SHELL"
"""What a shell's hook exported as ``AWS_PROFILE``; unset where it does not follow (A2)."""


def shell_follows(environ: Mapping[str, str]) -> bool:
    """Whether ``AWS_PROFILE`` in this environment comes from a shell's hook (A2)."""
    exported = environ.get(SHELL_FOLLOWS)
    if exported is None:
        return False
    # A blank stands for "nothing" where no variable can be empty.
    return environ.get("AWS_PROFILE") == (exported if exported.strip() else None)
