"""A machine of one's own with a desktop on it, and somebody who logs in and out there."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.components import require
from tests.desk import Running, Screen, start_screen
from tests.desktops.desktops import COMMON, Desktop, Look
from tests.desktops.product import PLACE, product
from tests.packages.root import UID, USER, Root, base, clean_root, environment
from tests.packages.told import Broken, until
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter

HOME: Final = f"/home/{USER}"
RUN: Final = f"/run/user/{UID}"
SIZE: Final = (1280, 800)
PAGES: Final = f"{HOME}/pages"
"""Where the browser notes what it opens, a line each."""

TOKEN_LIFE: Final = 280
"""Seconds; a session whose renewal is refused is worth an urgent notice then."""
PROFILES: Final = ("dev", "team_eu_west_1", "main")

CONFIG: Final = f"""\
[sso-session corp]
sso_region = eu-west-2
sso_start_url = {DEFAULT_START_URL}
sso_registration_scopes = sso:account:access
"""

_PROFILE: Final = """
[profile {name}]
sso_session = corp
sso_account_id = {account}
sso_role_name = ReadOnly
region = eu-west-1
"""

_BROWSER: Final = """\
import sys, urllib.request
with open({pages!r}, "a") as pages:
    pages.write(sys.argv[1] + "\\n")
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
direct.open(sys.argv[1], timeout=60).read()
"""

_BUS: Final = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>{kind}</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  {services}
  <policy context="default">
    <allow user="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""

_PIDS: Final = f"{HOME}/session.pids"
_ENTRY: Final = f"{HOME}/.config/autostart/sso-tray.desktop"


class Session:
    """
    The machine.

    Args:
        desktop: what is on it.
        root: its system.
        center: what AWS is for it.
        logs: a directory for what the X server prints.
    """

    def __init__(self, desktop: Desktop, root: Root, center: IdentityCenter, logs: Path) -> None:
        self.desktop = desktop
        self.root = root
        self.center = center
        self.scale = 1
        self.screen: Screen
        self._plain = dict(root.environ)
        self._settings: tuple[str, ...] = ()
        self._server = Running(logs)
        self._panel: subprocess.Popen[str] | None = None
        self._ended_at_logout: list[subprocess.Popen[str]] = []

    # --- The machine ---------------------------------------------------------------------------

    def boot(self) -> None:
        """Start what runs before anybody logs in, and put the first files into the home."""
        root = self.root
        root.root("install", "-d", "-m", "755", "/run/user", "/run/dbus", "/run/services")
        root.root("install", "-d", "-m", "700", "-o", USER, "-g", USER, RUN)
        root.root("install", "-d", "-m", "1777", "/tmp/.X11-unix", "/tmp/.ICE-unix")
        root.root("sh", "-c", "[ -s /etc/machine-id ] || dbus-uuidgen >/etc/machine-id")
        self._bus_config("system", "/run/dbus/system_bus_socket", "")
        root.starts("dbus-daemon", "--config-file=/run/system.conf", "--nofork", user=False)
        until(
            lambda: root.tries("gdbus", "wait", "--system", "org.freedesktop.DBus") == 0, "a bus"
        )
        root.starts("python3", "-m", "dbusmock", "--system", "--template", "logind", user=False)
        self._logind(
            "org.freedesktop.DBus.Mock.AddSession", "c1", "seat0", f"uint32 {UID}", USER, "true"
        )
        for path in root.root("sh", "-c", "ls /usr/share/dbus-1/services").split():
            if re.fullmatch(self.desktop.services, path.removesuffix(".service")):
                root.root("sed", "-e", "/^SystemdService/d", "-e", f"w /run/services/{path}",
                          f"/usr/share/dbus-1/services/{path}")  # fmt: skip
        self._bus_config("session", f"{RUN}/bus", "<servicedir>/run/services</servicedir>")
        for command in self.desktop.prepared:
            root.root(*command)
        for place, text in self.desktop.files.items():
            root.write(f"{HOME}/{place}", text)
        root.write(f"{HOME}/browser.py", _BROWSER.replace("{pages!r}", repr(PAGES)))
        self.profiles(PROFILES)

    def _bus_config(self, kind: str, socket: str, services: str) -> None:
        text = _BUS.format(kind=kind, socket=socket, services=services)
        self.root.write(f"/run/{kind}.conf", text, user=False)

    def _logind(self, method: str, *words: str, path: str = "/org/freedesktop/login1") -> None:
        place = ("--dest", "org.freedesktop.login1", "--object-path", path)
        until(lambda: self.root.tries("gdbus", "wait", "--system", place[1]) == 0, "the sessions")
        self.root.root("gdbus", "call", "--system", *place, "--method", method, *words)

    def lock_screen(self, *, locked: bool) -> None:
        """Have logind say that the screen is locked, as a locker does, or that it is not."""
        hint = "org.freedesktop.login1.Session.SetLockedHint"
        self._logind(hint, str(locked).lower(), path="/org/freedesktop/login1/session/c1")

    def await_tray(self) -> None:
        """Wait until the desktop takes icons."""
        self._await("--session", "org.kde.StatusNotifierWatcher")

    def _await(self, bus: str, name: str) -> None:
        until(lambda: self.root.tries("gdbus", "wait", bus, name) == 0, f"{name} on the {bus} bus")

    def profiles(self, names: tuple[str, ...], accounts: int = 2) -> None:
        """Write the AWS config with these profiles, spread over so many accounts."""
        lines = [
            _PROFILE.format(name=name, account=123456789011 + number % accounts)
            for number, name in enumerate(names)
        ]
        self.root.write(f"{HOME}/.aws/config", CONFIG + "".join(lines))

    # --- Logging in and out --------------------------------------------------------------------

    def log_in(self) -> None:
        """Start screen, bus, keyring, desktop, and what starts at login; return at once then."""
        root = self.root
        # Outside: its socket's name is the whole machine's, so a number is known to be free there.
        eyes = {"PATH": os.environ["PATH"]}
        display = start_screen(self._server, eyes, require("xvfb"), SIZE, "-ac")
        root.environ["DISPLAY"] = eyes["DISPLAY"] = display
        self.screen = Screen(eyes)
        self.begin("dbus-daemon", "--config-file=/run/session.conf", "--nofork")
        until(
            lambda: root.tries("gdbus", "wait", "--session", "org.freedesktop.DBus") == 0, "a bus"
        )
        self.begin(
            "gnome-keyring-daemon", "--foreground", "--components=secrets", "--unlock", said="x"
        )
        for line in (*self.desktop.settings, *self._settings):
            root.user("gsettings", "set", *line.split(" ", 2))
        made = f"{RUN}/{self.desktop.display}"
        if self.desktop.display:
            root.user("rm", "-f", made)  # one that was killed leaves it
        for number, command in enumerate(self.desktop.before):
            self.begin(*command)
            if number == 0 and self.desktop.display:
                until(lambda: root.tries("test", "-S", made) == 0, f"{made} to be there")
        self.start_panel()
        for command in self.desktop.after:
            self.begin(*command)
        if root.tries("test", "-e", _ENTRY) == 0:
            (command,) = re.findall(r"^Exec=(.+)$", root.read(_ENTRY), re.MULTILINE)
            self.root.starts("sh", "-c", 'exec "$@" >/dev/null 2>&1', "sh", *shlex.split(command))

    def wear(self, look: Look, scale: int) -> None:
        """Have all look otherwise from the next login on, so many times as large."""
        self.scale = scale
        self.root.environ = {**self._plain, **look.environ}
        self._settings = look.settings
        for place, text in look.files.items():
            if text is None:
                self.root.user("rm", "-f", f"{HOME}/{place}")
            else:
                self.root.write(f"{HOME}/{place}", text)

    def kept(self, place: str) -> str | None:
        """Return what a file in the home has, None where there is none."""
        there = self.root.tries("test", "-e", f"{HOME}/{place}") == 0
        return self.root.read(f"{HOME}/{place}") if there else None

    def log_out(self) -> None:
        """End what was started at login but our own program, as when a session's leader dies."""
        self._server.end_all()
        self.root.tries("sh", "-c", f"xargs kill -KILL <{_PIDS}; rm {_PIDS}")
        for process in self._ended_at_logout:
            process.wait()
        self._ended_at_logout.clear()

    def start_panel(self) -> None:
        """Start what shows the icons."""
        self._panel = self.begin(*self.desktop.panel)

    def kill_panel(self) -> None:
        """End it, as a crash does."""
        assert self._panel is not None
        name = Path(self.desktop.panel[0]).name
        self.root.user("pkill", "-KILL", "-x", "--", name[:15])
        self._panel.wait()

    def begin(self, *command: str, said: str = "") -> subprocess.Popen[str]:
        """Start what ends with the login; what it prints is in the home, by its name."""
        log = f"{HOME}/{Path(command[0]).name}.log"
        noted = f'log=$1; shift; echo $$ >>{_PIDS}; exec "$@" >>"$log" 2>&1'
        process = self.root.starts("sh", "-c", noted, "sh", log, *command, said=said)
        self._ended_at_logout.append(process)
        return process

    # --- The program ---------------------------------------------------------------------------

    def start(self) -> None:
        """Start the tray as a user does, who is told that the icon is there."""
        told = self.sso("start")
        if "Its icon is in the system tray." not in told:
            raise Broken(f"start says: {told}")

    def sso(self, *words: str) -> str:
        """Run a command of ours and return what it says."""
        return self.root.user("sso-tray", *words)

    def status(self) -> dict[str, Any]:
        """Return the status document."""
        document: dict[str, Any] = json.loads(self.sso("status", "--json"))
        return document

    def session(self) -> dict[str, Any]:
        """Return the one session of it."""
        (only,) = self.status()["sessions"]
        return dict(only)

    def opened(self) -> int:
        """Return how many pages the browser has opened."""
        return len((self.kept("pages") or "").splitlines())

    def daemons(self) -> list[int]:
        """Return the processes of ours that stay."""
        return self.root.processes(r"sso-tray run|tray run|tray\.daemon")

    @property
    def bus(self) -> str:
        """The address of the session bus, as seen from outside."""
        return f"unix:path=/proc/{self.root.pid}/root{self.root.path}{RUN}/bus"


