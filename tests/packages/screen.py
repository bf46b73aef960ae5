"""The clean system's desktop: screen, bus, panel, keyring; and its tray, asked by gdbus."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageGrab

from tests.desk import ARTIFACTS, PANEL
from tests.packages.root import USER, Root
from tests.packages.told import until

_NODE = re.compile(r"\((\d+), \{([^{}]*)\}")
_LABEL = re.compile(r"'label': <(?:'((?:[^'\\]|\\.)*)'|\"([^\"]*)\")>")


def start_session(root: Root) -> None:
    """Start a session bus and an unlocked keyring as the user; they end with the root."""
    run = f"/run/user/{root.uid}"
    root.root("install", "-d", "-m", "700", "-o", root.name, "-g", root.name, "/run/user", run)
    root.root("chmod", "755", "/run/user")
    root.starts("dbus-daemon", "--session", f"--address=unix:path={run}/bus", "--nofork")
    until(lambda: root.tries("gdbus", "wait", "--session", "org.freedesktop.DBus") == 0, "a bus")
    root.starts(
        "gnome-keyring-daemon", "--foreground", "--components=secrets", "--unlock", said="x"
    )
    root.user("gdbus", "wait", "--session", "--timeout=60", "org.freedesktop.secrets")


def start_desktop(root: Root) -> None:
    """Start a session with a screen and a panel."""
    start_session(root)
    screen = root.starts(
        "Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-ac"
    )
    assert screen.stdout is not None
    root.environ["DISPLAY"] = f":{screen.stdout.readline().strip()}"
    place = f"/home/{USER}/.config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"
    root.write(place, PANEL)
    root.starts("xfce4-panel", "--disable-wm-check")
    root.user("gdbus", "wait", "--session", "--timeout=60", "org.kde.StatusNotifierWatcher")


def look(root: Root) -> Image.Image:
    """Return the screen as it is seen."""
    return ImageGrab.grab(xdisplay=root.environ["DISPLAY"]).convert("RGB")


def keep(picture: Image.Image, name: str) -> Path:
    """Keep a picture for a person to look at."""
    ARTIFACTS.mkdir(exist_ok=True)
    path = ARTIFACTS / f"package-{name}.png"
    picture.save(path)
    return path


@dataclass(frozen=True)
class Row:
    """A row of the menu as the bus tells it."""

    id: int
    label: str


class TrayIcon:
    """Our icon in the panel, whichever process of ours shows it now."""

    def __init__(self, root: Root) -> None:
        self._root = root

    def name(self) -> str | None:
        """Return the bus name of the one item there is, None while there is none."""
        told = self._call(
            "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher",
            "org.freedesktop.DBus.Properties.Get",
            "org.kde.StatusNotifierWatcher", "RegisteredStatusNotifierItems",
        )  # fmt: skip
        names: list[str] = re.findall(r"'([^']+)'", told)
        return names[0].partition("/")[0] if len(names) == 1 else None

    def menu(self) -> list[Row]:
        """Return every row with a label, in order."""
        text = self._menu("GetLayout", "0", "--", "-1", "[]")
        rows = []
        for found in _NODE.finditer(text):
            label = _LABEL.search(found[2])
            if label is not None:
                rows.append(Row(int(found[1]), label[1] or label[2] or ""))
        return rows

    def click(self, label: str) -> None:
        """Click on the row of this label."""
        row = next(one for one in self.menu() if one.label == label)
        self._menu("Event", str(row.id), "clicked", "<0>", "0")

    def _menu(self, member: str, *arguments: str) -> str:
        name = until(self.name, "the icon in the tray")
        place = self._call(
            name, "/org/ayatana/NotificationItem/sso_tray", "org.freedesktop.DBus.Properties.Get",
            "org.kde.StatusNotifierItem", "Menu",
        )  # fmt: skip
        path = re.findall(r"'(/[^']*)'", place)[0]
        return self._call(name, path, f"com.canonical.dbusmenu.{member}", *arguments)

    def _call(self, to: str, path: str, method: str, *arguments: str) -> str:
        return self._root.user(
            "gdbus", "call", "--session", "--dest", to, "--object-path", path, "--method", method,
            *arguments,
        )  # fmt: skip
