"""
Build the packages: ``python packaging/build.py wheel|frozen|deb|rpm``, from the repository's root.

Run by the Python that ``packaging/make-environment`` sets up; the Makefile does both. The same
source and environment give the same files, byte for byte, wherever the clone is: every date is
that of the last commit, or what ``SOURCE_DATE_EPOCH`` says.
"""

from __future__ import annotations

import argparse
import gzip
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
DIST: Final = ROOT / "dist"
BUILD: Final = ROOT / "build"
SOURCES: Final = ROOT / "packaging"
ICON_SIZES: Final = (16, 22, 24, 32, 48, 64, 128, 256, 512)
MACHINES: Final[Mapping[str, str]] = {"x86_64": "amd64", "aarch64": "arm64"}
COMPLETIONS: Final[Mapping[str, str]] = {
    "bash": "bash-completion/completions/sso-tray",
    "zsh": "zsh/vendor-completions/_sso-tray",
    "fish": "fish/vendor_completions.d/sso-tray.fish",
}

OF_OTHERS: Final = (
    "The program also holds work of others, whose licences are in"
    " /usr/lib/sso-tray/THIRD-PARTY-LICENCES.txt."
)


def version() -> str:
    """Return the version the source names."""
    text = (ROOT / "tray/__init__.py").read_text()
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    if found is None:
        sys.exit("tray/__init__.py names no version.")
    return found[1]


def epoch() -> int:
    """Return the date of everything that is built, seconds since the epoch."""
    named = os.environ.get("SOURCE_DATE_EPOCH", "")
    if named:
        return int(named)
    done = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip() else 1_577_836_800


def run(*command: str | Path, **variables: str) -> None:
    """Run a program at the repository's root; what it says is shown only if it fails."""
    environ = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch()), **variables}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}{command[0]} failed.")


def wheel(directory: Path = DIST) -> None:
    """Build wheel and source distribution, with what is installed here and no network."""
    for old in (*directory.glob("sso_tray-*.whl"), *directory.glob("sso_tray-*.tar.gz")):
        old.unlink()
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", directory)


def frozen() -> None:
    """Build the one-folder program from the wheel, which is installed here for that."""
    (built,) = DIST.glob("sso_tray-*.whl")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    run(*pip, "--constraint", SOURCES / "constraints.txt", built)
    run(*pip, "--force-reinstall", "--no-deps", built)  # of the same version, but not the same
    run(
        sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR",
        "--distpath", BUILD / "frozen", "--workpath", BUILD / "pyinstaller",
        SOURCES / "frozen/sso-tray.spec",
        # Sets are then written in the same order each time.
        PYTHONHASHSEED="1",
        # Unpacking each module was an eighth of the way to the icon; a package is packed anyway.
        PYINSTALLER_ZLIB_COMPRESSION_LEVEL="0",
    )  # fmt: skip
    program = BUILD / "frozen/sso-tray"
    _copy(ROOT / "LICENSE", program / "LICENSE")
    for old in DIST.glob("sso-tray-*.cdx.json"):
        old.unlink()
    bill = DIST / f"sso-tray-{version()}.cdx.json"
    run(sys.executable, SOURCES / "bundled.py", BUILD / "pyinstaller/sso-tray", program, bill)


