"""
Unpacks AWS's official AWS CLI v2 bundle out of the PyPI package that carries it.

The wheel of ``aws-cdk-asset-awscli-v2`` holds an npm archive, which holds a Lambda layer, which
holds what AWS's own installer would put under ``/opt/awscli`` on x86-64 Linux.

    python tests/install_aws_cli.py aws-cdk-asset-awscli-v2==2.0.198 .tools/awscli
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

MEMBERS = "awscli/v2/"
"""Where the layer keeps ``<version>/dist/aws``."""


def main(requirement: str, target: Path) -> None:
    """Put the bundle of ``requirement`` into ``target``, replacing what is there."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        print("The AWS CLI bundle for the tests is for x86-64 Linux; its tests will be skipped.")
        target.mkdir(parents=True, exist_ok=True)
        return
    print(f"Fetching the AWS CLI for the tests ({requirement}, 70 MB)", flush=True)
    with tempfile.TemporaryDirectory(prefix="sso-tray-awscli-") as scratch:
        wheel = download(requirement, Path(scratch))
        layer = Path(scratch, "layer.zip")
        extract_layer(wheel, layer)
        shutil.rmtree(target, ignore_errors=True)
        unpack(layer, target)
    executable = target / "aws"
    executable.symlink_to(next(target.glob("*/dist/aws")).relative_to(target))
    version = subprocess.run([executable, "--version"], check=True, capture_output=True, text=True)
    print(version.stdout.strip())


def download(requirement: str, directory: Path) -> Path:
    """Let pip fetch the wheel into ``directory``; return it."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    subprocess.run([*command, "--no-deps", "--dest", directory, requirement], check=True)
    return next(directory.glob("*.whl"))


def extract_layer(wheel: Path, layer: Path) -> None:
    """Copy the Lambda layer out of the npm archive in ``wheel``."""
    with zipfile.ZipFile(wheel) as outer:
        archive = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with outer.open(archive) as packed, tarfile.open(fileobj=packed, mode="r|gz") as inner:
            for member in inner:
                if member.name.endswith("/layer.zip"):
                    source = inner.extractfile(member)
                    if source is not None:
                        with source, layer.open("wb") as copy:
                            shutil.copyfileobj(source, copy)
                        return
    sys.exit(f"{wheel.name} holds no AWS CLI layer any more: pin another version in the Makefile.")


def unpack(layer: Path, target: Path) -> None:
    """Unpack the bundle with its modes, without AWS's help texts (two thirds of the files)."""
    with zipfile.ZipFile(layer) as archive:
        for entry in archive.infolist():
            inside = PurePosixPath(entry.filename)
            if not entry.filename.startswith(MEMBERS) or "examples" in inside.parts:
                continue
            place = target / inside.relative_to(MEMBERS)
            mode = entry.external_attr >> 16
            if entry.is_dir():
                place.mkdir(parents=True, exist_ok=True)
            elif (mode & 0o170000) == 0o100000:
                place.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, place.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
                place.chmod(mode & 0o777)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
