"""
The resident as macOS and Windows have it: pystray's own icon on the main thread, the loop beside.

``python -m tests.desktop.native_xorg``. The backend is pystray's for X, which has no menu but a
loop of its own, as theirs have; it stands in for the one platform module that cannot run here.
"""

from __future__ import annotations

import os
import sys
import types
from typing import Any

from tray.desktop.main_thread import MainThread
from tray.desktop.native import OnMain
from tray.desktop.rows import BaseIcon
from tray.logs import log_to
from tray.resident.app import Resident
from tray.system.ending import EndSignals
from tray.system.paths import Paths

# pystray picks a backend when it is imported; `tray.desktop.rows` has made it pick none.
assert BaseIcon
from pystray import _xorg  # noqa: E402  (see above)


class Icon(OnMain, _xorg.Icon):  # type: ignore[misc]  # pystray has no types
    """pystray's icon for X."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._drained = self._display.intern_atom("_TRAY_DRAIN")
        from_pystray = self._message_handlers[33]  # ClientMessage

        def message(event: Any) -> None:
            if event.client_type == self._drained:
                self.drain()
            else:
                from_pystray(event)

        self._message_handlers[33] = message

    def wake(self) -> None:
        """Send our window a message."""
        self._send_message(self._window, self._drained)
        self._display.flush()

    def run_here(self) -> None:
        """Run X's loop."""
        self.run()

    def end(self) -> None:
        """Stop it."""
        if self._running:
            self.on_main(self._stop)


async def _live(main: MainThread, ends: EndSignals) -> None:
    resident = Resident(os.environ, icon=True, main=main, ends=ends)
    await resident.run()


def run() -> int:
    """Do what `tray.resident` does where the icon wants the main thread."""
    platform: Any = types.ModuleType("tray.desktop.native_windows")
    platform.Icon = Icon
    sys.modules["tray.desktop.native_windows"] = platform
    log_to(Paths.from_environment(os.environ).state, debug=True)
    main, ends = MainThread(), EndSignals()
    ends.install()
    main.run(lambda: _live(main, ends))
    return 0


if __name__ == "__main__":
    sys.exit(run())
