from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.world import World, world_in


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An Identity Center of its own, a home of its own, a keyring that works."""
    with world_in(tmp_path, monkeypatch) as made:
        yield made
