from __future__ import annotations

import json
import plistlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import components
from tray.errors import UserMustAct
from tray.system.autostart.applications_entry import MenuEntry
from tray.system.autostart.autostart_entry import Autostart
from tray.system.autostart.launch_agent import LaunchAgent
from tray.system.autostart.run_key import APPROVED, RUN, VALUE, RunKey
from tray.system.autostart.start_at_login import autostart_for, own_command
from tray.system.autostart.xdg_autostart import DesktopEntry, icon_of, parse, render, split_exec

HERE = ["/opt/sso tray/bin/sso-tray", "run"]
THERE = ["/home/me/.local/bin/sso-tray", "run"]
ODD = [
    "--a b",
    'quo"te',
    "dol$lar",
    "back`tick",
    "back\\slash",
    "100%",
    "%f",
    "ünïcode",
    "*;<>|&()",
]


class MemoryRegistry:
    """A registry in memory, as strict as winreg about what a value may be."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str | bytes] = {}

    def read(self, key: str, name: str) -> str | bytes | None:
        """Return a value."""
        return self.values.get((key, name))

    def write(self, key: str, name: str, value: str) -> None:
        """Set a text."""
        assert "\0" not in value
        self.values[key, name] = value

    def delete(self, key: str, name: str) -> None:
        """Remove a value."""
        self.values.pop((key, name), None)


class Place:
    """
    One system's way, with hands of others on it.

    Args:
        kind: which.
        directory: for files.
    """

    def __init__(self, kind: str, directory: Path) -> None:
        self.registry = MemoryRegistry()
        self.file = directory / "some" / "entry"
        self.kind = kind
        ways: dict[str, Autostart] = {
            "linux": DesktopEntry(self.file),
            "menu": MenuEntry(self.file),
            "macos": LaunchAgent(self.file),
            "windows": RunKey(self.registry),
        }
        self.entry = ways[kind]

    def content(self) -> object:
        """Return everything there is."""
        if self.kind == "windows":
            return dict(self.registry.values)
        return self.file.read_bytes() if self.file.exists() else None

    def switch(self, *, on: bool) -> None:
        """Do what the desktop's own settings do."""
        if self.kind == "windows":
            self.registry.values[APPROVED, VALUE] = bytes([2 if on else 3]) + bytes(11)
            return
        text = self.file.read_text()
        if self.kind in ("linux", "menu"):
            # As Xfce's settings do: the key is written, other keys keep, their order may not.
            head, *lines = [line for line in text.splitlines() if not line.startswith("Hidden")]
            switch = f"Hidden={str(not on).lower()}"
            self.file.write_text("\n".join([head, switch, *reversed(lines), ""]))
        else:
            off, here = "<key>Disabled</key><true/>", "<key>Disabled</key><false/>"
            text = text.replace(off, "").replace(here, "")
            self.file.write_text(text.replace("<dict>", f"<dict>{here if on else off}"))

    def edit(self) -> None:
        """Change the command by hand."""
        if self.kind == "windows":
            self.registry.values[RUN, VALUE] = "C:\\mine.exe"
        else:
            self.file.write_text(self.file.read_text().replace("sso-tray", "my-own-tray", 1))


