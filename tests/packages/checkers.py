"""What the desktop's own checkers say of the package's files."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from referencing import Registry, Resource

from tests.packages.told import Broken, holds, output, title
from tests.packages.wheel import BUILDER, ROOT

SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)


def check(package: Path) -> None:
    """Unpack the package and look at it."""
    title(f"{package.name}, {package.stat().st_size / 1e6:.1f} MB")
    with tempfile.TemporaryDirectory(prefix="sso-tray-files-") as folder:
        top = Path(folder)
        output(["dpkg-deb", "--extract", package, top])
        share = top / "usr/share"
        _by("desktop-file-validate", share / "applications/sso-tray.desktop")
        about = share / "metainfo/org.sso_tray.SSOTray.metainfo.xml"
        _by("appstreamcli", "validate", "--no-net", about)
        _unit(top)
        theme = share / "icons/hicolor"
        lacks = [one for one in SIZES if not (theme / f"{one}x{one}/apps/sso-tray.png").is_file()]
        there = (theme / "scalable/apps/sso-tray.svg").is_file() and not lacks
        holds("icons for the theme", there, f"SVG and {len(SIZES)} sizes")
        for shell in ("bash-completion/completions/sso-tray", "zsh/vendor-completions/_sso-tray",
                      "fish/vendor_completions.d/sso-tray.fish"):  # fmt: skip
            holds("completions", "sso-tray" in (share / shell).read_text(), shell)
        _manual(share / "man/man1/sso-tray.1.gz")
        program = top / "usr/lib/sso-tray"
        size = sum(path.lstat().st_size for path in program.rglob("*"))
        _licences(program)
        holds("the program's size on disk", size < 60e6, f"{size / 1e6:.1f} MB")
    _same_again(package)


def _same_again(package: Path) -> None:
    """Pack it once more, as if the program had been frozen later."""
    before = hashlib.sha256(package.read_bytes()).hexdigest()
    (ROOT / "build/frozen/sso-tray/LICENSE").touch()
    output([BUILDER, ROOT / "packaging/build.py", "deb"])
    after = hashlib.sha256(package.read_bytes()).hexdigest()
    holds("packed again it is the same, byte for byte", before == after, after[:12])


def _licences(program: Path) -> None:
    """See that what is bundled may be handed out: with each part's terms, and listed."""
    text = (program / "THIRD-PARTY-LICENCES.txt").read_text()
    inside = program / "_internal"
    # A folder's name has underscores where the package's own has hyphens.
    heads = re.sub(r"[-_]", " ", text)
    named = [path.name.removesuffix(".dist-info") for path in inside.glob("*.dist-info")]
    lacks = [name for name in named if f"\n{re.sub('[-_]', ' ', name)}: " not in heads]
    holds("each package in the program has its licence beside it", not lacks,
          lacks or f"{len(named)} seen, {text.count('=' * 100) // 2} texts")  # fmt: skip
    for terms in ("GNU LESSER GENERAL PUBLIC LICENSE", r"botocore [\d.]+: NOTICE", "libssl3 "):
        holds("with the terms of", re.search(terms, text), terms)
    holds("pystray can be changed by whoever has the program",
          (inside / "pystray/_base.py").is_file())  # fmt: skip
    (bill,) = (ROOT / "dist").glob("*.cdx.json")
    listed = json.loads(bill.read_text())
    schemas = Path(
        output([BUILDER, "-c", "import cyclonedx; print(cyclonedx.__path__[0])"]).strip()
    )
    known = {
        path.name: json.loads(path.read_text())
        for path in (schemas / "schema/_res").glob("*.schema.json")
    }
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in known.values()
    )
    faults = Draft7Validator(known["bom-1.6.SNAPSHOT.schema.json"], registry=registry)
    wrong = [error.message for error in faults.iter_errors(listed)]
    holds("the bill of materials is CycloneDX 1.6", not wrong,
          wrong[:3] or f"{len(listed['components'])} components")  # fmt: skip


def _unit(top: Path) -> None:
    """Have systemd read the user unit, in whose place the program is found."""
    unit = (top / "usr/lib/systemd/user/sso-tray.service").read_text()
    holds("the unit stands back where there is an autostart entry",
          "ConditionPathExists=!%E/autostart/sso-tray.desktop" in unit)  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sso-tray.service"
        program = top / "usr/lib/sso-tray/sso-tray"
        file.write_text(unit.replace("/usr/bin/sso-tray", str(program)))
        environ = {**os.environ, "XDG_RUNTIME_DIR": folder}
        command = ("systemd-analyze", "verify", "--user", "--man=no", file)
        _by(*command, environ=environ)


def _manual(page: Path) -> None:
    if not page.is_file():
        raise Broken("there is no manual page")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sso-tray.1"
        file.write_bytes(gzip.decompress(page.read_bytes()))
        environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "80"}
        done = subprocess.run(
            ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", file],
            capture_output=True, env=environ, check=False,
        )  # fmt: skip
    fine = done.returncode == 0 and not done.stderr
    holds("the manual page is read without a warning", fine, done.stderr.decode())


def _by(checker: str, *arguments: str | Path, environ: dict[str, str] | None = None) -> None:
    if shutil.which(checker) is None:
        raise Broken(f"{checker} is not installed")
    output([checker, *arguments], environ=environ)
    holds(f"{checker} finds no fault", True, Path(arguments[-1]).name)
