"""
The daemon as macOS and Windows have it: pystray's own icon on the main thread, the loop beside.

``python -m tests.desktop.native_xorg``. The backend is pystray's for X, which has no menu but a
loop of its own, as theirs have; it stands in for the one platform module that cannot run here.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import types
from collections.abc import Iterator
from typing import Any

from tray.daemon.app import Daemon
from tray.desktop.menu.menu_rows import BaseIcon
from tray.desktop.native.main_thread import MainThread, MainThreadIcon
from tray.storage.logs import log_to
from tray.system.end_signals import ShutdownSignals
from tray.system.paths import Paths

# pystray picks a backend when it is imported; `tray.desktop.menu.menu_rows` has made it pick none.
assert BaseIcon
from pystray import _xorg  # noqa: E402  (see above)


class Icon(MainThreadIcon, _xorg.Icon):  # type: ignore[misc]  # pystray has no types
    """
    pystray's icon for X, whose connection only the main thread ever touches.

    python-xlib loses requests and wake-ups where two threads flush at once (measured: one start in
    seven hung); so other threads wake the loop through a socket of our own, not through X.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._woken, self._bell = socket.socketpair()

    def wake(self) -> None:
        """Ring."""
        self._bell.send(b"!")

    def run_here(self) -> None:
        """Run X's loop; pystray's own setup would show the icon from a thread of its own."""
        self.run(lambda _: self.on_main(self._appear))

    def end(self) -> None:
        """Stop it, as soon as it runs."""
        self.on_main(self._stop)

    def _appear(self) -> None:
        self.visible = True

    def _events(self) -> Iterator[Any]:
        while True:
            while self._display.pending_events():
                yield self._display.next_event()
            heard, _, _ = select.select([self._display, self._woken], [], [])
            if self._woken in heard:
                self._woken.recv(4096)
                self.drain()


async def _live(main: MainThread, ends: ShutdownSignals) -> None:
    daemon = Daemon(os.environ, icon=True, main=main, ends=ends)
    await daemon.run()


def run() -> int:
    """Do what `tray.daemon` does where the icon wants the main thread."""
    platform: Any = types.ModuleType("tray.desktop.native.windows_tray")
    platform.WindowsIcon = Icon
    sys.modules["tray.desktop.native.windows_tray"] = platform
    log_to(Paths.from_environment(os.environ).state, debug=True)
    main, ends = MainThread(), ShutdownSignals()
    ends.install()
    main.run(lambda: _live(main, ends))
    return 0


if __name__ == "__main__":
    sys.exit(run())
