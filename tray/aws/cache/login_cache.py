"""What ``aws login`` keeps for profiles with a ``login_session``: only read here."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from tray.core.text.timestamps import parse_timestamp
from tray.storage.atomic_files import FileRefused, read_small


def login_keys_end(login_session: str, environ: Mapping[str, str], home: Path) -> float | None:
    """
    Return when the kept keys end, in seconds since the epoch; None: nobody is signed in.

    File and name as botocore's ``generate_login_cache_key`` and
    ``get_login_token_cache_directory`` have them. Raises Unread if it cannot be read now.
    """
    named = environ.get("AWS_LOGIN_CACHE_DIRECTORY")
    folder = Path(os.path.expandvars(named)).expanduser() if named else home / ".aws/login/cache"
    file = folder / f"{hashlib.sha256(login_session.encode()).hexdigest()}.json"
    try:
        return parse_timestamp(json.loads(read_small(file))["accessToken"]["expiresAt"])
    except (OSError, FileRefused):
        return None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
