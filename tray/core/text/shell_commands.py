"""Commands to type, quoted so that they can be pasted into a POSIX shell."""

from __future__ import annotations

import re

from tray.core.text.display_names import clean, session_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_PLAIN_WORD: Final = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")


def sign_in_first(key: str) -> str:
    return f"You're not signed in to {clean(session_name(key))}. Run: {login_command(key)}"


def login_command(key: str) -> str:
    return f"sso-tray login {quoted(clean(key, 200))}"


def quoted(name: str) -> str:
    """Quote a name for a POSIX shell if it needs it: a name from the config is only data."""
    if _PLAIN_WORD.fullmatch(name):
        return name
    return "'" + name.replace("'", "'\"'\"'") + "'"
