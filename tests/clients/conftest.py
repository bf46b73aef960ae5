"""A desk for every test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.desk import Desk, desk


@pytest.fixture(name="desk")
def desk_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A home, an Identity Center that approves by itself, and a keyring in memory."""
    with desk(tmp_path / "home", monkeypatch) as made:
        yield made
