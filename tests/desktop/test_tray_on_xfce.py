"""The icon and its menu on a real panel, under a real mouse."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dbus_fast.aio import MessageBus
from PIL import Image, ImageChops

from tests.desk import Desk, desk, until
from tests.desktop.tray_host import WATCHER, WATCHER_PATH, Host, Shown
from tray.core.model import State
from tray.desktop.icon.icon_drawing import STATE_COLOURS

ROOT = Path(__file__).parents[2]
PANEL_HEIGHT = 33
Box = tuple[int, int, int, int]


class Sample:
    """The sample program on a desk, and what it says."""

    def __init__(self, on: Desk, log: Path) -> None:
        self.desk = on
        self._log = log

    def hear(self, line: str, times: int = 1) -> None:
        """Wait until the program has said a line so many times."""
        until(lambda: self._log.read_text().splitlines().count(line) >= times, f'"{line}"')

    def open_menu(self, state: State, button: int) -> Box:
        """Click on the icon in a state's colour, and return where the menu is."""
        x, y = self.desk.find_colour(STATE_COLOURS[state])
        return self.difference(lambda: self.desk.click(x, y, button))

    def difference(self, act: Callable[[], None]) -> Box:
        """Do something and return the box below the panel where the screen changed."""
        before = below_panel(self.desk.await_rest())
        act()
        until(lambda: changed(before, below_panel(self.desk.look())), "something to open")
        found = changed(before, below_panel(self.desk.await_rest()))
        assert found is not None
        left, top, right, bottom = found
        return left, top + PANEL_HEIGHT, right, bottom + PANEL_HEIGHT

    def layout(self) -> Shown:
        """Return the menu as it is served now."""
        return asyncio.run(self._layout())

    async def _layout(self) -> Shown:
        bus = await MessageBus(bus_address=self.desk.bus.address).connect()
        host = Host(bus)
        properties = await host.properties(WATCHER, WATCHER_PATH, WATCHER)
        # xfce4-panel tells name and path in one.
        host.items = [
            name.partition("/")[0] for name in properties["RegisteredStatusNotifierItems"]
        ]
        try:
            return await host.layout()
        finally:
            bus.disconnect()
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast's


def below_panel(screen: Image.Image) -> Image.Image:
    """Return the screen without the panel, whose buttons light up under the pointer."""
    return screen.crop((0, PANEL_HEIGHT, screen.width, screen.height))


def changed(before: Image.Image, after: Image.Image) -> Box | None:
    """Return the box around all that differs."""
    return ImageChops.difference(before, after).getbbox()


@contextmanager
def sample(state: State) -> Iterator[Sample]:
    """Run the sample program on a desk of its own."""
    with desk() as on:
        log = Path(on.env["HOME"]) / "said"
        command = [sys.executable, "-m", "tests.desktop.sample_tray", state]
        with log.open("wb") as words:
            on.running.start(command, {**on.env, "PYTHONPATH": str(ROOT)}, stdout=words)
        program = Sample(on, log)
        program.hear(f"host: shown by {WATCHER}")
        yield program


def test_a_person_picks_a_profile_with_the_mouse() -> None:
    """A left click opens the menu, a click in its submenu picks, and the mark has moved."""
    with sample("signed-in") as program:
        on = program.desk
        left, top, right, bottom = program.open_menu("signed-in", button=1)
        on.screenshot("tray-menu")
        program.hear("open")
        second_row = top + (bottom - top) * 3 // 10
        x0, y0, _, y1 = program.difference(lambda: on.click((left + right) // 2, second_row))
        on.screenshot("tray-menu-profiles")
        before = program.layout()
        on.click((x0 + left) // 2, (y0 + y1) // 2)
        program.hear("use:staging_eu")
        after = program.layout()
        program.open_menu("signed-in", button=1)
        on.key("Down", "Right")
        on.await_rest()
        on.screenshot("tray-menu-picked")

    assert {"dev": 1, "staging__eu": 0, "prod": 0} == marks(before, "Profile: dev")
    assert {"dev": 0, "staging__eu": 1, "prod": 0} == marks(after, "Profile: staging__eu")


def marks(layout: Shown, submenu: str) -> dict[str, int]:
    """Return which rows of a submenu carry a radio mark."""
    rows = layout.named(submenu).children
    assert {"radio"} == {row.properties["toggle-type"] for row in rows}
    return {row.properties["label"]: row.properties["toggle-state"] for row in rows}


def test_the_icon_changes_colour_and_outlives_the_panel() -> None:
    """Picked by keyboard after a right click, a new state is seen at once, and on a new panel."""
    with sample("signed-in") as program:
        on = program.desk
        program.open_menu("signed-in", button=3)
        on.key("Down", "Down", "Right", "Down", "Down", "Down", "Return")
        program.hear("state:ending")
        on.find_colour(STATE_COLOURS["ending"])
        on.screenshot("tray-icon-ending")
        on.stop_panel()
        program.hear(f"host: nobody is {WATCHER}")
        on.start_panel()
        program.hear(f"host: shown by {WATCHER}", times=2)
        x, y = on.find_colour(STATE_COLOURS["ending"])
        on.move(x, y)
        on.screenshot("tray-icon-new-panel")
        program.open_menu("ending", button=1)
        on.key("Up", "Return")
        program.hear("quit")
        until(lambda: STATE_COLOURS["ending"] not in colours(on), "the icon to go")


def colours(on: Desk) -> set[tuple[int, ...]]:
    """Return the colours on the panel."""
    strip = on.look().crop((0, 0, 1280, PANEL_HEIGHT)).getcolors(1 << 16)
    assert strip is not None
    return {colour for _, colour in strip if isinstance(colour, tuple)}
