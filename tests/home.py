"""A home of a test's own, in the variables that each system asks for it."""

from __future__ import annotations

from pathlib import Path


def home_variables(home: Path) -> dict[str, str]:
    """Return what makes a folder the home: POSIX asks HOME, Windows the others."""
    return {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "LOCALAPPDATA": str(home / "AppData" / "Local"),
    }
