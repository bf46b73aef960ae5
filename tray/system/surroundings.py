"""Where this process runs, as far as it decides whether a daemon may be started from it."""

from __future__ import annotations

import os
import socket
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tray.core.start_rules import Surroundings
from tray.system import LINUX, WINDOWS
from tray.system.processes import acts_as_owner

ROOT: Final = Path("/")
PACKAGE_MARK: Final = Path("run/sso-tray-package")
"""
While it exists, a package's scripts are removing or replacing the program whose path it holds.

Only root can write there.
"""

_CONTAINER_FILES: Final = (
    ".dockerenv",  # Docker
    "run/.containerenv",  # Podman, Toolbx
    "run/host/container-manager",  # systemd's container interface
    "run/systemd/container",
)
_CONTAINER_VARIABLES: Final = ("container", "KUBERNETES_SERVICE_HOST")
_SANDBOX_VARIABLES: Final = ("FLATPAK_ID", "SNAP")
_SCHEDULERS: Final = frozenset({"cron", "crond", "anacron", "fcron", "atd"})
_FALSE: Final = ("", "0", "false")


def look(environ: Mapping[str, str], home: Path, root: Path = ROOT) -> Surroundings:
    """Return what the system says; settings and records are the caller's to add."""
    return Surroundings(
        home_of_another=acts_as_owner() or _is_of_another(home),
        package=package_changes(root),
        ci=environ.get("CI", "").lower() not in _FALSE,
        root=not WINDOWS and os.geteuid() == 0,
        container=any(environ.get(name) for name in _CONTAINER_VARIABLES)
        or any((root / name).exists() for name in _CONTAINER_FILES),
        sandbox=any(environ.get(name) for name in _SANDBOX_VARIABLES)
        or (root / ".flatpak-info").exists(),
        service=LINUX and not _has_terminal(root) and _is_service(root),
    )


def host_id() -> str:
    """Return what tells this machine from another that has the same home; machine-id(5)."""
    try:
        return Path("/etc/machine-id").read_text().strip() or socket.gethostname()
    except OSError:
        return socket.gethostname()


def desktop_since(environ: Mapping[str, str], root: Path = ROOT) -> float | None:
    """Return when this desktop session's display began to listen, or None outside of one."""
    for path in _display_sockets(environ, root):
        try:
            found = path.stat()
        except OSError:
            continue
        if stat.S_ISSOCK(found.st_mode):
            return found.st_mtime
    return None


def _display_sockets(environ: Mapping[str, str], root: Path) -> Iterator[Path]:
    wayland = environ.get("WAYLAND_DISPLAY", "")
    if wayland:
        yield Path(environ.get("XDG_RUNTIME_DIR") or "/", wayland)
    host, _, number = environ.get("DISPLAY", "").partition(":")
    if number and host in ("", "unix"):
        yield root / "tmp/.X11-unix" / f"X{number.partition('.')[0]}"


def _is_of_another(home: Path) -> bool:
    if WINDOWS:
        return False
    try:
        return home.stat().st_uid != os.geteuid()
    except OSError:
        return False


def package_changes(root: Path = ROOT) -> bool:
    """Whether a package's scripts are removing or replacing this program."""
    try:
        marked = (root / PACKAGE_MARK).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return False
    return marked == str(Path(sys.executable).resolve())


def _has_terminal(root: Path) -> bool:
    """Whether there is a controlling terminal; tty(4)."""
    try:
        os.close(os.open(root / "dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _is_service(root: Path) -> bool:
    """Whether systemd runs us as a system service (cgroups(7)), or cron does."""
    try:
        groups = (root / "proc/self/cgroup").read_text()
    except OSError:
        groups = ""
    if any(line.split(":", 2)[-1].startswith("/system.slice/") for line in groups.splitlines()):
        return True
    return any(name in _SCHEDULERS for name in _ancestors(root))


def _ancestors(root: Path) -> Iterator[str]:
    pid = os.getpid()
    while pid > 1:
        try:
            head, _, tail = (root / f"proc/{pid}/stat").read_bytes().rpartition(b")")
            pid = int(tail.split()[1])
        except (OSError, IndexError, ValueError):
            return
        yield head.partition(b"(")[2].decode(errors="replace").lower()
