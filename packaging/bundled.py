"""
Write what the frozen program holds of other people's work: their licences, a bill of materials.

``bundled.py COLLECTED PROGRAM BILL``: the folder in which PyInstaller notes what it took, the
program's folder, and the CycloneDX file; ``packaging/build.py frozen`` runs it, with
``SOURCE_DATE_EPOCH`` set.

Most licences ask that their text goes along with every copy (MIT, BSD, Apache 2.0 with its NOTICE,
LGPL 3). Who owns a file is looked up where it was taken from: in the records of the Python
packages, then in those of Debian's packages. A file without an owner or an owner without a licence
text ends the build, since that program may not be handed out.
"""

from __future__ import annotations

import ast
import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT: Final = Path(__file__).resolve().parents[1]
TEXTS: Final = ("licen", "copying", "notice", "authors")
"""How the names of the files begin that a licence asks to be passed on."""
BOOTLOADER: Final = "pyinstaller"
"""It is in every frozen program, whatever was collected."""


@dataclass(frozen=True)
class Bundled:
    """A package: name, version, its licence's name if it states one, and the licence's texts."""

    kind: str
    name: str
    version: str
    licence: str
    texts: tuple[tuple[str, str], ...]


def bundled(collected: Path) -> list[Bundled]:
    """Return whose work was collected, by name, from PyInstaller's notes (``*.toc``)."""
    owners = {
        str(distribution.locate_file(file)): distribution
        for distribution in distributions()
        for file in distribution.files or ()
    }
    found: dict[str, Bundled] = {}
    system: set[Path] = set()
    for source in _sources(collected):
        owner = owners.get(str(source))
        if owner is not None:
            found.setdefault(owner.name, _from_distribution(owner))
        elif not source.is_relative_to(ROOT):
            system.add(source)
    loader = Distribution.from_name(BOOTLOADER)
    found.setdefault(loader.name, _from_distribution(loader))
    found.pop("sso-tray", None)
    for one in _of_the_system(system):
        found.setdefault(one.name, one)
    for one in found.values():
        if not one.texts:
            sys.exit(f"{one.name} {one.version} has no licence text: it may not be handed out.")
    return sorted(found.values(), key=lambda one: one.name.lower())


def licences(parts: Iterable[Bundled]) -> str:
    """Return one text with every licence, as it goes beside the program."""
    lines = [
        "SSO Tray is under the MIT licence (the file LICENSE). This program also holds the",
        "following work of others, each under its own terms. pystray, under the LGPL, lies beside",
        "the program as source files, in which you may change it.",
        "",
        *(f"  {one.name} {one.version}" for one in parts),
    ]
    for one in parts:
        for name, text in one.texts:
            lines += ["", "=" * 100, f"{one.name} {one.version}: {name}", "=" * 100, ""]
            lines += [line.rstrip() for line in text.strip().splitlines()]
    return "\n".join(lines) + "\n"


def bill_of_materials(parts: Iterable[Bundled], version: str, epoch: int) -> str:
    """Return it in CycloneDX 1.6 as JSON, the same text for the same parts."""
    whole = Component(
        name="sso-tray", version=version, type=ComponentType.APPLICATION, bom_ref="sso-tray"
    )
    bill = Bom(
        serial_number=uuid5(NAMESPACE_URL, f"pkg:generic/sso-tray@{version}"),
        components=[_component(one) for one in parts],
    )
    bill.metadata.component = whole
    bill.metadata.timestamp = datetime.fromtimestamp(epoch, UTC)
    bill.register_dependency(whole, bill.components)
    return JsonV1Dot6(bill).output_as_string(indent=2) + "\n"


def _component(one: Bundled) -> Component:
    named = PackageURL(one.kind, "debian" if one.kind == "deb" else None, one.name, one.version)
    licence: Iterable[LicenseExpression | DisjunctiveLicense] = ()
    if one.licence:
        licence = [DisjunctiveLicense(name=one.licence)]
    return Component(
        name=one.name, version=one.version, type=ComponentType.LIBRARY,
        purl=named, bom_ref=named.to_string(), licenses=licence,
    )  # fmt: skip


def _sources(collected: Path) -> Iterator[Path]:
    """Walk the places that the program's files and archived modules were taken from."""
    for name in ("COLLECT-00.toc", "PYZ-00.toc"):
        for part in ast.literal_eval((collected / name).read_text()):
            if isinstance(part, list):
                for _name, source, kind in part:
                    if kind != "SYMLINK" and source not in ("-", ""):
                        yield Path(source)


def _from_distribution(one: Distribution) -> Bundled:
    said = one.metadata
    licence = said.get("License-Expression") or said.get("License") or ""
    texts = tuple(
        sorted(
            (file.name, Path(str(one.locate_file(file))).read_text())
            for file in one.files or ()
            if any(part.endswith(".dist-info") for part in file.parts)
            and file.name.lower().startswith(TEXTS)
        )
    )
    # Old packages put the whole text there, which is no name.
    return Bundled("pypi", one.name, one.version, licence if "\n" not in licence else "", texts)


def _of_the_system(sources: set[Path]) -> Iterator[Bundled]:
    """Return the Debian packages these files are from; elsewhere than on Linux, Python."""
    if sys.platform != "linux":
        text = Path(sysconfig.get_path("stdlib"), "LICENSE.txt").read_text()
        yield Bundled(
            "generic", "python", platform.python_version(), "PSF-2.0", (("LICENSE.txt", text),)
        )
        return
    # Since /lib is a link to /usr/lib a file may be on record under either.
    either = {path for source in sources for path in (str(source), str(source.resolve()))}
    either |= {path.removeprefix("/usr") for path in either}
    done = subprocess.run(
        ["dpkg", "--search", *sorted(either)], capture_output=True, text=True, check=False
    )
    owners = {}
    for line in done.stdout.splitlines():
        package, _, path = line.partition(": ")
        owners[Path(path).resolve()] = package.partition(":")[0]
    lost = sorted(str(path) for path in sources if path.resolve() not in owners)
    if lost:
        sys.exit(f"Nobody knows whose these are, so they may not be handed out: {', '.join(lost)}")
    for package in sorted(set(owners.values())):
        version = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Version}", package],
            capture_output=True, text=True, check=True,
        ).stdout.split()[0]  # fmt: skip
        text = Path("/usr/share/doc", package, "copyright").read_text()
        yield Bundled("deb", package, version, "", (("copyright", text),))


def main() -> None:
    """Write both files."""
    collected, program, bill = map(Path, sys.argv[1:])
    parts = bundled(collected)
    (program / "THIRD-PARTY-LICENCES.txt").write_text(licences(parts))
    of = Distribution.from_name("sso-tray").version
    bill.write_text(bill_of_materials(parts, of, int(os.environ["SOURCE_DATE_EPOCH"])))


if __name__ == "__main__":
    main()
