"""The shapes of the icon, and which of them make the sign of each state."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from PIL import Image, ImageDraw

from tray.core.model import State

Point = tuple[float, float]  # x right, y down; a sign is drawn around (0, 0), from -1 to 1


@dataclass(frozen=True, slots=True)
class Disc:
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Polygon:
    """``rounding`` is the radius of its corners, added outside ``points``."""

    points: tuple[Point, ...]
    rounding: float = 0.0


@dataclass(frozen=True, slots=True)
class Stroke:
    points: tuple[Point, ...]
    width: float


@dataclass(frozen=True, slots=True)
class Arc:
    """A part of a ring; ``radius`` is the middle of the line."""

    x: float
    y: float
    radius: float
    width: float
    start: float = 0.0  # where it begins, in turns clockwise from 12 o'clock
    sweep: float = 1.0  # how far it goes clockwise, in turns; 1 closes it
    round_ends: bool = False  # whether the ends are round rather than cut straight


Shape = Disc | Polygon | Stroke | Arc


@dataclass(frozen=True, slots=True)
class Sign:
    body: tuple[Shape, ...]  # shapes laid over each other
    # in the colour of paper, or cut out where there is no colour
    mark: tuple[Shape, ...] = ()


def keyhole(scale: float = 1.0) -> tuple[Shape, ...]:
    return (
        Disc(0, -0.24 * scale, 0.36 * scale),
        Polygon(
            tuple(
                (x * scale, y * scale)
                for x, y in ((-0.13, 0.0), (0.13, 0.0), (0.28, 0.58), (-0.28, 0.58))
            ),
            0.04 * scale,
        ),
    )


SIGNS: Final[Mapping[State, Sign]] = {
    # An empty ring with the keyhole left in it: nothing is open.
    "signed-out": Sign((Arc(0, 0, 0.85, 0.3), *keyhole(0.72))),
    # The arrow through a door, as every "sign in" button has it.
    "signing-in": Sign(
        (
            Stroke(((0.18, -0.84), (0.84, -0.84), (0.84, 0.84), (0.18, 0.84)), 0.3),
            Stroke(((-0.84, 0), (0.22, 0)), 0.3),
            Stroke(((-0.22, -0.46), (0.26, 0), (-0.22, 0.46)), 0.3),
        )
    ),
    "signed-in": Sign(
        (Disc(0, 0, 1),),
        (Stroke(((-0.46, 0.06), (-0.12, 0.4), (0.5, -0.34)), 0.3),),
    ),
    # An hourglass.
    "ending": Sign(
        (
            Stroke(((-0.7, -0.87), (0.7, -0.87)), 0.26),
            Stroke(((-0.7, 0.87), (0.7, 0.87)), 0.26),
            Polygon(((-0.62, -0.74), (0.62, -0.74), (0.1, 0), (-0.1, 0))),
            Polygon(((-0.62, 0.74), (0.62, 0.74), (0.1, 0), (-0.1, 0))),
        )
    ),
    "renewal-failing": Sign(
        (Polygon(((0, -0.78), (0.84, 0.78), (-0.84, 0.78)), 0.17),),
        (Stroke(((0, -0.28), (0, 0.2)), 0.34), Disc(0, 0.64, 0.18)),
    ),
    "expired": Sign(
        (
            Stroke(((-0.72, -0.72), (0.72, 0.72)), 0.5),
            Stroke(((0.72, -0.72), (-0.72, 0.72)), 0.5),
        )
    ),
    # A sheet with a folded corner that cannot be read.
    "unreadable": Sign(
        (
            Polygon(
                ((-0.68, -0.88), (0.26, -0.88), (0.68, -0.46), (0.68, 0.88), (-0.68, 0.88)), 0.12
            ),
        ),
        (
            Arc(0, -0.22, 0.29, 0.24, start=-0.25, sweep=0.68, round_ends=True),
            Stroke(((0, 0.12), (0, 0.2)), 0.26),
            Disc(0, 0.62, 0.17),
        ),
    ),
}  # fmt: skip
"""No two silhouettes are the same, so colour is never needed."""

GUARD: Final[tuple[Shape, ...]] = (
    Polygon(
        (
            (-0.74, -0.72), (0, -0.98), (0.74, -0.72),
            (0.7, 0.08), (0.42, 0.6), (0, 0.94), (-0.42, 0.6), (-0.7, 0.08),
        ),
        0.04,
    ),
)  # fmt: skip  # a shield: the active profile is guarded


MARK: Final[tuple[Shape, ...]] = (
    Polygon(((-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)), 0.2),
)
"""A square: the colour of the active profile's account."""


