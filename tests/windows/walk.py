"""SSO Tray on Windows as a person uses it: each promise with what was seen, or why not judged."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from PIL import Image, ImageGrab

from tests.desk import colour_box
from tests.packages import told
from tests.packages.told import Broken, failed, not_judged, title
from tests.windows.eyes import DRAW, Words, drawn, places
from tests.windows.machine import Machine, Said, screen
from tests.worker.world import token_of
from tray.aws.cache.token_cache import cache_path, full_document
from tray.core.model import State
from tray.core.text import menu_text
from tray.desktop.icon.icon_drawing import STATE_COLOURS
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter

CONFIG = f"""\
[sso-session corp]
sso_start_url = {DEFAULT_START_URL}
sso_region = eu-west-2
sso_registration_scopes = sso:account:access

[profile dev]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = FullAccess
region = eu-west-1

[profile reader]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = ReadOnly
region = eu-west-1
"""
BROWSER = """\
import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=60).read()
"""
BATCH = """\
@echo off
echo [%~1] [%~2] %AWS_ACCESS_KEY_ID%
exit /b 7
"""
TOKEN_LIFE = 120.0
"""Seconds: the daemon renews at half of it, while the rest of the walk goes on."""

PATIENCE = 300.0
"""Seconds that anything may take at most: Wine is slow beside other work."""

LOGINS = 4
"""The first has a worker load botocore, which alone takes 20 s where all else is busy, too."""

MOST_CLICKS = 5
"""After so many that open nothing a person gives up."""

ROUNDS = 9
"""Starts of which the quickest is the time of one."""

MOST_TIMES = 4.0
"""What the credential helper may take, in starts of a bare Python."""

ROW = 20
MARGIN = 10
"""Pixels: about what a row of a menu is high, and what is left of its text."""

PROFILE, HAND_BACK = menu_text.active("dev"), menu_text.quit_and_hand_back(keyring_required=False)
CLICKED = (PROFILE, "reader", HAND_BACK)
"""The rows of the menu that are clicked."""

NOT_JUDGED = {
    "a notification with buttons": "Wine has no WinRT",
    "logging off waits for the orderly end": "Wine ends processes without its time limit",
    "other users are kept out of the pipe and the files": "Wine keeps ACLs and enforces few",
    "a second server cannot take the pipe's name": "Wine does not know a first instance",
    "nobody over the network reaches the pipe": "Wine's pipes are on one machine",
    "a Ctrl-C in the daemon's console reaches no worker": "Wine's consoles have no such groups",
    "the icon comes back after Explorer restarts": "there is no Explorer",
    "a virus scanner that holds files does no harm": "there is none",
    "a link is copied": "Wine has no clip.exe",
    "the accounts page opens, for its user alone": "Wine names no process of a connection",
}


T = TypeVar("T")

Box = tuple[int, int, int, int]
"""Left, top, width and height."""


class Row(NamedTuple):
    """Where a row of a menu can be clicked, beside its text, and its colour without the mouse."""

    x: int
    y: int
    plain: Any


def until(found: Callable[[], T | None], what: str) -> T:
    """As `told.until`, with patience for Wine."""
    return told.until(found, what, PATIENCE)


HELD: list[str] = []
"""The promises that this run has seen hold."""


def holds(promise: str, truth: object, evidence: object = "") -> None:
    """As `told.holds`, noted for the table."""
    told.holds(promise, truth, evidence)
    HELD.append(promise)


class Walk:
    """A user at one machine."""

    def __init__(self, machine: Machine, center: IdentityCenter) -> None:
        self.machine = machine
        self.center = center
        self.words: dict[str, Words] = {}

    def furnish(self) -> None:
        """Make the home of a user whose name has a blank in it."""
        machine = self.machine
        shutil.rmtree(machine.home, ignore_errors=True)
        (machine.home / ".aws").mkdir(parents=True)
        (machine.home / "Temp").mkdir()
        (machine.home / ".aws/config").write_text(CONFIG)
        (machine.home / "browser.py").write_text(BROWSER)
        (machine.home / "tool.cmd").write_bytes(BATCH.replace("\n", "\r\n").encode())
        local = machine.home / "AppData/Local"
        (local / "sso-tray").mkdir(parents=True)
        (local / "sso-tray/config.toml").write_text('[keyring]\nservice = "sso-tray-walk"\n')
        home = machine.inside(machine.home)
        machine.environ = {
            **self.center.environment(),
            "USERPROFILE": home,
            "LOCALAPPDATA": machine.inside(local),
            "APPDATA": rf"{home}\AppData\Roaming",
            "TEMP": rf"{home}\Temp",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CA_BUNDLE": None,
            "HTTP_PROXY": None,
            "HTTPS_PROXY": None,
            "BROWSER": rf'{machine.python} "{home}\browser.py" %s',
            "SSO_TRAY_DEBUG": "1",
        }

    @property
    def log(self) -> str:
        """The daemon's log."""
        path = self.machine.home / "AppData/Local/sso-tray/sso-tray.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def status(self) -> dict[str, Any]:
        """Return what ``status --json`` prints."""
        said = self.machine.tray("status", "--json")
        if said.code:
            raise Broken(f"status: {said.err}")
        document: dict[str, Any] = json.loads(said.out)
        return document

    def resident(self) -> int | None:
        """Return the daemon's pid, None while none answers."""
        found = (self.status().get("resident") or {}).get("pid")
        return None if found is None else int(found)

    def state(self) -> str:
        """Return the session's state."""
        return next(str(one["state"]) for one in self.status()["sessions"] if one["key"] == "corp")

    def token(self) -> dict[str, Any]:
        """Return the token cache file."""
        path = cache_path(self.machine.home / ".aws/sso/cache", "corp")
        document: dict[str, Any] = json.loads(path.read_text())
        return document

    def kept(self) -> list[str]:
        """Return the targets of the credentials that are kept."""
        said = self.machine.run(self.machine.python, "-c", f"{_FOUND}print(*found, sep='\\n')")
        return sorted(said.out.split())

    def look(self) -> Image.Image:
        """Return the screen."""
        return ImageGrab.grab(xdisplay=self.machine.display)

    def keep(self, name: str) -> None:
        """Keep what the screen shows, for a person to look at."""
        kept = Path("artifacts/windows")
        kept.mkdir(parents=True, exist_ok=True)
        self.look().save(kept / f"{self.machine.version}-{name}.png")

    def icon(self, state: State) -> tuple[int, int]:
        """Wait until the icon is seen in a state's colour and return where."""
        left, top, right, bottom = until(
            lambda: colour_box(self.look(), STATE_COLOURS[state]), f"the icon of {state}"
        )
        return (left + right) // 2, (top + bottom) // 2

    def start(self, *options: str) -> None:
        """Start the program as its launcher does, and wait for its answer."""
        self.started = self.machine.start(rf"{self.machine.scripts}\sso-tray.exe", "run", *options)
        until(self.resident, "the daemon's answer")

    def login(self, *options: str) -> Said:
        """Sign in, and again while Wine is too slow to ask within the time that AWS has."""
        for _ in range(LOGINS):
            said = self.machine.tray("login", "corp", *options)
            if "AWS didn't answer within" not in said.err:
                break
        return said

    def over(self) -> bool:
        """Wait for the end of the process that was started."""
        return until(
            lambda: self.machine.ended(self.started, 5) is not None, "the end of the process"
        )

    # --- the promises ---------------------------------------------------------------------------

    def runs(self) -> None:
        """Start it, and start it again."""
        machine = self.machine
        machine.tray("quit")  # one that a broken walk has left
        machine.run(machine.python, "-c", _FORGET)
        self.start()
        said = machine.tray("run")
        holds("commands reach the daemon by its pipe", said.code == 0, said.out.strip())
        self.icon("signed-out")
        holds("the icon is shown", True)

    def signs_in(self) -> None:
        """Sign in with PKCE and a browser."""
        said = self.login()
        holds(
            "login signs in through the browser (PKCE)",
            said.code == 0 and self.state() == "signed-in",
            said.out.strip().splitlines()[-1:] or said.err,
        )
        self.icon("signed-in")
        holds("the icon shows that you are signed in", True)
        self.keep("icon")
        self.first = self.token()["accessToken"]
        kept = self.kept()
        holds(
            "the refresh token is in the Credential Manager alone",
            len(kept) > 1 and "refreshToken" not in self.token(),
            f"{len(kept)} credentials",
        )

    def uses(self) -> None:
        """Pick a profile, and have a bare client follow it."""
        said = self.machine.tray("use", "dev")
        holds(
            "use switches the active profile",
            said.code == 0 and self.status()["active_profile"] == "dev",
            said.out.strip(),
        )
        said = self.machine.tray("apply", "process")
        config = (self.machine.home / ".aws/config").read_text()
        line = re.search(r"credential_process = (.+)", config)
        holds("apply writes a credential_process", said.code == 0 and line, line and line[1])

    def gives_credentials(self) -> None:
        """Have the credential helper and exec give credentials."""
        machine = self.machine
        helper = machine.home / "AppData/Local/sso-tray/handout/credentials.py"
        argv = (machine.python, "-I", "-S", machine.inside(helper))
        said = machine.run(*argv, "dev")
        holds(
            "the credential helper gives credentials",
            said.code == 0 and json.loads(said.out)["AccessKeyId"].startswith("ASIA"),
        )
        said = machine.tray("exec", "dev", "--", "cmd.exe", "/c", "echo %AWS_ACCESS_KEY_ID%")
        holds(
            "exec gives a command credentials",
            said.code == 0 and said.out.startswith("ASIA"),
            said.err,
        )
        tool = machine.inside(machine.home)
        path = rf"{tool};C:\windows\system32"
        said = machine.tray("exec", "dev", "--", "tool", "a b", "c", env={"PATH": path})
        seen = said.out.strip() or said.err
        holds(
            "exec finds a .cmd as the shell does, and ends with its status",
            said.code == 7 and said.out.startswith("[a b] [c] ASIA"),
            f"{said.code} {seen[:40]}",
        )

    def is_quick(self) -> None:
        """Measure the credential helper beside a bare Python."""
        machine = self.machine
        helper = machine.home / "AppData/Local/sso-tray/handout/credentials.py"
        argv = (machine.python, "-I", "-S", machine.inside(helper))
        nothing = (machine.python, "-I", "-S", "-c", "pass")
        # By turns, and the quickest of each: other work on the machine only ever adds.
        pairs = [(machine.run(*argv, "dev"), machine.run(*nothing)) for _ in range(ROUNDS)]
        ours, bare = (min(one.seconds for one in each) for each in zip(*pairs, strict=True))
        holds(
            "the credential helper is as quick as four starts of Python",
            ours < MOST_TIMES * bare,
            f"{ours * 1000:.0f} ms and {bare * 1000:.0f} ms: {ours / bare:.1f} times",
        )

    def renews(self) -> None:
        """Renew by hand, and by itself."""
        before = self.token()["accessToken"]
        said = self.machine.tray("renew", "corp")
        now = self.token()["accessToken"]
        holds(
            "renew renews the access token",
            said.code == 0 and now != before,
            said.out.strip() or said.err,
        )
        until(lambda: self.token()["accessToken"] != now, "a renewal by itself")
        holds("it renews by itself at half of the token's life", True)

    def starts_at_login(self) -> None:
        """Write the Run key, and take it out."""
        machine = self.machine
        machine.tray("autostart", "on")
        query = ("reg.exe", "query", r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run")
        line = machine.run(*query).out
        holds(
            "autostart on has it started without a console",
            "pythonw.exe" in line,
            line.strip()[-80:],
        )
        machine.tray("autostart", "off")
        holds("autostart off takes the entry out again", "SSO Tray" not in machine.run(*query).out)

    def upgrades(self) -> None:
        """Sign in by the AWS CLI, and put another version in its place."""
        self.start()
        self.login()  # what was returned is the AWS CLI's alone till then
        login = token_of(self.center.sign_in())
        cache_path(self.machine.home / ".aws/sso/cache", "corp").write_bytes(full_document(login))
        until(
            lambda: "refreshToken" not in self.token() and self.state() == "signed-in",
            "the AWS CLI's session",
        )
        holds("a refresh token in the AWS CLI's file is taken into the Credential Manager", True)
        before = self.resident()
        package = self.machine.drive / f"python{self.machine.version.replace('.', '')}"
        place = package / "Lib/site-packages/tray/__init__.py"
        text = place.read_text()
        try:
            place.write_text(re.sub(r'__version__ = ".*"', '__version__ = "9.9.9"', text))
            # The next worker that starts is of the new version: a sign-in has one of its own.
            self.login("--afresh")
            until(lambda: (self.resident() or before) != before, "a restart")
            version = self.status()["resident"]["program"]
            holds("after an upgrade it comes back as the new version", version == "9.9.9", version)
            until(lambda: self.state() == "signed-in", "a session that goes on")
            holds("and is still signed in", True)
        finally:
            place.write_text(text)
            self.machine.tray("quit")  # it would restart once more, as the version of before

    def opened(self, click: Callable[[], None], is_menu: Callable[[Box], bool]) -> Box:
        """Click until a menu opens, and return it: left, top, width and height."""
        known = self.machine.windows()

        def menus() -> list[Box]:
            now = self.machine.windows().items()
            return [box[1:] for one, box in now if one not in known and is_menu(box[1:])]

        for clicks in range(1, MOST_CLICKS + 1):
            click()
            try:
                (menu, *_) = told.until(menus, "a menu", PATIENCE / MOST_CLICKS)
            except Broken:
                title(f"  click {clicks} opened nothing")
            else:
                return menu
        raise Broken("no click opens a menu")

    def open_menu(self) -> Box:
        """Click on the icon with the right button; its tip is a window, too, but a low one."""
        for text in CLICKED:
            if text not in self.words:
                said = self.machine.run(self.machine.python, "-c", DRAW, text)
                self.words[text] = drawn(*json.loads(said.out))
        x, y = self.icon("signed-in")
        return self.opened(lambda: self.machine.click(x, y, 3), lambda box: box[3] > 5 * ROW)

    def row(self, menu: Box, text: str) -> Row:
        """Wait until a row is seen in a menu."""
        left, top, width, height = menu
        box = (left, top, left + width, top + height)

        def seen() -> Row | None:
            screen = self.look()
            for _, y in places(self.words[text], screen.crop(box)):
                spot = (left + MARGIN, top + y)
                return Row(*spot, screen.getpixel(spot))
            return None

        return until(seen, f"the row {text}")

    def pick(self, row: Row) -> None:
        """Move onto a row until the menu shows by its colour that it has the mouse; click."""

        def marked() -> bool:
            for beside in (row.x, row.x + 1):
                self.machine.mouse("mousemove", str(beside + MARGIN), str(row.y))
            return bool(self.look().getpixel((row.x, row.y)) != row.plain)

        until(marked, "the row under the mouse")
        self.machine.mouse("click", "1")

    def uses_by_menu(self) -> None:
        """Pick another profile in the menu."""
        menu = self.open_menu()
        holds("a right click opens the menu", menu[3] > 100, f"{menu[2]} x {menu[3]}")
        row = self.row(menu, PROFILE)
        profiles = self.opened(lambda: self.pick(row), lambda box: box[3] > 2 * ROW)
        self.keep("menu")
        self.pick(self.row(profiles, "reader"))
        active = until(lambda: self.status()["active_profile"] != "dev" and self.status(), "use")
        holds("a click on a profile makes it active", active["active_profile"] == "reader")

    def quits_under_a_menu(self) -> None:
        """Quit by the command while the menu is open, and start again."""
        self.open_menu()
        said = self.machine.tray("quit")
        self.over()
        holds("quit with the menu open leaves no process behind", said.code == 0, said.err)
        self.start()

    def quits_by_menu(self) -> None:
        """Click "Return sessions to the AWS CLI and quit"."""
        self.pick(self.row(self.open_menu(), HAND_BACK))
        self.over()
        holds("Return sessions and quit in the menu ends it", "ending" in self.log)
        holds(
            "and hands the refresh token back to the AWS CLI's file",
            "refreshToken" in self.token(),
        )

    def quits_by_command(self) -> None:
        """Start it in the background, and quit."""
        said = self.machine.tray("start")  # which says so where it takes long
        holds(
            "start starts it in the background",
            until(self.resident, "the daemon's answer"),
            said.out.strip() or said.err,
        )
        said = self.machine.tray("quit")
        holds(
            "quit ends it",
            said.code == 0 and self.resident() is None,
            said.out.strip() or said.err,
        )

    def ends_with_its_launcher(self) -> None:
        """End ``sso-tray run`` by force."""
        self.start("--no-icon")
        self.machine.ask(kill=self.started)
        until(lambda: self.resident() is None, "the daemon's end")
        holds("ending run by force leaves no daemon behind", True)

    def ends_at_log_off(self) -> None:
        """End the session."""
        machine = self.machine
        self.start("--no-icon")
        before = self.log.count("ending")
        machine.run("wineboot.exe", "--end-session")
        until(lambda: self.log.count("ending") > before, "an orderly end")
        holds("the end of the session ends it in order", True)

    def demo(self) -> None:
        """Run the demo."""
        said = self.machine.tray("demo")
        words = said.out.strip() + said.err
        holds(
            "demo runs through every step",
            said.code == 0,
            words.splitlines()[-1] if said.code == 0 else words,
        )


_FOUND = """\
from win32ctypes.pywin32 import win32cred
try: found = win32cred.CredEnumerate(None, 0)
except Exception: found = []
found = [one["TargetName"] for one in found if "sso-tray-walk" in one["TargetName"]]
"""
_FORGET = f"{_FOUND}for one in found: win32cred.CredDelete(one, 1)"
"""What a broken walk has left."""


@contextmanager
def walking(lab: Path, version: str) -> Iterator[Walk]:
    """Furnish a machine."""
    center = IdentityCenter(auto_approve=True, token_life=TOKEN_LIFE)
    with screen() as display, center:
        machine = Machine(lab, version, display)
        with machine.on():
            walk = Walk(machine, center)
            walk.furnish()
            yield walk


def promises() -> list[str]:
    """Return what the walk promises, in the order in which it is written here."""
    return re.findall(r'^ +holds\(\s*"([^"]+)"', Path(__file__).read_text(), re.MULTILINE)


def table(held: Collection[str] = HELD) -> str:
    """Return the table of promises, in Markdown: run under Wine, or never run."""
    seen = [
        f"| {one} | {'run under Wine' if one in held else '**does not hold**'} |"
        for one in promises()
    ]
    never = [f"| {one} | never run: {reason} |" for one, reason in NOT_JUDGED.items()]
    return "\n".join(["| promise | on Windows |", "|---|---|", *seen, *never])


def check(lab: Path, version: str) -> bool:
    """Try every promise; returns whether all hold."""
    began = time.monotonic()
    title(f"SSO Tray on Windows, run under Wine with Python {version}")
    worst = True
    with walking(lab, version) as walk:
        parts: tuple[Callable[[], None], ...] = (
            walk.runs,
            walk.signs_in,
            walk.uses,
            walk.gives_credentials,
            walk.is_quick,
            walk.renews,
            walk.starts_at_login,
            walk.uses_by_menu,
            walk.quits_under_a_menu,
            walk.quits_by_menu,
            walk.quits_by_command,
            walk.upgrades,
            walk.ends_with_its_launcher,
            walk.demo,
            walk.ends_at_log_off,
        )
        for part in parts:
            try:
                part()
            except Exception as error:  # noqa: BLE001  (the other promises are tried all the same)
                failed(error)
                worst = False
                title(walk.log[-1500:])
    title("Cannot be judged under Wine, and never run")
    for promise, reason in NOT_JUDGED.items():
        not_judged(promise, reason)
    title(table())
    title(f"in {time.monotonic() - began:.0f} s")
    return worst
