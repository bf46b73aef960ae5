"""
Which profiles to add for the roles a session gives, how they are called, and which are gone.

Pure: from what the portal lists and what the config has to a plan, which is shown before it is
written.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from tray.core.model import Profile, SsoSession

TEMPLATE: Final = "{account_name}-{role_name}"
FIELDS: Final = ("account_name", "account_id", "role_name", "email", "session")
_UNFIT: Final = re.compile(r"[^\w.@+-]+")


@dataclass(frozen=True, slots=True, order=True)
class Assignment:
    """
    One role of a user in one account, as the portal lists it.

    Args:
        account_id: 12 digits.
        role_name: the permission set.
        account_name, email: of the account, possibly empty.
    """

    account_id: str
    role_name: str
    account_name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What adding would do.

    Args:
        new: names and what they are for, by account and role.
        there: profiles that exist for a chosen role already; they are left alone.
        gone: profiles of the session whose role is not assigned any more.
    """

    new: tuple[tuple[str, Assignment], ...] = ()
    there: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def template_flaw(template: str) -> str | None:
    """Return why a template makes no names, as one sentence, or None."""
    try:
        fields = [
            (name, form, conversion)
            for _, name, form, conversion in string.Formatter().parse(template)
            if name is not None
        ]
    except ValueError:
        return 'The name template has a "{" or "}" that stands alone.'
    known = ", ".join(f"{{{name}}}" for name in FIELDS)
    for name, form, conversion in fields:
        if name not in FIELDS or form or conversion:
            return f"The name template may have {known}."
    return None


def profile_name(template: str, one: Assignment, session: str) -> str:
    """
    Return the name of a profile, made of letters, digits and ``_.@+-``.

    Args:
        template: has no flaw.
        one: what it is for.
        session: the session's name.
    """
    values = {
        "account_name": one.account_name or one.account_id,
        "account_id": one.account_id,
        "role_name": one.role_name,
        "email": one.email,
        "session": session,
    }
    fit = {name: _UNFIT.sub("-", value).strip("-") for name, value in values.items()}
    return _UNFIT.sub("-", template.format(**fit)).strip("-") or one.account_id


def chosen(
    every: Iterable[Assignment], accounts: Sequence[str], roles: Sequence[str]
) -> tuple[Assignment, ...]:
    """
    Return the assignments that fit, by account and role.

    Args:
        every: what the portal lists.
        accounts: shell patterns for account id or name, case ignored; none: all.
        roles: likewise for role names.
    """
    return tuple(
        one
        for one in sorted(every)
        if _fits(accounts, one.account_id, one.account_name) and _fits(roles, one.role_name)
    )


def _fits(patterns: Sequence[str], *names: str) -> bool:
    return not patterns or any(
        fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns for name in names
    )


def plan(
    session: SsoSession,
    profiles: Sequence[Profile],
    wanted: Sequence[Assignment],
    every: Sequence[Assignment],
    template: str,
) -> Plan:
    """
    Return what to add and what is gone.

    Two roles that would get one name both get the account's number behind it; what still meets a
    name that is taken gets a number.

    Args:
        session: whose roles.
        profiles: all profiles of the config.
        wanted: the chosen assignments, in order.
        every: all assignments of the user.
        template: has no flaw.
    """
    of_session = [one for one in profiles if one.kind == "sso" and one.session == session.key]
    known = {(one.account_id, one.role_name): one.name for one in reversed(of_session)}
    fresh = [one for one in wanted if (one.account_id, one.role_name) not in known]
    taken = {one.name for one in profiles} | {"default"}
    plain = [profile_name(template, one, session.key) for one in fresh]
    new: list[tuple[str, Assignment]] = []
    for one, name in zip(fresh, plain, strict=True):
        named = name
        if plain.count(name) > 1 or name in taken:
            named = f"{name}-{one.account_id}" if one.account_id not in name else name
        new.append((_free(named, taken), one))
        taken.add(new[-1][0])
    assigned = {(one.account_id, one.role_name) for one in every}
    return Plan(
        tuple(new),
        tuple(
            known[place] for one in wanted if (place := (one.account_id, one.role_name)) in known
        ),
        tuple(one.name for one in of_session if (one.account_id, one.role_name) not in assigned),
    )


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"


def profile_keys(
    session: SsoSession, one: Assignment, region: str | None, output: str | None
) -> dict[str, str]:
    """Return the keys of a new profile, those of its session's style."""
    keys = (
        {"sso_start_url": session.start_url, "sso_region": session.region}
        if session.legacy
        else {"sso_session": session.key}
    )
    keys |= {"sso_account_id": one.account_id, "sso_role_name": one.role_name}
    return keys | {
        name: value for name, value in (("region", region), ("output", output)) if value
    }
