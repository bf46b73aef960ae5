"""Asks a person at a terminal for the code of an MFA device."""

from __future__ import annotations

import re
import sys
from getpass import getpass
from typing import Final

from tray.cli.front.terminal import Ended
from tray.core.text.credentials import credentials_text

CODE: Final = re.compile(r"[0-9]{6}")  # STS, AssumeRole: TokenCode


def can_be_asked() -> bool:
    """Whether somebody sees a question and can answer it; standard output may be piped."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def asked_code(serial: str) -> str:
    """Return the code, which is not shown while it is typed; raises Ended for anything else."""
    try:
        typed = getpass(credentials_text.question(serial), stream=sys.stderr)
    except EOFError:
        typed = ""
    code = typed.replace(" ", "")
    if not CODE.fullmatch(code):
        raise Ended(credentials_text.NO_CODE, 1)
    return code
