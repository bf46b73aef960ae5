"""A command on Windows: found as its shell finds it, batch files included, and run to its end."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

_BATCH: Final = (".bat", ".cmd")
_SIGN_BIT: Final = 1 << 31


def run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """
    Run a command and return its exit status, negative where Windows' codes are that large.

    A Ctrl-C goes to the command as well, which decides. Raises OSError if it cannot be started.
    """
    program = shutil.which(command[0], path=environ.get("PATH"))
    if program is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), command[0])
    line: Sequence[str] | str = [program, *command[1:]]
    if program.lower().endswith(_BATCH):
        shell = os.path.join(os.environ["SYSTEMROOT"], "System32", "cmd.exe")  # noqa: PTH118
        line = f'"{shell}" {batch_arguments(program, command[1:])}'
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.call(line, env=dict(environ))
    finally:
        signal.signal(signal.SIGINT, before)
    return code - (_SIGN_BIT << 1) if code >= _SIGN_BIT else code


def batch_arguments(program: str, arguments: Sequence[str]) -> str:
    """
    Return the arguments of ``cmd.exe`` that run a batch file, which reads them by other rules.

    Each is quoted, quotes in it doubled, and every ``%`` followed by an empty substring, so that
    nothing is expanded and nothing ends the command, as in Rust's standard library.
    Raises OSError for a line break, which no batch file can be given.
    """
    if any(letter in one for one in (program, *arguments) for letter in "\r\n\0"):
        raise OSError(errno.EINVAL, "a batch file cannot be given a line break")
    words = " ".join(_quoted(one) for one in (program, *arguments))
    return f'/e:ON /v:OFF /d /c "{words}"'


def _quoted(argument: str) -> str:
    written, backslashes = "", 0
    for letter in argument:
        if letter == '"':
            written += "\\" * backslashes + '"'
        elif letter == "%":
            written += "%%cd:~,"
        backslashes = backslashes + 1 if letter == "\\" else 0
        written += letter
    return f'"{written}{chr(92) * backslashes}"'
