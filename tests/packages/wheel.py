"""The wheel and the source distribution: what is in them, and that they are enough."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tests.packages.told import holds, output, title

ROOT = Path(__file__).parents[2]
BUILDER = os.environ.get("PACK") or str(ROOT / ".tools/packaging/bin/python")
"""The Python packages are built with; the Makefile names it."""
TWINE = "twine>=6.1,<8"
IN_WHEEL = (
    "tray/__main__.py", "tray/py.typed", "tray/credential_helper/credentials.py",
    "tray/credential_helper/shell/hook.zsh", "tray/guide/security.md",
    "tray/page/static/index.html", "tray/page/static/page.js", "tray/page/static/page.css",
)  # fmt: skip
IN_SOURCES = (
    "icons/sso-tray.svg", "packaging/build.py", "packaging/deb/nfpm.yaml", "tests/desk.py",
    "Makefile", "CHANGELOG.md", "LICENSE", "README.md",
)  # fmt: skip
SUITE = (
    "tests/core", "tests/aws", "tests/credential_helper", "tests/system/test_spawn.py",
    "tests/cli/test_process.py", "tests/cli/test_credentials.py",
)  # fmt: skip
"""
What runs against the wheel: the rules, AWS's formats and calls, and what starts its parts, files
and processes. The rest of the tests run from the source tree, where a change counts at once.
"""


def check(wheel: Path, sources: Path) -> None:
    """Look at both and use both."""
    title("Wheel and source distribution")
    _contents(wheel, sources)
    _metadata(wheel, sources)
    _same_again(wheel, sources)
    _in_an_empty_environment(wheel)
    _suite(wheel, sources)


def _contents(wheel: Path, sources: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    lacks = [name for name in IN_WHEEL if name not in held]
    ours = sum(name.startswith("tray/") for name in held)
    holds("the wheel has the program whole", not lacks, lacks or f"{ours} files of the program")
    data = wheel.name.rpartition("-py3")[0]
    icon = f"{data}.data/data/share/icons/hicolor/scalable/apps/sso-tray.svg"
    holds("with its icon", icon in held)
    others = [name for name in held if not name.startswith(("tray/", f"{data}."))]
    holds("and nothing else", not others, others or "")
    with tarfile.open(sources) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    lacks = [name for name in IN_SOURCES if name not in names]
    holds("the source distribution has all it is built from", not lacks, lacks or f"{len(names)}")
    hidden = [name for name in names if name.startswith((".venv", ".tools", "dist", "build"))]
    holds("and nothing that was built", not hidden, hidden or "")


def _metadata(wheel: Path, sources: Path) -> None:
    """
    Have twine judge metadata and README as the index would.

    In an environment of its own: the frozen program would take certifi, Pygments and more of what
    twine needs along, if they were where it is built.
    """
    with tempfile.TemporaryDirectory(prefix="sso-tray-twine-") as folder:
        python = Path(folder) / "bin/python"
        output([sys.executable, "-m", "venv", folder])
        output([python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", TWINE])
        told = output([python, "-m", "twine", "--no-color", "check", "--strict", wheel, sources])
    holds("twine finds no fault", told.count(": PASSED") == 2, f"{wheel.name}, {sources.name}")


def _same_again(wheel: Path, sources: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        before = {path.name: _digest(path) for path in (wheel, sources)}
        again = ["-m", "build", "--no-isolation", "--outdir", folder, str(ROOT)]
        environ = {**os.environ, "SOURCE_DATE_EPOCH": _epoch()}
        output([BUILDER, *again], environ=environ)
        after = {path.name: _digest(path) for path in Path(folder).iterdir()}
    holds("two builds are the same, byte for byte", before == after,
          ", ".join(f"{name} {digest[:12]}" for name, digest in after.items()))  # fmt: skip


def _epoch() -> str:
    return output([sys.executable, ROOT / "packaging/build.py", "epoch"]).strip()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _in_an_empty_environment(wheel: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="sso-tray-empty-") as folder:
        place = Path(folder) / "venv"
        output([sys.executable, "-m", "venv", place])
        pip: list[str | Path] = [
            place / "bin/python",
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
        ]
        # Nothing may be compiled, so no compiler is needed; and none is found either.
        alone = {**_pip_settings(), "PATH": str(place / "bin"), "HOME": folder}
        output([*pip, "--quiet", "--only-binary", ":all:", wheel], environ=alone)
        got = output([place / "bin/python", "-m", "pip", "list", "--format=freeze"], environ=alone)
        holds("installs from wheels alone, without a compiler", "sso-tray==" in got,
              f"{len(got.splitlines())} packages")  # fmt: skip
        told = output(
            [place / "bin/sso-tray", "demo"], environ={"PATH": str(place / "bin"), "HOME": folder}
        )
        last = told.strip().splitlines()[-1]
        holds("`sso-tray demo` passes there, with an empty PATH and no desktop",
              last.startswith("Every step worked"), last)  # fmt: skip


def _pip_settings() -> dict[str, str]:
    """Return what says where this machine's packages come from."""
    return {name: value for name, value in os.environ.items() if name.startswith("PIP_")} | {
        name: os.environ[name]
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "SSL_CERT_FILE")
        if name in os.environ
    }


def _suite(wheel: Path, sources: Path) -> None:
    """Run tests from the source distribution, its program taken out, against the wheel."""
    with tempfile.TemporaryDirectory(prefix="sso-tray-suite-") as folder:
        with tarfile.open(sources) as tar:
            tar.extractall(folder, filter="data")
        (place,) = Path(folder).iterdir()
        shutil.rmtree(place / "tray")
        (place / ".tools").symlink_to(ROOT / ".tools")
        python = place / "venv/bin/python"
        output([sys.executable, "-m", "venv", place / "venv"])
        pip: list[str | Path] = [
            python,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--quiet",
            "install",
        ]
        output([*pip, "--upgrade", "pip>=25.1"])
        output([*pip, wheel, "--group", f"{place / 'pyproject.toml'}:test"])
        where = output([python, "-c", "import tray; print(tray.__file__)"], cwd=place).strip()
        holds("the tests find the wheel's program and no other", "site-packages" in where)
        # The rest of the house is looked at in its own place.
        told = output([python, "-m", "pytest", "-q", "-n", "2", *SUITE], cwd=place)
        last = told.strip().splitlines()[-1].strip("= ")
        holds("the tests pass against the wheel", " passed" in last, last)
