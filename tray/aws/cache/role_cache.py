"""
Where the AWS CLI keeps role credentials on disk, so that a sign-out can remove exactly ours.

The names can be computed, so no other program's file is ever opened (rule K6). boto3 and the other
SDKs keep role credentials in memory only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from tray.core.model import Profile, SsoSession
from tray.errors import UserMustAct


def role_cache_path(directory: Path, session: SsoSession, account_id: str, role_name: str) -> Path:
    """
    Return the file's path, by the name that botocore's ``SSOCredentialFetcher`` gives it.

    Legacy sessions are named by their start URL as written; all values are as in the config.
    """
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
    """
    Remove the AWS CLI's cached role credentials of a session's profiles, and no others.

    Profiles of other sessions are skipped. Returns how many files were removed; 0 when repeated.
    Raises UserMustAct if some could not be removed; all others are.
    """
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
