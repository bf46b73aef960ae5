"""A profile by a few words, at a terminal only: in a script a name is exact."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tray.cli.command_context import CommandContext
from tray.cli.front.terminal import Ended, WrongUse, note
from tray.cli.names.name_lookup import profile_named
from tray.core.accounts.role_search import RoleRow, RoleSearch
from tray.core.model import Catalog, Profile
from tray.core.profiles.guards import is_guarded, is_managed
from tray.core.text import managed_text, search_text
from tray.errors import NotFound
from tray.storage.active_profile import read_active, read_previous


def at_terminal() -> bool:
    """Whether a person types and reads: both streams are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def search_of(context: CommandContext, catalog: Catalog) -> RoleSearch:
    """Return the search over all profiles that can be used, those used last first."""
    guarded = context.settings_or_safe().preferences.guarded
    rows = [
        RoleRow(
            one.session,
            one.account_id,
            "",
            one.role_name,
            one.name,
            guarded=is_guarded(one.name, guarded),
        )
        for one in catalog.profiles
        if one.problem is None and not is_managed(one.name, catalog.managed)
    ]
    state = context.paths.state
    recent = [name for name in (read_active(state), read_previous(state)) if name is not None]
    return RoleSearch(rows, [(name,) for name in recent])


def profile_found(context: CommandContext, catalog: Catalog, words: Sequence[str]) -> Profile:
    """
    Return the profile of this name, or at a terminal the only one that these words find.

    A guarded one is never found: it has to be named in full. What was found is told. Raises
    NotFound, or Ended where several fit.
    """
    name = " ".join(words)
    try:
        return profile_named(catalog, name)
    except NotFound:
        if not at_terminal():
            raise
        fitting = search_of(context, catalog).find(name)
        if not fitting:
            raise
    names = [row.profile for row in fitting if row.profile and not row.guarded]
    if not names:
        raise Ended(managed_text.guarded_by_name(fitting[0].profile or ""), 1)
    if len(names) > 1:
        raise Ended(search_text.several(name, names), 2)
    note(search_text.matched(name, names[0]))
    return profile_named(catalog, names[0])


def named_once(named: Sequence[str], profile: str | None) -> tuple[str, ...]:
    """Return the words for a profile that was named as ``PROFILE`` or by ``--profile P``."""
    if named and profile is not None:
        raise WrongUse("Give the profile once.")
    return tuple(named) if profile is None else (profile,)


def profile_meant(
    context: CommandContext, catalog: Catalog, words: Sequence[str], in_force: str | None
) -> Profile:
    """Return the profile that the words name or find, else the one in force."""
    if words:
        return profile_found(context, catalog, words)
    if in_force is None:
        raise WrongUse("No profile is active. Name one with --profile.")
    return profile_named(catalog, in_force)
