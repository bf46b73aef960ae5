"""
A person at a desktop with our real tray on it: eyes, a mouse, a browser, and AWS on loopback.

Whatever is clicked is clicked with the mouse where it is seen; only the way to a row in a menu is
found by the keyboard, whose highlight shows where the row is.
"""

from __future__ import annotations

import json
import math
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PIL import Image, ImageChops

from tests.daemon.living import PATIENCE, Living, daemon
from tests.desk import Desk, colour_box, desk, until
from tests.desktop import browser_window
from tests.desktop.tray_host import Host, Shown, asked
from tests.keyring_session import Kind, keyring_on
from tray.aws.cache.token_cache import cache_path
from tray.core.model import State
from tray.desktop.icon.icon_drawing import STATE_COLOURS
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter
from tray.storage.daemon_record import change_record

ROOT = Path(__file__).parents[2]
HIGHLIGHT = (53, 132, 228)
"""Of the row under the keyboard, in GTK's own theme."""
TOO_SOON = 0.75
"""
Seconds after which a click is repeated. For half a second after a submenu has opened, GTK takes a
click in it for the end of the one that opened it, and nothing tells when that is over.
"""

CONFIG = f"""\
[sso-session corp]
sso_region = eu-west-2
sso_start_url = {DEFAULT_START_URL}
sso_registration_scopes = sso:account:access

[profile dev]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = FullAccess
region = eu-west-1

[profile staging_eu]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = ReadOnly
region = eu-west-1

[profile prod]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = ReadOnly
region = eu-west-1
"""

_BROWSER = """\
import os, sys, urllib.request
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
direct.open(sys.argv[1], timeout=60).read()
with open(os.path.expanduser("~/opened"), "a") as log:
    log.write(sys.argv[1] + "\\n")
"""

Box = tuple[int, int, int, int]


@dataclass
class Person:
    """
    The person.

    Args:
        desk: the desktop.
        center: what AWS is here.
        environ: of every program on the desktop.
        living: the daemon with its icon.
    """

    desk: Desk
    center: IdentityCenter
    environ: dict[str, str]
    living: Living

    @property
    def home(self) -> Path:
        """The home directory."""
        return Path(self.environ["HOME"])

    def token_file(self, key: str = "corp") -> Path:
        """Return where a session's token cache file is."""
        return cache_path(self.home / ".aws/sso/cache", key)

    def status(self) -> dict[str, Any]:
        """Return what ``sso-tray status --json`` prints."""
        done = subprocess.run(
            [sys.executable, "-m", "tray", "status", "--json"],
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE,
        )
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def opened(self) -> list[str]:
        """Return the pages that the browser has opened."""
        log = self.home / "opened"
        return log.read_text().splitlines() if log.exists() else []

    # --- Eyes ---------------------------------------------------------------------------------

    def sees_icon(self, state: State) -> tuple[int, int]:
        """Wait until the panel shows the icon in a state's colour and return where."""
        left, top, right, bottom = until(
            lambda: colour_box(self.panel(), STATE_COLOURS[state]),
            f"the icon of {state} on the panel",
        )
        return (left + right) // 2, (top + bottom) // 2

    def panel(self) -> Image.Image:
        """Return the panel as it is seen."""
        return self.desk.look().crop((0, 0, self.desk.look().width, 33))

    def menu(self) -> Shown:
        """Return the menu as any panel is told it now."""
        until(self.any_icon, "the icon on the panel")
        shown: Shown = asked(self.desk.bus.address, Host.layout)
        return shown

    def tooltip(self) -> tuple[str, str]:
        """Return the tooltip's heading and text as any panel is told them now."""
        item = asked(self.desk.bus.address, Host.item)
        return item["ToolTip"][2], item["ToolTip"][3]

    def recent(self) -> list[str]:
        """Return the lines of "Recent activity", without their times of day."""
        lines = self.menu().named("Recent activity").children
        return [line.properties["label"].partition(" ")[2] for line in lines]

    def any_icon(self) -> bool:
        """Whether our icon is on the panel, in whatever state."""
        return _icon_box(self.panel()) is not None

    def nothing_open(self) -> bool:
        """Whether nothing is seen below the panel: no menu, no notice."""
        return _below_panel(self.desk.look()).getbbox() is None

    # --- Hands --------------------------------------------------------------------------------

    def open_menu(self) -> Box:
        """Click on the icon and return where the menu is."""
        middle = until(lambda: _icon_box(self.panel()), "the icon on the panel")
        return self.seen_opening(lambda: self.desk.click(*middle))

    def seen_opening(self, act: Callable[[], object]) -> Box:
        """Do something and return the box below the panel where the screen changed by it."""
        return self._changed(act, lambda _: True, "something to open")

    def seen_notice(self, act: Callable[[], object], state: State) -> Box:
        """Do something and return where the notice is that shows a state, menus having closed."""

        def alone(screen: Image.Image) -> bool:
            no_menu = colour_box(screen, HIGHLIGHT) is None
            return no_menu and colour_box(screen, STATE_COLOURS[state]) is not None

        return self._changed(act, alone, f"the notice of {state}")

    def _changed(
        self, act: Callable[[], object], awaited: Callable[[Image.Image], bool], said: str
    ) -> Box:
        before = _below_panel(self.desk.await_rest())
        act()

        def changed() -> Box | None:
            after = _below_panel(self.desk.await_rest())
            return ImageChops.difference(before, after).getbbox() if awaited(after) else None

        left, top, right, bottom = until(changed, said)
        return left, top + 33, right, bottom + 33

    def click_on(self, *labels: str, picture: str | None = None) -> None:
        """
        Open the menu and click through it to a row; click again where that was too soon.

        Args:
            labels: of the submenus on the way, and of the row; a label's beginning is enough.
            picture: keeps what is seen before the last click, as ``artifacts/<picture>.png``.
        """
        boxes = self.show(*labels)
        x, y = self._highlighted(boxes[-1])
        if picture is not None:
            self.desk.screenshot(picture)
        clicked = -math.inf

        def taken() -> bool:
            nonlocal clicked
            if not colour_box(self.desk.look().crop(boxes[-1]), HIGHLIGHT):
                return True
            if time.monotonic() - clicked > TOO_SOON:
                self.desk.click(x, y)
                clicked = time.monotonic()
            return False

        until(taken, "the click to be taken")

    def show(self, *labels: str) -> list[Box]:
        """Open the menu with the highlight on a row, as for :meth:`click_on`; return the boxes."""
        level = self.menu()
        empty = self.desk.await_rest()
        boxes = [self.open_menu()]
        for number, label in enumerate(labels):
            if number:
                boxes.append(self._submenu(empty, boxes))
                self.desk.key("Right")
            place, level = level.stop(label)
            downs = place if number else place + 1
            if downs:
                self.desk.key(*["Down"] * downs)
        return boxes

    def click_button(self, notice: Box, place: Literal["left", "middle", "right"]) -> None:
        """Click one of a notice's buttons, which stand at its lower right; "middle": of three."""
        left, _, right, bottom = notice
        share = {"left": 0.5, "middle": 0.5, "right": 0.9}[place]
        self.desk.click(round(left + share * (right - left)), bottom - 30)

    def _submenu(self, empty: Image.Image, boxes: list[Box]) -> Box:
        """Return where a submenu is; it opens by itself, a moment after its row is reached."""

        def beside() -> Box | None:
            seen = ImageChops.difference(empty, self.desk.look())
            for box in boxes:
                seen.paste((0, 0, 0), box)
            return _below_panel(seen).getbbox()

        until(beside, "a submenu to open")
        self.desk.await_rest()
        left, top, right, bottom = until(beside, "a submenu to stay")
        return left, top + 33, right, bottom + 33

    def _highlighted(self, box: Box) -> tuple[int, int]:
        """Return the middle of the one highlighted row within a menu."""
        self.desk.await_rest()
        left, top, right, bottom = until(
            lambda: colour_box(self.desk.look().crop(box), HIGHLIGHT), "a highlighted row"
        )
        return box[0] + (left + right) // 2, box[1] + (top + bottom) // 2


