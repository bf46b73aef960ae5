"""No core dump of a process that holds a refresh token: it would be in the file in clear."""

from __future__ import annotations

import ctypes
import logging
from typing import Final

from tray.system import LINUX

log = logging.getLogger(__name__)

PR_SET_DUMPABLE: Final = 4


def forbid_core_dumps() -> None:
    """Linux only, by prctl(2): no core, even through a program (core(5)), and no debugger."""
    if LINUX and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
        log.warning("core dumps cannot be forbidden (error %d)", ctypes.get_errno())
