"""Which names complete a word, and how bash takes them as data."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

_SPECIAL: Final = re.compile(r"[^\w@%+=:,./-]")


def beginning(names: Iterable[str], incomplete: str) -> list[str]:
    """Return the names that begin so; one with a line break would be two for the shell."""
    return [
        one for one in dict.fromkeys(names) if one.startswith(incomplete) and one.isprintable()
    ]


def for_bash(name: str) -> str:
    """Return a name as an unquoted word of bash."""
    return _SPECIAL.sub(r"\\\g<0>", name)
