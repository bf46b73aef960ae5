"""A suite that skips is not a suite that passed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

SKIPPED = {
    "by-mark": "import pytest\n@pytest.mark.skip(reason='no moon')\ndef test(): pass\n",
    "in-the-test": "import pytest\ndef test(): pytest.skip('no moon')\n",
    "in-a-fixture": (
        "import pytest\n@pytest.fixture\ndef moon(): pytest.skip('no moon')\n"
        "def test(moon): pass\n"
    ),
    "as-a-file": "import pytest\npytest.skip('no moon', allow_module_level=True)\n",
    "component": (
        "from tests import components\n"
        "components.SOURCES = {'aws-debian': components.Source('/nowhere/aws', 'no moon')}\n"
        "def test(): components.require('aws-debian')\n"
    ),
}


def run(directory: Path, source: str, *options: str, ci: bool) -> subprocess.CompletedProcess[str]:
    """Run one file of tests in a pytest of its own, with the plugin under test."""
    (directory / "test_sample.py").write_text(source, encoding="utf-8")
    (directory / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment |= {"PYTHONPATH": str(ROOT)} | ({"CI": "true"} if ci else {})
    command = [sys.executable, "-m", "pytest", "-p", "tests.no_skips", *options, str(directory)]
    return subprocess.run(
        command, env=environment, cwd=directory, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("kind", SKIPPED)
def test_a_skip_fails_under_ci(tmp_path: Path, kind: str) -> None:
    """With CI set every way to skip makes the run fail, and the reason is still told."""
    result = run(tmp_path, SKIPPED[kind], ci=True)

    assert (True, True) == (result.returncode != 0, "no moon" in result.stdout), result.stdout


def test_a_skip_fails_under_ci_with_workers(tmp_path: Path) -> None:
    """The rule holds in xdist's workers too, as `make test` runs them."""
    result = run(tmp_path, SKIPPED["by-mark"], "-n", "2", ci=True)

    assert (1, True) == (result.returncode, "no moon" in result.stdout), result.stdout


@pytest.mark.parametrize("kind", [kind for kind in SKIPPED if kind != "as-a-file"])
def test_a_skip_is_a_skip_elsewhere(tmp_path: Path, kind: str) -> None:
    """Without CI a developer's machine may lack a component."""
    result = run(tmp_path, SKIPPED[kind], ci=False)

    assert (0, True) == (result.returncode, "1 skipped" in result.stdout), result.stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    """A known bug, marked xfail, stays allowed."""
    source = "import pytest\n@pytest.mark.xfail(reason='known')\ndef test(): assert False\n"

    result = run(tmp_path, source, ci=True)

    assert (0, True) == (result.returncode, "1 xfailed" in result.stdout), result.stdout
