"""The icon's pictures, drawn by another process and kept."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import get_args

import pytest

from tray.core.model import State
from tray.desktop.icon.icon_drawing import drawn
from tray.desktop.icon.icon_pictures import FOLDER, IconPictures, NotDrawn
from tray.desktop.icon.icon_state import RING_STEPS, IconState, Theme, from_words, words_of

LOOK = IconState("ending", 0.5, badge=True, rim=True)


def state_of(home: Path) -> Path:
    """Return the state directory."""
    return home / ".local/state/sso-tray"


def test_a_picture_is_drawn_by_a_process_and_kept(tmp_path: Path) -> None:
    """The pixels are those of Pillow here; the next time they come from the disk."""
    pictures = IconPictures({"HOME": str(tmp_path)})
    before = pictures.kept(LOOK, "dark")
    picture = asyncio.run(pictures.picture(LOOK, "dark"))

    assert before is None
    assert drawn(LOOK, "dark") == picture
    assert picture == IconPictures({"HOME": str(tmp_path)}).kept(LOOK, "dark")
    assert pictures.kept(LOOK, "light") is None


def test_what_cannot_be_drawn_says_why(tmp_path: Path) -> None:
    """A broken Pillow costs the picture alone."""
    (tmp_path / "PIL.py").write_text("raise ImportError('no such library')")
    pictures = IconPictures({"HOME": str(tmp_path), "PYTHONPATH": str(tmp_path)})

    with pytest.raises(NotDrawn, match="exit code 1"):
        asyncio.run(pictures.picture(LOOK))


@pytest.mark.parametrize("damage", [b"", b"x" * 100])
def test_a_damaged_picture_is_drawn_again(tmp_path: Path, damage: bytes) -> None:
    """A file that is cut is as good as none."""
    pictures = IconPictures({"HOME": str(tmp_path)})
    picture = asyncio.run(pictures.picture(LOOK))
    (file,) = (path for path in (state_of(tmp_path) / FOLDER).rglob("*") if path.is_file())
    file.write_bytes(damage)

    assert pictures.kept(LOOK) is None
    assert picture == asyncio.run(pictures.picture(LOOK))


def test_pictures_of_other_versions_go(tmp_path: Path) -> None:
    """They would be drawn otherwise now."""
    old = state_of(tmp_path) / FOLDER / "0.1-1"
    old.mkdir(parents=True)
    asyncio.run(IconPictures({"HOME": str(tmp_path)}).picture(LOOK))

    assert not old.exists()


def test_every_icon_has_its_words() -> None:
    """They name it for another process and as a file, and no two have the same."""
    rings = [None, *(step / RING_STEPS for step in range(RING_STEPS + 1))]
    flags = itertools.product((False, True), repeat=3)
    looks = [
        (IconState(state, ring, badge, guarded, rim, colour), theme)
        for state, ring, (badge, guarded, rim), colour, theme in itertools.product(
            get_args(State), rings, flags, ("", "red"), get_args(Theme)
        )
    ]

    words = [words_of(*one) for one in looks]

    assert looks == [from_words(one) for one in words]
    assert len(set(words)) == len(looks)


@pytest.mark.parametrize(
    "words", [(), ("ending",), ("x", "none", "000", "any"), ("ending", "x", "000", "any")]
)
def test_other_words_are_refused(words: tuple[str, ...]) -> None:
    """Only ever ours start it."""
    with pytest.raises(ValueError, match=r"."):
        from_words(words)
