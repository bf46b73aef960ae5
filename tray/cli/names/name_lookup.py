"""Which session or profile a name means; an unknown one is answered with the nearest ones."""

from __future__ import annotations

from collections.abc import Iterable

from tray.cli.front.terminal import WrongUse
from tray.core.model import Catalog, Profile, SsoSession
from tray.core.text.display_names import clean, shown_names
from tray.core.text.sentences import listed
from tray.errors import NotFound, UserMustAct

_SHOWN = 12


def session_named(catalog: Catalog, name: str) -> SsoSession:
    """Return the session of this name, shown name or profile (C1); NotFound, UserMustAct."""
    for session in catalog.sessions:
        if session.key == name:
            return session
    profile = next((one for one in catalog.profiles if one.name == name), None)
    if profile is not None:
        return session_of(catalog, profile)
    shown = [one for one in catalog.sessions if name in shown_names(one.key)]
    if len(shown) == 1:
        return shown[0]
    known = [session.key for session in catalog.sessions]
    raise unknown("session or profile", name, known + [one.name for one in catalog.profiles])


def session_of(catalog: Catalog, profile: Profile) -> SsoSession:
    for session in catalog.sessions:
        if session.key == profile.session:
            return session
    raise UserMustAct(
        profile.problem or f'The profile "{clean(profile.name)}" doesn\'t use an SSO session.'
    )


def profile_named(catalog: Catalog, name: str) -> Profile:
    for profile in catalog.profiles:
        if profile.name == name:
            return profile
    raise unknown("profile", name, [one.name for one in catalog.profiles])


def session_meant(catalog: Catalog, name: str | None, in_force: str | None) -> SsoSession:
    """Return the named session, else that of the profile in force, else the only one."""
    if name is not None:
        return session_named(catalog, name)
    active = next((one for one in catalog.profiles if one.name == in_force), None)
    if active is not None and active.session is not None:
        return session_of(catalog, active)
    if len(catalog.sessions) == 1:
        return catalog.sessions[0]
    if not catalog.sessions:
        raise WrongUse("No SSO session is configured. Run: sso-tray add")
    raise WrongUse(f"Name a session: {_some(one.key for one in catalog.sessions)}.")


def unknown(what: str, name: str, known: list[str]) -> NotFound:
    from difflib import get_close_matches

    from tray.cli.add.pasted_text import pasted

    paste = pasted(name, asked=False)
    if paste is not None:
        return NotFound(paste)
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    missing = f'The AWS config has no {what} "{clean(name)}".'
    if near:
        quoted = [f'"{clean(one)}"' for one in near]
        choice = quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
        return NotFound(f"{missing} Did you mean {choice}?")
    return NotFound(f"{missing} It has: {_some(dict.fromkeys(known))}." if known else missing)


def _some(names: Iterable[str]) -> str:
    return listed([clean(name) for name in names], _SHOWN)
