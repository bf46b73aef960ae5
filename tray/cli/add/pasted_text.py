"""Recognizing a paste in answer to a question that wants one value."""

from __future__ import annotations

import re
import select
import sys
from typing import Final

from tray.system import WINDOWS

_KEY: Final = re.compile(
    r"(?:export |set |setx |\$env:)?\s*\"?aws_(?:access_key_id|secret_access_key|session_token)\b",
    re.IGNORECASE,
)
_SECTION: Final = re.compile(r"\[[^\]]+\]?")
_SETTING: Final = re.compile(r"[A-Za-z_]+\s*=.*")
_SHELL: Final = re.compile(r"(?:(?:export|set|setx)\s+|\$env:)[A-Za-z_]+", re.IGNORECASE)
_QUIET: Final = 0.1  # seconds without a further line after which a paste is over


def pasted(answer: str, *, asked: bool = True) -> str | None:
    """
    Return what was pasted instead of one value (keys, or lines of a config); else None.

    It never quotes it. Not `asked`: it is an argument of a command.
    """
    if _KEY.match(answer):
        return (
            "Those are temporary keys, which expire in a few hours and can't be renewed. "
            f"SSO Tray signs you in instead: {'answer' if asked else 'run sso-tray add'} with the "
            'values under the portal\'s "IAM Identity Center credentials".'
        )
    if _SHELL.match(answer):
        return (
            "That's a line for a shell, where it sets a variable; nobody is signed in by it. To "
            f"go on, {'answer here' if asked else 'run sso-tray add'} with one value at a time."
        )
    if _SECTION.match(answer) or _SETTING.fullmatch(answer):
        return (
            "That's a section of an AWS config. Add it to ~/.aws/config in an editor, or "
            f"{'answer here' if asked else 'run sso-tray add'} with one value at a time."
        )
    return None


def drop_rest() -> None:
    """Drop the lines that a paste has left in the terminal, so that they answer nothing."""
    if WINDOWS or not sys.stdin.isatty():
        return
    import termios

    while select.select([sys.stdin], [], [], _QUIET)[0]:
        termios.tcflush(sys.stdin, termios.TCIFLUSH)
