from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.tokens import SSOTokenProvider
from botocore.utils import JSONFileCache, SSOTokenLoader
from hypothesis import given
from hypothesis import strategies as st

from tray.aws.cache.sso_token import Registration, SsoToken
from tray.aws.cache.token_cache import cache_path, full_document, lean_document, parse_token
from tray.secret import Secret
from tray.storage.atomic_files import write_atomic

URL = "https://d-0123456789.awsapps.com/start"
NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)

WHOLE: dict[str, Any] = {
    "startUrl": URL,
    "region": "us-east-1",
    "accessToken": "access",
    "expiresAt": "2027-01-01T12:00:00Z",
    "clientId": "client",
    "clientSecret": "secret",
    "registrationExpiresAt": "2027-03-01T12:00:00Z",
    "refreshToken": "refresh",
}
TOKEN = SsoToken(
    start_url=URL,
    region="us-east-1",
    access_token=Secret("access"),
    expires_at=NOON.timestamp(),
    refresh_token=Secret("refresh"),
    registration=Registration(
        "client", Secret("secret"), datetime(2027, 3, 1, 12, tzinfo=UTC).timestamp()
    ),
)


sendable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1)
moments = st.integers(min_value=0, max_value=253402300799)
json_values = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
tokens = st.builds(
    SsoToken,
    start_url=st.just(URL) | st.text(),
    region=st.sampled_from(["us-east-1", "eu-central-1", ""]),
    access_token=sendable.map(Secret),
    expires_at=moments,
    refresh_token=st.none() | sendable.map(Secret),
    registration=st.none() | st.builds(Registration, sendable, sendable.map(Secret), moments),
    extra=st.dictionaries(
        st.text().filter(lambda name: name not in WHOLE), json_values, max_size=3
    ),
)


class TestRoundTrip:
    """What we write we read, and botocore, the referee, reads the same."""

    @given(tokens)
    def test_full(self, token: SsoToken) -> None:
        """A full file gives back the whole token."""
        assert token == parse_token(full_document(token), "place")

    @given(tokens, st.booleans())
    def test_lean(self, token: SsoToken, empty: bool) -> None:
        """A lean file gives back all but the refresh data, and nothing of that is in its bytes."""
        expected = SsoToken(
            token.start_url, token.region, token.access_token, token.expires_at, extra=token.extra
        )

        assert expected == parse_token(lean_document(token, empty_refresh_members=empty), "place")

    @given(tokens, st.booleans())
    def test_botocore_reads_it(self, token: SsoToken, full: bool) -> None:
        """Botocore's loader finds the same access token and the same end in our file."""
        with tempfile.TemporaryDirectory() as directory:
            path = cache_path(Path(directory), "corp")
            write_atomic(path, full_document(token) if full else lean_document(token))
            read = SSOTokenLoader(JSONFileCache(directory))(URL, "corp")

        assert token.access_token.reveal() == read["accessToken"]
        assert parse_token(full_document(token), "place").expires_at == token.expires_at


class TestBotocoreProvider:
    """Botocore's token provider, run on our files with no network, agrees with us."""

    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        """Give a directory with a config of one session and one profile."""
        (tmp_path / "config").write_text(
            "[profile dev]\nsso_session = corp\n"
            f"[sso-session corp]\nsso_start_url = {URL}\nsso_region = us-east-1\n"
        )
        return tmp_path

    def provider(self, home: Path, now: datetime) -> SSOTokenProvider:
        """Return botocore's provider for the profile, at a moment of our choice."""
        session = botocore.session.Session(profile="dev")
        session.set_config_variable("config_file", str(home / "config"))
        session.set_config_variable("credentials_file", str(home / "none"))
        return SSOTokenProvider(session, JSONFileCache(str(home)), time_fetcher=lambda: now)

    @pytest.mark.parametrize("left", [60, 14, 9, 1])
    def test_lean_file_serves(self, left: int, home: Path) -> None:
        """A lean file serves botocore to the token's last minute, without a call."""
        write_atomic(cache_path(home, "corp"), lean_document(TOKEN))

        token = self.provider(home, NOON - timedelta(minutes=left)).load_token()

        frozen = token.get_frozen_token()
        assert ("access", NOON) == (frozen.token, frozen.expiration)

    def test_full_file_serves(self, home: Path) -> None:
        """A full file serves botocore."""
        write_atomic(cache_path(home, "corp"), full_document(TOKEN))

        token = self.provider(home, NOON - timedelta(minutes=60)).load_token()

        assert "access" == token.get_frozen_token().token
