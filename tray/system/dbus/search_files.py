"""
The file that leads KRunner to us, where no package has put one.

GNOME's shell reads such files from the system's folders alone, so that only packages bring them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tray.errors import TrayError
from tray.storage.atomic_files import read_small, write_changed
from tray.system.paths import data_folders, data_home

BUS_NAME: Final = "org.sso_tray.SSOTray"
OBJECT_PATH: Final = "/org/sso_tray/SSOTray/Search"

_PLACE: Final = Path("krunner/dbusplugins/sso-tray.desktop")

KRUNNER: Final = f"""\
[Desktop Entry]
Type=Service
Name=SSO Tray
Comment=AWS accounts and roles
Icon=sso-tray
X-KDE-ServiceTypes=Plasma/Runner
X-KDE-PluginInfo-Name=sso-tray
X-KDE-PluginInfo-EnabledByDefault=true
X-Plasma-API=DBus
X-Plasma-DBusRunner-Service={BUS_NAME}
X-Plasma-DBusRunner-Path={OBJECT_PATH}
X-Plasma-Request-Actions-Once=true
X-Plasma-Runner-Min-Letter-Count=3
"""


def krunner_file(environ: Mapping[str, str]) -> Path:
    return data_home(environ) / _PLACE


def offer_to_krunner(environ: Mapping[str, str]) -> None:
    """Write the file on Plasma, unless a package has; raises OSError, TrayError."""
    desktops = environ.get("XDG_CURRENT_DESKTOP", "").split(":")
    if "KDE" not in desktops or any((one / _PLACE).exists() for one in data_folders(environ)):
        return
    file = krunner_file(environ)
    write_changed(file, KRUNNER.encode())


def is_ours(file: Path) -> bool:
    """Whether we wrote the file, in this version or another, and nobody has made it theirs."""
    try:
        return BUS_NAME.encode() in read_small(file)
    except (OSError, TrayError):
        return False
