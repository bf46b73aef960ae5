"""
A desktop of one's own for a test: a screen, a session bus, a window manager, a panel with a tray.

Nothing is shared with the desktop of whoever runs the tests, nor with a test running beside: the
X server picks a free number itself, and home, runtime directory and bus are new. A start takes
about a second. Everything started is ended again, each by its own process group.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, TypeVar

from PIL import Image, ImageChops, ImageGrab

from tests.components import require

ARTIFACTS: Final = Path(__file__).parents[1] / "artifacts"
"""Where screenshots are kept for a person to look at; never committed."""

Colour = tuple[int, int, int]
T = TypeVar("T")

_PATIENCE: Final = 30.0
_GRACE: Final = 5.0

_BUS_CONFIG: Final = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""

PANEL: Final = """\
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
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
      <property name="symbolic-icons" type="bool" value="false"/>
      <property name="hide-new-items" type="bool" value="false"/>
    </property>
  </property>
</channel>
"""

_WINDOWS: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfwm4" version="1.0">
  <property name="general" type="empty">
    <property name="theme" type="string" value="Frameless"/>
    <property name="workspace_count" type="int" value="1"/>
  </property>
</channel>
"""

_NOTICES: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-notifyd" version="1.0">
  <property name="notify-location" type="uint" value="2"/>
  <property name="expire-timeout-enabled" type="bool" value="true"/>
  <property name="expire-timeout" type="int" value="30"/>
  <property name="do-fadeout" type="bool" value="false"/>
  <property name="initial-opacity" type="double" value="1.0"/>
