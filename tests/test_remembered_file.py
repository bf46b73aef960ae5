"""The file of favourites and of the roles used last."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tray.core.accounts.remembered_roles import RememberedRoles
from tray.errors import UserMustAct
from tray.storage.remembered_file import NAME, change_remembered, read_remembered
from tray.system import WINDOWS

GOLDEN = Path(__file__).parent / "data/golden/0.2.0/roles.json"
REMEMBERED = RememberedRoles(
    favourites=(("prod",), ("corp", "111111111111", "Admin")), recent=(("dev",), ("prod",))
)


def test_the_first_version_is_read_and_written_as_it_was(tmp_path: Path) -> None:
    """Its bytes stand in a file; whatever our classes are called, they stay."""
    (tmp_path / NAME).write_bytes(GOLDEN.read_bytes())

    read = read_remembered(tmp_path)
    (tmp_path / NAME).unlink()
    change_remembered(tmp_path, lambda _: REMEMBERED)

    assert read == REMEMBERED
    assert GOLDEN.read_bytes() == (tmp_path / NAME).read_bytes()
    assert WINDOWS or 0o600 == (tmp_path / NAME).stat().st_mode & 0o777


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    """As for everybody at first."""
    assert RememberedRoles() == read_remembered(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"version": 2, "stars": []})])
def test_what_cannot_be_read_is_left_alone(tmp_path: Path, text: str) -> None:
    """A later version may have written it: nothing is lost."""
    (tmp_path / NAME).write_text(text)

    with pytest.raises(UserMustAct, match="left as it is"):
        change_remembered(tmp_path, lambda before: before.used(("dev",)))

    assert RememberedRoles() == read_remembered(tmp_path)
    assert text == (tmp_path / NAME).read_text()
