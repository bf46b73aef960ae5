"""No core dump of a process that holds a refresh token: it would lie in the file as it is."""

from __future__ import annotations

import ctypes
import logging
from typing import Final

from tray.system import LINUX

log = logging.getLogger(__name__)

PR_SET_DUMPABLE: Final = 4


def forbid_core_dumps() -> None:
    """
    Let the system write no core of this process, and no other process of the user read it.

    By prctl(2): a limit of 0 for the size does not hold where the cores go to a program, as
    systemd and apport have it (core(5)). The programs that this process starts get theirs back.
    Elsewhere than on Linux nothing is done.
    """
    if LINUX and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
        log.warning("core dumps cannot be forbidden (error %d)", ctypes.get_errno())