@pytest.fixture(params=["linux", "menu", "macos", "windows"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each system's way."""
    return Place(request.param, tmp_path)


def test_on_and_off_again_leaves_nothing(place: Place) -> None:
    """Off is the beginning; on says so and names the command; off again removes everything."""
    before = place.content()

    states = [place.entry.status()]
    place.entry.enable(HERE)
    states.append(place.entry.status())
    written = place.entry.written()
    place.entry.disable()
    states.append(place.entry.status())

    assert ["off", "on", "off"] == states
    assert HERE == written
    assert before == place.content()


def test_doing_it_twice_changes_nothing(place: Place) -> None:
    """On twice and off twice are harmless."""
    place.entry.enable(HERE)
    once = place.content()
    place.entry.enable(HERE)
    twice = place.content()
    place.entry.disable()
    place.entry.disable()

    assert once == twice
    assert "off" == place.entry.status()


def test_a_program_that_moved_is_followed(place: Place) -> None:
    """At the next start our entry names the new place; a second look changes nothing."""
    place.entry.enable(HERE)

    followed = [place.entry.follow(THERE), place.entry.follow(THERE)]

    assert [True, False] == followed
    assert THERE == place.entry.written()


def test_what_is_off_stays_off_when_the_program_moves(place: Place) -> None:
    """Neither an absent entry nor one the desktop switched off is turned on by a start."""
    absent = place.entry.follow(THERE)
    place.entry.enable(HERE)
    place.switch(on=False)
    before = place.content()

    assert (False, False) == (absent, place.entry.follow(THERE))
    assert before == place.content()
    assert "off" == place.entry.status()


def test_the_desktop_s_own_switch_is_no_change_by_hand(place: Place) -> None:
    """Switched off and on there it is ours all the same; `on` switches it on again."""
    place.entry.enable(HERE)
    place.switch(on=False)
    off = place.entry.status()
    place.switch(on=True)
    on_there = place.entry.status()
    place.switch(on=False)
    place.entry.enable(HERE)

    assert ("off", "on", "on") == (off, on_there, place.entry.status())
    place.entry.disable()
    assert "off" == place.entry.status()


def test_an_entry_changed_by_hand_is_left_alone(place: Place) -> None:
    """Neither on, off nor a start touches it, and the sentence names the place."""
    place.entry.enable(HERE)
    place.edit()
    before = place.content()

    assert "changed" == place.entry.status()
    assert not place.entry.follow(THERE)
    with pytest.raises(UserMustAct, match="was edited by hand") as raised:
        place.entry.enable(THERE)
    assert place.entry.place in raised.value.sentence
    with pytest.raises(UserMustAct, match="was edited by hand"):
        place.entry.disable()
    assert before == place.content()


def test_somebody_else_s_entry_that_is_off_is_left_alone(place: Place) -> None:
    """Off is off: nothing to take back, and nothing of theirs is overwritten."""
    place.entry.enable(HERE)
    place.edit()
    place.switch(on=False)
    before = place.content()

    place.entry.disable()

    assert "off" == place.entry.status()
    with pytest.raises(UserMustAct, match="was edited by hand"):
        place.entry.enable(HERE)
    assert before == place.content()


# --- Linux -------------------------------------------------------------------------------------


def test_the_entry_is_valid(tmp_path: Path) -> None:
    """desktop-file-validate finds nothing to say, however odd the command."""
    validate = components.require("desktop-file-validate")
    file = tmp_path / "sso-tray.desktop"
    for command in (HERE, [*HERE, *ODD]):
        for kind in (DesktopEntry, MenuEntry):
            file.unlink(missing_ok=True)
            kind(file).enable(command)

            done = subprocess.run([validate, file], capture_output=True, text=True, check=False)

            assert (0, "") == (done.returncode, done.stdout + done.stderr)


def test_a_desktop_starts_exactly_the_command(tmp_path: Path) -> None:
    """GLib, which GNOME, Xfce and MATE start entries with, hands every odd word on unharmed."""
    gio = components.require("gio")
    said = tmp_path / "said.fifo"
    program = tmp_path / "pro $gram"
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\nopen({str(said)!r}, 'w').write("
        "json.dumps(sys.argv[1:]))\n"
    )
    program.chmod(0o755)
    file = tmp_path / "sso-tray.desktop"
    DesktopEntry(file).enable([str(program), *ODD])
    subprocess.run(["mkfifo", said], check=True)

    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    subprocess.run([gio, "launch", file], env=environ, check=True, timeout=60)

    assert ODD == json.loads(said.read_text())


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"])), min_size=1))
def test_what_is_written_is_read_back(command: list[str]) -> None:
    """Every printable command survives, so that a move is told from a stay."""
    assert command == split_exec(parse(render(command, {}))["Exec"])


@pytest.mark.parametrize("word", ["a\nExec=evil", "a\0", "\udc80"])
def test_what_no_entry_can_hold_is_refused(tmp_path: Path, word: str) -> None:
    """A path cannot smuggle a second key into the file."""
    file = tmp_path / "sso-tray.desktop"

    with pytest.raises(UserMustAct, match="unprintable"):
        DesktopEntry(file).enable([word])
    assert not file.exists()


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({}, ".config/autostart/sso-tray.desktop"),
        ({"XDG_CONFIG_HOME": "relative"}, ".config/autostart/sso-tray.desktop"),
        ({"XDG_CONFIG_HOME": "{home}/elsewhere"}, "elsewhere/autostart/sso-tray.desktop"),
    ],
)
def test_the_entry_lies_where_desktops_look(
    tmp_path: Path, environ: dict[str, str], place: str
) -> None:
    """XDG_CONFIG_HOME moves it, if it is absolute."""
    home = str(tmp_path)
    environ = {name: value.format(home=home) for name, value in environ.items()}

    entry = autostart_for({"HOME": home, **environ})

    assert str(tmp_path / place) == entry.place


def test_a_package_s_menu_entry_is_enough(tmp_path: Path) -> None:
    """Nothing is written beside it, and only its package takes it away; our own is ours again."""
    theirs = tmp_path / "share/applications/sso-tray.desktop"
    theirs.parent.mkdir(parents=True)
    environ = {"HOME": str(tmp_path / "me"), "XDG_DATA_DIRS": f"/nowhere:{tmp_path / 'share'}"}
    entry = MenuEntry.of(environ)
    entry.enable(HERE)
    theirs.write_text("[Desktop Entry]\n")
    own = Path(entry.place)
    before = own.exists()
    entry.disable()

    entry.enable(HERE)

    assert (True, False, "on") == (before, own.exists(), entry.status())
    assert own == tmp_path / "me/.local/share/applications/sso-tray.desktop"
    with pytest.raises(UserMustAct, match="belongs to a package"):
        entry.disable()


