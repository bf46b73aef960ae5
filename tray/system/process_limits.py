"""What a process may do and hold: no core dump of a refresh token, descriptors, memory."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tray.system import LINUX, WINDOWS

if not WINDOWS:
    import resource

log = logging.getLogger(__name__)

PR_SET_DUMPABLE: Final = 4
M_ARENA_MAX: Final = -8  # mallopt(3)
_inherited: list[int] = []
DESCRIPTORS: Final = 1024  # what Linux systems usually allow; macOS allows 256


def forbid_core_dumps() -> None:
    """No core file; on Linux by prctl(2) none through a program (core(5)), and no debugger."""
    if not WINDOWS:
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        if not _inherited:
            _inherited.append(soft)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if LINUX and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
        log.warning("core dumps cannot be forbidden (error %d)", ctypes.get_errno())


def limits_for_children() -> None:
    """Let the user's own programs, started from here, leave cores as they did; we still do not."""
    if _inherited:
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (_inherited[0], hard))


@contextmanager
def usual_limits() -> Iterator[None]:
    """Start a program of the user's in this block: its cores are as large as they would be."""
    limits_for_children()
    try:
        yield
    finally:
        if _inherited:
            hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def open_absent_streams() -> None:
    """Give a process without standard streams, as of ``pythonw``, some that lead nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115  (for life)
            setattr(sys, name, nowhere)


def allow_descriptors() -> None:
    """Raise the soft limit to what clients, workers and watches need, never beyond the usual."""
    if WINDOWS:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def share_one_heap() -> None:
    """
    Let all threads allocate in one heap; before the first thread is started.

    By default glibc gives each its own, up to eight a core, and what lies free in one serves
    no other. Python's threads rarely allocate at once, as they wait for the interpreter's lock.
    """
    if LINUX and (option := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        option(M_ARENA_MAX, 1)  # musl has no such function


def return_freed_memory(*, collects: bool = True) -> None:
    """
    Give the system what lies free between what is used: glibc by itself keeps it for life.

    A collection takes 25 ms of a worker's time, what follows less than one (measured).
    """
    if collects:
        gc.collect()  # connections and tasks that are gone refer to themselves
    if LINUX and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)  # musl has no such function
