"""Which notice channels this system has, best first (rule W4)."""

from __future__ import annotations

from collections.abc import Mapping

from tray.desktop.notifications.library_notices import LibraryNotices
from tray.desktop.notifications.notice_process import OsascriptNotices, PlyerNotices
from tray.desktop.notifications.notifier import NoticeChannel, Notifier, Pressed
from tray.system import LINUX, MACOS


def notifier_for(environ: Mapping[str, str], pressed: Pressed) -> Notifier:
    """On Linux it has to join the session bus, whose connection it shares with the tray."""
    channels: tuple[NoticeChannel, ...]
    if LINUX:
        from tray.desktop.icon.icon_pictures import IconPictures
        from tray.desktop.notifications.freedesktop_notices import (
            DBusNotices,  # elsewhere there is no dbus-fast
        )

        pictures = IconPictures(environ)
        channels = (DBusNotices(pressed, pictures), PlyerNotices(pressed, environ))
    elif MACOS:
        channels = (LibraryNotices(pressed), OsascriptNotices(pressed, environ))
    else:
        channels = (LibraryNotices(pressed), PlyerNotices(pressed, environ))
    return Notifier(channels)
