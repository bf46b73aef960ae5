"""Chooses a browser and opens a page in it (rules L1, L11)."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import quote

from tray.errors import OurBug
from tray.system import MACOS, WINDOWS
from tray.system.spawn import start_detached
from tray.values import dataclass

_GRAPHICAL: Final = (
    "x-www-browser",
    "firefox",
    "firefox-esr",
    "google-chrome",
    "google-chrome-stable",
    "chromium",
    "chromium-browser",
    "microsoft-edge",
    "brave-browser",
    "vivaldi",
    "opera",
    "epiphany",
    "konqueror",
    "falkon",
)
"""No text browsers: from a tray they would run unseen, and they would take over a terminal."""

_PLACE: Final = "%s"
_PLACES: Final = (_PLACE, "{url}", "{url_encoded}")
_STARTFILE: Final = "os.startfile"
_FILL = re.compile(r"%s|\{[a-z_]+\}")
_UNSAFE = re.compile(r"[^\w .@-]")
_ALLOWED = re.compile(r"(https://[^/\s]|http://127\.0\.0\.1[:/])[\x21-\x7e]*")


@dataclass(frozen=True, slots=True)
class BrowserChoice:
    # argv templates, tried in order; ``%s`` stands for the URL
    commands: tuple[tuple[str, ...], ...]
    # who decided: the session's own ``template``, the variable ``BROWSER``, or the ``system``;
    # ``none`` where there is no browser
    source: Literal["template", "BROWSER", "system", "none"]
    reason: str = ""  # for ``none``, one sentence why; else empty

    @property
    def available(self) -> bool:
        return bool(self.commands)


def browser_command(environ: Mapping[str, str], template: str | None = None) -> BrowserChoice:
    """
    Decide which browser opens a page; nothing is started.

    A set ``BROWSER`` always counts, in the forms that `webbrowser` takes. ``environ`` is that of
    the place where the user clicked or typed (L6); ``template`` is the session's own browser, such
    as ``firefox -P work %s`` (without a place for it the URL comes last). ``{url}`` is the same as
    ``%s``, ``{url_encoded}`` is the URL as a part of another, as Firefox's containers want it.
    """
    if template:
        return BrowserChoice((_parsed(template),), "template")
    named = [part for part in environ.get("BROWSER", "").split(os.pathsep) if part.strip()]
    if named:
        return BrowserChoice(tuple(_parsed(part) for part in named), "BROWSER")
    if MACOS or WINDOWS:
        return _of_the_desktop(environ)
    return _of_linux(environ)


def open_browser(
    url: str,
    environ: Mapping[str, str],
    template: str | None = None,
    *,
    names: Mapping[str, str] = MappingProxyType({}),
    grace: float = 0.5,
) -> bool:
    """
    Open a page (https, or http on 127.0.0.1, else `OurBug`); returns whether a browser started.

    ``names`` fill ``{profile}``, ``{account}`` and ``{role}`` of a template, cleaned so that none
    can add an option or a part of an address.
    A command that exits non-zero within ``grace`` seconds has failed, and the next is tried.
    Blocks that long for each.
    """
    if not _ALLOWED.fullmatch(url):
        raise OurBug("a page that is neither https nor our own was to be opened; it was not")
    choice = browser_command(environ, template)
    child = dict(environ)
    if choice.source == "system":
        # Without a desktop xdg-open has a list of its own, with text browsers in it.
        child["BROWSER"] = os.pathsep.join(_installed(environ, _GRAPHICAL)) or "false"
    filled = dict.fromkeys(("{profile}", "{account}", "{role}"), "")
    filled |= {f"{{{name}}}": _UNSAFE.sub("_", text).lstrip("-") for name, text in names.items()}
    filled |= {"{url}": url, "{url_encoded}": quote(url, safe=""), _PLACE: url}
    return any(_start(command, filled, child, grace) for command in choice.commands)


def _start(
    command: tuple[str, ...], filled: Mapping[str, str], environ: Mapping[str, str], grace: float
) -> bool:
    if command == (_STARTFILE, _PLACE):
        return _startfile(filled[_PLACE])
    # All at once: what fills one place is never read as another.
    argv = [_FILL.sub(lambda found: filled.get(found[0], found[0]), part) for part in command]
    import shutil  # with its compressions it takes half a MB, and a daemon may never need it

    program = shutil.which(argv[0], path=environ.get("PATH"))
    if program is None:
        return False
    try:
        return start_detached([program, *argv[1:]], environ, grace=grace) in {None, 0}
    except (OSError, ValueError):
        return False


def _startfile(url: str) -> bool:
    start: Callable[[str], None] = vars(os)["startfile"]
    try:
        start(url)
    except OSError:
        return False
    return True


def _parsed(line: str) -> tuple[str, ...]:
    """Split a command line; a path without ``%s`` is one program, as in `webbrowser`."""
    line = line.strip()
    if line.endswith("&"):
        line = line[:-1].rstrip()
    if not any(place in line for place in _PLACES) and Path(line).is_file():
        return (line, _PLACE)
    try:
        parts = shlex.split(line, posix=not WINDOWS)
        if WINDOWS:  # where a backslash is a separator, and quotes stay
            parts = [part.strip('"') for part in parts]
    except ValueError:  # an unbalanced quote: take the whole line
        parts = [line]
    if not any(place in part for part in parts for place in _PLACES):
        parts.append(_PLACE)
    return tuple(parts)


def _of_the_desktop(environ: Mapping[str, str]) -> BrowserChoice:
    if environ.get("SSH_CONNECTION"):
        return BrowserChoice((), "none", "this is an SSH session, where no browser can be opened")
    command = (_STARTFILE, _PLACE) if WINDOWS else ("open", _PLACE)
    return BrowserChoice((command,), "system")


def _of_linux(environ: Mapping[str, str]) -> BrowserChoice:
    if environ.get("WSL_DISTRO_NAME") and _installed(environ, ("wslview",)):
        return BrowserChoice((("wslview", _PLACE),), "system")
    if not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        return BrowserChoice((), "none", f"no browser can be opened here: {_why_none(environ)}")
    found = _installed(environ, ("xdg-open", *_GRAPHICAL))
    if not found:
        return BrowserChoice((), "none", "no browser is installed (or set BROWSER)")
    return BrowserChoice(tuple((name, _PLACE) for name in found), "system")


def _why_none(environ: Mapping[str, str]) -> str:
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return "this is an SSH session without a display"
    if environ.get("WSL_DISTRO_NAME"):
        return "this is WSL without wslview (package wslu)"
    if environ.get("container") or Path("/.dockerenv").exists():
        return "this is a container without a display"
    return "there is no display"


def _installed(environ: Mapping[str, str], names: tuple[str, ...]) -> list[str]:
    import shutil

    return [name for name in names if shutil.which(name, path=environ.get("PATH"))]
