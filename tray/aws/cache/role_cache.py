"""The AWS CLI's role credentials on disk, by computed name: no other file is opened (K6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from tray.core.model import Profile, SsoSession
from tray.errors import UserMustAct


def role_cache_path(directory: Path, session: SsoSession, account_id: str, role_name: str) -> Path:
    """Return the path by botocore's ``SSOCredentialFetcher``; all values are as in the config."""
    arguments = {
        "accountId": account_id,
        "roleName": role_name,
        ("startUrl" if session.legacy else "sessionName"): session.key,
    }
    text = json.dumps(arguments, sort_keys=True, separators=(",", ":"))
    name = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return directory / f"{name}.json"


def remove_role_credentials(
    directory: Path, session: SsoSession, profiles: Iterable[Profile]
) -> int:
    """Return how many files were removed, 0 when repeated; UserMustAct if some could not be."""
    paths = {
        role_cache_path(directory, session, profile.account_id, profile.role_name)
        for profile in profiles
        if profile.session == session.key and profile.account_id and profile.role_name
    }
    removed = 0
    left: list[str] = []
    for path in sorted(paths):
        try:
            path.unlink()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            left.append(f"{path} ({error.strerror})")
        else:
            removed += 1
    if left:
        raise UserMustAct(f"Couldn't remove cached role credentials: {', '.join(left)}.")
    return removed
