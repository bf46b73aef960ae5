"""Run the daemon: ``python -m tray.daemon``; the command line hands over to it by exec."""

from __future__ import annotations

from tray.daemon import without_tls  # noqa: F401  # isort: skip  (before asyncio asks for it)

import asyncio
import gc
import os
import sys
from typing import Final

from tray.core.policy import ENDS_WITHIN
from tray.core.text.daemon_text import ALREADY_RUNNING, PACKAGE_CHANGES
from tray.daemon.app import Daemon
from tray.desktop.native.main_thread import MainThread
from tray.desktop.surface import main_thread
from tray.errors import TrayError, UserMustAct, sentence_of
from tray.storage.logs import log_to
from tray.system.daemon_launch import ON_DEMAND
from tray.system.end_signals import BoundedEnd, ShutdownSignals
from tray.system.lock.file_lock import FileLock, lock_path
from tray.system.paths import Paths
from tray.system.process_limits import (
    allow_descriptors,
    forbid_core_dumps,
    open_absent_streams,
    return_freed_memory,
    share_one_heap,
)
from tray.system.spawn import module_command, start_anew
from tray.system.surroundings import package_changes

STARTED: Final = 2.0  # seconds; the start is over then, and what only it needed is dropped


def main() -> int:
    """Hold the daemon's lock for life and serve; 0 too where another daemon already does."""
    open_absent_streams()
    share_one_heap()
    try:
        return _main()
    except (TrayError, OSError) as error:
        sys.stderr.write(f"sso-tray: {sentence_of(error)}\n")
    return 1


def _main() -> int:
    paths = Paths.from_environment(os.environ)
    log_to(paths.state, debug="SSO_TRAY_DEBUG" in os.environ)
    forbid_core_dumps()  # a token file that is to be adopted has a refresh token in it
    allow_descriptors()
    if package_changes():
        raise UserMustAct(PACKAGE_CHANGES)
    lock = FileLock(lock_path(paths.state, "resident"))
    if not lock.acquire():
        sys.stderr.write(f"{ALREADY_RUNNING}\n")
        return 0
    # Not for what the daemon starts: a terminal of the user's, for instance.
    on_demand = os.environ.pop(ON_DEMAND, "")
    if _lived(on_demand=bool(on_demand)):
        lock.release()
        if on_demand:
            os.environ[ON_DEMAND] = on_demand
        # By a name that every version has: an older one may have been installed over us.
        anew = module_command("tray", "run", *[one for one in sys.argv[1:] if one == "--no-icon"])
        start_anew(anew, os.environ)
    return 0


def _lived(*, on_demand: bool) -> bool:
    """Run, on the main thread or beside it; return whether to start anew."""
    main = main_thread()
    ends = ShutdownSignals(BoundedEnd(ENDS_WITHIN))
    if main is None:
        return asyncio.run(_live(None, ends, on_demand=on_demand))
    ends.install()
    return main.run(lambda: _live(main, ends, on_demand=on_demand))


async def _live(main: MainThread | None, ends: ShutdownSignals, *, on_demand: bool) -> bool:
    icon = "--no-icon" not in sys.argv[1:]
    daemon = Daemon(os.environ, icon=icon, main=main, ends=ends, on_demand=on_demand)
    asyncio.get_running_loop().call_later(STARTED, _collect)
    await daemon.run()
    return daemon.restarts


def _collect() -> None:
    """Enable garbage collection, except for what stays for life."""
    gc.collect()
    return_freed_memory()
    gc.freeze()
    gc.enable()


if __name__ == "__main__":
    sys.exit(main())
