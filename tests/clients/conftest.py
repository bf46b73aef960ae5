"""A desk for every test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.desk import Desk, desk
from tests.clients.identity import require_client


@pytest.fixture(name="desk")
def desk_of_its_own(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A home, an Identity Center that approves by itself, and a keyring in memory."""
    # Here, before anything waits for a client that is missing.
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None and "name" in callspec.params:
        require_client(callspec.params["name"])
    with desk(tmp_path / "home", monkeypatch) as made:
        yield made
