"""What a config file writes so that SDKs read different things."""

from __future__ import annotations

import pytest

from tray.aws.config.sdk_quirks import quirks
from tray.core.doctor.findings import Quirk


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"[profile a]\nregion = x\n", ()),
        (b"[profile a]\n  region = x\n", (("indented", 2),)),
        (b"[profile a]\ns3 =\n  x = y\n  z = a\n", ()),
        (b'[profile "a"]\n[sso-session \'b\']\n',
         (("quoted-name", 1), ("quoted-name", 2), ("no-scopes", 2))),
        (b'[profile "a b"]\n[profile it\'s]\n', ()),
        (b'[profile a]\nregion = "x"\n', (("quoted-value", 2),)),
        (b"[profile a]\ncredential_process = 'x'\n", ()),
        (b"[profile a]\ncredential_process = ~/x\n", (("tilde-process", 2),)),
        (b"[profile a]\ncredential_process = x --for $HOME\n", (("tilde-process", 2),)),
        (b"[profile a]\ncredential_process = x~1\n", ()),
        (b"[profile a]\nca_bundle = ~/x\n", (("tilde-bundle", 2),)),
        (b"[profile a]\ndisable_request_compression = True\n", (("boolean", 2),)),
        (b"[DEFAULT]\nregion = x\n", (("default-section", 1),)),
        (b"[profile a]\nsso_session = b\nsso_start_url = c\n", (("url-beside-session", 3),)),
        (b"[sso-session a]\nsso_registration_scopes = sso:account:access\n", ()),
        (b"[sso-session a]\nsso_registration_scopes = x, y\n", (("other-scopes", 2),)),
        (b"[sso-session a]\nsso_role_name = x\n", (("no-scopes", 1), ("account-in-session", 2))),
        (b"[profile-off a]\n[sso-session-old b]\n", (("loose-word", 1), ("loose-word", 2))),
        (b"[a]\n[Profile b]\n[plugins]\n", (("unread-section", 1), ("unread-section", 2))),
        (b"[profile a]\nregion: x\n", (("colon", 2),)),
        (b"[profile a]\r\nRegion = x\r\n", (("upper-case", 2),)),
        (b"[default]\n[profile default]\n", (("two-defaults", 2),)),
        (b'[profile "default"]\n[a]\n[default]\n', (
            ("quoted-name", 1), ("unread-section", 2), ("two-defaults", 3),
        )),
        (b"[default]\n[default]\n", ()),
        (b'[profile a]\nexport AWS_ACCESS_KEY_ID="x"\nexported = x\n', (("shell-line", 2),)),
        (b'SET AWS_REGION=x\n$Env:AWS_REGION="x"\nsetx AWS_REGION x\n', (
            ("shell-line", 1), ("shell-line", 2), ("shell-line", 3),
        )),
        (b"[123456789012_Admin]\naws_access_key_id=x\n[123_a]\n",
         (("portal-keys", 1), ("unread-section", 3))),
        (b"[profile 123456789012_Admin]\naws_session_token=x\n", (("temporary-keys", 2),)),
        (b"[plugins]\nMine: x\n", ()),
        (b"[profile a]\ns3 =\n  Inner: x\n# Old: x\n", ()),
        (b"[profile a]\nsso_start_url = https://x/start\n", ()),
        (b"\xff\x00[[[\n]\nX:", ()),
    ],
)  # fmt: skip
def test_what_sdks_read_differently_is_found(
    text: bytes, expected: tuple[tuple[Quirk, int], ...]
) -> None:
    """Each with its line; a block, a comment and a foreign section do not count."""
    assert expected == quirks(text)