def linux(said: str) -> None:
    """Gather in ``build/linux`` what a Linux package has beside the program."""
    top = BUILD / "linux"
    shutil.rmtree(top, ignore_errors=True)
    share = top / "share"
    _copy(SOURCES / "linux/sso-tray.service", top / "systemd/sso-tray.service")
    _copy(SOURCES / "linux/sso-tray.desktop", share / "applications/sso-tray.desktop")
    _copy(
        SOURCES / "linux/sso-tray-search-provider.ini",
        share / "gnome-shell/search-providers/sso-tray-search-provider.ini",
    )
    runner = share / "krunner/dbusplugins/sso-tray.desktop"
    _copy(SOURCES / "linux/sso-tray-krunner.desktop", runner)
    day = time.strftime("%Y-%m-%d", time.gmtime(epoch()))
    about = (SOURCES / "linux/sso-tray.metainfo.xml").read_text()
    about = about.replace("@VERSION@", said).replace("@DATE@", day)
    _write(share / "metainfo/org.sso_tray.SSOTray.metainfo.xml", about)
    theme = share / "icons/hicolor"
    _copy(ROOT / "icons/sso-tray.svg", theme / "scalable/apps/sso-tray.svg")
    for size in ICON_SIZES:
        named = f"{size}x{size}/apps/sso-tray.png"
        _copy(ROOT / f"icons/sso-tray-{size}.png", theme / named)
    terms = f"{(ROOT / 'LICENSE').read_text()}\n{OF_OTHERS}\n"
    _write(share / "doc/sso-tray/copyright", terms)
    _zip((ROOT / "CHANGELOG.md").read_bytes(), share / "doc/sso-tray/changelog.gz")
    _copy(ROOT / "README.md", share / "doc/sso-tray/README.md")
    for shell, place in COMPLETIONS.items():
        _write(share / place, _says("completion", shell))
    manual = SOURCES / "manual_page.py"
    if manual.exists():
        run(sys.executable, manual, BUILD / "sso-tray.1")
        _zip((BUILD / "sso-tray.1").read_bytes(), share / "man/man1/sso-tray.1.gz")
    for path in top.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def package(kind: str, config: Path, said: str) -> None:
    """
    Build a Linux package with nfpm; older ones in ``dist`` go, so that a pattern names one.

    It asks for the C library of the machine it is built on, which the program in it is linked to:
    built on a newer distribution it does not install on an older one.
    """
    linux(said)
    date = epoch()
    for path in (*(BUILD / "frozen").rglob("*"), *(BUILD / "linux").rglob("*")):
        os.utime(path, (date, date), follow_symlinks=False)
    for old in DIST.glob(f"sso-tray*.{kind}"):
        old.unlink()
    nfpm = Path(sys.executable).with_name("nfpm")
    run(
        nfpm, "package", "--config", config, "--packager", kind, "--target", DIST,
        VERSION=said,
        ARCH=MACHINES.get(platform.machine(), platform.machine()),
        GLIBC=(os.confstr("CS_GNU_LIBC_VERSION") or "glibc 2.36").split()[1],
    )  # fmt: skip


def constraints() -> None:
    """Write down the versions of what is installed here."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format", "freeze", "--disable-pip-version-check"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    own = ("pip==", "sso-tray==", "sso_tray==")
    lines = [line for line in done.stdout.splitlines() if not line.startswith(own)]
    head = (
        "# The versions the packages are built from, so that the same source gives the same"
        " packages.\n# Written by `make constraints`, which takes the newest that fit"
        " pyproject.toml.\n"
    )
    text = head + "".join(f"{line}\n" for line in sorted(lines, key=str.lower))
    (SOURCES / "constraints.txt").write_text(text)


def _says(*arguments: str) -> str:
    """Return what the frozen program prints, which so proves that it has it."""
    program = BUILD / "frozen/sso-tray/sso-tray"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _copy(source: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, path)


def _zip(content: bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, mtime=0))


def main() -> None:
    """Build what was asked for."""
    asked = argparse.ArgumentParser(description="Build the packages.")
    asked.add_argument("what", choices=["wheel", "frozen", "deb", "rpm", "constraints", "epoch"])
    asked.add_argument("--version", default=version(), help="of a Linux package, for trying one")
    words = asked.parse_args()
    DIST.mkdir(exist_ok=True)
    builders: dict[str, Callable[[], object]] = {
        "wheel": wheel,
        "frozen": frozen,
        "constraints": constraints,
        "epoch": lambda: sys.stdout.write(f"{epoch()}\n"),
        "deb": lambda: package("deb", SOURCES / "deb/nfpm.yaml", words.version),
        "rpm": lambda: package("rpm", SOURCES / "unproven/rpm/nfpm.yaml", words.version),
    }
    builders[words.what]()


if __name__ == "__main__":
    main()
