"""Which variables say how a process reaches the network: a terminal's may not be the daemon's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
VARIABLES: Final = (
    "AWS_CA_BUNDLE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    *_PROXIES,
    *(name.lower() for name in _PROXIES),
)


def network(environ: Mapping[str, str]) -> dict[str, str]:
    """Return those that are set; a proxy's URL may hold a password."""
    return {name: environ[name] for name in VARIABLES if environ.get(name)}


def received(sent: object) -> dict[str, str] | None:
    """Return what another process sent of its own; None if it sent none, or anything else."""
    if not isinstance(sent, dict):
        return None
    if not all(name in VARIABLES and isinstance(value, str) for name, value in sent.items()):
        return None
    return sent


def differing(environ: Mapping[str, str], theirs: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the variables that differ; of two spellings the upper-case one."""
    names = (name for name in VARIABLES if environ.get(name, "") != theirs.get(name, ""))
    return tuple(dict.fromkeys(name.upper() for name in names))


def replaced(environ: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with another process's network."""
    return {**{name: environ[name] for name in environ if name not in VARIABLES}, **theirs}
