"""Plans which profiles to add for a session's roles, their names, and which are gone. Pure."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from tray.core.model import Profile, SsoSession
from tray.core.profiles.guards import MANAGED_PROFILE, is_guarded
from tray.values import dataclass

TEMPLATE: Final = "{account_name}-{role_name}"
FIELDS: Final = ("account_name", "account_id", "role_name", "email", "session")
_UNFIT: Final = re.compile(r"[^A-Za-z0-9_.@+-]+")
"""Not allowed in names: the JavaScript SDK drops a profile whose name has more (measured)."""
_SESSION: Final = re.compile(r"[A-Za-z0-9_.@+%:/-]+")
_TELL_ACCOUNTS_APART: Final = ("{account_name}", "{email}")
_OURS: Final = frozenset({
    "sso_session", "sso_start_url", "sso_region", "sso_account_id", "sso_role_name", "region",
    "output",
})  # fmt: skip
"""The keys of a profile as we write it; one with more was edited by the user."""


@dataclass(frozen=True, slots=True, order=True)
class Assignment:
    """One role of a user in one account, as the portal lists it; account details may be empty."""

    account_id: str
    role_name: str
    account_name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class ProfilePlan:
    new: tuple[tuple[str, Assignment], ...] = ()  # sorted by account and role
    there: tuple[str, ...] = ()  # exist already and are left alone
    gone: tuple[str, ...] = ()  # of the session, with a role no longer assigned


def template_flaw(template: str) -> str | None:
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError:
        return 'The name template has an unmatched "{" or "}".'
    fields = [(name, form, conversion) for _, name, form, conversion in parts if name is not None]
    for text, *_ in parts:
        if unfit := _UNFIT.search(text):
            return (
                f'A profile name can\'t hold "{unfit[0]}": the AWS SDK for JavaScript leaves out '
                "profiles with anything but letters, digits and . _ @ + - in their names."
            )
    known = ", ".join(f"{{{name}}}" for name in FIELDS)
    for name, form, conversion in fields:
        if name not in FIELDS or form or conversion:
            return f"The name template can only use {known}."
    return None


def session_name_flaw(name: str) -> str | None:
    # The JavaScript SDK drops a section whose name has anything else (measured).
    flaw = "use letters, digits and . _ @ + - only (no spaces)"
    return None if _SESSION.fullmatch(name) else flaw


def profile_name(template: str, one: Assignment, session: str) -> str:
    """Return a name of plain letters, digits and ``_.@+-``; the template must be valid."""
    values = {
        "account_name": one.account_name or one.account_id,
        "account_id": one.account_id,
        "role_name": one.role_name,
        "email": one.email,
        "session": session,
    }
    fit = {name: fit_for_a_name(value) for name, value in values.items()}
    fit["account_name"] = fit["account_name"] or one.account_id
    return fit_for_a_name(template.format(**fit)) or one.account_id


def fit_for_a_name(text: str) -> str:
    """Keep the letters every SDK takes; accents and other scripts are dropped."""
    plain = unicodedata.normalize("NFKD", text)
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return _UNFIT.sub("-", bare).strip("-")


def chosen(
    every: Iterable[Assignment], accounts: Sequence[str], roles: Sequence[str]
) -> tuple[Assignment, ...]:
    """Match shell patterns, ignoring case, of accounts (id or name) and roles; none: all."""
    return tuple(
        one
        for one in sorted(every)
        if _fits(accounts, one.account_id, one.account_name) and _fits(roles, one.role_name)
    )


def _fits(patterns: Sequence[str], *names: str) -> bool:
    return not patterns or any(
        fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns for name in names
    )


def profiles_of(key: str, profiles: Sequence[Profile]) -> dict[tuple[str, str], str]:
    """Map account and role to the first such profile; chained ones do not count."""
    return {
        (one.account_id, one.role_name): one.name
        for one in reversed(profiles)
        if one.kind == "sso" and one.session == key and one.account_id and one.role_name
    }


def plan(
    session: SsoSession,
    profiles: Sequence[Profile],
    wanted: Sequence[Assignment],
    every: Sequence[Assignment],
    template: str,
    unknown: Collection[str] = (),
    *,
    again: bool = False,
) -> ProfilePlan:
    """
    Return what to add (of `wanted`) and what is gone; the template must be valid.

    Nothing is gone from `unknown` accounts, whose roles AWS did not list.

    Roles that would share a name all get a distinguishing suffix, at least the account's number.
    Two accounts of one name count even if only one was chosen, so that a profile's name does not
    depend on which was added first. A name that is still taken gets a number.

    A role that has a profile gets no other one; with `again` it does, under the template's name.
    """
    of_session = [one for one in profiles if one.kind == "sso" and one.session == session.key]
    known = profiles_of(session.key, profiles)
    if again:
        known = _named_so(wanted, of_session, session, template)
    fresh = [one for one in wanted if (one.account_id, one.role_name) not in known]
    taken = {one.name for one in profiles} | {"default", MANAGED_PROFILE}
    plain = [profile_name(template, one, session.key) for one in fresh]
    shared = Counter(plain)
    twins = _twins(session, every, template)
    new: list[tuple[str, Assignment]] = []
    for one, name in zip(fresh, plain, strict=True):
        named = name
        if shared[name] > 1 or (name, one.role_name) in twins or name in taken:
            named = _told_apart(name, one, template)
        new.append((free_name(named, taken), one))
        taken.add(new[-1][0])
    assigned = {(one.account_id, one.role_name) for one in every}
    return ProfilePlan(
        tuple(new),
        tuple(
            known[place] for one in wanted if (place := (one.account_id, one.role_name)) in known
        ),
        tuple(
            one.name
            for one in of_session
            if (one.account_id, one.role_name) not in assigned and one.account_id not in unknown
        ),
    )


def _named_so(
    wanted: Sequence[Assignment],
    of_session: Sequence[Profile],
    session: SsoSession,
    template: str,
) -> dict[tuple[str, str], str]:
    """Map account and role to the profile that already has the name it would be given."""
    there = {(one.name, one.account_id, one.role_name) for one in of_session}
    found = {}
    for one in wanted:
        name = profile_name(template, one, session.key)
        for named in (name, _told_apart(name, one, template)):
            if (named, one.account_id, one.role_name) in there:
                found[one.account_id, one.role_name] = named
    return found


def _twins(
    session: SsoSession, every: Sequence[Assignment], template: str
) -> frozenset[tuple[str, str]]:
    if not any(field in template for field in _TELL_ACCOUNTS_APART):
        return frozenset()  # the template is not meant to: who chose one role gets its plain name
    names = Counter((profile_name(template, one, session.key), one.role_name) for one in every)
    return frozenset(place for place, count in names.items() if count > 1)


def _told_apart(name: str, one: Assignment, template: str) -> str:
    if "{role_name}" not in template:
        name = f"{name}-{fit_for_a_name(one.role_name)}"
    return name if one.account_id in name else f"{name}-{one.account_id}"


def free_name(name: str, taken: Collection[str]) -> str:
    """Return a name that is not taken: with a number if it must."""
    if name not in taken:
        return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"


def profile_keys(
    session: SsoSession, one: Assignment, region: str | None, output: str | None
) -> dict[str, str]:
    keys = (
        {"sso_start_url": session.start_url, "sso_region": session.region}
        if session.legacy
        else {"sso_session": session.key}
    )
    keys |= {"sso_account_id": one.account_id, "sso_role_name": one.role_name}
    return keys | {
        name: value for name, value in (("region", region), ("output", output)) if value
    }


def usual_region(profiles: Iterable[Profile]) -> str | None:
    """The most frequent one, the first of equals."""
    regions = Counter(one.region for one in profiles if one.region)
    return max(regions, key=lambda one: regions[one], default=None)


def not_to_prune(
    name: str,
    keys: Collection[str],
    *,
    active: str | None,
    guarded: Iterable[str] | None,
    sources: Collection[str],
) -> str | None:
    """Return why a profile stays: only what is exactly as we would write it and unused may go."""
    if name == active:
        return "it is the active profile"
    if is_guarded(name, guarded):
        return "it is guarded"
    if name in sources:
        return "other profiles chain from it"
    own = sorted(set(keys) - _OURS)
    return f"it has settings of its own ({', '.join(own)})" if own else None


def sources_of(sections: Mapping[str, Mapping[str, object]]) -> frozenset[str]:
    found = (section.get("source_profile") for section in sections.values())
    return frozenset(name for name in found if isinstance(name, str))
