"""Where the agent's socket may be (rule F1), in plain text: clients start fast."""

from __future__ import annotations

import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

NAME: Final = "sso-tray"
SITE: Final = "/etc/xdg"
SOCKET_NAME: Final = "agent.sock"
LONGEST_SOCKET_PATH: Final = 100  # bytes; limits: 107 (Linux, unix(7)), 103 (macOS, sys/un.h)


def agent_places(environ: Mapping[str, str], home: str, state: str) -> tuple[str, ...]:
    """Return the paths, best first: the daemon listens at the first, a client tries all."""
    candidates = [os.path.join(state, "run", SOCKET_NAME)]  # noqa: PTH118  (as all here)
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime) and is_private_directory(runtime):  # noqa: PTH117
        candidates.insert(0, os.path.join(runtime, NAME, SOCKET_NAME))  # noqa: PTH118
    return tuple(_fitting(path, home) for path in candidates)


def places_of_linux(environ: Mapping[str, str]) -> tuple[str, ...]:
    """
    Return the paths where they can be told by variables alone, else nothing.

    `tray.system.paths` has the whole of it, at the price of its imports.
    """
    state, home = state_of_linux(environ), environ.get("HOME", "")
    if state is None or not _plain(home, environ.get("XDG_RUNTIME_DIR") or "/"):
        return ()
    return agent_places(environ, home, state)


def state_of_linux(environ: Mapping[str, str]) -> str | None:
    """Return the state directory where it can be told by variables alone, else None."""
    home = environ.get("HOME", "")
    state = environ.get("XDG_STATE_HOME") or f"{home}/.local/state"
    known = sys.platform.startswith("linux") and _plain(home, state)
    return f"{state}/{NAME}" if known else None


def config_of_linux(environ: Mapping[str, str]) -> tuple[str, str, *tuple[str, ...]] | None:
    """Return AWS's config and credentials, our settings and the site's, as `state_of_linux`."""
    home = environ.get("HOME", "")
    config = environ.get("AWS_CONFIG_FILE", f"{home}/.aws/config")
    credentials = environ.get("AWS_SHARED_CREDENTIALS_FILE", f"{home}/.aws/credentials")
    folder = environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
    named = environ.get("XDG_CONFIG_DIRS", "").split(":")
    site = list(dict.fromkeys([*(one for one in named if one.startswith("/")), SITE]))
    known = sys.platform.startswith("linux") and _plain(home, config, credentials, folder, *site)
    if not known or "$" in config + credentials:
        return None
    folders = (folder, *reversed(site))
    return config, credentials, *(f"{one}/{NAME}/config.toml" for one in folders)


def _plain(*paths: str) -> bool:
    return all(one.startswith("/") and os.path.normpath(one) == one for one in paths)


def is_private_directory(path: str | os.PathLike[str]) -> bool:
    """Whether ``path`` is a directory of our own user that nobody else may enter (mode 0700)."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        return False
    return sys.platform == "win32" or (found.st_uid == os.geteuid() and not found.st_mode & 0o077)


def _fitting(path: str, home: str) -> str:
    """Shorten a path for a socket; not to a temporary directory, where others can be first."""
    written = os.fsencode(path)
    if len(written) <= LONGEST_SOCKET_PATH:
        return path
    import hashlib

    return os.path.join(home, f".sst-{hashlib.sha256(written).hexdigest()[:8]}", "s")  # noqa: PTH118
