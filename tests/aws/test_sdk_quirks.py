"""What a config file writes so that SDKs read different things."""

from __future__ import annotations

import pytest

from tray.aws.config.sdk_quirks import quirks
from tray.core.doctor.findings import Quirk


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"[profile a]\nregion = x\n", ()),
        (b"[profile a]\nregion: x\n", (("colon", 2),)),
        (b"[profile a]\r\nRegion = x\r\n", (("upper-case", 2),)),
        (b"[default]\n[profile default]\n", (("two-defaults", 2),)),
        (b'[profile "default"]\n[a]\n[default]\n', (("two-defaults", 3),)),
        (b"[default]\n[default]\n", ()),
        (b"[plugins]\nMine: x\n", ()),
        (b"[profile a]\ns3 =\n  Inner: x\n# Old: x\n", ()),
        (b"[profile a]\nsso_start_url = https://x/start\n", ()),
        (b"\xff\x00[[[\n]\nX:", ()),
    ],
)
def test_what_sdks_read_differently_is_found(
    text: bytes, expected: tuple[tuple[Quirk, int], ...]
) -> None:
    """Each with its line; a block, a comment and a foreign section do not count."""
    assert expected == quirks(text)