@contextmanager
def session_on(desktop: Desktop) -> Iterator[Session]:
    """Give the machine of a desktop, booted."""
    below = base(f"desktops/{desktop.root or desktop.name}", packages_of(desktop))
    shows = {PLACE: product(below)}
    with (
        IdentityCenter(auto_approve=True, token_life=TOKEN_LIFE) as center,
        clean_root(below, shows) as root,
        tempfile.TemporaryDirectory() as logs,
    ):
        browser = f"{PLACE}/bin/python -I {HOME}/browser.py %s &"
        root.environ = environment({
            **center.environment(),
            "BROWSER": browser,
            "TZ": "UTC",
            "XDG_SESSION_TYPE": "x11",
            "XDG_SESSION_CLASS": "user",
            "XDG_SESSION_ID": "c1",
            "XDG_CONFIG_DIRS": "/etc/xdg",
            "XDG_DATA_DIRS": "/usr/local/share:/usr/share",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "NO_AT_BRIDGE": "1",
            **desktop.environ,
        })  # fmt: skip
        root.environ["PATH"] = f"{PLACE}/bin:/usr/bin:/bin"
        made = Session(desktop, root, center, Path(logs))
        made.boot()
        try:
            yield made
        finally:
            made.log_out()


def packages_of(desktop: Desktop) -> tuple[str, ...]:
    """Return all packages of a desktop's chroot."""
    return tuple(sorted({*COMMON, *desktop.parts, *desktop.packages}))


def versions(session: Session) -> str:
    """Return the versions of the desktop's parts, as Debian has them."""
    told = session.root.root(
        "dpkg-query", "--show", "--showformat=${Package} ${Version}\\n", *session.desktop.parts
    )
    found = re.findall(r"^(\S+) (?:\d+:)?([\d.]+)", told, re.MULTILINE)
    return ", ".join(f"{name} {version}" for name, version in found)
