"""
What config and environment do to profiles: what is refused, read differently, shadowed.

However large a config is, a kind of trouble takes a line or a few: names are grouped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tray.core.connection import ConnectionSettings, disagreements
from tray.core.doctor.findings import Facts, Finding, Quirk, counted
from tray.core.model import Catalog
from tray.core.profiles.guards import MANAGED_PROFILE, shell_follows
from tray.core.profiles.source_chain import source_chain
from tray.core.text.display_names import clean

SHOWN: Final = 3
"""Names or sentences of one kind that are told; of the rest only how many."""

_JS_NAME: Final = re.compile(r"[\w\-@+.%:/]+", re.ASCII)
_COMMENT: Final = re.compile(r"\s[#;]")
_STATIC: Final = frozenset({"aws_access_key_id", "aws_secret_access_key"})
_SSO: Final = frozenset({"sso_session", "sso_start_url"})
_KEYS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_WEB: Final = "AWS_WEB_IDENTITY_TOKEN_FILE"
_GIVE: Final = _STATIC | _SSO | {
    "credential_process", "credential_source", "login_session", "role_arn",
    "web_identity_token_file",
}  # fmt: skip
"""Keys with which a profile gives credentials."""
_QUIRKS: Final[dict[Quirk, tuple[str, str]]] = {
    "colon": ("a colon stands where the other SDKs want =", "write it with ="),
    "upper-case": (
        "a key is in upper case: the AWS CLI reads it, the JavaScript SDK does not",
        "write it in lower case",
    ),
    "two-defaults": (
        "[default] and [profile default] are both there: the AWS CLI takes the later one, the "
        "JavaScript SDK the second name",
        "keep [default] alone",
    ),
}


def config(facts: Facts) -> Iterator[Finding]:
    """Judge the config file and what each SDK makes of it."""
    if facts.config_problem is not None:
        remedy = "mend that line: until then every AWS tool stops there"
        yield Finding("config", "problem", facts.config_problem, remedy)
        return
    if facts.catalog is None:
        return
    catalog = facts.catalog
    if not catalog.profiles and not catalog.sessions:
        yield Finding("config", "note", "It has no profile yet.", "sso-tray add")
        return
    sessions, profiles = len(catalog.sessions), len(catalog.profiles)
    counts = f"{counted(sessions, 'session')}, {counted(profiles, 'profile')}"
    told = list(_unusable(catalog))
    if told:
        yield Finding("config", "ok", f"It can be read: {counts}. Not all can be used:")
    else:
        yield Finding("config", "ok", f"Every AWS tool accepts it: {counts}.")
    for problem in told[:SHOWN]:
        yield Finding("config", "problem", problem, f"mend it in {facts.config_place}")
    if len(told) > SHOWN:
        more = counted(len(told) - SHOWN, "entry").replace("entrys", "entries")
        yield Finding("config", "problem", f"{more} more cannot be used.", "sso-tray profiles")
    yield from _circles(facts)
    yield from _built_on_ours(facts, catalog)
    yield from _differing(facts, catalog)
    yield from _connections(catalog)


def _unusable(catalog: Catalog) -> Iterator[str]:
    """Yield what is wrong; a session's fault is told once, not for each of its profiles."""
    yield from catalog.problems
    broken = {one.key for one in catalog.sessions if one.problem is not None}
    yield from (one.problem for one in catalog.sessions if one.problem is not None)
    for one in catalog.profiles:
        if one.problem is not None and one.session not in broken:
            yield one.problem


def _circles(facts: Facts) -> Iterator[Finding]:
    """Find profiles that ask SSO Tray for what SSO Tray would have to ask them for (F3)."""
    for name, asked in facts.calls.items():
        wanted = asked if asked is not None else facts.active
        if wanted is None or name == wanted:
            circle = name == wanted
        else:
            circle = any(one in facts.calls for one in source_chain(wanted, facts.settings))
        if circle:
            yield Finding(
                "config",
                "problem",
                f'The profile "{clean(name)}" asks SSO Tray for "{clean(wanted or name)}", which '
                "asks SSO Tray: nothing comes of it.",
                "name another profile after --profile in its credential_process",
            )


