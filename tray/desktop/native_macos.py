"""
pystray's icon in macOS's menu bar, as an accessory: no Dock icon, no menu of an application.

Never run: there was no macOS to run it on. Sources: pystray 0.19.5 ``_darwin.py``; Apple,
NSApplicationActivationPolicyAccessory, NSImage.isTemplate; PyObjC, AppHelper.callAfter.
"""

from __future__ import annotations

import signal

import AppKit
import PyObjCTools.AppHelper
import PyObjCTools.MachSignals
from pystray import _darwin

from tray.desktop.native import OnMain


class Icon(OnMain, _darwin.Icon):  # type: ignore[misc]  # pystray has no types
    """The icon; made and run on the main thread."""

    def wake(self) -> None:
        """AppKit's loop calls it in every mode, also while a menu is open."""
        PyObjCTools.AppHelper.callAfter(self.drain)

    def run_here(self) -> None:
        """Run AppKit's loop until :meth:`end`."""
        self._app.setActivationPolicy_(AppKit.NSApplicationActivationPolicyAccessory)
        # While AppKit's loop runs no Python handler is called but through these.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            PyObjCTools.MachSignals.signal(number, signal.getsignal(number))
        # Not pystray's run(): it would end the process on SIGINT.
        self._mark_ready()
        self.visible = True
        try:
            self._app.run()
        finally:
            self._status_bar.removeStatusItem_(self._status_item)

    def end(self) -> None:
        """Stop AppKit's loop, which wants to be told on its own thread."""
        PyObjCTools.AppHelper.callAfter(self._stop)

    def _assert_image(self) -> None:
        super()._assert_image()
        if self._icon_image is not None:
            self._icon_image.setTemplate_(True)
