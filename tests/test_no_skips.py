"""A suite that skips is not a suite that passed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

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


def run(
    directory: Path, sources: Mapping[str, str], *options: str, ci: bool
) -> subprocess.CompletedProcess[str]:
    """Run files of tests in a pytest of their own, with the plugin under test."""
    for name, source in sources.items():
        (directory / f"test_{name}.py").write_text(source, encoding="utf-8")
    (directory / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment |= {"PYTHONPATH": str(ROOT)} | ({"CI": "true"} if ci else {})
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "tests.no_skips", *options]
    return subprocess.run(
        [*command, str(directory)],
        env=environment,
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )


def outcomes(result: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Return what pytest's summary says of each file: ``FAILED``, ``SKIPPED`` ..."""
    found = re.findall(r"^([A-Z]+) .*?test_([a-z-]+)\.py", result.stdout, re.MULTILINE)
    return {name: outcome for outcome, name in found}


def test_a_skip_fails_under_ci(tmp_path: Path) -> None:
    """With CI set every way to skip makes the run fail, and the reason is still told."""
    result = run(tmp_path, SKIPPED, "--continue-on-collection-errors", ci=True)

    told = outcomes(result)
    assert set(SKIPPED) == set(told), result.stdout
    assert {"FAILED", "ERROR"} >= set(told.values()), result.stdout
    assert (1, len(SKIPPED)) == (result.returncode, _complaints(result.stdout)), result.stdout


def test_a_skip_fails_under_ci_with_workers(tmp_path: Path) -> None:
    """The rule holds in xdist's workers too, as `make test` runs them."""
    sources = {"by-mark": SKIPPED["by-mark"]}

    result = run(tmp_path, sources, "-n", "1", ci=True)

    assert (1, True) == (result.returncode, "no moon" in result.stdout), result.stdout


def test_a_skip_is_a_skip_elsewhere(tmp_path: Path) -> None:
    """Without CI a developer's machine may lack a component."""
    sources = {kind: source for kind, source in SKIPPED.items() if kind != "as-a-file"}

    result = run(tmp_path, sources, ci=False)

    assert (0, True) == (result.returncode, "4 skipped" in result.stdout), result.stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    """A known bug, marked xfail, stays allowed."""
    source = "import pytest\n@pytest.mark.xfail(reason='known')\ndef test(): assert False\n"

    result = run(tmp_path, {"known": source}, ci=True)

    assert (0, True) == (result.returncode, "1 xfailed" in result.stdout), result.stdout


def _complaints(told: str) -> int:
    """Return how many files the summary gives the reason for."""
    summary = told.partition("short test summary info")[2]
    return sum("no moon" in line for line in summary.splitlines())
