"""A command as the value of ``credential_process``, for every SDK to start the same program."""

from __future__ import annotations

from typing import Final

from tray.core.words import clean
from tray.errors import UserMustAct

_PLAIN: Final = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@+=:,./-"
)
_READ_DIFFERENTLY: Final = frozenset("\"'$`\\%!")


def command_line(argv: tuple[str, ...]) -> str:
    """
    Return an argv as a value that shlex (botocore), sh (Go, JavaScript) and cmd divide alike.

    Raises:
        UserMustAct: a word of it cannot be written so that all of them read it back.
    """
    return " ".join(map(_word, argv))


def _word(word: str) -> str:
    if word and not set(word) - _PLAIN:
        return word
    if not word or not word.isprintable() or set(word) & _READ_DIFFERENTLY:
        msg = f'"{clean(word, 160)}" cannot be written so that every AWS SDK starts the same.'
        raise UserMustAct(msg)
    return f'"{word}"'
