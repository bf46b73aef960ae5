"""What the page itself says: its scripts get these as ``/text.js``, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, str]] = {
    # Settings
    "settings": "Settings",
    "settings-intro": "What you set here counts at once, as in the menu, and wins over {file}.",
    "save": "Save",
    "reset": "Reset",
    "reset-one": "Reset {name}",
    "save-one": "Save {name}",
    "default": "Default",
    "set-by": "Set by: {whence}",
    "one-a-line": "One a line.",
    "comma": "Numbers, with commas between them.",
    "at-a-terminal": "A page can't choose what program runs, or where tokens go. At a terminal:",
    "copy": "Copy",
    "copied": "Copied.",
    "no-clipboard": "The browser doesn't let pages copy. The line is selected: press Ctrl+C.",
}
"""``{name}`` is filled in by the script."""
