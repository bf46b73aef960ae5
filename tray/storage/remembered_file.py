"""
``roles.json``: the user's favourites and the roles used last.

``{"version": 1, "favourites": [ROLE, ...], "recent": [ROLE, ...]}``, where a role is
``{"profile"}`` or, without a profile, ``{"session", "account_id", "role_name"}``. A file of a
later version, or one that cannot be read, counts as empty and is left alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tray.core.accounts.remembered_roles import RememberedRoles
from tray.errors import TrayError, UserMustAct
from tray.storage.atomic_files import LOCK_TIMEOUT, private_directory, read_small, write_changed
from tray.system.lock.file_lock import FileLock, lock_path

log = logging.getLogger(__name__)

NAME: Final = "roles.json"


def read_remembered(state: Path) -> RememberedRoles:
    try:
        return _read(state)
    except (OSError, TrayError) as error:
        log.info("the favourites cannot be read (%s)", type(error).__name__)
        return RememberedRoles()


def change_remembered(
    state: Path, change: Callable[[RememberedRoles], RememberedRoles]
) -> RememberedRoles:
    """Write what `change` makes of it, and return that; raises `TrayError` or OSError."""
    private_directory(state)
    with FileLock(lock_path(state, "state"), timeout=LOCK_TIMEOUT):
        after = change(_read(state))
        data = json.dumps(after.to_json(), indent=1).encode() + b"\n"
        write_changed(state / NAME, data)
    return after


def _read(state: Path) -> RememberedRoles:
    path = state / NAME
    try:
        return RememberedRoles.from_json(json.loads(read_small(path)))
    except FileNotFoundError:
        return RememberedRoles()
    except (ValueError, RecursionError):
        raise UserMustAct(f"{path} can't be used; it is left as it is.") from None
