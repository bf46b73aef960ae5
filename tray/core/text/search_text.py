"""What a search for a profile says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tray.core.text.display_names import clean

_NO_TAGS: Final = str.maketrans({
    "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
    ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
})  # fmt: skip
SHOWN: Final = 20  # names; more say nothing to anybody
PROMPT: Final = "Profile: "
GUARDED: Final = "guarded"
NOTHING: Final = "  Nothing matches."
OPENS: Final = "Open AWS console"
USES: Final = "Make it the active profile"
CATEGORY: Final = "AWS console"
KEYS: Final = "type to search · ↑ ↓ to choose · Enter to use · Ctrl-C to leave"
OPEN_KEYS: Final = KEYS.replace("Enter to use", "Enter to open")


def matched(words: str, name: str) -> str:
    return f'"{clean(words)}" matches {clean(name)}.'


def several(words: str, names: Sequence[str]) -> str:
    shown = "".join(f"\n  {clean(name)}" for name in names[:SHOWN])
    more = f"\n  and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f'"{clean(words)}" matches {len(names)} profiles. Add a word:{shown}{more}'


def starred(name: str, *, on: bool) -> str:
    return f'"{clean(name)}" is a favourite.' if on else f'"{clean(name)}" is no favourite.'


def use(name: str) -> str:
    return f"Use {name}"


def place(role: str, account: str) -> str:
    return f"{clean(role, 48)} in {account}"


def without_tags(text: str) -> str:
    """For a place that may take text for HTML, or may not: an escaped one would be seen there."""
    return text.translate(_NO_TAGS)
