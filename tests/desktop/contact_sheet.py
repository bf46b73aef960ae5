"""Lay out every state, ring, badge and mark for a person to look at, in ``artifacts/icons.png``.

Run it as ``python -m tests.desktop.contact_sheet`` after changing a sign.
"""

from __future__ import annotations

from typing import get_args

from PIL import Image

from tests.desk import ARTIFACTS
from tray.core.model import State
from tray.desktop.icon.icon_drawing import Colour, draw
from tray.desktop.icon.icon_state import IconState, Theme

PANELS: tuple[tuple[Theme, Colour], ...] = (
    ("any", (246, 246, 246)),
    ("any", (30, 30, 30)),
    ("light", (246, 246, 246)),
    ("dark", (30, 30, 30)),
    ("template", (225, 232, 240)),
)
SIZES = ((16, 3), (22, 3), (32, 2), (64, 1))
"""Pixels, and how many times larger they are shown."""

CELL = 72
MARKS = ((False, False), (True, False), (False, True), (True, True))


def looks() -> list[IconState]:
    """Return all looks worth seeing."""
    ringed: tuple[State, ...] = ("signed-in", "ending", "renewal-failing")
    every: tuple[State, ...] = get_args(State)
    found = [IconState(state, None, *marks) for state in every for marks in MARKS]
    found += [IconState(state, ring / 12) for state in ringed for ring in (0, 1, 3, 6, 12)]
    return (
        found
        + [IconState(state, 0.25, *marks) for state in ringed for marks in MARKS[1:]]
        + [
            IconState(state, ring, *marks, colour=colour)
            for state in every
            for ring, marks, colour in (
                (None, (False, False), "red"),
                (0.5, (True, True), "green"),
            )
        ]
    )


def sheet() -> Image.Image:
    """Return the picture: a row for each panel and size."""
    columns = looks()
    image = Image.new("RGB", (CELL * len(columns), CELL * len(PANELS) * len(SIZES)))
    rows = [(theme, ground, size, zoom) for theme, ground in PANELS for size, zoom in SIZES]
    for y, (theme, ground, size, zoom) in enumerate(rows):
        for x, look in enumerate(columns):
            cell = Image.new("RGB", (CELL, CELL), ground)
            icon = draw(look, size, theme).resize((size * zoom, size * zoom), 0)
            cell.paste(icon, ((CELL - icon.width) // 2, (CELL - icon.height) // 2), icon)
            image.paste(cell, (x * CELL, y * CELL))
    return image


if __name__ == "__main__":
    ARTIFACTS.mkdir(exist_ok=True)
    sheet().save(ARTIFACTS / "icons.png")
