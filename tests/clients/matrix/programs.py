"""The columns of the matrix: small programs on real SDKs, each asked who we are."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.clients.identity import boto3_command, js_command
from tests.clients.matrix.builds import BUILT, Language, missing, prepared
from tests.clients.matrix.hosts import lacking
from tests.components import SOURCES, Component, find

_CLI: Final = Path(__file__).parents[1] / "programs/aws_cli.py"


@dataclass(frozen=True, slots=True)
class Program:
    """
    One client.

    Args:
        name: the head of its column.
        command: what runs it for a profile; for the empty one as whoever a bare client is.
        component: the real program it needs, where it is not built here.
        language: what it is built with.
        quick: whether it stands for its language in the part that runs before every change.
        groups: which parts of the matrix it is asked in; empty for all.
        role_life: seconds that its role credentials live.
        keeps_roles: whether it keeps them to their very end.
        own_hosts: whether it can be led to AWS's own host names alone.
    """

    name: str
    command: Callable[[str], list[str]]
    component: Component | None = None
    language: Language | None = None
    quick: bool = False
    groups: tuple[str, ...] = ()
    role_life: float = 60.0
    keeps_roles: bool = False
    own_hosts: bool = False

    def lacks(self) -> str | None:
        """Return in a sentence what keeps it from running here, or None."""
        if self.component is not None and find(self.component) is None:
            return f"{self.component} is missing: {SOURCES[self.component].install}"
        if self.own_hosts and (lack := lacking()):
            return lack
        return missing(self.language) if self.language is not None else None

    def prepare(self) -> None:
        """Build it; raises CalledProcessError where that fails."""
        if self.language is not None:
            prepared(self.language)


def _cli(component: Component) -> Callable[[str], list[str]]:
    return lambda profile: [sys.executable, "-I", str(_CLI), str(find(component)), profile]


def _go(sdk: str) -> Callable[[str], list[str]]:
    return lambda profile: [str(BUILT / "go/identity"), sdk, profile]


def _java(jars: str) -> Callable[[str], list[str]]:
    def command(profile: str) -> list[str]:
        home = BUILT / "java/target"
        kept = [str(one) for one in (home / "dependency").glob("*.jar") if jars or not _sso(one)]
        path = ":".join([str(home / "classes"), *sorted(kept)])
        return ["java", "-XX:TieredStopAtLevel=1", "-cp", path, "Identity", profile]

    return command


def _objects(library: str) -> Callable[[str], list[str]]:
    python = BUILT / "python"
    return lambda profile: [
        *(str(python / "environment/bin/python"), str(python / "objects.py")),
        *(library, profile),
    ]


def _sso(jar: Path) -> bool:
    return jar.name.startswith(("sso-", "ssooidc-"))


PROGRAMS: Final = (
    Program("CLI", _cli("aws-newest"), "aws-newest", quick=True),
    Program("CLI 2.9", _cli("aws-debian"), "aws-debian"),
    Program("boto3", boto3_command, quick=True),
    Program("JS v3", lambda profile: js_command(profile, "chain", "anew"), "js-sdk", quick=True),
    Program("Go v2", _go("v2"), language="go", quick=True),
    Program("Go v1", _go("v1"), language="go"),
    Program("Terraform", _go("terraform"), language="go"),
    # It has to fetch them anew, too, but goes on with what it has while that lasts.
    Program("Java", _java("all"), language="java", quick=True, role_life=8.0, keeps_roles=True),
    Program("Java-sso", _java(""), language="java", groups=("ways",)),
    Program("Rust", lambda name: [str(BUILT / "rust/identity"), name], language="rust"),
    Program(
        "C++",
        _objects("pyarrow"),
        language="python",
        quick=True,
        role_life=3.0,
        keeps_roles=True,
        own_hosts=True,
    ),
    Program("deltalake", _objects("deltalake"), language="python"),
    Program("obstore", _objects("obstore"), language="python", groups=("ways",)),
    Program("polars", _objects("polars"), language="python", groups=("ways",)),
    Program("CRT", _objects("awscrt"), language="python", groups=("ways",)),
)
"""
``Java-sso`` is Java without the modules sso and ssooidc, as many programs are shipped. ``C++`` is
the SDK inside pyarrow. deltalake, obstore and polars stand on object_store, polars without boto3.
"""