def _built_on_ours(facts: Facts, catalog: Catalog) -> Iterator[Finding]:
    """Find an active profile whose source is the one that we let follow it (F3)."""
    if facts.active is None:
        return
    for name in source_chain(facts.active, facts.settings):
        if name == MANAGED_PROFILE or name in catalog.managed:
            words = f'The active profile "{clean(facts.active)}" builds on "{clean(name)}", which '
            words += "follows the active profile: nothing comes of it."
            yield Finding("config", "problem", words, "name another source_profile")
            return


def _connections(catalog: Catalog) -> Iterator[Finding]:
    """Find settings for reaching AWS that sign-in and renewal do not follow (F3)."""
    by_session: dict[str, set[ConnectionSettings]] = {}
    for profile in catalog.profiles:
        if profile.session is not None:
            by_session.setdefault(profile.session, set()).add(profile.connection)
    for key, settings in by_session.items():
        if keys := disagreements(settings):
            words = f'The profiles of "{clean(key)}" disagree on {", ".join(keys)}: '
            words += "sign-in and renewal use AWS's default."
            yield Finding("config", "note", words, "give all of them the same")


def _differing(facts: Facts, catalog: Catalog) -> Iterator[Finding]:
    """Find what works in one SDK and fails in another (measured)."""
    every = facts.settings
    dropped = [f'profile "{clean(name)}"' for name in every if not _JS_NAME.fullmatch(name)]
    dropped += [
        f'sso-session "{clean(one.key)}"'
        for one in catalog.sessions
        if not one.legacy and not _JS_NAME.fullmatch(one.key)
    ]
    if dropped:
        yield Finding(
            "config",
            "note",
            f"For the JavaScript SDK {_are(dropped)} not there: it drops names with a blank or a "
            "special letter.",
            "rename with letters, digits and - _ . @ + % : /",
        )
    both = [name for name, keys in every.items() if keys.keys() & _STATIC and keys.keys() & _SSO]
    if both:
        yield Finding(
            "config",
            "note",
            f"{_profiles(both)} keys and SSO: the AWS CLI takes SSO, the JavaScript SDK the keys.",
            "keep one of them",
        )
    commented = [
        f"{clean(key)} of {clean(name)}"
        for name, keys in every.items()
        for key, value in keys.items()
        if isinstance(value, str) and key not in _STATIC and _COMMENT.search(value)
    ]
    if commented:
        yield Finding(
            "config",
            "note",
            f"A comment stands behind {_some(commented)}: the AWS CLI reads it as part of the "
            "value, other SDKs do not.",
            "put the comment on a line of its own",
        )
    for quirk, (words, remedy) in _QUIRKS.items():
        lines = [str(line) for found, line in facts.quirks if found == quirk]
        if lines:
            where = f"{'line' if len(lines) == 1 else 'lines'} {_some(lines)}"
            yield Finding("config", "note", f"In {where} {words}.", remedy)
    elsewhere = [name for name, keys in every.items() if "endpoint_url" in keys]
    if elsewhere:
        yield Finding(
            "config",
            "note",
            f"{_profiles(elsewhere)} an endpoint_url: the AWS CLI signs in there, too, SSO Tray "
            "does not.",
            'name endpoints of sso and sso_oidc in a "services" section',
        )


def profile(facts: Facts) -> Iterator[Finding]:
    """Judge the active profile, and what keeps it from taking effect."""
    environ = facts.environ
    if facts.active is not None:
        yield _active(facts, facts.active)
    yield from _credentials_of(environ)
    yield from _exported(facts)
    region = "AWS_REGION" if environ.get("AWS_REGION") else "AWS_DEFAULT_REGION"
    own = facts.settings.get(facts.active or "", {}).get("region")
    if environ.get(region) and own is not None and own != environ[region]:
        yield Finding(
            "environment",
            "note",
            f"{region} is {clean(environ[region])} here, and wins over the active profile's.",
            f"unset {region}",
        )
    default = facts.settings.get("default", {})
    managed = facts.catalog is not None and "default" in facts.catalog.managed
    if default.keys() & _GIVE and not managed and facts.active != "default":
        yield Finding(
            "profile",
            "note",
            "[default] has credentials of its own: a bare aws uses them, not the active profile.",
            "give that section another name, then: sso-tray apply default",
        )
    # Keys in the credentials file win over a process; a role or SSO wins over them (measured).
    if managed and default.keys() & _STATIC and "credential_process" in default:
        yield Finding(
            "profile",
            "problem",
            "[default] follows the active profile, but has keys in the credentials file, too: "
            "every SDK takes those.",
            "remove them, or give that section another name",
        )