def _below_panel(screen: Image.Image) -> Image.Image:
    """Return the screen without the panel, whose buttons light up under the pointer."""
    return screen.crop((0, 33, screen.width, screen.height))


def _icon_box(panel: Image.Image) -> tuple[int, int] | None:
    for colour in STATE_COLOURS.values():
        box = colour_box(panel, colour)
        if box is not None:
            return (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
    return None


@contextmanager
def person(
    *,
    config: str | None = CONFIG,
    settings: str | None = None,
    keyring: Kind = "unlocked",
    panel: bool = True,
    notices: bool = False,
    shadows: bool = False,
    chromium: bool = False,
    offered: bool = True,
    **knobs: Any,
) -> Iterator[Person]:
    """
    Give a person at a desktop, our tray running.

    Args:
        config: the AWS config; None = there is none.
        settings: our own ``config.toml``, if any.
        keyring: what keeps secrets on the desktop.
        panel: whether there is one from the start.
        notices: whether a daemon shows them.
        shadows: whether windows have some.
        chromium: whether pages open in a real browser, and wait for clicks in it; else all is
            approved unseen.
        offered: whether start at login was offered before, which is a notice of its own.
        knobs: of the Identity Center.
    """
    with ExitStack() as stack:
        on = stack.enter_context(desk(panel=panel, notices=notices, shadows=shadows))
        center = stack.enter_context(IdentityCenter(**{"auto_approve": not chromium, **knobs}))
        home = Path(on.env["HOME"])
        if config is not None:
            (home / ".aws").mkdir()
            (home / ".aws/config").write_text(config)
        if settings is not None:
            ours = Path(on.env["XDG_CONFIG_HOME"]) / "sso-tray"
            ours.mkdir()
            (ours / "config.toml").write_text(settings)
        if offered:
            change_record(Path(on.env["XDG_STATE_HOME"]) / "sso-tray", offered_at=0.0)
        unseen = home / ".browser.py"
        unseen.write_text(_BROWSER)
        browser = shlex.join([sys.executable, "-I", str(unseen), "%s"])
        if chromium:
            browser = browser_window.command(home / ".chromium")
        environ = {
            **on.env,
            **center.environment(),
            "PYTHONPATH": str(ROOT),
            "TZ": "UTC",
            "AWS_EC2_METADATA_DISABLED": "true",
            # What is not served here would be https, and ends at this closed port.
            "HTTPS_PROXY": "http://127.0.0.1:1",
            "NO_PROXY": "127.0.0.1",
            "BROWSER": f"{browser} &",
        }
        runtime = Path(on.env["XDG_RUNTIME_DIR"])
        stack.enter_context(keyring_on(on.env, runtime, keyring))
        living = stack.enter_context(daemon(environ, icon=True))
        try:
            yield Person(on, center, environ, living)
        except BaseException:
            on.screenshot("failed")
            raise
