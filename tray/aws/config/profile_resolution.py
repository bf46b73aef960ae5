"""Which session a profile's credentials come from, or why they come from none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from tray.aws.config.config_sections import MergedConfig
from tray.aws.config.connection_keys import CONNECTION_KEYS, connection_of
from tray.aws.config.ini import Section, Value
from tray.aws.config.sso_sessions import session_key, text_of
from tray.core.connection import AWS_DEFAULTS
from tray.core.model import Profile, SsoSession
from tray.core.profiles.source_chain import source_chain
from tray.core.text.display_names import clean

_REQUIRED = ("sso_role_name", "sso_account_id", "sso_start_url", "sso_region")
"""What botocore's ``SSOProvider`` requires, in its order."""

_SOURCES = ("Environment", "EcsContainer", "Ec2InstanceMetadata")  # of ``credential_source``

_OF_THE_ASKER = ("Environment", "EcsContainer")

_STATIC = ("aws_access_key_id", "aws_secret_access_key")

_OTHER_CREDENTIALS = (*_STATIC, "credential_process", "login_session", "web_identity_token_file")
"""Any of these gives a profile credentials without SSO."""

_SHOWN = ("sso_region", "region", "sso_account_id", "sso_role_name", "output")
"""Keys whose values may be quoted when they disagree; a start URL may hold a password."""

_LONGEST_CHAIN = 100  # hops; AWS needs two or three, and botocore runs out of stack not far beyond


class ConfigIndex:
    def __init__(self, merged: MergedConfig, sessions: Mapping[str, SsoSession]) -> None:
        self.merged = merged
        self.sessions = sessions
        self.delicate = {
            name: frozenset(section).union(
                ("role_arn", "web_identity_token_file", *CONNECTION_KEYS)
            )
            for name, section in merged.sso_sessions.items()
            if text_of(section, "sso_start_url") and text_of(section, "sso_region")
        }
        """Complete sso-sessions, each with the keys that exclude the fast path of `describe`."""

    def session_of(self, settings: Section) -> str | None:
        key = session_key(settings)
        if key is None or key not in self.sessions:
            return None
        return None if "sso_session" in settings and self.sessions[key].legacy else key


def describe(name: str, settings: Section, known: ConfigIndex) -> Profile:
    """
    Return what a profile with these merged keys is, by botocore's order of providers.

    A role assumed from a ``source_profile`` comes first, then web identity, then SSO, which needs
    ``sso_account_id`` or ``sso_role_name``. A profile that names a session but takes no role from
    it (a bearer-token profile, or one made only for ``aws sso login --profile``) is ``other`` and
    still carries its session, so that signing in by its name works.
    """
    # The fast path: nearly all profiles of a large file take a role from a complete sso-session.
    session = settings.get("sso_session")
    if isinstance(session, str) and (delicate := known.delicate.get(session)) is not None:
        account = settings.get("sso_account_id")
        role = settings.get("sso_role_name")
        region = settings.get("region")
        if (
            account
            and role
            and delicate.isdisjoint(settings)
            and isinstance(account, str)
            and isinstance(role, str)
            and not isinstance(region, dict)
        ):
            return Profile(name, "sso", session, account, role, region or None)
    resolve = _chained if _assumes_role(settings) else _direct
    profile = resolve(name, settings, known)
    connection = connection_of(settings, known.merged.services)
    return profile if connection == AWS_DEFAULTS else replace(profile, connection=connection)


def _direct(name: str, settings: Section, known: ConfigIndex) -> Profile:
    session = known.session_of(settings)
    region = text_of(settings, "region") or None
    problem = _web_problem(name, settings) or _login_problem(name, settings, session, known)
    if not _is_sso(settings):
        asker = _is_of_the_asker(name, known.merged.profiles)
        return Profile(
            name, "other", session, None, None, region, problem, of_the_asker=asker
        )  # fmt: skip
    section = _section_of(settings, known)
    account, role = _account_and_role(settings, section)
    problem = problem or _sso_problem(name, settings, section)
    return Profile(name, "sso", session, account, role, region, problem)


def _assumes_role(settings: Section) -> bool:
    return "role_arn" in settings and "web_identity_token_file" not in settings


def _is_sso(settings: Section) -> bool:
    named = "sso_account_id" in settings or "sso_role_name" in settings
    return named and not settings.get("web_identity_token_file")


def _section_of(settings: Section, known: ConfigIndex) -> Section:
    name = settings.get("sso_session")
    return known.merged.sso_sessions.get(name, {}) if isinstance(name, str) else {}


def _account_and_role(settings: Section, section: Section) -> tuple[str | None, str | None]:
    account, role = (
        text_of(settings, key) or text_of(section, key) or None
        for key in ("sso_account_id", "sso_role_name")
    )
    return account, role