def _credentials_of(environ: Mapping[str, str]) -> Iterator[Finding]:
    """
    Judge credentials in the environment, by the order in which SDKs look (measured).

    A container's endpoint comes last everywhere and shadows no profile; a secret key or a session
    token without a key id is not looked at.
    """
    keys = [name for name in _KEYS if environ.get(name)]
    if environ.get(_KEYS[0]):
        words = (
            "AWS_ACCESS_KEY_ID is set here: a bare aws and boto3 use that key, whatever profile "
            "is active or in AWS_PROFILE; only --profile wins over it."
            if environ.get(_KEYS[1])
            else "AWS_ACCESS_KEY_ID is set here without AWS_SECRET_ACCESS_KEY: a bare aws and "
            "boto3 stop there."
        )
        yield Finding("environment", "problem", words, f"unset {' '.join(keys)}")
    if environ.get(_WEB):
        words = (
            "a bare aws and boto3 take that role before a profile's SSO, the JavaScript SDK after."
            if environ.get("AWS_ROLE_ARN")
            else "there is no AWS_ROLE_ARN with it, and the AWS CLI and boto3 stop there."
        )
        yield Finding("environment", "problem", f"{_WEB} is set here: {words}", f"unset {_WEB}")


def _active(facts: Facts, active: str) -> Finding:
    known = facts.catalog is None or active in {one.name for one in facts.catalog.profiles}
    if not known:
        words = f'The active profile "{clean(active)}" is no longer in the config.'
        return Finding("profile", "problem", words, "sso-tray use PROFILE")
    if facts.applies:
        through = ", ".join(facts.applies)
        words = f'The active profile "{clean(active)}" takes effect through {through}.'
        return Finding("profile", "ok", words)
    words = f'The active profile "{clean(active)}" is recorded, and nothing follows it.'
    return Finding("profile", "note", words, "sso-tray apply default (or: shell-init)")


def _exported(facts: Facts) -> Iterator[Finding]:
    if shell_follows(facts.environ):
        return
    name = next(
        (one for one in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE") if one in facts.environ), ""
    )
    exported = facts.environ.get(name)
    older = facts.environ.get("AWS_DEFAULT_PROFILE")
    if older is not None and exported and older != exported:
        words = (
            "AWS_PROFILE and AWS_DEFAULT_PROFILE differ here: the AWS CLI takes the first, boto3 "
        )
        yield Finding("environment", "note", f"{words}the second.", "unset AWS_DEFAULT_PROFILE")
    if exported == "":
        words = (
            f"{name} is empty here: the AWS CLI and boto3 look for a profile of no name, and stop."
        )
        yield Finding("environment", "problem", words, f"unset {name}")
    if not exported or exported == facts.active:
        return
    if facts.catalog is not None and exported in facts.catalog.managed:
        return  # our [default]: the active profile, by its other name (A3)
    shown = clean(exported)
    if facts.catalog is not None and exported not in {one.name for one in facts.catalog.profiles}:
        words = f'{name} is "{shown}" here, which the config does not have: every AWS tool stops.'
        yield Finding("environment", "problem", words, f"unset {name}")
    elif exported != MANAGED_PROFILE:  # that one is the active profile, by its other name (A1)
        words = f'{name} is "{shown}" here: it wins over the active profile.'
        yield Finding("environment", "note", words, f"unset {name}")


def _some(names: Iterable[str]) -> str:
    """Name a few, and say how many more there are."""
    every = list(names)
    shown, more = every[:SHOWN], len(every) - SHOWN
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _are(names: list[str]) -> str:
    return f"{_some(names)} {'is' if len(names) == 1 else 'are'}"


def _profiles(names: list[str]) -> str:
    shown = _some(f'"{clean(name)}"' for name in names)
    return f"The profile {shown} has" if len(names) == 1 else f"The profiles {shown} have"
