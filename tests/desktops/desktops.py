"""The desktops as data: what each is made of, how it starts, and what it does in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

COMMON: Final = (
    "adwaita-icon-theme", "dbus", "fonts-dejavu-core", "gir1.2-ayatanaappindicator3-0.1",
    "gnome-keyring", "hicolor-icon-theme", "keepassxc", "libgl1-mesa-dri", "libglib2.0-bin",
    "librsvg2-common", "procps", "python3-dbusmock", "python3-venv", "systemd", "udiskie",
    "udisks2", "x11-utils", "xvfb",
)  # fmt: skip
"""In the chroot of each, beside its own packages."""

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    How a desktop can look besides, on at the next login.

    Args:
        environ: what its programs start with then.
        settings: ``gsettings set`` lines.
        files: what is written into the home; None removes it.
    """

    environ: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    files: Mapping[str, str | None] = field(default_factory=dict)


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
        prepared: what root does before anything starts.
        settings: ``gsettings set`` lines, before it starts.
        before: programs that are started before the panel.
        panel: the program that shows the icon; it is restarted, too.
        after: those started after it.
        services: which session services the bus may start, as a regular expression.
        strip: the rows of pixels that the panel is in, from and to; below zero from the bottom.
        opens: the mouse buttons that open the menu; another is sent to the icon, if anywhere.
        about: what a colour of the icon may be off, where the panel scales it or shines through.
        inline: whether submenus unfold within the menu.
        keys: whether its menus take keys; else one walks through them with the pointer.
        display: the Wayland display that the first of ``before`` makes, to be waited for.
        button: where a notice's first button is: the share of its width, and pixels from below.
        search: the search of its own that SSO Tray answers, if it has one.
        twice: how all is shown at twice the size.
        other: the dark look of one that is light, or the light one.
        root: whose chroot it shares; its own by default.
        cannot: what it cannot do, with the reason.
    """

    name: str
    title: str
    parts: tuple[str, ...]
    packages: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    prepared: tuple[Command, ...] = ()
    before: tuple[Command, ...] = ()
    panel: Command
    after: tuple[Command, ...] = ()
    services: str
    strip: tuple[int, int] = (0, 33)
    opens: tuple[int, ...] = (1, 3)
    about: int = 0
    inline: bool = False
    keys: bool = True
    display: str = ""
    button: tuple[float, int] = (0.9, 30)
    search: Literal["", "overview", "krunner"] = ""
    twice: Look | None = None
    other: Look | None = None
    root: str = ""
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
    twice=Look(environ={"GDK_SCALE": "2"}),
    other=Look(environ={"GTK_THEME": "Adwaita:dark"}),
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
    twice=Look(settings=("org.gnome.desktop.interface scaling-factor 2",)),
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
        "kwin-wayland",
        "plasma-workspace-wayland",
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
    twice=Look(environ={"QT_SCALE_FACTOR": "2", "PLASMA_USE_QT_SCALING": "1"}),
    other=Look(
        files={
            ".config/kdeglobals": "[General]\nColorScheme=BreezeDark\n"
            "[KDE]\nAnimationDurationFactor=0\n",
            ".config/plasmarc": "[Theme]\nname=breeze-dark\n",
        }
    ),
)

MATE: Final = Desktop(
    name="mate",
    title="MATE",
    parts=("mate-panel", "mate-notification-daemon"),
    packages=(
        "dconf-cli",
        "dconf-gsettings-backend",
        "marco",
        "mate-icon-theme",
        "mate-settings-daemon",
        "mate-themes",
    ),
    environ={
        "XDG_CURRENT_DESKTOP": "MATE",
        "DESKTOP_SESSION": "mate",
        "XDG_MENU_PREFIX": "mate-",
        "GSETTINGS_BACKEND": "dconf",
        "GDK_BACKEND": "x11",
    },
    settings=(
        "org.mate.interface gtk-theme Menta",
        "org.mate.interface icon-theme menta",
        "org.mate.background show-desktop-icons false",
    ),
    before=(
        ("mate-settings-daemon",),
        ("marco", "--no-composite"),
        ("/usr/lib/mate-notification-daemon/mate-notification-daemon",),
    ),
    panel=("mate-panel",),
    # Its notification daemon goes after half a minute without a notice.
    services=r"ca\.desrt\.dconf|org\.mate\.panel\..*|org\.freedesktop\.mate\.Notifications",
    opens=(3,),
    other=Look(environ={"GTK_THEME": "Adwaita:dark"}),
    cannot={"icon sharp at twice the size": "its panel scales the picture to a size of its own"},
)

_LXQT_PANEL: Final = """\
[General]
__userfile__=true
panels=panel1
[panel1]
plugins=spacer,statusnotifier
position=Top
panelSize=32
iconSize=22
[spacer]
type=spacer
expandable=true
[statusnotifier]
type=statusnotifier
"""

LXQT: Final = Desktop(
    name="lxqt",
    title="LXQt",
    parts=("lxqt-panel", "lxqt-notificationd"),
    packages=("xfwm4",),
    environ={"XDG_CURRENT_DESKTOP": "LXQt", "QT_QPA_PLATFORM": "xcb"},
    files={".config/lxqt/panel.conf": _LXQT_PANEL},
    before=(("xfwm4",), ("lxqt-notificationd",)),
    panel=("lxqt-panel",),
    services=r"-",
    opens=(3,),
    twice=Look(environ={"QT_SCALE_FACTOR": "2"}),
)

CINNAMON: Final = Desktop(
    name="cinnamon",
    title="Cinnamon",
    parts=("cinnamon", "xapp-sn-watcher"),
    packages=(
        "cinnamon-session",
        "cinnamon-settings-daemon",
        "dconf-cli",
        "dconf-gsettings-backend",
        "gnome-themes-extra",
        "libxapp-gtk3-module",
        "muffin",
        "xapps-common",
    ),
    environ={
        "XDG_CURRENT_DESKTOP": "X-Cinnamon",
        "DESKTOP_SESSION": "cinnamon",
        "GSETTINGS_BACKEND": "dconf",
        "GDK_BACKEND": "x11",
        "CINNAMON_2D": "true",
    },
    settings=("org.cinnamon.desktop.session idle-delay 0",),
    before=(("/usr/libexec/xapps/sn-watcher/xapp-sn-watcher",),),
    panel=("cinnamon", "--replace"),
    services=r"ca\.desrt\.dconf|org\.cinnamon\.SettingsDaemon.*",
    strip=(-40, 0),
    button=(0.17, 22),
)

_SWAY: Final = """\
output * resolution 1280x800 bg #2e4053 solid_color
default_border none
"""

_TWICE: Final = _SWAY.replace("1280x800", "1280x800 scale 2")

_WAYBAR: Final = """\
{"layer": "top", "position": "top", "height": 30, "modules-right": ["tray"],
 "tray": {"icon-size": 22, "spacing": 10}}
