"""
pystray's icon in macOS's menu bar, as an accessory: no Dock icon, no application menu.

Never run: there was no macOS. Sources: pystray 0.19.5 ``_darwin.py``; Apple,
NSApplicationActivationPolicyAccessory, NSImage.isTemplate and size; PyObjC, AppHelper.callAfter.
"""

from __future__ import annotations

import io
import signal
from typing import Final

import AppKit
import Foundation
import PyObjCTools.AppHelper
import PyObjCTools.MachSignals
from pystray import _darwin

from tray.desktop.native.main_thread import MainThreadIcon

POINTS: Final = 18.0  # the menu bar is at least 22 high, and icons keep clear of its edges


class MacosIcon(MainThreadIcon, _darwin.Icon):  # type: ignore[misc]  # pystray has no types
    def wake(self) -> None:
        """AppKit's loop calls it in every mode, also while a menu is open."""
        PyObjCTools.AppHelper.callAfter(self.drain)

    def run_here(self) -> None:
        self._app.setActivationPolicy_(AppKit.NSApplicationActivationPolicyAccessory)
        # While AppKit's loop runs, Python's signal handlers are called only through these.
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
        """AppKit's loop must be stopped on its own thread."""
        PyObjCTools.AppHelper.callAfter(self._stop)

    def _assert_image(self) -> None:
        # pystray makes one pixel per point, which a Retina display shows blurred.
        png = io.BytesIO()
        self._icon.save(png, "png")
        data = Foundation.NSData.dataWithBytes_length_(png.getvalue(), len(png.getvalue()))
        self._icon_image = AppKit.NSImage.alloc().initWithData_(data)
        self._icon_image.setSize_((POINTS, POINTS))
        self._icon_image.setTemplate_(True)
        self._status_item.button().setImage_(self._icon_image)
