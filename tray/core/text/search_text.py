"""What a search for a profile says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tray.core.text.display_names import clean

SHOWN: Final = 20  # names; more say nothing to anybody
PROMPT: Final = "Profile: "
GUARDED: Final = "guarded"
NOTHING: Final = "  Nothing matches."
KEYS: Final = "type to search · ↑ ↓ to choose · Enter to use · Ctrl-C to leave"


def matched(words: str, name: str) -> str:
    return f'"{clean(words)}" matches {clean(name)}.'


def several(words: str, names: Sequence[str]) -> str:
    shown = "".join(f"\n  {clean(name)}" for name in names[:SHOWN])
    more = f"\n  and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f'"{clean(words)}" matches {len(names)} profiles. Add a word:{shown}{more}'
