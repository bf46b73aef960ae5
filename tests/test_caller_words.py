"""What a terminal tells the daemon for ``status`` in words."""

from __future__ import annotations

import itertools

import pytest

from tests.core.bare_rows import ROWS
from tray.core.profiles.bare_client import CLIENTS, AwsFiles, bare_client
from tray.ipc.caller_words import packed, unpacked

VARIABLES = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip


def test_it_is_all_that_decides_about_a_bare_client() -> None:
    """Every mix of variables, set, empty or absent: the daemon finds what the command finds."""
    files = AwsFiles({"dev": {"role_arn": "a"}, "a": {}}, ())
    named: tuple[dict[str, str], ...] = (
        {},
        {"AWS_PROFILE": "dev", "AWS_DEFAULT_PROFILE": ""},
        {"AWS_DEFAULT_PROFILE": "a"},
    )
    mixes = [
        {
            **names,
            **{
                name: value
                for name, value in zip(VARIABLES, mix, strict=True)
                if value is not None
            },
        }
        for names in named
        for mix in itertools.product(("x", "", None), repeat=len(VARIABLES))
    ]
    mixes += [dict(environ) for _, _, environ, _ in ROWS]

    assert [] == [
        mix
        for mix in mixes
        for client in CLIENTS
        if bare_client(client, mix, files) != bare_client(client, unpacked(packed(mix)), files)
    ]


def test_no_credential_leaves_the_terminal() -> None:
    """Of what holds or leads to credentials only whether it is set is sent."""
    sent = bytes.fromhex(
        packed(dict.fromkeys(VARIABLES, "hidden") | {"AWS_SESSION_TOKEN": "hidden"})
    )

    assert b"hidden" not in sent


@pytest.mark.parametrize("text", ["0", "zz", b"HOME=/".hex(), b"AWS_SESSION_TOKEN=x".hex()])
def test_anything_else_is_refused(text: str) -> None:
    """Whatever another program sends is a ValueError, for the daemon to expect."""
    with pytest.raises(ValueError, match=r"."):
        unpacked(text)
