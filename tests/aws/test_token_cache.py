from __future__ import annotations

import json
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.utils import SSOTokenLoader
from hypothesis import given
from hypothesis import strategies as st

from tray.aws.cache.sso_token import Registration, SsoToken
from tray.aws.cache.token_cache import (
    cache_directory,
    cache_path,
    full_document,
    lean_document,
    parse_token,
    read_token,
)
from tray.errors import CacheFileBad, CacheFileTorn, Unread
from tray.secret import Secret

URL = "https://d-0123456789.awsapps.com/start"
NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)
CANARY = "canary-7f3a"

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


def document(**changes: object) -> bytes:
    """Return the AWS CLI's document with members changed; those set to ... are left out."""
    members = {**WHOLE, **changes}
    return json.dumps({k: v for k, v in members.items() if v is not ...}).encode()


class TestNames:
    """A file is found by its name only."""

    def test_directory(self) -> None:
        """The cache lies where every SDK looks, under the home directory."""
        assert Path("/home/me/.aws/sso/cache") == cache_directory(Path("/home/me"))

    @pytest.mark.parametrize(
        ("key", "start"), [("corp", "ee0bfd25"), (URL, "aa477ced"), ("admin", "d033e22a")]
    )
    def test_known(self, key: str, start: str) -> None:
        """Names equal those measured with the AWS CLI."""
        assert start == cache_path(Path("/x"), key).name[:8]

    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
    def test_same_as_botocore(self, key: str) -> None:
        """Every key gives botocore's name."""
        cache: dict[str, Any] = {}
        SSOTokenLoader(cache).save_token(URL, "token", session_name=key)

        assert [Path(f"/x/{name}.json") for name in cache] == [cache_path(Path("/x"), key)]


