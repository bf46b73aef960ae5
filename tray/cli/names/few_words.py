"""A profile by a few words, at a terminal only: in a script a name is exact."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from tray.cli.accounts.named_role import NO_ROLE, NamedRole, role_named
from tray.cli.command_context import CommandContext
from tray.cli.front.terminal import Ended, WrongUse, note
from tray.cli.names.name_lookup import profile_named
from tray.core.accounts.account_index import role_rows
from tray.core.accounts.role_search import RoleRow, RoleSearch
from tray.core.model import Catalog, Profile
from tray.core.profiles.bare_role import bare_role
from tray.core.text import index_text, managed_text, search_text
from tray.errors import NotFound
from tray.storage.account_records import read_index
from tray.storage.active_profile import read_active, read_previous
from tray.storage.remembered_file import read_remembered


def at_terminal() -> bool:
    """Whether a person types and reads: both streams are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def search_of(context: CommandContext, catalog: Catalog, *, bare: bool = False) -> RoleSearch:
    """
    Return the search over all profiles that can be used, favourites and those used last first.

    `bare`: roles without a profile, too.
    """
    guarded = context.settings_or_safe().preferences.guarded
    state = context.paths.state
    rows = role_rows(read_index(state), catalog, guarded, bare=bare)
    remembered = read_remembered(state).with_profiles(catalog.profiles)
    names = (read_active(state), read_previous(state))
    recent = [(name,) for name in names if name is not None]
    return RoleSearch(rows, (*remembered.favourites, *recent, *remembered.recent))


def profile_found(
    context: CommandContext, catalog: Catalog, words: Sequence[str], *, bare: bool = False
) -> Profile:
    """
    Return the profile of this name, or at a terminal the only one that these words find.

    A guarded one is never found: it has to be named in full. What was found is told. `bare`: a
    role without a profile is found, too. Raises NotFound, or Ended where several fit.
    """
    name = " ".join(words)
    try:
        return profile_named(catalog, name)
    except NotFound:
        if not at_terminal():
            raise
        fitting = search_of(context, catalog, bare=bare).find(name)
        if not fitting:
            raise
    free = [row for row in fitting if not row.guarded]
    if not free:
        raise Ended(_guarded(fitting[0]), 1)
    if len(free) > 1:
        raise Ended(search_text.several(name, [_shown(row) for row in free]), 2)
    note(search_text.matched(name, _shown(free[0])))
    return _used(catalog, free[0])


def _guarded(row: RoleRow) -> str:
    if row.profile is not None:
        return managed_text.guarded_by_name(row.profile)
    return index_text.guarded_role(row.account_name or row.account_id or "", row.role_name or "")


def _shown(row: RoleRow) -> str:
    if row.profile is not None:
        return row.profile
    return f"{row.account_name or row.account_id}/{row.role_name}"


def _used(catalog: Catalog, row: RoleRow) -> Profile:
    if row.profile is not None:
        return profile_named(catalog, row.profile)
    session = next(one for one in catalog.sessions if one.key == row.session)
    return bare_role(session, row.account_id or "", row.role_name or "", catalog.profiles)


def role_picked(context: CommandContext, catalog: Catalog, active: str | None) -> Profile:
    """Return what is picked from a list of all roles, guarded ones too; raises Ended, WrongUse."""
    if not at_terminal() or os.environ.get("TERM") == "dumb":
        raise WrongUse("A list to pick from needs a terminal.")
    from tray.cli.names.profile_picker import pick

    row = pick(search_of(context, catalog, bare=True), active, guarded=True)
    if row is None:
        raise Ended("", 1)
    return _used(catalog, row)


def named_once(named: Sequence[str], profile: str | None) -> tuple[str, ...]:
    """Return the words for a profile that was named as ``PROFILE`` or by ``--profile P``."""
    if named and profile is not None:
        raise WrongUse("Give the profile once.")
    return tuple(named) if profile is None else (profile,)


def profile_meant(
    context: CommandContext,
    catalog: Catalog,
    words: Sequence[str],
    in_force: str | None,
    named: NamedRole = NO_ROLE,
) -> Profile:
    """Return the role that is named, the profile that the words name or find, else the active."""
    if named.given:
        if words:
            raise WrongUse("Give a profile, or --account and --role, not both.")
        return role_named(context, catalog, named)
    if words:
        return profile_found(context, catalog, words, bare=True)
    if in_force is None:
        raise WrongUse("No profile is active. Name one with --profile.")
    return profile_named(catalog, in_force)
