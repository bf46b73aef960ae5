from __future__ import annotations

import re
from pathlib import Path

import botocore.session
import pytest
from botocore.credentials import SSOCredentialFetcher

from tray.aws.cache.role_cache import remove_role_credentials, role_cache_path
from tray.core.model import Profile, SsoSession
from tray.errors import UserMustAct

URL = "https://d-0123456789.awsapps.com/start"
CORP = SsoSession("corp", URL, "us-east-1")
LEGACY = SsoSession(f"{URL}/", f"{URL}/", "us-east-1", legacy=True)
DEV = Profile("dev", "sso", "corp", "111122223333", "Développeur")
OPS = Profile("ops", "chained", "corp", "111122223333", "Ops")
OLD = Profile("old", "sso", LEGACY.key, "111122223333", "Ops")


def botocore_name(session: SsoSession, account_id: str, role_name: str) -> str:
    """Return the cache file's name as botocore computes it."""
    fetcher = SSOCredentialFetcher(
        session.start_url,
        session.region,
        role_name,
        account_id,
        botocore.session.Session().create_client,
        sso_session_name=None if session.legacy else session.key,
    )
    key = fetcher._create_cache_key()  # type: ignore[attr-defined]  # private, so not in the stubs
    return f"{key}.json"


@pytest.mark.parametrize("session", [CORP, LEGACY], ids=["sso-session", "legacy"])
@pytest.mark.parametrize("role", ["Ops", "Développeur", 'a"b\\c'])
def test_same_name_as_botocore(session: SsoSession, role: str, tmp_path: Path) -> None:
    """The name of a role's cached credentials is the one botocore gives it."""
    expected = tmp_path / botocore_name(session, "111122223333", role)

    assert expected == role_cache_path(tmp_path, session, "111122223333", role)


def test_removes_exactly_this_sessions(tmp_path: Path) -> None:
    """Signing out of a session leaves other sessions' credentials and foreign files."""
    ours = [
        role_cache_path(tmp_path, CORP, "111122223333", role) for role in ("Développeur", "Ops")
    ]
    theirs = [role_cache_path(tmp_path, LEGACY, "111122223333", "Ops"), tmp_path / "session.db"]
    for path in (*ours, *theirs):
        path.touch()
    profiles = [DEV, OPS, OLD, Profile("keys"), Profile("half", "sso", "corp", "111122223333")]

    assert 2 == remove_role_credentials(tmp_path, CORP, profiles)
    assert sorted(theirs) == sorted(tmp_path.iterdir())
    assert 0 == remove_role_credentials(tmp_path, CORP, profiles)


def test_no_directory(tmp_path: Path) -> None:
    """Where the AWS CLI never cached anything there is nothing to remove."""
    (tmp_path / "file").touch()

    assert 0 == remove_role_credentials(tmp_path / "none", CORP, [DEV])
    assert 0 == remove_role_credentials(tmp_path / "file", CORP, [DEV])


def test_names_what_stays(tmp_path: Path) -> None:
    """What cannot be removed is named, and does not keep the rest."""
    stuck = role_cache_path(tmp_path, CORP, "111122223333", "Ops")
    stuck.mkdir()
    gone = role_cache_path(tmp_path, CORP, "111122223333", "Développeur")
    gone.touch()

    with pytest.raises(UserMustAct, match=re.escape(str(stuck))):
        remove_role_credentials(tmp_path, CORP, [OPS, DEV])
    assert [stuck] == list(tmp_path.iterdir())
