"""How ``settings`` says what a key's value is, and whence it comes."""

from __future__ import annotations

from typing import Final, Literal

from tray.core.text.display_names import clean

Source = Literal["default", "config", "menu", "administrator", "unreadable"]
"""``unreadable``: what holds until the user's file can be read."""

_LONGEST: Final = 1000  # characters of a value, more than a person writes
_NOTHING: Final = {"browser": "the system's", "sessions": "none", "profiles": "none"}


def value(name: str, written: str | None) -> str:
    """``written``: as a settings file has it; None: nothing, or an unknown restriction."""
    if written is None:
        return _NOTHING.get(name, "not known")
    return clean(written, _LONGEST)


def whence(source: Source, file: str | None, locked_by: str | None) -> str:
    if locked_by is not None:
        return f"locked by {clean(locked_by, _LONGEST)}"
    match source:
        case "default":
            return "default"
        case "config":
            return "config.toml"
        case "menu":
            return "the menu"
        case "administrator":
            return f"administrator: {clean(file or '', _LONGEST)}"
        case "unreadable":
            return "until your file can be read"


def no_such_setting(words: str) -> str:
    return f'No setting has "{clean(words)}" in its name.'
