"""The wheel and what it needs, in a virtual environment of the desktops' own Python."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sys
from pathlib import Path
from typing import Final

from tests.packages.root import TOOLS, clean_root
from tests.packages.told import Broken, output

DIST: Final = Path(__file__).parents[2] / "dist"
PLACE: Final = "/opt/sso"


def product(base: Path) -> Path:
    """
    Return the environment to be shown at :data:`PLACE`, made anew for another wheel.

    Two desktops may be tried at the same time: the second waits until it is made.

    Args:
        base: the root whose Python it is for; all have the same.
    """
    wheels = sorted(DIST.glob("*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        raise Broken("dist has no wheel: make wheel")
    digest = hashlib.sha256(wheels[-1].read_bytes()).hexdigest()[:12]
    made = TOOLS / "desktops" / f"product-{digest}"
    with (TOOLS / "desktops/product.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make(made, wheels[-1], base)
    return made


def _make(made: Path, wheel: Path, base: Path) -> None:
    if (made / "bin/sso-tray").exists():
        return
    for old in (TOOLS / "desktops").glob("product-*"):
        shutil.rmtree(old)
    made.mkdir(parents=True)
    kept = TOOLS / "desktops/wheels"
    kept.mkdir(exist_ok=True)
    for ours in kept.glob("sso_tray-*"):
        ours.unlink()  # pip would take this one of the same name, and what it needed
    with clean_root(base, {PLACE: made, "/opt/wheels": kept, "/opt/dist": DIST}) as root:
        version = root.root("python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
        # Fetched from outside, where pip knows its index.
        output([
            sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download",
            "--only-binary=:all:", f"--python-version={version.strip()}", "--find-links", kept,
            "--dest", kept, wheel,
        ])  # fmt: skip
        root.root("python3", "-m", "venv", PLACE)
        root.root(
            f"{PLACE}/bin/pip", "--quiet", "install", "--no-index", "--find-links=/opt/wheels",
            f"/opt/dist/{wheel.name}",
        )  # fmt: skip
