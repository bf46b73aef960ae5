"""
The icon as pixels, drawn by Pillow: state by shape and colour, a ring for time left.

Run as a program it draws one in all sizes, so that Pillow's memory is not the daemon's:
``python -m tray.desktop.icon.icon_drawing STATE RING FLAGS COLOUR THEME``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from PIL import Image

from tray.core.accounts.account_marks import COLOURS
from tray.core.model import State
from tray.desktop.icon.icon_shapes import GUARD, MARK, SIGNS, Arc, Disc, Shape, grown, stamp
from tray.desktop.icon.icon_state import SIZES, IconState, Picture, Theme, from_words

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


@lru_cache(maxsize=32)
def draw(look: IconState, size: int, theme: Theme = "any") -> Image.Image:
    """Return the icon, square, RGBA; cached."""
    return _Painter(size, theme).paint(look)


def drawn(look: IconState, theme: Theme = "any") -> Picture:
    """Return the icon in all sizes that panels ask for."""
    return {size: _argb(draw(look, size, theme)) for size in SIZES}


def _argb(image: Image.Image) -> bytes:
    red, green, blue, alpha = image.split()
    return Image.merge("RGBA", (alpha, red, green, blue)).tobytes()


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
        if look.colour:
            mark = _INK["template"] if self.theme == "template" else COLOURS[look.colour]
            self.overlay(MARK, mark, (3.0, 13.0), 2.5)
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


def main() -> int:
    """Write the sizes' pixels one after the other; wrong arguments are a ValueError."""
    look, theme = from_words(sys.argv[1:])
    sys.stdout.buffer.write(b"".join(drawn(look, theme).values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
