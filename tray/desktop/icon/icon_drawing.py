"""
The icon of a view, as pixels: state by shape and colour, a ring for time left.

The ring is a clock's last hour: full at sixty minutes or more, a quarter at fifteen. It is drawn
only where the end is known; a session that renews itself has a full-size sign and no ring.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from PIL import Image

from tray.core.model import State
from tray.core.views.view import SessionRow, View
from tray.desktop.icon.icon_shapes import GUARD, SIGNS, Arc, Disc, Shape, grown, stamp

Theme = Literal["any", "light", "dark", "template"]
"""
"any" is for Linux, whose panels do not say how bright they are; "template" is for macOS to tint.
"""

Colour = tuple[int, int, int]

STATE_COLOURS: Final[Mapping[State, Colour]] = {
    "signed-out": (125, 135, 146),
    "signing-in": (47, 128, 237),
    "signed-in": (38, 160, 79),
    "ending": (232, 104, 8),
    "renewal-failing": (184, 138, 0),
    "expired": (222, 49, 59),
    "unreadable": (150, 84, 224),
}
"""Each has a contrast of 3:1 or more against both white and #1e1e1e (WCAG 2.2, 1.4.11)."""

BADGE: Final[Colour] = (214, 31, 105)

RING_SECONDS: Final = 3600.0
RING_STEPS: Final = 12  # one step every five minutes: few redraws

SIZES: Final = (16, 22, 24, 32, 48, 64)  # pixels; most panels ask for 22 and 24

_PAPER: Final[Colour] = (255, 255, 255)
_TRACK: Final[Mapping[Theme, tuple[int, int, int, int]]] = {
    "any": (128, 128, 128, 110),
    "light": (0, 0, 0, 40),
    "dark": (255, 255, 255, 56),
    "template": (0, 0, 0, 64),
}
_INK: Final[Mapping[Theme, Colour]] = {
    "any": (0, 127, 140),
    "light": (36, 41, 47),
    "dark": (240, 243, 246),
    "template": (0, 0, 0),
}
_GRID: Final = 16.0  # all measures below are in sixteenths of the icon: whole pixels at 16
_MIDDLE: Final = (8.0, 8.0)
_GAP: Final = 1.0
_RIM: Final = 0.75
_SPEAKS_FOR_ITSELF: Final[frozenset[State]] = frozenset({"ending", "expired", "unreadable"})


@dataclass(frozen=True, slots=True)
class IconState:
    """Everything the pixels depend on; equal states give the same picture."""

    state: State  # the state of the active profile's session, else the most urgent of all
    # time left, 0 to 1 of the last hour in :data:`RING_STEPS` steps; None: no known end
    ring: float | None = None
    badge: bool = False  # whether something beyond the sign itself waits for a person
    guarded: bool = False  # whether the active profile is guarded (A7)
    rim: bool = False  # whether a light rim sets it off: waybar paints the panel red behind it


def icon_state_of(view: View, now: float) -> IconState:
    row = shown_row(view)
    state: State = row.state if row is not None else view.worst
    end = known_end(row) if row is not None else None
    own = 1 if state in _SPEAKS_FOR_ITSELF else 0
    return IconState(
        state=state,
        ring=None if end is None else _steps(end - now) / RING_STEPS,
        badge=view.attention > own or view.keyring_locked or bool(view.problems),
        guarded=view.guarded,
        rim=view.attention > 0,
    )


def redraw_at(view: View, now: float) -> float | None:
    """Return when the ring of an unchanged view next moves, seconds since the epoch, or None."""
    row = shown_row(view)
    end = known_end(row) if row is not None else None
    steps = _steps(end - now) if end is not None else 0
    if end is None or steps == 0:
        return None
    return end - (steps - 1) * RING_SECONDS / RING_STEPS


def _steps(left: float) -> int:
    return min(RING_STEPS, max(0, math.ceil(left * RING_STEPS / RING_SECONDS)))


