"""What ``doctor`` checks outside of AWS: desktop, AWS CLI, start at login, files."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tray.aws.cache.token_cache import cache_path
from tray.cli.command_context import CommandContext
from tray.core.model import Catalog
from tray.core.notices.notice_servers import buttons_of
from tray.errors import TrayError
from tray.system import LINUX, WINDOWS
from tray.system.autostart.start_at_login import autostart_for
from tray.system.browser import browser_command
from tray.system.lock.file_lock import FileLock, lock_path
from tray.system.paths import config_home

CLI_PATIENCE: Final = 6.0  # seconds for `aws --version`; then it is ended
_KEPT: Final = ("PATH", "HOME", "LANG", "SYSTEMROOT", "USERPROFILE")  # the last two: Windows'
UNIT: Final = "sso-tray.service"

_NAMES_FILES: Final = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE")


def hosts(environ: Mapping[str, str]) -> dict[str, Any]:
    if not LINUX:
        return {}
    from tray.system.dbus.bus_connection import NoBus
    from tray.system.dbus.desktop_services import desktop_services

    try:
        found = desktop_services(environ)
    except NoBus as error:
        return {"no_bus": str(error)}
    buttons = buttons_of(found.server, found.capabilities) if found.server else "drawn"
    return {"tray": found.tray, "notices": (found.server, buttons) if found.notices else "none"}


def browser(environ: Mapping[str, str]) -> dict[str, Any]:
    choice = browser_command(environ)
    return {"browser": (choice.available, choice.reason)}


def aws_cli(environ: Mapping[str, str]) -> dict[str, Any]:
    """Ask the ``aws`` on PATH for its version; empty if there is none."""
    program = shutil.which("aws", path=environ.get("PATH"))
    if program is None:
        return {"aws_cli": ()}
    try:
        done = subprocess.run(
            [program, "--version"],
            env={name: environ[name] for name in _KEPT if name in environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=CLI_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    found = re.search(r"aws-cli/(\d+(?:\.\d+)*)", done.stdout + done.stderr)
    return {"aws_cli": tuple(map(int, found[1].split(".")))} if found else {}


def starts(context: CommandContext) -> dict[str, Any]:
    """Check whether the desktop's entry or the systemd unit starts it at login."""
    own = config_home(context.environ)
    places = (own / "systemd/user", Path("/etc/systemd/user"), Path("/usr/lib/systemd/user"))
    unit = any(next(place.glob(f"*.wants/{UNIT}"), None) is not None for place in places)
    entry = autostart_for(context.environ)
    return {"starts": (entry.status(), unit, LINUX and Path(entry.place).exists())}


def files(context: CommandContext, catalog: Catalog | None) -> dict[str, Any]:
    """Check owner and mode of private files, and what has to be writable."""
    paths = context.paths
    private = [paths.state, *_sockets(context), paths.aws_credentials]
    sessions = catalog.sessions if catalog is not None else ()
    private += [cache_path(paths.token_cache, one.key) for one in sessions]
    private = list(dict.fromkeys(private))
    written = [paths.state, paths.token_cache]
    foreign = [one for one in (*private, paths.token_cache, paths.aws_config) if _is_foreign(one)]
    return {
        "modes": tuple(tilde(context, one) for one in private if _is_open(one)),
        "foreign": tuple(tilde(context, one) for one in dict.fromkeys(foreign)),
        "unwritable": tuple(
            tilde(context, one)
            for one in written
            if one.exists() and one not in foreign and not os.access(one, os.W_OK | os.X_OK)
        ),
        "missing_files": tuple(name for name in _NAMES_FILES if _is_missing(context, name)),
    }


def tilde(context: CommandContext, path: Path) -> str:
    if path.is_relative_to(context.paths.home):
        return f"~/{path.relative_to(context.paths.home).as_posix()}"
    return str(path)


def _sockets(context: CommandContext) -> Iterator[Path]:
    for one in context.paths.runtime_sockets:
        yield from (one.parent, one)


def _is_open(path: Path) -> bool:
    with suppress(OSError):
        return not WINDOWS and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
    return False


def _is_foreign(path: Path) -> bool:
    with suppress(OSError):
        return not WINDOWS and path.stat().st_uid != os.geteuid()
    return False


def _is_missing(context: CommandContext, name: str) -> bool:
    value = context.environ.get(name)
    return bool(value) and not Path(str(value)).expanduser().exists()


def locks(state: Path) -> dict[str, Any]:
    """Check that a lock keeps a second one out: on some network homes it does not."""
    if not state.exists() or not os.access(state, os.W_OK | os.X_OK):
        return {}
    first, second = (FileLock(lock_path(state, "config")) for _ in range(2))
    try:
        if not first.acquire(2.0):
            return {}  # it is being edited
        try:
            if second.acquire(0):
                second.release()
                return {"locks": f"Locks do not hold in {state}: two could renew at once."}
        finally:
            first.release()
    except TrayError as error:
        return {"locks": error.sentence}
    except OSError as error:
        return {"locks": f"Locks do not work in {state}: {error.strerror}."}
    return {}