class TestParse:
    """What the bytes of a file say."""

    def test_whole(self) -> None:
        """The AWS CLI's document gives every member, and no time of issue."""
        token = parse_token(document(), "place")

        assert TOKEN == token
        assert token.issued_at is None

    def test_least(self) -> None:
        """Access token and its end are enough; the rest is empty."""
        token = parse_token(b'{"accessToken": "a", "expiresAt": "2027-01-01T12:00:00Z"}', "place")

        assert SsoToken("", "", Secret("a"), NOON.timestamp()) == token
        assert not token.refreshable

    def test_null_is_absent(self) -> None:
        """Members that are null, which .NET writes, count as absent."""
        nulls = dict.fromkeys(
            ("startUrl", "region", "clientId", "clientSecret", "registrationExpiresAt"), None
        )

        token = parse_token(document(**nulls, refreshToken=None, other=None), "place")

        assert SsoToken("", "", Secret("access"), NOON.timestamp()) == token

    @pytest.mark.parametrize(
        "member", ["clientId", "clientSecret", "registrationExpiresAt", "refreshToken"]
    )
    @pytest.mark.parametrize("nothing", [..., None, ""])
    def test_half_a_registration_is_none(self, member: str, nothing: object) -> None:
        """Without any one of the refresh members the token is good but cannot be renewed."""
        token = parse_token(document(**{member: nothing}), "place")

        assert ("access", False) == (token.access_token.reveal(), token.refreshable)

    def test_unknown_members(self) -> None:
        """Members that are not ours are kept value for value, and not shown by repr."""
        nested = {"b": [1, 2.5, None, {"c": "é"}], "a": False}

        token = parse_token(document(ide=nested, secret=CANARY), "place")

        assert {"ide": nested, "secret": CANARY} == token.extra
        assert CANARY not in repr(token)

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b" \n",
            b"\0" * 4096,
            document()[:100],
            document()[:-1],
            document().replace(b"access", b"acc\xff"),
            b"\xef\xbb\xbf" + document(),
            document() + document(),
            b"<html></html>",
        ],
    )
    def test_torn(self, data: bytes) -> None:
        """Empty, cut or NUL-filled bytes mean that somebody is writing."""
        with pytest.raises(CacheFileTorn, match="place") as caught:
            parse_token(data, "place")
        assert "torn-file" == caught.value.reason

    @pytest.mark.parametrize("cut", range(len(document())))
    def test_cut_anywhere(self, cut: int) -> None:
        """Wherever a writer has got to, the file is torn and never something else."""
        with pytest.raises(CacheFileTorn):
            parse_token(document()[:cut], "place")

    @pytest.mark.parametrize(
        "data",
        [
            b"[]",
            b"null",
            b'"text"',
            b"7",
            b"{}",
            b'{"a":' * 100 + b"1" + b"}" * 100,
            b"[" * 100_000 + b"]" * 100_000,
            b'{"a":' + b"[" * 100_000,
            b'{"a":' + b"9" * 5000 + b"}",
        ],
    )
    def test_wrong_shape(self, data: bytes) -> None:
        """JSON that is no token is rejected before use, however it is built."""
        with pytest.raises(CacheFileBad, match="place") as caught:
            parse_token(data, "place")
        assert "bad-file" == caught.value.reason

    @pytest.mark.parametrize("value", [7, 1798804800.0, True, [CANARY], {"a": CANARY}])
    @pytest.mark.parametrize("member", sorted(WHOLE))
    def test_wrong_type(self, member: str, value: object) -> None:
        """A member of the wrong type is named; its value is not shown."""
        with pytest.raises(CacheFileBad, match=f"place: {member} isn't text") as caught:
            parse_token(document(**{member: value}), "place")
        assert_silent(caught.value)

    @pytest.mark.parametrize("member", ["accessToken", "expiresAt"])
    @pytest.mark.parametrize("nothing", [..., None, ""])
    def test_required(self, member: str, nothing: object) -> None:
        """Without access token or end the file is of no use."""
        with pytest.raises(CacheFileBad, match=f"place has no {member}"):
            parse_token(document(**{member: nothing}), "place")

    @pytest.mark.parametrize("member", ["expiresAt", "registrationExpiresAt"])
    def test_no_timestamp(self, member: str) -> None:
        """An end that is no moment is named; its text is not shown."""
        with pytest.raises(CacheFileBad, match=f"place: {member} isn't a timestamp") as caught:
            parse_token(document(**{member: CANARY}), "place")
        assert_silent(caught.value)

    @pytest.mark.parametrize("member", ["accessToken", "refreshToken", "clientId", "clientSecret"])
    @pytest.mark.parametrize("bad", ["a\r\nHost: evil", "\0", "é", "\ud800"])
    def test_unsendable(self, member: str, bad: str) -> None:
        """A token that no header could carry is rejected here, where nothing prints it."""
        with pytest.raises(CacheFileBad, match=f"place: {member} contains") as caught:
            parse_token(document(**{member: CANARY + bad}), "place")
        assert_silent(caught.value)

    @given(st.binary())
    def test_any_bytes(self, data: bytes) -> None:
        """No bytes whatever raise anything but our two errors."""
        with pytest.raises((CacheFileBad, CacheFileTorn)):
            parse_token(data, "place")

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(list(WHOLE)), inner),
        )
    )
    def test_any_document(self, value: object) -> None:
        """No JSON whatever raises anything but our two errors."""
        try:
            parse_token(json.dumps(value).encode(), "place")
        except (CacheFileBad, CacheFileTorn) as error:
            assert_silent(error)


