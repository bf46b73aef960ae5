"""A stage for each test, and the two ways a command can act: by a daemon, or alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.cli.stage import Stage
from tray.fake_aws.identity_center import IdentityCenter


@pytest.fixture
def center() -> Iterator[IdentityCenter]:
    """An Identity Center whose person agrees to everything."""
    with IdentityCenter(auto_approve=True) as running:
        yield running


@pytest.fixture
def stage(tmp_path: Path, center: IdentityCenter) -> Stage:
    """A home without a daemon."""
    return Stage(tmp_path, center)


@pytest.fixture(params=["alone", "by-resident"])
def either(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Stage]:
    """A home without and with a daemon: what a command promises holds in both (C3)."""
    with stage.daemon() if request.param == "by-resident" else nullcontext():
        yield stage
