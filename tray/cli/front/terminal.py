"""What a command says on its streams, and how it ends (rule C1)."""

from __future__ import annotations

import os
import sys

from tray.errors import TrayError


class Ended(TrayError):
    """
    A command ended with an exit code of rule C1; ``sentence`` is empty if all has been said.

    ``passes``: what stopped it goes away by itself, so the same request may soon succeed.
    """

    def __init__(self, sentence: str, exit_code: int, *, passes: bool = False) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
        self.passes = passes


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


def coloured() -> bool:
    """Whether standard output is a terminal, and styles are wanted there."""
    return not os.environ.get("NO_COLOR") and sys.stdout.isatty()


def bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if coloured() else text
