"""Runs a command in a new window of the user's terminal, where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Final

from tray.core import policy
from tray.system import LINUX
from tray.system.spawn import start_detached, without_bootloader

_TERMINALS: Final[tuple[tuple[str, ...], ...]] = (
    ("xdg-terminal-exec",),  # https://gitlab.freedesktop.org/terminal-wg/specifications
    ("x-terminal-emulator", "-e"),  # Debian Policy 11.8.3
    ("gnome-terminal", "--"),
    ("kgx", "--"),
    ("ptyxis", "--"),
    ("konsole", "-e"),
    ("xfce4-terminal", "-x"),
    ("mate-terminal", "-x"),
    ("qterminal", "-e"),
    ("foot",),
    ("kitty",),
    ("alacritty", "-e"),
    ("wezterm", "start", "--"),
    ("xterm", "-e"),
)
_STAYS: Final = '"$@"; printf "\\nPress Enter to close this window. "; read -r _'
"""Shell text: without it the window closes before anybody has read what the command says."""


def open_in_terminal(command: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Return whether a terminal took the command. Blocks for half a second."""
    if not LINUX or not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        return False
    inner = ["sh", "-c", _STAYS, "sh", *command]
    return any(_opened(terminal, inner, environ) for terminal in _TERMINALS)


def _opened(terminal: Sequence[str], inner: list[str], environ: Mapping[str, str]) -> bool:
    program = shutil.which(terminal[0], path=environ.get("PATH"))
    if program is None:
        return False
    child = without_bootloader(environ)
    try:
        ended = start_detached(
            [program, *terminal[1:], *inner], child, grace=policy.TERMINAL_STARTS_WITHIN
        )
    except OSError:
        return False
    return ended in {None, 0}