class TestRead:
    """What the state of the file itself means."""

    def test_absent(self, tmp_path: Path) -> None:
        """No file, no directory and a link to nothing are no token, and no error."""
        (tmp_path / "link").symlink_to("gone")

        assert [None] * 3 == [read_token(tmp_path / p) for p in ("none", "none/none", "link")]

    def test_present(self, tmp_path: Path) -> None:
        """A file, or a link to one, is its token."""
        (tmp_path / "file").write_bytes(document())
        (tmp_path / "link").symlink_to("file")

        assert [TOKEN] * 2 == [read_token(tmp_path / p) for p in ("file", "link")]

    def test_torn(self, tmp_path: Path) -> None:
        """A file that another program has just emptied is being written, and its path is said."""
        path = tmp_path / "file"
        path.touch()

        with pytest.raises(CacheFileTorn, match=re.escape(str(path))):
            read_token(path)

    @pytest.mark.parametrize("kind", ["directory", "pipe", "loop", "under a file", "too large"])
    def test_unusable(self, kind: str, tmp_path: Path) -> None:
        """What can never be a token file is refused at once, and its path is said."""
        path = tmp_path / "x"
        match kind:
            case "directory":
                path.mkdir()
            case "pipe":
                os.mkfifo(path)
            case "loop":
                path.symlink_to("x")
            case "under a file":
                path.touch()
                path = path / "y"
            case _:
                path.write_bytes(document(pad="x" * 1024 * 1024))

        with pytest.raises(CacheFileBad, match=re.escape(str(path))) as caught:
            read_token(path)
        assert "bad-file" == caught.value.reason

    if getattr(os, "getuid", int)() != 0:  # root may read everything, and Windows has none

        def test_no_permission(self, tmp_path: Path) -> None:
            """A file we may not read has a reason of its own."""
            path = tmp_path / "x"
            path.write_bytes(document())
            path.chmod(0)

            with pytest.raises(CacheFileBad, match=re.escape(str(path))) as caught:
                read_token(path)
            assert "no-permission" == caught.value.reason


class TestDocuments:
    """What we write."""

    def test_lean(self) -> None:
        """The lean file has the four members that readers need, and no refresh data."""
        expected = {
            name: WHOLE[name] for name in ("startUrl", "region", "accessToken", "expiresAt")
        }

        assert expected == json.loads(lean_document(TOKEN))

    def test_lean_keeps_strangers_members(self) -> None:
        """Unknown members stay; null ones do not come back, since Go fails on them."""
        token = parse_token(document(ide={"a": 1}, nothing=None), "place")

        members = json.loads(lean_document(token))

        assert {"startUrl", "region", "accessToken", "expiresAt", "ide"} == set(members)
        assert {"a": 1} == members["ide"]

    def test_lean_for_javascript(self) -> None:
        """With the compatibility setting three members are there and empty, no end among them."""
        members = json.loads(lean_document(TOKEN, empty_refresh_members=True))

        assert {"clientId": "", "clientSecret": "", "refreshToken": ""} == {
            name: members[name] for name in set(members) - set(json.loads(lean_document(TOKEN)))
        }

    def test_full(self) -> None:
        """The full file is the AWS CLI's, member for member and in its order."""
        assert list(WHOLE.items()) == list(json.loads(full_document(TOKEN)).items())

    def test_full_without_refresh_data(self) -> None:
        """Where there is no refresh data the full file is the lean one."""
        token = SsoToken(URL, "us-east-1", Secret("a"), NOON.timestamp())

        assert lean_document(token) == full_document(token)

    def test_empty_origin_is_left_out(self) -> None:
        """Start URL and region that nobody knows are not written as empty ones."""
        token = SsoToken("", "", Secret("a"), NOON.timestamp())

        assert ["accessToken", "expiresAt"] == list(json.loads(lean_document(token)))


def assert_silent(error: BaseException) -> None:
    """Check that neither the error nor what led to it holds the canary."""
    link: BaseException | None = error
    while link is not None:
        assert CANARY not in f"{link!r} {link}"
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file that gives EIO: procfs")
def test_a_passing_trouble_of_the_file_system_is_no_damage() -> None:
    """Fault 15: EIO, as a stalled network home gives it, says nothing about the file."""
    with pytest.raises(Unread, match="can't be read right now"):
        read_token(Path("/proc/self/mem"))
