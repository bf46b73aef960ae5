"""
Make the program's own icon: ``sso-tray.svg`` and the PNG sizes, from one list of shapes.

Run it from the top of the repository: ``python -m icons.generate [DIRECTORY]``. The shapes are
those of the tray icon (``desktop/icon/icon_shapes.py``), drawn by Pillow for the PNG files and
written as paths for the SVG; the same versions give the same bytes. The files are kept in the
repository, so that a package can be built without running this.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from tray.desktop.icon.icon_drawing import STATE_COLOURS
from tray.desktop.icon.icon_shapes import (
    Arc,
    Disc,
    Polygon,
    Shape,
    Stroke,
    keyhole,
    outline,
    stamp,
)

SIZES: Final = (16, 22, 24, 32, 48, 64, 128, 256, 512)
NAME: Final = "sso-tray"

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Layer:
    """Shapes of one colour, laid over the layers before."""

    colour: Colour
    shapes: tuple[Shape, ...]


PAPER: Final = (255, 255, 255)
TILE: Final = (25, 40, 64)
TRACK: Final = (62, 80, 110)
AMBER: Final = (255, 159, 28)


def layers(size: int) -> tuple[Layer, ...]:
    """
    Return the icon for a size in pixels: a clock's ring around an open keyhole.

    Below 32 pixels ring and lock are drawn a little heavier, or neither is seen.
    """
    small = size < 32
    corners = ((-0.62, -0.62), (0.62, -0.62), (0.62, 0.62), (-0.62, 0.62))
    lock = 0.5 if small else 0.47
    ring = Arc(0, 0, 0.72, 0.13 if small else 0.11)
    left = Arc(0, 0, ring.radius, ring.width, start=0.25, sweep=0.75, round_ends=not small)
    return (
        Layer(TILE, (Polygon(corners, 0.36),)),
        Layer(TRACK, (ring,)),
        Layer(AMBER, (left,)),
        Layer(STATE_COLOURS["signed-in"], (Disc(0, 0, lock),)),
        Layer(PAPER, tuple(keyhole(0.76 * lock))),
    )


def picture(size: int) -> Image.Image:
    """Return the icon as RGBA, ``size`` pixels square, drawn large and scaled down."""
    fine = max(2, min(16, 2048 // size))
    image = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    middle = size * fine / 2
    for layer in layers(size):
        cover = Image.new("L", (size * fine, size * fine), 0)
        stamp(cover, layer.shapes, (middle, middle), middle)
        ink = Image.new("RGBA", image.size, (*layer.colour, 0))
        ink.putalpha(cover.reduce(fine))
        image = Image.alpha_composite(image, ink)
    return image


def svg() -> str:
    """Return the icon as SVG in the signs' own measure, scaled by its view box."""
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 2 2" width="128" height="128">',
        "  <title>SSO Tray</title>",
    ]
    for layer in layers(512):
        colour = "#{:02x}{:02x}{:02x}".format(*layer.colour)
        lines += [f"  {_element(shape, colour)}" for shape in layer.shapes]
    return "\n".join([*lines, "</svg>", ""])


def _element(shape: Shape, colour: str) -> str:
    match shape:
        case Disc(x, y, radius):
            return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{colour}"/>'
        case Polygon(points, rounding):
            edge = f' stroke="{colour}" stroke-width="{_n(2 * rounding)}" stroke-linejoin="round"'
            return f'<path d="{_path(points)}Z" fill="{colour}"{edge if rounding else ""}/>'
        case Stroke(points, width):
            return _open_path(_path(points), colour, width, round_ends=True)
        case Arc(x, y, radius, width) if shape.sweep >= 1:
            return (
                f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="none"'
                f' stroke="{colour}" stroke-width="{_n(width)}"/>'
            )
        case Arc(_, _, radius, width):
            edge_points = outline(shape, 1)
            (x0, y0), (x1, y1) = (_between(edge_points, 0, 3), _between(edge_points, 1, 2))
            way = f"{_n(radius)} {_n(radius)} 0 {int(shape.sweep > 0.5)} 1"
            path = f"M{_n(x0)} {_n(y0)}A{way} {_n(x1)} {_n(y1)}"
            return _open_path(path, colour, width, round_ends=shape.round_ends)


def _between(points: list[tuple[float, float]], one: int, other: int) -> tuple[float, float]:
    (x0, y0), (x1, y1) = points[one], points[other]
    return (x0 + x1) / 2, (y0 + y1) / 2


def _open_path(path: str, colour: str, width: float, *, round_ends: bool) -> str:
    ends = ' stroke-linecap="round" stroke-linejoin="round"' if round_ends else ""
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{_n(width)}"{ends}/>'


def _path(points: tuple[tuple[float, float], ...]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def _n(number: float) -> str:
    return f"{round(number, 4) + 0.0:g}"


def generate(directory: Path) -> list[Path]:
    """Write all files and return them."""
    master = directory / f"{NAME}.svg"
    master.write_text(svg(), encoding="utf-8")
    written = [master]
    for size in SIZES:
        path = directory / f"{NAME}-{size}.png"
        image = picture(size)
        if size >= 64:  # few colours, many pixels: a palette is a third of the size
            image = image.quantize(128, method=Image.Quantize.FASTOCTREE)
        image.save(path, optimize=True)
        written.append(path)
    return written


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    sys.stdout.write("".join(f"{path}\n" for path in generate(chosen)))
