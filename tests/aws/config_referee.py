"""botocore as the referee for the config: the same bytes get the same verdict and meaning."""

from __future__ import annotations

import configparser
import tempfile
from pathlib import Path

import botocore.configloader
import botocore.exceptions
import botocore.session
import pytest
from hypothesis import strategies as st

from tray.aws.config import ini
from tray.aws.config.catalog import read_catalog
from tray.aws.config.config_files import ConfigFiles
from tray.aws.config.config_sections import merge
from tray.errors import ConfigRejected

_LINES = (
    b"[default]",
    b"[profile dev]",
    b'[profile "dev"]',
    b"[profile 'a b']",
    b"[profile it's]",
    b"[profile a b]",
    b"[profile]",
    b"[ profile b ]",
    b"[profile\tc]",
    b"[sso-session corp]",
    b'[sso-session "corp"]',
    b"[sso-session it's]",
    b"[services s]",
    b"[DEFAULT]",
    b"[dev] trailing ] text",
    b"[cut",
    b"[]",
    b"[]]",
    b"  [profile deep]",
    b"region = eu-west-1",
    b"region=us-east-1",
    b"Region = x",
    b"  region = indented",
    b"region : colon = x",
    b"sso_session = corp",
    b"sso_start_url = https://corp.awsapps.com/start/#/",
    b"sso_region = eu-west-2",
    b"sso_account_id = 123456789011",
    b"sso_role_name = ReadOnly",
    b"output =",
    b"s3 =",
    b"  addressing_style = path",
    b"  endpoint_url = https://x/?a=b",
    b"  a line without the sign",
    b"    deeper = still",
    b"\tmax_queue_size = 10\x0bb = c",
    b"# comment = x",
    b"  ; comment",
    b"k = v # not a comment",
    b"[x = 1",
    b"[x = 2]",
    b"= no key",
    b": no key",
    b"no delimiter",
    b"region",
    b"k = %(x)s %",
    b"k\x00ey = \x00",
    b"\xc4\xb0 = dotted capital",
    b"\xe2\x80\xa8 = line separator",
    b"x\xc2\x85y = next line",
    b"\xa0",
    b"\xc2\xa0indented = nbsp",
    b"\xef\xbb\xbf[default]",
    b"\xff\xfe",
    b"\x1c",
    b"\x0c",
    b"",
    b"",
    b"   ",
)
_ENDS = (b"\n", b"\n", b"\n", b"\n", b"\r\n", b"\r", b"\n\n", b"\x0c", b"")
_ALPHABET = (
    b"[]=: \t\n\r#;\"'\\aA%\x00\x0b\x0c\x1c\x1e\x1f\x85\xc2\xa0\xe2\x80\xa8\xa9\xef\xbb\xbf\xff"
)

REALISTIC = b"""\
# written by hand
[default]
region = eu-west-1
s3 =
  addressing_style = path
  max_concurrent_requests = 20

[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-2
sso_registration_scopes = sso:account:access

[profile dev]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = FullAccess
output = json

[profile "two words"]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = dev
"""


def soup() -> st.SearchStrategy[bytes]:
    """Return bytes of which nearly every one means something to an INI parser."""
    return st.lists(st.sampled_from(_ALPHABET), max_size=60).map(bytes)


def lines() -> st.SearchStrategy[bytes]:
    """Return files made of lines that each hit one rule, joined by all kinds of line ends."""
    line = st.tuples(st.sampled_from(_LINES), st.sampled_from(_ENDS)).map(b"".join)
    return st.lists(line, max_size=14).map(b"".join)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Return a realistic file with a few cuts, doublings, insertions and overwritten bytes."""
    data = REALISTIC
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        put = draw(st.sampled_from((b"", data[start:end] * 2, *_LINES, *_ENDS)))
        put = put or bytes([draw(st.sampled_from(_ALPHABET))])
        data = data[:start] + put + data[draw(st.sampled_from((start, end))) :]
    return data


def files() -> st.SearchStrategy[bytes]:
    """Return any of the above."""
    return st.one_of(soup(), lines(), lines().map(lambda tail: b"[default]\n" + tail), mutated())


def check_same_verdict(data: bytes) -> bool:
    """
    Fail unless we and botocore take or refuse ``data`` alike, and read the same from it.

    Compared are all sections with their keys and nested values, in order; the profiles and
    sso-sessions; and on refusal the line, where configparser names one.

    Returns:
        whether the file was taken.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config")
        path.write_bytes(data)
        try:
            theirs = botocore.configloader.raw_config_parse(str(path))
        except botocore.exceptions.ConfigParseError:
            _check_refused(data, str(path))
            return False
        ours = ini.parse(data, str(path))
        mapped = botocore.configloader.load_config(str(path))
    assert _in_order(theirs) == _in_order(ours)
    merged = merge(ours, {})
    assert _in_order(mapped["profiles"]) == _in_order(merged.profiles)
    assert list(mapped["sso_sessions"].items()) == list(merged.sso_sessions.items())
    return True


def check_same_catalog(config: bytes | None, credentials: bytes | None) -> None:
    """Fail unless both files together give botocore's ``full_config`` and profile list."""
    with tempfile.TemporaryDirectory() as folder:
        ours = ConfigFiles(Path(folder, "config"), Path(folder, "credentials"))
        for path, data in ((ours.config, config), (ours.credentials, credentials)):
            if data is not None:
                path.write_bytes(data)
        session = botocore.session.Session()
        session.set_config_variable("config_file", str(ours.config))
        session.set_config_variable("credentials_file", str(ours.credentials))
        try:
            theirs = session.full_config
        except botocore.exceptions.ConfigParseError:
            assert _refuses(ours)
            return
        merged = merge(
            ini.parse(config or b"", str(ours.config)),
            ini.parse(credentials or b"", str(ours.credentials)),
        )
        assert list(theirs["profiles"].items()) == list(merged.profiles.items())
        assert theirs.get("sso_sessions", {}) == merged.sso_sessions
        listed = [profile.name for profile in read_catalog(ours).profiles]
        assert session.available_profiles == listed


def _in_order(sections: object) -> object:
    if isinstance(sections, dict):
        return [(key, _in_order(value)) for key, value in sections.items()]
    return sections


def _refuses(ours: ConfigFiles) -> bool:
    try:
        read_catalog(ours)
    except ConfigRejected:
        return True
    return False


def _check_refused(data: bytes, path: str) -> None:
    with pytest.raises(ConfigRejected) as caught:
        ini.parse(data, path)
    line = caught.value.line
    assert path == caught.value.file
    assert caught.value.sentence.startswith(f"{path}, line {line}: ")
    assert configparser_line(path) in (None, line)


def configparser_line(path: str) -> int | None:
    """Return the line Python's own parser blames, or None where it blames none."""
    parser = configparser.RawConfigParser()
    try:
        parser.read([path])
    except (
        configparser.DuplicateSectionError,
        configparser.DuplicateOptionError,
        configparser.MissingSectionHeaderError,
    ) as error:
        return error.lineno if _is_text(path) else None
    except configparser.ParsingError as error:
        return error.errors[0][0]
    except UnicodeDecodeError:
        return None
    return None


def _is_text(path: str) -> bool:
    """Whether no undecodable byte waits behind the fault, which we would blame instead."""
    try:
        Path(path).read_text()
    except UnicodeDecodeError:
        return False
    return True
