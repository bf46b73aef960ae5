"""What ``aws login`` keeps for profiles with a ``login_session``: only read here."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path

from tray.core.profiles.guards import is_managed
from tray.core.text.timestamps import parse_timestamp
from tray.storage.atomic_files import FileRefused, read_small


def login_ends(
    profiles: Mapping[str, Mapping[str, object]],
    managed: Collection[str],
    environ: Mapping[str, str],
    home: Path,
) -> dict[str, float | None]:
    """Return `login_keys_end` for each of the user's own profiles that has one; raises Unread."""
    return {
        name: login_keys_end(login, environ, home)
        for name, keys in profiles.items()
        if isinstance(login := keys.get("login_session"), str) and not is_managed(name, managed)
    }


def login_keys_end(login_session: str, environ: Mapping[str, str], home: Path) -> float | None:
    """
    Return when the kept keys end, in seconds since the epoch; None: nobody is signed in.

    The name is botocore's ``generate_login_cache_key``. Unread if the machine cannot read it now.
    """
    folder = login_cache(environ, home)
    file = folder / f"{hashlib.sha256(login_session.encode()).hexdigest()}.json"
    try:
        return parse_timestamp(json.loads(read_small(file))["accessToken"]["expiresAt"])
    except (OSError, FileRefused):
        return None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def login_cache(environ: Mapping[str, str], home: Path) -> Path:
    """Return the directory of the kept keys, by botocore's ``get_login_token_cache_directory``."""
    named = environ.get("AWS_LOGIN_CACHE_DIRECTORY")
    return Path(os.path.expandvars(named)).expanduser() if named else home / ".aws/login/cache"
