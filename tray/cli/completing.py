"""Names for a shell to complete: quickly, and in silence where anything is wrong."""

from __future__ import annotations

from collections.abc import Iterable

import click

from tray.cli.here import Here
from tray.core.model import Catalog
from tray.errors import TrayError


def sessions(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the sessions whose name begins so, then the profiles, which stand for theirs."""
    del context, parameter
    catalog = _catalog()
    names = [one.key for one in catalog.sessions]
    names += [one.name for one in catalog.profiles if one.session is not None]
    return _beginning(names, incomplete)


def profiles(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the profiles whose name begins so."""
    del context, parameter
    catalog = _catalog()
    names = [one.name for one in catalog.profiles if one.name not in catalog.managed]
    return _beginning(names, incomplete)


def _catalog() -> Catalog:
    try:
        return Here.of_this_process().catalog()
    except (TrayError, OSError):
        return Catalog()  # a word on the screen would stand in the middle of what is typed


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    # A name with a line break would be two for the shell.
    return [
        one for one in dict.fromkeys(names) if one.startswith(incomplete) and one.isprintable()
    ]
