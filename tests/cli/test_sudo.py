"""Root in another user's home directory, as by ``sudo -E``."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.stage import Stage
from tests.system.test_transport import ROOT_ONLY, SECOND_USER
from tray.fake_aws.identity_center import IdentityCenter


@pytest.fixture
def lent() -> Iterator[Stage]:
    """A home that another user owns, and can walk to."""
    with tempfile.TemporaryDirectory() as name, IdentityCenter() as center:
        home = Path(name)
        center.auto_approve = True
        stage = Stage(home, center)
        for path in (home, *home.rglob("*")):
            os.chown(path, SECOND_USER, SECOND_USER)
        yield stage


@ROOT_ONLY
def test_root_leaves_nothing_of_its_own_in_anothers_home(lent: Stage) -> None:
    """It acts as the owner, or does nothing where that user cannot read this program."""
    codes = [lent.tray("login", "corp").code, lent.tray("use", "dev").code]
    child = lent.tray(
        "exec", "--profile", "dev", "--", sys.executable, "-c", "import os; print(os.geteuid())"
    )

    roots = [path for path in lent.home.rglob("*") if path.lstat().st_uid != SECOND_USER]
    assert [] == roots
    done = child.out == "0\n"
    assert (codes, done) in (([0, 0], True), ([1, 1], False))
    assert done or "Run it as that user" in child.err
