"""The desktops as data: what each is made of, how it starts, and what it does in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

COMMON: Final = (
    "adwaita-icon-theme", "dbus", "fonts-dejavu-core", "gnome-keyring", "hicolor-icon-theme",
    "libgl1-mesa-dri", "libglib2.0-bin", "librsvg2-common", "procps", "python3-dbusmock",
    "python3-venv", "x11-utils", "xvfb",
)  # fmt: skip
"""In the chroot of each, beside its own packages."""

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desktop:
    """
    One desktop.

    Args:
        name: what ``DESKTOP=`` takes.
        title: its name in the table.
        parts: the packages whose versions the table shows.
        packages: what is installed beside them.
        environ: what its programs and ours start with.
        files: what is in the home before the first login.
        settings: ``gsettings set`` lines, before it starts.
        before: programs that are started before the panel.
        panel: the program that shows the icon; it is restarted, too.
        after: those started after it.
        services: which session services the bus may start, as a regular expression.
        strip: the rows of pixels that the panel is in, from and to; below zero from the bottom.
        opens: the mouse buttons that open the menu.
        about: what a colour of the icon may be off, where the panel scales it or shines through.
        inline: whether submenus unfold within the menu.
        button: where a notice's first button is: the share of its width, and pixels from below.
        search: the search of its own that SSO Tray answers, if it has one.
        cannot: what it cannot do, with the reason.
    """

    name: str
    title: str
    parts: tuple[str, ...]
    packages: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    before: tuple[Command, ...] = ()
    panel: Command
    after: tuple[Command, ...] = ()
    services: str
    strip: tuple[int, int] = (0, 33)
    opens: tuple[int, ...] = (1, 3)
    about: int = 0
    inline: bool = False
    button: tuple[float, int] = (0.9, 30)
    search: Literal["", "overview", "krunner"] = ""
    cannot: Mapping[str, str] = field(default_factory=dict)


_XFCE_PANEL: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray"/>
  </property>
</channel>
"""

XFCE: Final = Desktop(
    name="xfce",
    title="Xfce",
    parts=("xfce4-panel", "xfce4-notifyd"),
    packages=("xfwm4",),
    environ={"XDG_CURRENT_DESKTOP": "XFCE", "GDK_BACKEND": "x11"},
    files={".config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml": _XFCE_PANEL},
    before=(("xfwm4",), ("/usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd",)),
    panel=("xfce4-panel", "--disable-wm-check"),
    services=r"org\.xfce\.Xfconf",
)

GNOME: Final = Desktop(
    name="gnome",
    title="GNOME",
    parts=("gnome-shell", "gnome-shell-extension-appindicator"),
    packages=(
        "dconf-cli",
        "dconf-gsettings-backend",
        "gjs",
        "gnome-themes-extra",
        "mutter",
    ),
    environ={
        "XDG_CURRENT_DESKTOP": "GNOME",
        "DESKTOP_SESSION": "gnome",
        "GNOME_SHELL_SESSION_MODE": "user",
        "GSETTINGS_BACKEND": "dconf",
    },
    settings=(
        "org.gnome.shell enabled-extensions ['ubuntu-appindicators@ubuntu.com']",
        "org.gnome.shell disable-user-extensions false",
        "org.gnome.desktop.interface enable-animations false",
        "org.gnome.desktop.session idle-delay 0",
        "org.gnome.shell welcome-dialog-last-shown-version '99'",
    ),
    panel=("gnome-shell", "--x11"),
    services=r"ca\.desrt\.dconf|org\.gnome\.(Shell|ScreenSaver|SettingsDaemon|Mutter).*",
    inline=True,
    about=20,
    search="overview",
    cannot={"tooltip": "its extension shows none"},
)

KDE: Final = Desktop(
    name="kde",
    title="KDE Plasma",
    parts=("plasma-workspace",),
    packages=(
        "plasma-desktop",
        "kwin-x11",
        "breeze",
        "breeze-icon-theme",
        "kde-style-breeze",
        "plasma-integration",
        "qml-module-org-kde-kquickcontrolsaddons",
        "kactivitymanagerd",
    ),
    environ={
        "XDG_CURRENT_DESKTOP": "KDE",
        "KDE_FULL_SESSION": "true",
        "KDE_SESSION_VERSION": "5",
        "DESKTOP_SESSION": "plasma",
        "QT_QPA_PLATFORM": "xcb",
        "QT_XCB_GL_INTEGRATION": "none",
        "QT_QUICK_BACKEND": "software",
        "KWIN_COMPOSE": "N",
    },
    files={
        ".config/kdeglobals": "[General]\nColorScheme=BreezeLight\n"
        "[KDE]\nAnimationDurationFactor=0\n",
    },
    before=(("kwin_x11",), ("kded5",), ("/usr/lib/x86_64-linux-gnu/libexec/kactivitymanagerd",)),
    panel=("plasmashell",),
    services=r"org\.kde\..*",
    strip=(-44, 0),
    search="krunner",
)

DESKTOPS: Final = {one.name: one for one in (XFCE, GNOME, KDE)}