def grown(shape: Shape, by: float) -> Shape:
    """Return a shape that reaches ``by`` further on every side."""
    match shape:
        case Disc():
            return replace(shape, radius=shape.radius + by)
        case Polygon():
            return replace(shape, rounding=shape.rounding + by)
        case Stroke() | Arc():
            return replace(shape, width=shape.width + 2 * by)


def stamp(canvas: Image.Image, shapes: tuple[Shape, ...], at: Point, scale: float) -> None:
    """Fill shapes into an image of mode ``L`` with 255; ``scale`` is pixels for their 1."""
    draw = ImageDraw.Draw(canvas)
    for shape in shapes:
        _fill(draw, shape, at, scale)


def _fill(draw: ImageDraw.ImageDraw, shape: Shape, at: Point, scale: float) -> None:
    match shape:
        case Disc(x, y, radius):
            _disc(draw, _place((x, y), at, scale), radius * scale)
        case Polygon(points, rounding):
            placed = [_place(point, at, scale) for point in points]
            draw.polygon(placed, fill=255)
            if rounding:
                _line(draw, [*placed, placed[0]], rounding * scale)
        case Stroke(points, width):
            _line(draw, [_place(point, at, scale) for point in points], width * scale / 2)
        case Arc():
            draw.polygon([_place(point, at, scale) for point in outline(shape)], fill=255)
            for x, y in ends(shape):
                _disc(draw, _place((x, y), at, scale), shape.width * scale / 2)


def _place(point: Point, at: Point, scale: float) -> Point:
    return at[0] + point[0] * scale, at[1] + point[1] * scale


def _disc(draw: ImageDraw.ImageDraw, centre: Point, radius: float) -> None:
    x, y = centre
    draw.ellipse((x - radius, y - radius, x + radius - 1, y + radius - 1), fill=255)


def _line(draw: ImageDraw.ImageDraw, points: list[Point], half: float) -> None:
    """Draw each leg as its own rectangle: Pillow's wide lines are uneven at the joins."""
    for (x0, y0), (x1, y1) in pairwise(points):
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        dx, dy = (x1 - x0) * half / length, (y1 - y0) * half / length
        corners = ((x0 - dy, y0 + dx), (x1 - dy, y1 + dx), (x1 + dy, y1 - dx), (x0 + dy, y0 - dx))
        draw.polygon(corners, fill=255)
    for point in points:
        _disc(draw, point, half)


def on_ring(arc: Arc, turn: float, radius: float) -> Point:
    """Return the point of a ring at ``turn`` turns clockwise from 12 o'clock."""
    angle = turn * math.tau
    return arc.x + radius * math.sin(angle), arc.y - radius * math.cos(angle)


def outline(arc: Arc, steps: int = 96) -> list[Point]:
    turns = [arc.start + arc.sweep * step / steps for step in range(steps + 1)]
    outer = [on_ring(arc, turn, arc.radius + arc.width / 2) for turn in turns]
    inner = [on_ring(arc, turn, arc.radius - arc.width / 2) for turn in reversed(turns)]
    return outer + inner


def ends(arc: Arc) -> Iterator[Point]:
    if arc.round_ends:
        yield on_ring(arc, arc.start, arc.radius)
        yield on_ring(arc, arc.start + arc.sweep, arc.radius)
