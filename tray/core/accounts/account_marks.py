"""Colours and labels that a person gives to accounts by patterns: ``*prod*=red``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from tray.core.policy import LONGEST_LABEL
from tray.values import dataclass

COLOURS: Final[Mapping[str, tuple[int, int, int]]] = {
    "red": (222, 49, 59),
    "orange": (232, 104, 8),
    "yellow": (184, 138, 0),
    "green": (38, 160, 79),
    "blue": (47, 128, 237),
    "purple": (150, 84, 224),
    "grey": (125, 135, 146),
}
"""Each has a contrast of 3:1 or more against both white and #1e1e1e (WCAG 2.2, 1.4.11)."""


@dataclass(frozen=True, slots=True)
class Mark:
    colour: str = ""  # of `COLOURS`; empty: none
    label: str = ""  # the colour's name where no label was given


NO_MARK: Final = Mark()


@lru_cache(maxsize=256)
def parsed(text: str) -> tuple[str, Mark] | None:
    """Return pattern and mark of ``PATTERN=COLOUR``, ``=LABEL``, ``=COLOUR LABEL``, or None."""
    pattern, _, meant = text.rpartition("=")
    first, _, rest = meant.strip().partition(" ")
    colour = first.casefold() if first.casefold() in COLOURS else ""
    label = (rest.strip() or colour) if colour else meant.strip()
    good = pattern.strip() and label and len(label) <= LONGEST_LABEL and text.isprintable()
    return (pattern.strip().casefold(), Mark(colour, label)) if good else None


def mark_of(marks: Sequence[str], *names: str | None) -> Mark:
    """
    Return the first mark whose pattern fits a name: of the profile, of its account, or its number.

    Case does not count. `marks` as in `Preferences`; what cannot be understood marks nothing.
    """
    known = [name.casefold() for name in names if name]
    for pattern, mark in filter(None, map(parsed, marks)):
        if any(fnmatchcase(name, pattern) for name in known):
            return mark
    return NO_MARK
