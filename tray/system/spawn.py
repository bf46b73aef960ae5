"""Starts other programs: workers with a clean environment, and detached children."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import tray
from tray.system import WINDOWS
from tray.system.credential_variables import without_credentials

INTERNAL_FLAG: Final = "--internal"  # for a frozen program, instead of ``-m``

PARTS: Final = (
    "tray.daemon",
    "tray.worker",
    "tray.desktop.notifications.plyer_notice",
    "tray.demo.demo_story",
    "tray.demo.demo_witness",
    "tray.system.package_upgrade",
)

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
    beside = Path(sys.executable).with_name("sso-tray.exe" if WINDOWS else "sso-tray")
    if beside.is_file():
        return [str(beside)]
    return module_command("tray")


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
    if not frozen() and root not in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        others = kept.get("PYTHONPATH", "").split(os.pathsep)
        kept["PYTHONPATH"] = os.pathsep.join([root, *(path for path in others if path)])
    return kept


def start_detached(
    command: Sequence[str],
    environ: Mapping[str, str],
    *,
    grace: float = 0.0,
    cwd: str | None = None,
) -> int | None:
    """
    Start a program in a session of its own, without standard streams; raises OSError.

    Returns its exit status if it ends within ``grace`` seconds, else None; a thread reaps it.
    """
    child = subprocess.Popen(
        command,
        env=dict(environ),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=True,
        start_new_session=not WINDOWS,
        creationflags=_windows_flags() if WINDOWS else 0,
    )
    try:
        return child.wait(timeout=grace)
    except subprocess.TimeoutExpired:
        threading.Thread(target=child.wait, name="child", daemon=True).start()
        return None


def _windows_flags() -> int:
    flags = vars(subprocess)
    return int(flags["DETACHED_PROCESS"] | flags["CREATE_NEW_PROCESS_GROUP"])
