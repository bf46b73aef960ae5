"""What a command says on its streams, and how it ends (rule C1)."""

from __future__ import annotations

import os
import sys

from tray.errors import TrayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_COLOURS: Final = {"red": 31, "green": 32, "yellow": 33, "cyan": 36}


class Ended(TrayError):
    """A command ended with an exit code of rule C1; ``sentence`` is empty if all has been said."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


class WrongUse(TrayError):
    """The command line makes no sense: said below the command's usage, with exit code 2."""


def say(text: str, *, end: str = "\n") -> None:
    """Write to standard output, and flush it."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def note(sentence: str) -> None:
    sys.stderr.write(f"sso-tray: {sentence}\n")
    sys.stderr.flush()


def finish(exit_code: int, sentence: str) -> None:
    """Print the last sentence of a request: on stdout if it was done, else as an error."""
    if exit_code:
        raise Ended(sentence, exit_code)
    if sentence:
        say(sentence)


def styled(text: str, *, colour: str | None = None, bold: bool = False, dim: bool = False) -> str:
    """Return a text for standard output, styled if that is a terminal and colours are wanted."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return text
    codes = [_COLOURS[colour]] if colour is not None else []
    codes += [code for code, wanted in ((1, bold), (2, dim)) if wanted]
    return "".join(f"\x1b[{code}m" for code in codes) + text + ("\x1b[0m" if codes else "")