def test_the_icon_is_a_file_where_no_desktop_looks_for_it(tmp_path: Path) -> None:
    """Pip and pipx put the picture below an environment; a package puts it where all look."""
    picture = tmp_path / "share/icons/hicolor/scalable/apps/sso-tray.svg"
    bare = icon_of(tmp_path)
    picture.parent.mkdir(parents=True)
    picture.write_text("<svg/>")

    assert ("sso-tray", str(picture)) == (bare, icon_of(tmp_path))


# --- macOS -------------------------------------------------------------------------------------


def test_the_agent_is_what_launchd_reads(tmp_path: Path) -> None:
    """A property list that runs the command when the user logs in to the desktop."""
    file = tmp_path / "sso-tray.plist"
    LaunchAgent(file).enable(HERE)

    agent = plistlib.loads(file.read_bytes())

    assert HERE == agent["ProgramArguments"]
    assert (True, "Aqua") == (agent["RunAtLoad"], agent["LimitLoadToSessionType"])
    assert "KeepAlive" not in agent


@pytest.mark.parametrize("data", [b"", b"no list", b"<plist><dict>", b"\xff\xfe"])
def test_a_broken_agent_is_somebody_else_s(tmp_path: Path, data: bytes) -> None:
    """What cannot be read is left alone."""
    file = tmp_path / "sso-tray.plist"
    file.write_bytes(data)

    assert "changed" == LaunchAgent(file).status()


def test_an_agent_that_launchd_disabled_is_off_and_still_ours(tmp_path: Path) -> None:
    """``Disabled`` is the user's switch; any other change makes the agent theirs."""
    file = tmp_path / "sso-tray.plist"
    LaunchAgent(file).enable(HERE)
    mark = file.read_bytes().rpartition(b"<!--")
    agent = plistlib.loads(file.read_bytes())

    said = []
    for change in ({"Disabled": True}, {"RunAtLoad": False}):
        file.write_bytes(plistlib.dumps(agent | change) + mark[1] + mark[2])
        said.append(LaunchAgent(file).status())

    assert ["off", "changed"] == said


def test_the_agent_lies_where_launchd_looks(tmp_path: Path) -> None:
    """In the user's own LaunchAgents, under the label that it has inside."""
    entry = LaunchAgent.of({"HOME": str(tmp_path)})
    entry.enable(HERE)

    place = tmp_path / "Library/LaunchAgents/sso-tray.plist"
    assert str(place) == entry.place
    assert "sso-tray" == plistlib.loads(place.read_bytes())["Label"]


def test_the_packaged_agent_starts_the_app_and_no_second_time_after_quit() -> None:
    """The application's own agent runs the program inside it, again only after a crash."""
    place = Path(__file__).parents[2] / "packaging/unproven/macos/org.sso-tray.resident.plist"
    agent = plistlib.loads(place.read_bytes())

    assert place.stem == agent["Label"]
    assert ["/Applications/SSO Tray.app/Contents/MacOS/sso-tray", "run"] == (
        agent["ProgramArguments"]
    )
    assert {"SuccessfulExit": False} == agent["KeepAlive"]
    assert (True, "Aqua") == (agent["RunAtLoad"], agent["LimitLoadToSessionType"])


# --- The program's own place, and the command line --------------------------------------------


def test_an_appimage_is_started_by_its_file() -> None:
    """Its mount point is another one each time."""
    assert ["/home/me/SSO Tray.AppImage", "run"] == own_command(
        {"APPIMAGE": "/home/me/SSO Tray.AppImage"}
    )


def test_the_command_line_turns_it_on_and_off(tmp_path: Path) -> None:
    """`autostart on`, `status`, `off`: each says how it stands; what was changed is exit 1."""
    file = tmp_path / ".config/autostart/sso-tray.desktop"

    said = [_tray(tmp_path, *words) for words in ((), ("on",), ("status",), ("off",))]
    gone = not file.exists()
    _tray(tmp_path, "on")
    file.write_text(file.read_text().replace("Name=SSO Tray", "Name=Mine"))
    changed, refused = _tray(tmp_path), _tray(tmp_path, "off")

    off, on = "SSO Tray does not start at login.", "SSO Tray starts at login."
    assert [(0, off), (0, on), (0, on), (0, off)] == said
    assert gone
    assert (0, f"{file} was edited by hand, so SSO Tray leaves it alone.") == changed
    assert (1, f"sso-tray: {file} was edited by hand. Edit or remove it there.") == refused


def _tray(home: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tray", "autostart", *words],
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def test_the_user_unit_and_an_entry_are_never_both(tmp_path: Path) -> None:
    """Where systemd starts it, it is on without an entry, and only systemctl takes it off."""
    wanted = tmp_path / "systemd/user/graphical-session.target.wants/sso-tray.service"
    wanted.parent.mkdir(parents=True)
    wanted.symlink_to("/usr/lib/systemd/user/sso-tray.service")
    entry = DesktopEntry.of({"HOME": "/home/ada", "XDG_CONFIG_HOME": str(tmp_path)})

    entry.enable(["/usr/bin/sso-tray", "run"])

    assert ("on", False) == (entry.status(), Path(entry.place).exists())
    with pytest.raises(UserMustAct, match=r"systemctl --user disable sso-tray\.service"):
        entry.disable()
