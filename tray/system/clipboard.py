"""Copies a link, a line that selects a profile or a command of ours; else raises `OurBug`."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from typing import Final

from tray.errors import OurBug
from tray.system import MACOS, WINDOWS
from tray.system.spawn import APART

LIMIT_SECONDS: Final = 5.0

_LINK: Final = re.compile(r"(https://[^/\s]|http://127\.0\.0\.1[:/])[\x21-\x7e]*")
_SELECTS: Final = re.compile(
    r"(export |set -gx |set |\$env:)?"
    r"AWS_(PROFILE|DEFAULT_PROFILE|REGION|DEFAULT_REGION|CONFIG_FILE|SHARED_CREDENTIALS_FILE)"
    r"[ =].{1,400}"
)
"""A line that sets a variable; none of these holds a credential."""
_COMMAND: Final = re.compile(r"sso-tray [a-z]+( --[a-z]+)?")


def copy(text: str, environ: Mapping[str, str]) -> bool:
    """Put a text on the clipboard, through standard input; whether a program took it. Blocks."""
    if not _may_be_copied(text):
        raise OurBug(
            "something that is neither a link, a name nor a command was to be copied; it was not"
        )
    return any(_offer(command, data, environ) for command, data in _ways(text, environ))


def _may_be_copied(text: str) -> bool:
    if _LINK.fullmatch(text) or _COMMAND.fullmatch(text):
        return True
    lines = text.splitlines()
    return bool(lines) and all(_SELECTS.fullmatch(line) for line in lines)


def _ways(text: str, environ: Mapping[str, str]) -> Iterator[tuple[list[str], bytes]]:
    plain = text.encode("utf-8", "replace")
    if MACOS:
        yield ["pbcopy"], plain
        return
    if WINDOWS or environ.get("WSL_DISTRO_NAME"):
        # clip.exe takes the console's code page, or UTF-16 with a byte order mark.
        yield ["clip.exe"], b"\xff\xfe" + text.encode("utf-16-le", "replace")
    if environ.get("WAYLAND_DISPLAY"):
        yield ["wl-copy"], plain
    if environ.get("DISPLAY"):
        yield ["xclip", "-selection", "clipboard", "-in"], plain
        yield ["xsel", "--clipboard", "--input"], plain


def _offer(command: list[str], data: bytes, environ: Mapping[str, str]) -> bool:
    import shutil  # with its compressions it takes half a MB, and a daemon may never need it

    program = shutil.which(command[0], path=environ.get("PATH"))
    if program is None:
        return False
    try:
        # No pipes for output: the copy it leaves in the background would keep them open.
        done = subprocess.run(
            [program, *command[1:]],
            input=data,
            env=dict(environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=LIMIT_SECONDS,
            check=False,
            **APART,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
