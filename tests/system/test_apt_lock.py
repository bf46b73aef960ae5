from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

APT = Path(__file__).parents[2] / "packaging/apt"


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="only where there is apt")
def test_a_lock_of_another_program_is_waited_for(tmp_path: Path) -> None:
    """Another program's update ends before ours begins, instead of ending our tests."""
    (tmp_path / "partial").mkdir()
    nothing = "/dev/null"
    places = (
        f"State::lists={tmp_path}",
        f"Etc::sourcelist={nothing}",
        f"Etc::sourceparts={nothing}",
    )
    options = [word for place in places for word in ("-o", f"Dir::{place}")]
    with (tmp_path / "lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        with subprocess.Popen(
            [APT, *options, "update"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            first = process.stderr.readline()
            fcntl.lockf(lock, fcntl.LOCK_UN)
            rest = process.stderr.read()

    assert "Waiting for another program that is using apt.\n" == first
    assert (0, "") == (process.returncode, rest)
