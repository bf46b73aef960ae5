"""
Install, run, upgrade and remove what was built: ``make package-test``.

One line for each promise, with what was seen; exit code 1 where one does not hold.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.packages import checkers, deb, pip_upgrade, rpm, ways, wheel
from tests.packages.told import Broken, failed, title

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"


def _one(pattern: str) -> Path:
    """Return the newest of dist that fits."""
    found = sorted(DIST.glob(pattern), key=lambda path: path.stat().st_mtime)
    if not found:
        raise Broken(f"dist has no {pattern}")
    return found[-1]


def _clean_debian() -> None:
    """Check the Debian package where that can be done."""
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        if os.environ.get("CI"):
            raise Broken("a clean Debian needs root and mmdebstrap")
        title("The Debian package was not tried: that needs root and mmdebstrap")
        return
    deb.check(_one("*.deb"))


def _by_rpm() -> None:
    """Check the RPM package, if one was built."""
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        title("The RPM package was not tried: that needs root and mmdebstrap")
        return
    if not list(DIST.glob("*.rpm")):
        title("The RPM package was not tried: make rpm builds it")
        return
    rpm.check(_one("*.rpm"))


def _each_way() -> None:
    """Go each way in and out where that can be done."""
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        title("The ways in and out were not tried: that needs root and mmdebstrap")
        return
    by_rpm = _one("*.rpm") if list(DIST.glob("*.rpm")) else None
    ways.check(_one("*.whl"), _one("*.deb"), by_rpm, ROOT / "build/frozen")


PARTS: dict[str, Callable[[], None]] = {
    "checkers": lambda: checkers.check(_one("*.deb")),
    "wheel": lambda: wheel.check(_one("*.whl"), _one("*.tar.gz")),
    "upgrade": lambda: pip_upgrade.check(_one("*.whl"), wheel.BUILDER),
    "deb": _clean_debian,
    "rpm": _by_rpm,
    "ways": _each_way,
}


def main() -> int:
    """Check what was asked for, everything by default; returns the exit code."""
    began = time.monotonic()
    worst = 0
    for name in sys.argv[1:] or list(PARTS):
        try:
            PARTS[name]()
        except (Broken, subprocess.SubprocessError) as error:
            failed(error)
            worst = 1
    title(f"{'All promises that were tried hold' if not worst else 'A promise is broken'},"
          f" in {time.monotonic() - began:.0f} s on {platform.platform()}")  # fmt: skip
    return worst


if __name__ == "__main__":
    sys.exit(main())
