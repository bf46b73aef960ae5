"""A person's eyes and hands on any of the desktops; no theme's colours are known here."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from PIL import Image, ImageChops

from tests.desk import Colour, Screen
from tests.desktop.tray_host import Host, Shown, asked
from tests.desktops.session import SIZE, Session
from tests.packages.told import Broken, until
from tray.core.model import State
from tray.desktop.icon.icon_drawing import STATE_COLOURS

Box = tuple[int, int, int, int]

ANY: Final = ""
"""Whatever row is the first."""
_UNHEARD: Final = 3.0
"""Seconds after which a key is pressed again: a menu that is still opening takes none."""
_MOVED: Final = 15.0
"""Seconds in which a highlight follows a key, however busy the machine is."""
_PASSING: Final = 15.0
"""Seconds after which every notice here has gone that is not urgent."""
_STEADY: Final = 6.0
"""Seconds without a change, to say that nothing is open."""
_FAINT: Final = 6
"""What two looks at the same thing may differ by."""


class Person:
    """
    The person.

    Args:
        session: where they are logged in.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.desktop = session.desktop
        self._bare: Image.Image | None = None
        self._under_pointer: Box | None = None

    @property
    def screen(self) -> Screen:
        """The screen of this login."""
        return self.session.screen

    def keep(self, name: str) -> str:
        """Keep what is seen, and say under which name."""
        return self.screen.screenshot(f"desktop-{self.desktop.name}-{name}").name

    # --- The icon ------------------------------------------------------------------------------

    def strip(self, screen: Image.Image) -> Box:
        """Return where the panel is."""
        top, bottom = (self.session.scale * edge for edge in self.desktop.strip)
        return 0, top % screen.height, screen.width, bottom or screen.height

    def icon(self, *states: State) -> tuple[int, int] | None:
        """Return the middle of the icon in one of these states, in any by default."""
        screen = self.screen.look()
        strip = self.strip(screen)
        panel = screen.crop(strip)
        for state in states or STATE_COLOURS:
            box = _colour_box(panel, STATE_COLOURS[state], self.desktop.about)
            if box is not None and max(box[2] - box[0], box[3] - box[1]) > 3:
                return (box[0] + box[2]) // 2, strip[1] + (box[1] + box[3]) // 2
        return None

    def sees_icon(self, *states: State) -> tuple[int, int]:
        """Wait for the icon."""
        return until(lambda: self.icon(*states), f"the icon {' '.join(states)} on the panel")

    # --- What opens ----------------------------------------------------------------------------

    def desk(self, screen: Image.Image) -> Image.Image:
        """Return the screen with the panel painted over, which has a clock and lights up."""
        seen = screen.copy()
        seen.paste((0, 0, 0), self.strip(screen))
        return seen

    def opened(self, act: Callable[[], object], said: str = "something to open") -> Box:
        """Do something and return the box outside the panel where the screen changed by it."""
        before = self.desk(self.screen.await_rest())
        act()
        until(lambda: _changed(before, self.desk(self.screen.look())), said)
        return until(lambda: _changed(before, self.desk(self.screen.await_rest())), said)

    def open_menu(self, button: int | None = None) -> Box:
        """Click on the icon and return where the menu is."""
        x, y = self.sees_icon()
        button = button or self.desktop.opens[0]
        return self.opened(lambda: self.screen.click(x, y, button), "the menu to open")

    def window_of(self, act: Callable[[], object], seconds: float) -> Box | None:
        """Do something and return where the screen changed by it, None if nowhere for so long."""
        before = self.desk(self.screen.await_rest())
        act()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if _changed(before, self.desk(self.screen.look())):
                return _changed(before, self.desk(self.screen.await_rest()))
        return None

    def close(self) -> None:
        """Close whatever is open, take the pointer away, and let notices go."""
        for _ in range(3):
            if self.desktop.keys:
                self.screen.key("Escape")
            else:
                self.screen.click(SIZE[0] // 3, SIZE[1] // 2)
        self.rest()
        ends = time.monotonic() + _PASSING
        while self._bare is not None and not self.nothing_open() and time.monotonic() < ends:
            time.sleep(0.2)
        self.screen.await_rest()

    def rest(self) -> None:
        """Take the pointer to where it always is at rest: a nested compositor draws it itself."""
        # Twice, since it is waited for until the pointer has moved.
        for x in (SIZE[0] // 3 + 1, SIZE[0] // 3):
            self.screen.move(x, SIZE[1] // 2)

    def nothing_open(self) -> bool:
        """Whether nothing is seen but the desktop and its panel."""
        return self._bare is not None and not _changed(
            self._bare, self.desk(self.screen.await_rest())
        )

    def seen(self, said: str) -> Box:
        """Wait for something to stay open on the bare desktop and return where it is."""
        last: list[Box | None] = [None]

        def found() -> Box | None:
            assert self._bare is not None
            time.sleep(0.5)
            last.append(_changed(self._bare, self.desk(self.screen.await_rest())))
            return last[-1] if last[-1] == last[-2] else None

        return until(found, said)

    def bare(self) -> None:
        """Wait until nothing is open any more, and remember how the desktop is then."""
        self._bare = None
        self.close()  # GNOME begins with its overview
        look = self.desk(self.screen.await_rest())
        ends = time.monotonic() + _STEADY
        while time.monotonic() < ends:
            time.sleep(0.2)
            if _changed(look, now := self.desk(self.screen.look())):
                look, ends = now, time.monotonic() + _STEADY
        self._bare = look

    def menu(self) -> Shown:
        """Return the menu as the panel is told it."""
        shown: Shown = asked(self.session.bus, Host.layout)
        return shown

    def items(self) -> list[str]:
        """Return all items that the panel has been given, whoever they are of."""
        told: list[str] = asked(self.session.bus, Host.registered_items)
        return told

    def tooltip(self) -> tuple[str, str]:
        """Return the tooltip's heading and text as the panel is told them."""
        item = asked(self.session.bus, Host.item)
        return item["ToolTip"][2], item["ToolTip"][3]

    # --- Rows ----------------------------------------------------------------------------------

    def go_to(self, *labels: str) -> list[Box]:
        """
        Open the menu, walk to a row, by the keyboard if it can be, and return the menus' boxes.

        Args:
            labels: of the submenus on the way, and of the row or :data:`ANY`.
        """
        level = self.menu()
        empty = self.desk(self.screen.await_rest())
        boxes = [self.open_menu()]
        self._under_pointer = None
        for number, label in enumerate(labels):
            if number:
                boxes.append(self._submenu(empty, boxes))
            if label == ANY:
                break
            menu = level
            place, level = menu.stop(label)
            if not self.desktop.keys:
                self._point_at(boxes[-1], menu, level)
                continue
            downs = place if number else place + 1
            if downs:
                self.screen.key(*["Down"] * downs)
            self.screen.await_rest()
        return boxes

    def _submenu(self, empty: Image.Image, boxes: list[Box]) -> Box:
        """Open the submenu under the keyboard, go to its first row, and return where it is."""
        if self.desktop.inline:
            self.opened(lambda: self.screen.key("Right"), "a submenu to unfold")
            return until(lambda: _changed(empty, self.desk(self.screen.look())), "the submenu")

        def beside() -> Box | None:
            seen = ImageChops.difference(empty, self.desk(self.screen.look()))
            for box in boxes:
                seen.paste((0, 0, 0), box)
            return _strong(seen)

        if not self.desktop.keys:
            until(beside, "a submenu to open")
            self.screen.await_rest()
            return until(beside, "a submenu to stay")
        self.screen.key("Right")
        asked = time.monotonic()

        def opened() -> Box | None:
            nonlocal asked
            if (found := beside()) is None and time.monotonic() - asked > _UNHEARD:
                self.screen.key("Right")
                asked = time.monotonic()
            return found

        until(opened, "a submenu to open")
        self.screen.await_rest()
        return until(beside, "a submenu to stay")

    def _point_at(self, within: Box, menu: Shown, row: Shown) -> None:
        """
        Move the pointer to a row of a menu, counted in rows from the last one, which lights up.

        Args:
            within: where the menu is; its beginning may lie over the panel.
            menu: what is in it.
            row: one of its rows.
        """
        left, top, right, bottom = within
        middle = (left + right) // 2
        plain = self.screen.await_rest().crop(within)
        if self._under_pointer is not None:
            # Level with the row that opened it: slanted, the pointer passes by other rows.
            self.screen.move(middle, max(top + 2, self._under_pointer[3] - 3))
        for y in (bottom - 10, bottom - 12):  # twice, as a hand comes to rest on it
            self.screen.move(middle, y)
        last = _changed(plain, self.screen.await_rest().crop(within))
        if last is None:
            raise Broken("the last row does not light up under the pointer")
        height = last[3] - last[1]
        rows = [one.id for one in menu.children if one.properties.get("type") != "separator"]
        start = top + last[1] - height * (len(rows) - 1 - rows.index(row.id))
        self._under_pointer = left, start, right, start + height
        for y in (start + height // 2 + 1, start + height // 2):
            self.screen.move(middle, y)
        self.screen.await_rest()

    def row(self, within: Box) -> Box:
        """
        Return where the row is that one has walked to.

        Under the keyboard it is what differs from the screen with the highlight one row further,
        and one row before.
        """
        if self._under_pointer is not None:
            return self._under_pointer
        try:
            return self._highlighted(within)
        except Broken:
            # Something else faded meanwhile: GNOME's scroll bars do, once the menu has unfolded.
            return self._highlighted(within)

    def _highlighted(self, within: Box) -> Box:
        here = self.screen.await_rest().crop(within)
        differs = []
        for away, back in (("Down", "Up"), ("Up", "Down")):
            self.screen.key(away)
            until(lambda: self._differs(within, here), "the highlight to go on", _MOVED)
            differs.append(_mask(here, self.screen.await_rest().crop(within)))
            self.screen.key(back)
            until(lambda: not self._differs(within, here), "the highlight to come back", _MOVED)
        both = ImageChops.darker(*differs).getbbox()
        if both is None:
            raise Broken("no row is under the keyboard")
        return both[0] + within[0], both[1] + within[1], both[2] + within[0], both[3] + within[1]

    def _differs(self, within: Box, before: Image.Image) -> bool:
        return _changed(before, self.screen.look().crop(within)) is not None

    def click_row(self, box: Box) -> None:
        """Click in the middle of a row."""
        self.screen.click((box[0] + box[2]) // 2, (box[1] + box[3]) // 2)

    def button(self, notice: Box) -> tuple[int, int]:
        """Return the middle of the first button of a notice."""
        left, _, right, bottom = notice
        across, up = self.desktop.button
        return round(left + across * (right - left)), bottom - up

    def stays(self, box: Box, seconds: float) -> bool:
        """Whether something stays where it is for so long."""
        before = self.screen.await_rest().crop(box)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            time.sleep(0.2)
            now = self.screen.look().crop(box)
            changed = _changed(before, now)
            if changed and _area(changed) > _area((0, 0, *now.size)) / 2:
                return False
        return True


def _colour_box(picture: Image.Image, colour: Colour, about: int) -> Box | None:
    """Return the box around what has about a colour."""
    plain = Image.new("RGB", picture.size, colour)
    far = ImageChops.difference(picture, plain).split()
    furthest = ImageChops.lighter(ImageChops.lighter(far[0], far[1]), far[2])
    near = furthest.point(lambda value: 255 * (value <= about))
    # Two by two pixels at least: the edge of a letter may have any colour.
    for dx, dy in ((1, 0), (0, 1)):
        near = ImageChops.darker(near, ImageChops.offset(near, dx, dy))
    return near.getbbox()


def _mask(one: Image.Image, two: Image.Image) -> Image.Image:
    """Return white where two pictures differ by more than a shade."""
    return ImageChops.difference(one, two).convert("L").point(lambda value: 255 * (value > _FAINT))


def _strong(difference: Image.Image) -> Box | None:
    return difference.convert("L").point(lambda value: 255 * (value > _FAINT)).getbbox()


def _changed(before: Image.Image, after: Image.Image) -> Box | None:
    return _strong(ImageChops.difference(before, after))


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
