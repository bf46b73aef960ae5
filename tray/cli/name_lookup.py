"""Which session or profile a person means; an unknown name is answered with the nearest ones."""

from __future__ import annotations

from collections.abc import Iterable

import click

from tray.core.model import Catalog, Profile, SsoSession
from tray.core.text.display_names import clean
from tray.errors import NotFound, UserMustAct

_SHOWN = 12


def session_named(catalog: Catalog, name: str) -> SsoSession:
    """
    Return the session a name means: itself, or the one of the profile so called (C1).

    Raises:
        NotFound: there is neither.
        UserMustAct: the profile belongs to no session.
    """
    for session in catalog.sessions:
        if session.key == name:
            return session
    profile = next((one for one in catalog.profiles if one.name == name), None)
    if profile is None:
        known = [session.key for session in catalog.sessions]
        known += [one.name for one in catalog.profiles]
        raise NotFound(_unknown("session or profile", name, known))
    return session_of(catalog, profile)


def session_of(catalog: Catalog, profile: Profile) -> SsoSession:
    """
    Return the session a profile belongs to.

    Raises:
        UserMustAct: it belongs to none.
    """
    for session in catalog.sessions:
        if session.key == profile.session:
            return session
    raise UserMustAct(
        profile.problem or f'The profile "{clean(profile.name)}" belongs to no SSO session.'
    )


def profile_named(catalog: Catalog, name: str) -> Profile:
    """
    Return a profile by its name.

    Raises:
        NotFound: there is none.
    """
    for profile in catalog.profiles:
        if profile.name == name:
            return profile
    raise NotFound(_unknown("profile", name, [one.name for one in catalog.profiles]))


def session_meant(catalog: Catalog, name: str | None, in_force: str | None) -> SsoSession:
    """
    Return the session a command is about.

    Args:
        catalog: the AWS config.
        name: what was typed; None: the session of the active profile, else the only session.
        in_force: the profile commands without a name are about.

    Raises:
        NotFound: there is nothing of this name.
        click.UsageError: nothing was typed and there are several sessions, or none.
    """
    if name is not None:
        return session_named(catalog, name)
    active = next((one for one in catalog.profiles if one.name == in_force), None)
    if active is not None and active.session is not None:
        return session_of(catalog, active)
    if len(catalog.sessions) == 1:
        return catalog.sessions[0]
    if not catalog.sessions:
        raise click.UsageError("The AWS config has no SSO session.")
    raise click.UsageError(f"Name a session: {listed(one.key for one in catalog.sessions)}.")


def profile_meant(catalog: Catalog, name: str | None, in_force: str | None) -> Profile:
    """
    Return the profile a command is about.

    Raises:
        NotFound: there is none of this name.
        click.UsageError: nothing was typed and no profile is active.
    """
    wanted = name or in_force
    if wanted is None:
        raise click.UsageError("No profile is active: name one with --profile.")
    return profile_named(catalog, wanted)


def listed(names: Iterable[str]) -> str:
    """List some names for a sentence; a long list is cut."""
    every = [clean(name) for name in names]
    more = len(every) - _SHOWN
    return ", ".join(every[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _unknown(what: str, name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3, cutoff=0.5)
    there = f'There is no {what} "{clean(name)}" in the AWS config'
    if near:
        return f"{there}; the nearest: {listed(near)}."
    return f"{there}; it has: {listed(dict.fromkeys(known))}." if known else f"{there}."
