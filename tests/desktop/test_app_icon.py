"""The program's own icon is what its generator makes."""

from __future__ import annotations

from pathlib import Path
from typing import get_args
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from icons.generate import NAME, SIZES, generate, picture
from tray.core.effects import NoticeCategory
from tray.desktop.notifications import notice_picture

ICONS = Path(__file__).parents[2] / "icons"


def test_the_files_are_what_the_generator_makes(tmp_path: Path) -> None:
    """The kept SVG is byte for byte what is generated, and every PNG shows the same picture."""
    made = generate(tmp_path)

    assert {path.name for path in made} == {
        path.name for path in ICONS.iterdir() if path.suffix in (".svg", ".png")
    }
    assert (tmp_path / f"{NAME}.svg").read_text() == (ICONS / f"{NAME}.svg").read_text()
    differing = [
        path.name for path in made if path.suffix == ".png" and _far(path, ICONS / path.name)
    ]
    assert [] == differing


def _far(one: Path, other: Path) -> bool:
    """Whether two pictures differ by more than a rounding of another Pillow."""
    with Image.open(one) as first, Image.open(other) as second:
        pairs = zip(first.convert("RGBA").tobytes(), second.convert("RGBA").tobytes(), strict=True)
        return max(abs(a - b) for a, b in pairs) > 8


@pytest.mark.parametrize("size", SIZES)
def test_every_size_is_there_and_small(size: int) -> None:
    """Each PNG has the size its name says, and all files together stay under 40 kB."""
    with Image.open(ICONS / f"{NAME}-{size}.png") as image:
        assert (size, size) == image.size
    assert sum(path.stat().st_size for path in ICONS.iterdir() if path.is_file()) < 40_000


def test_svg_is_well_formed_and_square() -> None:
    """The master parses as SVG and has a square view box."""
    root = ET.parse(ICONS / f"{NAME}.svg").getroot()

    assert "{http://www.w3.org/2000/svg}svg" == root.tag
    assert "-1 -1 2 2" == root.get("viewBox")


def test_quantizing_keeps_the_picture() -> None:
    """The large sizes, kept with a palette, are not seen to differ from the full drawing."""
    with Image.open(ICONS / f"{NAME}-128.png") as kept:
        pairs = zip(kept.convert("RGBA").tobytes(), picture(128).tobytes(), strict=True)
        off = [abs(a - b) for a, b in pairs]

    assert sum(off) / len(off) < 2


@pytest.mark.parametrize("category", get_args(NoticeCategory))
def test_every_notice_has_a_picture(category: NoticeCategory) -> None:
    """W1: whatever a notice is about, it can be shown."""
    assert category in notice_picture.STATES