def _web_problem(name: str, settings: Section) -> str | None:
    """Return why botocore's web identity provider, where it applies, would give nothing."""
    if settings.get("web_identity_token_file") and not settings.get("role_arn"):
        return f"{_the(name)} has a web_identity_token_file but no role_arn."
    return None


def _login_problem(
    name: str, settings: Section, session: str | None, known: ConfigIndex
) -> str | None:
    """Return why the session that a profile names is missing, or is another one."""
    named = settings.get("sso_session")
    if named is not None:
        if session is not None:
            return None
        quoted = clean(named) if isinstance(named, str) else "a block"
        return f'{_the(name)} names the sso-session "{quoted}", which doesn\'t exist.'
    region = text_of(settings, "sso_region")
    if session is not None and region and region != known.sessions[session].region:
        return (
            f"{_the(name)} has sso_region {clean(region)}, but its start URL is already used "
            f"with {clean(known.sessions[session].region)}."
        )
    return None


def _sso_problem(name: str, settings: Section, section: Section) -> str | None:
    for key, value in section.items():
        if settings.get(key, value) != value:
            session = clean(text_of(settings, "sso_session"))
            return (
                f'{_the(name)} and its sso-session "{session}" disagree on '
                f"{clean(key)}{_two_values(key, settings[key], value)}."
            )
    missing = [key for key in _REQUIRED if not (text_of(settings, key) or text_of(section, key))]
    return f"{_the(name)} has no {' and no '.join(missing)}." if missing else None


def _two_values(key: str, one: Value, other: Value) -> str:
    if key not in _SHOWN or not isinstance(one, str) or not isinstance(other, str):
        return ""
    return f' ("{clean(one)}" and "{clean(other)}")'


def _chained(name: str, settings: Section, known: ConfigIndex) -> Profile:
    """A profile with a ``role_arn`` is chained if an SSO profile is at its end."""
    region = text_of(settings, "region") or None
    end, problem = _follow(name, known.merged.profiles)
    source = known.merged.profiles[end] if end is not None else {}
    if end is None or not _is_sso(source):
        problem = problem or _web_problem(end or name, source)
        asker = _is_of_the_asker(name, known.merged.profiles)
        return Profile(
            name, "other", known.session_of(settings), None, None, region, problem,
            of_the_asker=asker,
        )  # fmt: skip
    session = known.session_of(source)
    section = _section_of(source, known)
    problem = _login_problem(end, source, session, known) or _sso_problem(end, source, section)
    if problem:
        problem = f"{_the(name)} can't get its credentials: {problem}"
    account, role = _account_and_role(source, section)
    return Profile(name, "chained", session, account, role, region, problem)


def _follow(name: str, profiles: Mapping[str, Section]) -> tuple[str | None, str | None]:
    """Return where a chain begins, or why nowhere, by botocore's ``AssumeRoleProvider``."""
    visited = {name}
    current = name
    while len(visited) <= _LONGEST_CHAIN:
        source, problem = _source_of(current, profiles)
        if source is None:
            return None, problem
        settings = profiles[source]
        has_keys = any(key in settings for key in _STATIC)
        if source in visited and not (source == current and has_keys):
            return None, f"{_the(name)} leads back to itself through source_profile."
        if has_keys or not _assumes_role(settings):
            if _is_sso(settings) or any(key in settings for key in _OTHER_CREDENTIALS):
                return source, None
            named = f'{_the(current)} has the source_profile "{clean(source)}"'
            return None, f"{named}, which has no credentials."
        visited.add(source)
        current = source
    return None, f"{_the(name)} has a chain of more than {_LONGEST_CHAIN} source profiles."


def _is_of_the_asker(name: str, profiles: Mapping[str, Section]) -> bool:
    """Whether SDKs take the credentials from their own surroundings, which are not ours."""
    *_, end = islice(source_chain(name, profiles), _LONGEST_CHAIN)
    settings = profiles.get(end, {})
    return settings.get("credential_source") in _OF_THE_ASKER or "credential_process" in settings


def _source_of(name: str, profiles: Mapping[str, Section]) -> tuple[str | None, str | None]:
    """Return the next profile of a chain, or why there is none; neither where AWS gives keys."""
    settings = profiles[name]
    source = settings.get("source_profile")
    place = settings.get("credential_source")
    if source is not None and place is not None:
        return None, f"{_the(name)} has both source_profile and credential_source."
    if place is not None:
        if place in _SOURCES:
            return None, None
        return None, f"{_the(name)} has an unknown credential_source; use one of {_SOURCES}."
    if source is None:
        return None, f"{_the(name)} has a role_arn but no source_profile or credential_source."
    if not isinstance(source, str) or source not in profiles:
        shown = clean(source) if isinstance(source, str) else "a block"
        return None, f'{_the(name)} has the source_profile "{shown}", which doesn\'t exist.'
    return source, None


def _the(name: str) -> str:
    return f'The profile "{clean(name)}"'
