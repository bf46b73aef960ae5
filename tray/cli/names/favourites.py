"""Favourites and what was used last: menu, picker and the desktop's search show them first."""

from __future__ import annotations

import logging

from tray.cli.command_context import CommandContext
from tray.cli.names.few_words import profile_found
from tray.core.accounts.remembered_roles import RememberedRoles, RoleKey
from tray.core.model import Catalog
from tray.core.text import search_text
from tray.errors import TrayError
from tray.storage.remembered_file import change_remembered, read_remembered

log = logging.getLogger(__name__)


def star(context: CommandContext, words: tuple[str, ...], *, on: bool) -> str:
    """Keep a profile as a favourite, or no longer, and return a sentence; raises NotFound."""
    catalog = context.catalog()
    name = profile_found(context, catalog, words).name

    def change(before: RememberedRoles) -> RememberedRoles:
        return before.with_profiles(catalog.profiles).starred((name,), on=on)

    change_remembered(context.paths.state, change)
    return search_text.starred(name, on=on)


def unstar_gone(context: CommandContext, words: tuple[str, ...]) -> str | None:
    """Drop a favourite whose profile has gone; None if there is none of that name."""
    name = " ".join(words)
    if (name,) not in read_remembered(context.paths.state).favourites:
        return None
    change_remembered(context.paths.state, lambda before: before.starred((name,), on=False))
    return search_text.starred(name, on=False)


def remember_used(context: CommandContext, role: RoleKey) -> None:
    """Put a role first among those used last, as the daemon does; a trouble is only logged."""
    try:
        change_remembered(context.paths.state, lambda before: before.used(role))
    except (OSError, TrayError) as error:
        log.info("what was used cannot be remembered (%s)", type(error).__name__)


def favourites(context: CommandContext, catalog: Catalog) -> list[str]:
    """Return the names of the profiles among them."""
    kept = read_remembered(context.paths.state).with_profiles(catalog.profiles).favourites
    return [key[0] for key in kept if len(key) == 1]
