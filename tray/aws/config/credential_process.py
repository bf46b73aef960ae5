"""A command as the value of ``credential_process``, so that every SDK starts the same program."""

from __future__ import annotations

import re
from pathlib import PureWindowsPath
from typing import Final

from tray.core.text.display_names import clean
from tray.errors import UserMustAct

_PLAIN: Final = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@+=:,./-"
)
_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")
_READ_DIFFERENTLY: Final = frozenset("\"'$`\\%!")


def command_line(argv: tuple[str, ...]) -> str:
    """
    Return an argv as a value that shlex (botocore), sh (Go, JavaScript) and cmd split alike.

    A Windows path gets slashes, since shlex and sh drop backslashes, and quotes, since cmd takes a
    bare slash for an option. Quotes are double there and single elsewhere: cmd knows no others,
    and the Go SDK v1 drops double ones. Raises UserMustAct for a word that not all of them would
    read back.
    """
    quote = '"' if argv and _DRIVE.match(argv[0]) else "'"
    return " ".join(_word(word, quote) for word in argv)


def _word(word: str, quote: str) -> str:
    drive = _DRIVE.match(word) is not None
    if drive:
        word = PureWindowsPath(word).as_posix()
    if word and not drive and not set(word) - _PLAIN:
        return word
    if not word or not word.isprintable() or set(word) & _READ_DIFFERENTLY:
        raise UserMustAct(
            f'"{clean(word, 160)}" cannot be written so that every AWS SDK starts the same.'
        )
    return f"{quote}{word}{quote}"