"""

SWAY: Final = Desktop(
    name="sway",
    title="sway",
    parts=("sway", "waybar", "mako-notifier"),
    packages=("xwayland",),
    environ={
        "XDG_CURRENT_DESKTOP": "sway",
        "DESKTOP_SESSION": "sway",
        "XDG_SESSION_TYPE": "wayland",
        "WLR_BACKENDS": "x11",  # a window in the X server, where the pointer is
        "WLR_RENDERER": "pixman",
        "WLR_X11_OUTPUTS": "1",
        "WLR_LIBINPUT_NO_DEVICES": "1",
        "WAYLAND_DISPLAY": "wayland-1",
        "GDK_BACKEND": "wayland",
    },
    files={
        ".config/sway/config": _SWAY,
        ".config/waybar/config": _WAYBAR,
        ".config/mako/config": "default-timeout=5000\n",  # without it no notice ever goes
    },
    before=(("sway",), ("mako",)),
    panel=("waybar",),
    services=r"-",
    keys=False,  # GTK's layer shell gives the bar no keyboard
    display="wayland-1",
    twice=Look(files={".config/sway/config": _TWICE}),
    other=Look(files={".config/waybar/style.css": "* { background: white; color: black; }\n"}),
)

GNOME_WAYLAND: Final = replace(
    GNOME,
    name="gnome-wayland",
    title="GNOME on Wayland",
    root="gnome",
    environ={
        **GNOME.environ,
        "XDG_SESSION_TYPE": "wayland",
        "MUTTER_DEBUG_DUMMY_MODE_SPECS": "1280x800",  # a window in the X server
    },
    panel=("gnome-shell", "--nested", "--wayland", "--no-x11"),
    twice=None,  # a nested shell keeps to the size of its window
    cannot={
        **GNOME.cannot,
        "beside udiskie and KeePassXC": "its panel is its compositor, and udiskie ends with that",
    },
)

_KWIN: Final = (
    'exec env -u WAYLAND_DISPLAY kwin_wayland --x11-display "$DISPLAY" --socket wayland-0'
    " --width 1280 --height 800 --no-lockscreen --no-global-shortcuts"
)

KDE_WAYLAND: Final = replace(
    KDE,
    name="kde-wayland",
    title="KDE Plasma on Wayland",
    root="kde",
    environ={
        **KDE.environ,
        "XDG_SESSION_TYPE": "wayland",
        "QT_QPA_PLATFORM": "wayland",
        "KWIN_COMPOSE": "Q",  # it cannot do without, but with Qt's painter
        "WAYLAND_DISPLAY": "wayland-0",
        "KWIN_WAYLAND_NO_PERMISSION_CHECKS": "1",
    },
    # It may raise its own priority, which a container may forbid; then it does not even start.
    prepared=(("setcap", "-r", "/usr/bin/kwin_wayland"),),
    before=(
        ("sh", "-c", _KWIN),
        ("kded5",),
        ("/usr/lib/x86_64-linux-gnu/libexec/kactivitymanagerd",),
    ),
    panel=("plasmashell",),
    display="wayland-0",
    twice=None,  # the nested compositor would need a screen of twice the size
)

_ALL: Final = (XFCE, GNOME, KDE, MATE, LXQT, CINNAMON, SWAY, GNOME_WAYLAND, KDE_WAYLAND)

DESKTOPS: Final = {one.name: one for one in _ALL}
