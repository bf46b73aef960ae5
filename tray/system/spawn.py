"""Starts other programs: workers with a clean environment, and detached children."""

from __future__ import annotations

import os
import site
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import tray
from tray.system import WINDOWS
from tray.system.credential_variables import without_credentials

INTERNAL_FLAG: Final = "--internal"  # for a frozen program, instead of ``-m``

PARTS: Final = (
    "tray.daemon",
    "tray.worker",
    "tray.cli.exec.credentials_apart",
    "tray.desktop.icon.icon_drawing",
    "tray.desktop.linux.portal_scheme",
    "tray.desktop.notifications.plyer_notice",
    "tray.demo.demo_story",
    "tray.demo.demo_witness",
    "tray.page",
    "tray.system.package_upgrade",
)

APART: Final[dict[str, Any]] = (
    {"creationflags": 0x08000000}  # CREATE_NO_WINDOW
    if WINDOWS
    else {"start_new_session": True}
)
"""
How to start a child that a Ctrl-C or the end of our terminal does not reach.

On Windows it has a console of its own, without a window, and so have its own children.
"""

OWN_COMMAND_LASTS: Final = 60.0  # seconds

_SCHEMES: Final = ("nt", "nt_user")  # of `sysconfig`: installed for all, or by pip --user

_DROPPED: Final = frozenset(
    {
        "KEYCHAIN_PATH",
        "PYTHON_KEYRING_BACKEND",
        # An interactive Python would never end.
        "PYTHONINSPECT",
        "PYTHONSTARTUP",
    }
)


def frozen() -> bool:
    """Whether this is the frozen program (PyInstaller), which has no interpreter."""
    return bool(getattr(sys, "frozen", False))


def module_command(module: str, *arguments: str) -> list[str]:
    """
    Return the argv that runs one of `PARTS`, or ``tray`` (the command line), as a program.

    ``-P`` keeps the current directory, and a ``keyring.py`` there, out of the import path.
    """
    if not frozen():
        return [sys.executable, "-P", "-m", module, *arguments]
    return [sys.executable, *([] if module == "tray" else [INTERNAL_FLAG, module]), *arguments]


def worker_command(name: str) -> list[str]:
    return module_command("tray.worker", name)


def own_program(environ: Mapping[str, str]) -> list[str]:
    """Return the argv to store: an AppImage's file, the command beside Python, or the package."""
    image = environ.get("APPIMAGE")
    if image:
        return [image]
    if frozen():
        return module_command("tray")
    name = "sso-tray.exe" if WINDOWS else "sso-tray"
    places = [Path(sys.executable).with_name(name)]
    if WINDOWS:  # a Python without an environment has them in a folder of their own
        import sysconfig

        places += [Path(sysconfig.get_path("scripts", scheme), name) for scheme in _SCHEMES]
    found = next((place for place in places if place.is_file()), None)
    return module_command("tray") if found is None else [str(found)]


def windowless_program(environ: Mapping[str, str]) -> list[str]:
    """Return `own_program` for a desktop's start, where a console would be a window (Windows)."""
    windowless = Path(sys.executable).with_name("pythonw.exe")
    if not WINDOWS or frozen() or not windowless.is_file():
        return own_program(environ)
    return [str(windowless), *module_command("tray")[1:]]


def start_anew(command: Sequence[str], environ: Mapping[str, str]) -> None:
    """
    Become another program, or on Windows start it apart; the caller then ends at once.

    Windows' exec makes a new process, and splits arguments at blanks.
    """
    if WINDOWS:
        start_detached(command, environ)
    else:
        from tray.system.process_limits import limits_for_children

        limits_for_children()
        os.execve(command[0], list(command), dict(environ))  # noqa: S606  (ourselves, no shell)


def without_bootloader(environ: Mapping[str, str]) -> dict[str, str]:
    """Undo the bootloader's changes: a browser must not load our libraries (PyInstaller)."""
    kept = {name: value for name, value in environ.items() if not name.startswith("_PYI_")}
    for name in ("LD_LIBRARY_PATH", "LIBPATH", "DYLD_LIBRARY_PATH"):
        before = kept.pop(f"{name}_ORIG", None)
        kept.pop(name, None)
        if before is not None:
            kept[name] = before
    return kept


def worker_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return a worker's environment (F3): without credentials, profiles and keyring choice."""
    kept = {
        name: value
        for name, value in without_credentials(environ).items()
        if name not in _DROPPED and not name.startswith("KEYRING_PROPERTY_")
    }
    root = str(Path(tray.__file__).resolve().parent.parent)
    if not frozen() and root not in site.getsitepackages():
        others = kept.get("PYTHONPATH", "").split(os.pathsep)
        kept["PYTHONPATH"] = os.pathsep.join([root, *(path for path in others if path)])
    return kept


def said_if_failed(arguments: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Run a command of ours; return None if it succeeded, else its last line. Blocks for it."""
    command = [*own_program(environ), *arguments]
    try:
        done = subprocess.run(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=OWN_COMMAND_LASTS,
            check=False,
            **APART,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = done.stderr.splitlines()
    return None if not done.returncode else "".join(lines[-1:]).removeprefix("sso-tray: ")


def detached(
    command: Sequence[str], environ: Mapping[str, str], cwd: str | None = None
) -> subprocess.Popen[bytes]:
    """
    Start a program in a session of its own (`APART`), without standard streams; raises OSError.

    A thread reaps it.
    """
    from tray.system.process_limits import usual_limits  # it needs ctypes, and few commands it

    with usual_limits():
        child = subprocess.Popen(
            command,
            env=dict(environ),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=True,
            **APART,
        )
    threading.Thread(target=child.wait, name="child", daemon=True).start()
    return child


def start_detached(
    command: Sequence[str], environ: Mapping[str, str], *, grace: float = 0.0
) -> int | None:
    """Start a program, and return its exit status if it ends within ``grace`` seconds."""
    try:
        return detached(command, environ).wait(timeout=grace)
    except subprocess.TimeoutExpired:
        return None
