"""
Builds the small programs with the toolchains of this machine, once, into ``.tools/clients``.

A toolchain that is missing or too old is named in a sentence. Versions of the SDKs stand in the
programs' own files: ``go.mod``, ``Cargo.toml``, ``pom.xml``.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tests.components import ROOT

Language = Literal["go", "java", "python", "rust"]

BUILT: Final = ROOT / ".tools/clients"
_SOURCES: Final = Path(__file__).parents[1] / "programs"


@dataclass(frozen=True, slots=True)
class Toolchain:
    """
    What builds the programs of a language.

    Args:
        asked: commands that each print a version, which has to be at least that of ``oldest``.
        oldest: major and minor, one for each command.
        wanted: what to install, for a person.
        steps: what builds in a copy of the sources.
        environ: where its caches go, below :data:`BUILT`.
    """

    asked: tuple[tuple[str, ...], ...]
    oldest: tuple[tuple[int, int], ...]
    wanted: str
    steps: tuple[tuple[str, ...], ...]
    environ: Mapping[str, str]


TOOLCHAINS: Final[Mapping[Language, Toolchain]] = {
    "go": Toolchain(
        asked=(("go", "version"),),
        oldest=((1, 24),),
        wanted="Go 1.24 or newer",
        steps=(("go", "build", "-p", "1", "-o", "identity", "."),),
        environ={"GOPATH": "go/path", "GOCACHE": "go/cache"},
    ),
    "java": Toolchain(
        asked=(("java", "--version"), ("mvn", "--version")),
        oldest=((17, 0), (3, 6)),
        wanted="Java 17 and Maven",
        steps=(
            (
                *("mvn", "-q", "-B", "-Dmaven.repo.local=../java-repository"),
                *("package", "dependency:copy-dependencies"),
            ),
        ),
        environ={},
    ),
    "python": Toolchain(
        asked=((sys.executable, "--version"),),
        oldest=((3, 11),),
        wanted="Python 3.11 or newer",
        steps=(
            (sys.executable, "-m", "venv", "--clear", "environment"),
            (
                *("environment/bin/python", "-m", "pip", "--disable-pip-version-check", "--quiet"),
                *("install", "--requirement", "requirements.txt"),
            ),
        ),
        environ={},
    ),
    "rust": Toolchain(
        asked=(("cargo", "--version"),),
        oldest=((1, 88),),
        wanted="Rust 1.88 or newer",
        steps=(
            ("cargo", "build", "--quiet", "--release", "--jobs", "1"),
            ("cp", "target/release/identity", "identity"),
        ),
        environ={},
    ),
}


def missing(language: Language) -> str | None:
    """Return in a sentence why this language cannot be built here, or None."""
    chain = TOOLCHAINS[language]
    for command, oldest in zip(chain.asked, chain.oldest, strict=True):
        if shutil.which(command[0]) is None:
            return f"{command[0]} is missing: install {chain.wanted}."
        told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        found = re.search(r"(\d+)\.(\d+)", told)
        if found is None or (int(found[1]), int(found[2])) < oldest:
            return f"{told.splitlines()[0] if told else command[0]} is too old: {chain.wanted}."
    return None


def prepared(language: Language) -> Path:
    """Return the folder with what was built; raises CalledProcessError where a build fails."""
    chain, sources = TOOLCHAINS[language], _SOURCES / language
    made = BUILT / language
    made.mkdir(parents=True, exist_ok=True)
    with (made / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, mark = made / ".built", _digest(sources, chain)
        if stamp.exists() and stamp.read_text() == mark:
            return made
        sys.stdout.write(f"Building the clients of {language} (minutes, only this once)\n")
        sys.stdout.flush()
        shutil.copytree(sources, made, dirs_exist_ok=True)
        places = {name: str(BUILT / place) for name, place in chain.environ.items()}
        for step in chain.steps:
            subprocess.run(step, cwd=made, env=os.environ | places, check=True)
        stamp.write_text(mark)
    return made


def _digest(sources: Path, chain: Toolchain) -> str:
    texts = [one.read_bytes() for one in sorted(sources.rglob("*")) if one.is_file()]
    return hashlib.sha256(b"\0".join([*texts, repr(chain.steps).encode()])).hexdigest()