def shown_row(view: View) -> SessionRow | None:
    """Return the active profile's session, else the most urgent one."""
    active = next((one for one in view.profiles if one.name == view.active_profile), None)
    of_active = (row for row in view.sessions if active and row.key == active.session)
    worst = [row for row in view.sessions if row.state == view.worst]
    worst.sort(key=lambda row: not row.in_use)
    return next(of_active, None) or next(iter(worst), None)


def known_end(row: SessionRow) -> float | None:
    """Return when a session stops being usable, if that is a fact (G1)."""
    if row.state not in ("signed-in", "ending", "renewal-failing"):
        return None
    ends: list[float] = []
    if row.session_ends_at is not None and row.session_end_known in ("exact", "set"):
        ends.append(row.session_ends_at)
    if row.token_expires_at is not None and (not row.renews or row.state == "renewal-failing"):
        ends.append(row.token_expires_at)
    return min(ends, default=None)


@lru_cache(maxsize=32)
def draw(look: IconState, size: int, theme: Theme = "any") -> Image.Image:
    """Return the icon, square, RGBA; cached."""
    return _Painter(size, theme).paint(look)


class _Painter:
    def __init__(self, size: int, theme: Theme) -> None:
        self.size, self.theme = size, theme
        self.fine = max(2, min(16, 512 // size))
        self.unit = size * self.fine / _GRID
        self.image = Image.new("RGBA", (size, size), (0, 0, 0, 0))

    def paint(self, look: IconState) -> Image.Image:
        colour = (0, 0, 0) if self.theme == "template" else STATE_COLOURS[look.state]
        radius = 7.0
        if look.ring is not None:
            radius = 5.0
            self.fill((Arc(0, 0, 7.125, 1.75),), _TRACK[self.theme], 1)
            if look.ring > 0:
                # The remaining arc ends at 12 o'clock, as on a clock.
                left = (Arc(0, 0, 7.125, 1.75, start=1 - look.ring, sweep=look.ring),)
                self.clear(left, 1)
                self.fill(left, (*colour, 255), 1)
        sign = SIGNS[look.state]
        if look.rim and self.theme != "template":
            around = tuple(grown(shape, _RIM / radius) for shape in sign.body)
            self.fill(around, (*_PAPER, 255), radius)
        self.fill(sign.body, (*colour, 255), radius)
        if self.theme == "template":
            self.clear(sign.mark, radius)
        else:
            self.fill(sign.mark, (*_PAPER, 255), radius)
        if look.guarded:
            self.overlay(GUARD, _INK[self.theme], (12.5, 12.25), 3.25)
        if look.badge:
            badge = _INK["template"] if self.theme == "template" else BADGE
            self.overlay((Disc(0, 0, 1),), badge, (13.0, 3.0), 2.75)
        return self.image

    def overlay(
        self, shapes: tuple[Shape, ...], colour: Colour, at: tuple[float, float], scale: float
    ) -> None:
        self.clear(shapes, scale + _GAP, at)
        self.fill(shapes, (*colour, 255), scale, at)

    def fill(
        self,
        shapes: tuple[Shape, ...],
        colour: tuple[int, int, int, int],
        scale: float,
        at: tuple[float, float] = _MIDDLE,
    ) -> None:
        layer = Image.new("RGBA", self.image.size, (*colour[:3], 0))
        cover = self.cover(shapes, scale, at)
        layer.putalpha(cover.point([value * colour[3] // 255 for value in range(256)]))
        self.image = Image.alpha_composite(self.image, layer)

    def clear(
        self, shapes: tuple[Shape, ...], scale: float, at: tuple[float, float] = _MIDDLE
    ) -> None:
        empty = Image.new("RGBA", self.image.size, (0, 0, 0, 0))
        self.image.paste(empty, (0, 0), self.cover(shapes, scale, at))

    def cover(
        self, shapes: tuple[Shape, ...], scale: float, at: tuple[float, float]
    ) -> Image.Image:
        large = Image.new("L", (self.size * self.fine, self.size * self.fine), 0)
        middle = (at[0] * self.unit, at[1] * self.unit)
        stamp(large, shapes, middle, scale * self.unit)
        return large.reduce(self.fine)
