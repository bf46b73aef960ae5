"""The tray on LXQt's panel: Qt's own reading of icon and menu."""

from __future__ import annotations

from pathlib import Path

from tests.components import require
from tests.desk import colour_box, until
from tests.desktop.person import Person, person
from tests.page.page_processes import end_pages

HIGHLIGHT = (48, 140, 198)
"""Of a row in Qt's own style."""

PANEL = """\
[General]
__userfile__=true

[panel1]
animation-duration=0
desktop=0
iconSize=22
lineCount=1
lockPanel=true
panelSize=32
plugins=spacer, statusnotifier
position=Top
width=100
width-percent=true

[spacer]
type=spacer
expandable=true

[statusnotifier]
type=statusnotifier
"""


def start_panel(who: Person) -> None:
    """Start LXQt's panel with nothing but a tray."""
    settings = Path(who.environ["XDG_CONFIG_HOME"]) / "lxqt"
    settings.mkdir()
    (settings / "panel.conf").write_text(PANEL)
    env = {**who.environ, "QT_QPA_PLATFORM": "xcb"}
    who.desk.running.start([require("lxqt-panel")], env)


def test_a_person_signs_in_on_lxqt() -> None:
    """A right click opens the menu there, as for every icon of LXQt; a left click the page."""
    require("lxqt-panel")
    with person(panel=False, notices=True) as who:
        start_panel(who)
        x, y = who.sees_icon("signed-out")
        who.seen_opening(lambda: who.desk.click(x, y, button=3))
        who.seen_opening(lambda: who.desk.key("Down", "Right"))
        left, top, _, bottom = until(
            lambda: colour_box(who.desk.look(), HIGHLIGHT), "a highlighted row"
        )
        who.desk.screenshot("lxqt-menu")
        who.desk.click(left + 10, (top + bottom) // 2)
        who.living.until_state("corp", "signed-in", keeper="keyring")
        x, y = who.sees_icon("signed-in")
        before = len(who.opened())
        who.desk.click(x, y)
        until(lambda: len(who.opened()) > before, "the accounts page in the browser")
        assert end_pages(who.home)

        assert who.menu().labels()[0].startswith("corp: signed in, renews itself")
        assert "signed-in" == who.status()["sessions"][0]["state"]