</channel>
"""


def until(what: Callable[[], T | None], said: str, patience: float = _PATIENCE) -> T:
    """
    Return what a question answers as soon as it answers anything true.

    For what announces itself by no event that a test could await, such as a pixel on a screen.

    Raises:
        AssertionError: it did not within so many seconds; ``said`` names it.
    """
    deadline = time.monotonic() + patience
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {said}")
        time.sleep(0.02)


def colour_box(picture: Image.Image, colour: Colour) -> tuple[int, int, int, int] | None:
    """Return the smallest box around all pixels of exactly one colour, or None."""
    bands = picture.convert("RGB").split()
    exact = [
        band.point([255 * (value == wanted) for value in range(256)])
        for band, wanted in zip(bands, colour, strict=True)
    ]
    return ImageChops.darker(ImageChops.darker(exact[0], exact[1]), exact[2]).getbbox()


class Running:
    """
    Programs started for a test, each leading a process group of its own.

    Args:
        logs: a directory for what they print.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._started: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        command: Sequence[str | Path],
        env: Mapping[str, str],
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int | IO[bytes] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        """Start a program; its words go to a file named after it."""
        log = self._logs / f"{Path(command[0]).name}.log"
        with log.open("ab") as words:
            process = subprocess.Popen(
                command,
                env=env,
                stdin=stdin,
                stdout=words if stdout is None else stdout,
                stderr=words,
                start_new_session=True,
                pass_fds=pass_fds,
            )
        self._started.append(process)
        return process

    def words(self) -> str:
        """Return the last words of every program, for a failing test to show."""
        said = []
        for log in sorted(self._logs.glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()[-8:]
            said += [f"{log.stem}: {line}" for line in lines]
        ended = [process.args for process in self._started if process.poll() is not None]
        return "\n".join([*said, f"ended by themselves: {ended}"])

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End one program and what it started, and wait for it."""
        self._started.remove(process)
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
                process.wait(_GRACE)
                break
            except ProcessLookupError:
                process.wait()
                break
            except subprocess.TimeoutExpired:
                continue
        if process.stdout is not None:
            process.stdout.close()

    def end_all(self) -> None:
        """End everything, the newest first."""
        while self._started:
            self.end(self._started[-1])


class Bus:
    """
    A private session bus that can be ended and started again at the same address.

    Args:
        directory: short enough for a socket's path.
        running: who ends it; starts more programs beside it.
        services: names below ``/usr/share/dbus-1/services`` that may be activated; no others are.
    """

    def __init__(self, directory: Path, running: Running, services: Sequence[str] = ()) -> None:
        self._program = require("dbus-daemon")
        self.running = running
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = directory / "bus"
        self.address = f"unix:path={self.socket}"
        self._config = directory / "bus.conf"
        activatable = directory / "services"
        activatable.mkdir()
        for name in services:
            source = Path("/usr/share/dbus-1/services") / f"{name}.service"
            (activatable / source.name).symlink_to(source)
        self._config.write_text(_BUS_CONFIG.format(socket=self.socket, services=activatable))

    def start(self, env: Mapping[str, str]) -> None:
        """Start the daemon and return once it listens."""
        command = [
            str(self._program),
            f"--config-file={self._config}",
            "--nofork",
            "--print-address",
        ]
        self._process = self.running.start(command, env, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith(b"unix:"), "the bus did not start"

    @property
    def pid(self) -> int:
        """The daemon's process."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """End the daemon and remove its socket, as a logout does."""
        assert self._process is not None
        self.running.end(self._process)
        self.socket.unlink(missing_ok=True)


@contextmanager
def private_bus() -> Iterator[Bus]:
    """Give a session bus of one's own, without a desktop."""
    with _short_directory() as directory:
        running = Running(directory)
        bus = Bus(directory, running)
        try:
            bus.start({"PATH": os.environ["PATH"]})
            yield bus
        finally:
            running.end_all()


class Screen:
    """
    A screen, with a person's hands and eyes.

    Args:
        env: what a program needs to appear on it; the whole environment of such a program.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = dict(env)

    # --- Eyes ----------------------------------------------------------------------------------

    def look(self) -> Image.Image:
        """Return the screen as it is now, RGB."""
        return ImageGrab.grab(xdisplay=self.env["DISPLAY"]).convert("RGB")

    def screenshot(self, name: str) -> Path:
        """Keep the screen as ``artifacts/<name>.png``."""
        ARTIFACTS.mkdir(exist_ok=True)
        path = ARTIFACTS / f"{name}.png"
        self.look().save(path)
        return path

    def find_colour(self, colour: Colour) -> tuple[int, int]:
        """Return the middle of all pixels of exactly one colour, once there are any."""
        left, top, right, bottom = until(
            lambda: colour_box(self.look(), colour), f"the colour {colour} on the screen"
        )
        return (left + right) // 2, (top + bottom) // 2

    def await_change(self, before: Image.Image) -> Image.Image:
        """Return the screen once it differs from ``before`` and has come to rest."""
        until(lambda: ImageChops.difference(before, self.look()).getbbox(), "the screen to change")
        return self.await_rest()

    def await_rest(self) -> Image.Image:
        """Return the screen once two looks in a row are the same."""
        seen = [self.look()]

        def rests() -> bool:
            time.sleep(0.04)
            seen.append(self.look())
            return ImageChops.difference(seen[-2], seen[-1]).getbbox() is None

        until(rests, "the screen to come to rest")
        return seen[-1]

    def window(self, title: str) -> bool:
        """Whether a window's title begins like this."""
        command = [str(require("xdotool")), "search", "--onlyvisible", "--name", f"^{title}"]
        found = subprocess.run(
            command, env=self.env, check=False, capture_output=True, timeout=_PATIENCE
        )
        return bool(found.stdout)

    # --- Hands ---------------------------------------------------------------------------------

    def move(self, x: int, y: int) -> None:
        """Move the pointer."""
        self._xdotool("mousemove", "--sync", str(x), str(y))

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Click; 1 is the left button, 2 the middle one, 3 the right one."""
        self._xdotool("mousemove", str(x), str(y), "click", "--delay", "0", str(button))

    def key(self, *keys: str) -> None:
        """Press keys one after the other: ``Down``, ``Return``, ``ctrl+a``."""
        self._xdotool("key", "--delay", "12", *keys)

    def _xdotool(self, *words: str) -> None:
        command = [str(require("xdotool")), *words]
        # With its output at hand its end is an event; else ``run`` looks for it in longer steps.
        subprocess.run(command, env=self.env, check=True, capture_output=True, timeout=_PATIENCE)


class Desk(Screen):
    """
    The desktop.

    Args:
        env: of every program on it.
        bus: its session bus.
        running: starts more programs on it, and ends them with it.
    """

    def __init__(self, env: Mapping[str, str], bus: Bus, running: Running) -> None:
        super().__init__(env)
        self.bus = bus
        self.running = running
        self._panel: subprocess.Popen[bytes] | None = None

    # --- The panel -----------------------------------------------------------------------------

    def start_panel(self) -> None:
        """Start the panel and return once its tray takes icons."""
        self._panel = self.running.start([require("xfce4-panel"), "--disable-wm-check"], self.env)
        until(self._tray_is_up, "the panel's tray")

    def stop_panel(self) -> None:
        """End the panel, as if it had crashed."""
        assert self._panel is not None
        self.running.end(self._panel)

    def _tray_is_up(self) -> bool:
        watcher = "org.kde.StatusNotifierWatcher"
        answer = self._gdbus(
            *("--dest", watcher, "--object-path", "/StatusNotifierWatcher"),
            *("--method", "org.freedesktop.DBus.Properties.Get"),
            *(watcher, "IsStatusNotifierHostRegistered"),
        )
        return "true" in answer

    def owned(self, name: str) -> bool:
        """Whether somebody on the bus has a name."""
        bus = "org.freedesktop.DBus"
        return "true" in self._gdbus(
            *("--dest", bus, "--object-path", "/", "--method", f"{bus}.NameHasOwner", name)
        )

    def activated(self) -> int | None:
        """Return the process of the settings daemon, which the bus started for the panel."""
        bus = "org.freedesktop.DBus"
        answer = self._gdbus(
            *("--dest", bus, "--object-path", "/"),
            *("--method", f"{bus}.GetConnectionUnixProcessID", "org.xfce.Xfconf"),
        )
        found = re.search(r"uint32 (\d+)", answer)
        return int(found[1]) if found else None

    def _gdbus(self, *words: str) -> str:
        command = [str(require("gdbus")), "call", "--session", *words]
        done = subprocess.run(
            command, env=self.env, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
        return done.stdout


@contextmanager
def desk(
    *,
    panel: bool = True,
    notices: bool = False,
    shadows: bool = False,
    size: tuple[int, int] = (1280, 800),
) -> Iterator[Desk]:
    """
    Give a desktop with a window manager, ready to be used.

    Args:
        panel: whether a panel with a tray is started too.
        notices: whether a notification daemon is, too.
        shadows: whether windows have shadows and round corners, for which all is drawn twice.
        size: pixels of the screen.
    """
    needed = (require("xvfb"), require("xprop"), require("xdotool"), require("gdbus"))
    with _short_directory() as directory:
        running = Running(directory)
        bus = Bus(directory, running, ["org.xfce.Xfconf"])
        try:
            env = _environment(directory, bus.address)
            env["DISPLAY"] = start_screen(running, env, needed[0], size)
            bus.start(env)
            drawn = f"--compositor={'on' if shadows else 'off'}"
            running.start([require("xfwm4"), drawn], env)
            until(lambda: _managed(env), "the window manager")
            made = Desk(env, bus, running)
            if notices:
                running.start([require("xfce4-notifyd")], env)
                until(lambda: made.owned("org.freedesktop.Notifications"), "the notices")
            if panel:
                made.start_panel()
            try:
                yield made
            finally:
                settings = made.activated()
                running.end_all()
                # It leaves when its bus does, and writes into the home before.
                until(lambda: not _lives(settings), "the settings daemon to leave")
        except BaseException as error:
            error.add_note(running.words())
            raise
        finally:
            running.end_all()


def _lives(process: int | None) -> bool:
    """Whether a process runs; one that has ended may stay listed until its parent looks at it."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@contextmanager
def _short_directory() -> Iterator[Path]:
    """Give a directory whose path leaves room for a socket's name (108 bytes in all)."""
    directory = Path(tempfile.mkdtemp(prefix="traydesk-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _environment(directory: Path, address: str) -> dict[str, str]:
    env = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "DBUS_SESSION_BUS_ADDRESS": address,
        "XDG_CURRENT_DESKTOP": "XFCE",
        "GDK_BACKEND": "x11",
        "NO_AT_BRIDGE": "1",
        "GTK_OVERLAY_SCROLLING": "0",
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }
    for variable, name in (
        ("HOME", "home"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_RUNTIME_DIR", "run"),
    ):
        (directory / name).mkdir(mode=0o700)
        env[variable] = str(directory / name)
    channels = directory / "config/xfce4/xfconf/xfce-perchannel-xml"
    channels.mkdir(parents=True)
    (channels / "xfce4-panel.xml").write_text(PANEL)
    (channels / "xfce4-notifyd.xml").write_text(_NOTICES)
    (channels / "xfwm4.xml").write_text(_WINDOWS)
    # Nothing here has a frame, and to read the usual one's two thousand pictures takes longest.
    frames = directory / "data/themes/Frameless/xfwm4"
    frames.mkdir(parents=True)
    (frames / "themerc").touch()
    return env


def start_screen(
    running: Running, env: Mapping[str, str], xvfb: Path, size: tuple[int, int], *options: str
) -> str:
    """Start an X server on a number it picks itself and return its display."""
    reading, writing = os.pipe()
    screen = f"{size[0]}x{size[1]}x24"
    command = [str(xvfb), "-displayfd", str(writing), "-screen", "0", screen, "-dpi", "96"]
    # Without -noreset the server starts anew whenever its last client leaves, and refuses whoever
    # connects at that moment: measured, every third desk.
    command += ["-noreset", "-nolisten", "tcp", *options]
    running.start(command, env, pass_fds=[writing])
    os.close(writing)
    with os.fdopen(reading) as answer:
        number = answer.readline().strip()
    assert number, "the X server did not start"
    return f":{number}"


def _managed(env: Mapping[str, str]) -> bool:
    command = [str(require("xprop")), "-root", "_NET_SUPPORTING_WM_CHECK"]
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, check=False, timeout=_PATIENCE
    )
    return "0x" in done.stdout
