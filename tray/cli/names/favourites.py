"""Favourites from the command line; menu, picker and the desktop's search show them first."""

from __future__ import annotations

from tray.cli.command_context import CommandContext
from tray.cli.names.few_words import profile_found
from tray.core.text import search_text
from tray.storage.remembered_file import change_remembered, read_remembered


def star(context: CommandContext, words: tuple[str, ...], *, on: bool) -> str:
    """Keep a profile as a favourite, or no longer, and return a sentence; raises NotFound."""
    name = profile_found(context, context.catalog(), words).name
    change_remembered(context.paths.state, lambda before: before.starred((name,), on=on))
    return search_text.starred(name, on=on)


def unstar_gone(context: CommandContext, words: tuple[str, ...]) -> str | None:
    """Drop a favourite whose profile has gone; None if there is none of that name."""
    name = " ".join(words)
    if (name,) not in read_remembered(context.paths.state).favourites:
        return None
    change_remembered(context.paths.state, lambda before: before.starred((name,), on=False))
    return search_text.starred(name, on=False)


def favourites(context: CommandContext) -> list[str]:
    """Return the names of the profiles among them."""
    kept = read_remembered(context.paths.state).favourites
    return [key[0] for key in kept if len(key) == 1]
