"""Which folder a file is in: another one of the same name has another mark."""

from __future__ import annotations

import os
import sys
from typing import Final

from tray.system import LINUX

_HERE: Final = -100  # AT_FDCWD
_BIRTH: Final = 0x800  # STATX_BTIME
_SIZE: Final = 256  # bytes of ``struct statx``, the same on every architecture


def folder_mark(file: str | os.PathLike[str]) -> str:
    """
    Return a mark of the folder that a file is, or would be, in, links followed; empty for none.

    Device and inode are not enough: ext4 gives the inode of a removed folder to the next one
    (measured), so the time of its birth is in it, where system and file system tell that.
    """
    folder = os.path.dirname(os.path.realpath(file))  # noqa: PTH120  (realpath returns a str)
    try:
        info = os.stat(folder)  # noqa: PTH116  (as above)
    except OSError:
        return ""
    born = getattr(info, "st_birthtime", None) or _born(folder)
    return f"{info.st_dev:x}:{info.st_ino:x}:{born}"


def _born(folder: str) -> str:
    """Ask Linux, whose answer `os.stat` leaves out: statx(2)."""
    if not LINUX:
        return ""
    import ctypes  # only here; most who import this never ask

    statx = getattr(ctypes.CDLL(None), "statx", None)
    found = ctypes.create_string_buffer(_SIZE)
    if statx is None or statx(_HERE, os.fsencode(folder), 0, _BIRTH, found) != 0:
        return ""
    told = int.from_bytes(found.raw[0:4], sys.byteorder)
    return found.raw[80:92].hex() if told & _BIRTH else ""
