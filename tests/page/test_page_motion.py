"""Who asks the desktop for less motion gets none, on the page and on the sign-in's pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_RULE = r"\{[^{}]*\}"
_ALLOWED = re.compile(
    r"@media \(prefers-reduced-motion: no-preference\) "
    rf"\{{(?:[^{{}}]|{_RULE}|\{{(?:[^{{}}]|{_RULE})*\}})*\}}"
)
_MOVES = re.compile(r"\b(animation|transition|scroll-behavior)\b[^;}]*|behavior: *\"smooth\"")


@pytest.mark.parametrize(
    "place",
    [
        *sorted((ROOT / "tray/page/static").glob("*.css")),
        *sorted((ROOT / "tray/page/static").glob("*.js")),
        ROOT / "tray/worker/sign_in/sign_in_pages.py",
    ],
    ids=lambda place: place.name,
)
def test_whatever_moves_asks_first(place: Path) -> None:
    """Each animation is below the query for those who have no preference."""
    text = place.read_text()

    assert [] == [found[0] for found in _MOVES.finditer(_ALLOWED.sub("", text))]


def test_the_query_is_seen() -> None:
    """What is looked for is there, so that the test above does not pass for want of it."""
    text = (ROOT / "tray/page/static/page.css").read_text()

    assert _MOVES.search(text)
    assert _ALLOWED.search(text)
