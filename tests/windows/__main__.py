"""
Try SSO Tray on Windows, under Wine: ``python -m tests.windows LAB VERSION [tests|walk]``.

``tests`` are those of the rules, AWS's files and calls, the files we keep, the workers, and
Windows' own, run by the Windows Python against the installed wheel;
``walk`` is the real program with real clicks.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.packages.told import title
from tests.windows import walk
from tests.windows.machine import screen

ROOT = Path(__file__).parents[2]

TESTED = (
    "tests/core",
    "tests/aws",
    "tests/worker",
    "tests/system/test_watch_threads.py",
    "tests/test_account_records.py",
    "tests/test_applied.py",
    "tests/test_caller_words.py",
    "tests/test_config_file.py",
    "tests/test_files.py",
    "tests/test_golden_files.py",
    "tests/test_logs.py",
    "tests/test_records.py",
    "tests/test_remembered_file.py",
    "tests/test_settings.py",
    "tests/test_values.py",
    "tests/windows",
)
"""What the Windows Python runs; `tests.windows.cannot_hold` says what of it cannot hold there."""


def run_tests(lab: Path, version: str) -> bool:
    """Run them beside no source of ours, so that the installed wheel is what is tested."""
    title(f"The tests, by Windows' own Python {version}")
    place = lab / version / "tests"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    shutil.copytree(ROOT / "tests", place / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, place)
    options = ("-p", "tests.windows.cannot_hold", "-p", "no:cacheprovider", "-n", "2", "-q", "-rs")
    files = ("-o", "python_files=test_*.py windows_*.py")
    with screen() as display:
        done = subprocess.run(
            [lab / version / "py", "-m", "pytest", *options, *files, *TESTED],
            cwd=place,
            env={**os.environ, "DISPLAY": display, "PYTHONUTF8": "1"},  # as the tests write files
            check=False,
        )
    return done.returncode == 0


PARTS: dict[str, Callable[[Path, str], bool]] = {"tests": run_tests, "walk": walk.check}


def main() -> int:
    """Return the exit code: 1 where a promise does not hold."""
    lab, version = Path(sys.argv[1]).resolve(), sys.argv[2]
    held = [PARTS[name](lab, version) for name in sys.argv[3:] or list(PARTS)]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
