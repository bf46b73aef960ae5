"""
Start a daemon that outlives the command which needs it.

Through the user's systemd manager where there is one, so that it has the environment of the user's
session and ends with it; else detached. Of many who try at once one starts it, the others wait.
"""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from tray.core.policy import START_PATIENCE
from tray.errors import Unreachable
from tray.system import agent_socket
from tray.system.agent_places import is_private_directory
from tray.system.lock.file_lock import FileLock, lock_path
from tray.system.paths import Paths
from tray.system.spawn import detached, own_program, worker_environment

log = logging.getLogger(__name__)

ON_DEMAND: Final = "SSO_TRAY_ON_DEMAND"
"""Set for a daemon that was started because it was needed: it ends itself when it no longer is."""

UNIT: Final = "sso-tray-on-demand.service"

_MANAGER_PATIENCE: Final = 5.0
_MANAGER_PAUSE: Final = 2.0
_LOOK_AGAIN: Final = 0.02
_CONNECT_PATIENCE: Final = 1.0

_OF_PATHS: Final = (
    "HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR",
    "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)  # fmt: skip
"""With ``AWS_ENDPOINT_URL*`` the variables that make a world (rule C3)."""

_OF_SESSION: Final = frozenset({
    *_OF_PATHS, "USER", "LOGNAME", "SHELL", "PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR",
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "DESKTOP_SESSION",
    "BROWSER", "APPIMAGE", "PYTHONPATH", "GNOME_KEYRING_CONTROL",
    "AWS_CA_BUNDLE", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "SSL_CERT_FILE",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    # Windows: without the first it has no sockets, without the others no programs.
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "APPDATA",
    "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432", "COMMONPROGRAMFILES",
    "HOMEDRIVE", "HOMEPATH", "USERNAME", "USERDOMAIN", "COMPUTERNAME", "SESSIONNAME",
})  # fmt: skip
_OF_SESSION_BEGINNINGS: Final = ("LC_", "XDG_", "AWS_ENDPOINT_URL")


def listens(sockets: Sequence[Path]) -> bool:
    """Whether a daemon of this user listens at one of the places."""
    for path in sockets:
        with suppress(Unreachable):
            agent_socket.connection(path, _CONNECT_PATIENCE).close()
            return True
    return False


def started(
    paths: Paths, environ: Mapping[str, str], *, tried: Callable[[], None], patience: float
) -> bool:
    """
    Start a daemon unless one listens or is being started; return whether one listens now.

    `tried` is called before the start, by the one who makes it and then waits for it while it
    lives, `patience` seconds at most. Raises OSError or UserMustAct.
    """
    deadline = time.monotonic() + START_PATIENCE
    lock = FileLock(lock_path(paths.state, "start"))
    while not listens(paths.runtime_sockets):
        if lock.acquire():
            try:
                return _started(paths, environ, tried, patience)
            finally:
                lock.release()
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_AGAIN)
    return True


def _started(
    paths: Paths, environ: Mapping[str, str], tried: Callable[[], None], patience: float
) -> bool:
    if listens(paths.runtime_sockets):
        return True  # started by who held the lock before us
    tried()
    deadline = time.monotonic() + patience
    failed = _start(environ)
    while not listens(paths.runtime_sockets):
        if failed() or time.monotonic() > deadline:
            return listens(paths.runtime_sockets)
        time.sleep(_LOOK_AGAIN)
    return True


def _start(environ: Mapping[str, str]) -> Callable[[], bool]:
    """Return what tells whether it has ended; on a busy machine it takes its time to serve."""
    if not _by_manager(environ):
        child = detached([*own_program(environ), "run"], session_environment(environ), cwd="/")
        return lambda: bool(child.poll())  # 0: another one runs, which will serve
    asks_at = time.monotonic() + _MANAGER_PAUSE

    def ended() -> bool:
        nonlocal asks_at
        if time.monotonic() < asks_at:
            return False
        asks_at = time.monotonic() + _MANAGER_PAUSE
        return _of_manager(["systemctl", "--user", "is-active", UNIT], environ) not in {0, None}

    return ended


def session_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """
    Return what a daemon takes over from a terminal: what describes user, desktop and network.

    Not the rest, which may hold secrets and is of this terminal only.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if name in _OF_SESSION or name.startswith(_OF_SESSION_BEGINNINGS)
    }
    return {**worker_environment(kept), ON_DEMAND: "1"}


def manager_command(program: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Return the argv of systemd-run(1); only paths and endpoints are on it, no secrets."""
    kept = session_environment(environ)
    of_world = [
        name
        for name in kept
        if name in (*_OF_PATHS, "PYTHONPATH", ON_DEMAND) or name.startswith("AWS_ENDPOINT_URL")
    ]
    missing = [name for name in _OF_PATHS if name not in kept]
    return [
        "systemd-run",
        "--user",
        "--quiet",
        "--collect",
        f"--unit={UNIT}",
        "--description=Keeps AWS IAM Identity Center sessions alive",
        "--working-directory=/",
        # As in the packages' own unit: it finishes the renewal under way before it ends.
        "--property=TimeoutStopSec=60",
        "--property=KillMode=mixed",
        f"--property=UnsetEnvironment={' '.join(missing)}",
        *(f"--setenv={name}={kept[name]}" for name in of_world),
        "--",
        *program,
        "run",
    ]


def _by_manager(environ: Mapping[str, str]) -> bool:
    """Let the user's systemd manager start it; False where there is none, or it does not."""
    runtime = Path(environ.get("XDG_RUNTIME_DIR") or "/nowhere")
    if not is_private_directory(runtime) or not (runtime / "systemd/private").is_socket():
        return False
    import shutil

    if shutil.which("systemd-run", path=environ.get("PATH")) is None:
        return False
    return _of_manager(manager_command(own_program(environ), environ), environ) == 0


def _of_manager(command: Sequence[str], environ: Mapping[str, str]) -> int | None:
    try:
        return subprocess.run(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_MANAGER_PATIENCE,
            check=False,
        ).returncode
    except (OSError, subprocess.TimeoutExpired) as error:
        log.info("%s: %s", command[0], type(error).__name__)
        return None
