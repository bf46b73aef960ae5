"""A dot of a colour as a small PNG, for a menu's row; Pillow would cost the daemon 8 MB."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import Final

from tray.core.accounts.account_marks import COLOURS

_SIDE: Final = 22  # pixels, as menus show pictures
_RADIUS: Final = 7.0


@lru_cache(maxsize=len(COLOURS))
def colour_dot(colour: str) -> bytes:
    """Return a PNG of `_SIDE` pixels; ``colour`` is of `COLOURS`."""
    rows = b"".join(b"\0" + b"".join(_row(y, bytes(COLOURS[colour]))) for y in range(_SIDE))
    header = struct.pack(">2I5B", _SIDE, _SIDE, 8, 6, 0, 0, 0)  # eight bits each, RGBA
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _row(y: int, rgb: bytes) -> list[bytes]:
    middle = (_SIDE - 1) / 2
    reach = [_RADIUS + 0.5 - ((x - middle) ** 2 + (y - middle) ** 2) ** 0.5 for x in range(_SIDE)]
    return [rgb + bytes([round(255 * min(1.0, max(0.0, one)))]) for one in reach]
