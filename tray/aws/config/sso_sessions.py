"""Which sessions the two files name, under which key, and what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from tray.aws.config.config_sections import MergedConfig
from tray.aws.config.ini import Section, Value
from tray.core.model import SsoSession
from tray.core.text.display_names import clean

DEFAULT_SCOPES = ("sso:account:access",)  # where the config names none (rule L2)

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}")
"""What may become part of a host name; ``eusc-de-east-1`` is the one with four letters."""


def session_key(settings: Mapping[str, Value]) -> str | None:
    """Return ``sso_session``, else ``sso_start_url`` as written, even of no session (S1)."""
    key = settings.get("sso_session")
    if key is None:
        key = settings.get("sso_start_url") or None
    return key if isinstance(key, str) else None


def text_of(settings: Mapping[str, Value], key: str) -> str:
    """Return a value's text; empty where it is missing or a nested block."""
    value = settings.get(key)
    return value if isinstance(value, str) else ""


def find_sessions(merged: MergedConfig) -> dict[str, SsoSession]:
    """
    Return every session by its key, in file order, without its profiles.

    A legacy session stands at its first profile and has the first region its profiles give. An
    sso-session named like a start URL shares its token file, and the section counts.
    """
    places = [(before, False, name) for name, before in merged.places.items()]
    legacy: dict[str, tuple[str, str]] = {}
    having_url = [name for name, keys in merged.profiles.items() if "sso_start_url" in keys]
    order = {name: place for place, name in enumerate(merged.profiles)} if having_url else {}
    for name in having_url:
        settings = merged.profiles[name]
        url = session_key(settings)
        if url is None or "sso_session" in settings or url in merged.sso_sessions:
            continue
        if url not in legacy:
            places.append((order[name], True, url))
            legacy[url] = (name, "")
        if not legacy[url][1]:
            legacy[url] = (legacy[url][0], text_of(settings, "sso_region"))
    places.sort(key=lambda place: place[:2])
    return {
        key: _legacy(key, *legacy[key]) if is_legacy else _named(key, merged.sso_sessions[key])
        for _, is_legacy, key in places
    }


def _named(name: str, section: Section) -> SsoSession:
    url = text_of(section, "sso_start_url")
    region = text_of(section, "sso_region")
    return SsoSession(
        key=name,
        start_url=url,
        region=region,
        scopes=scopes_of(text_of(section, "sso_registration_scopes")),
        problem=_problem(f'The sso-session "{clean(name)}"', url, region),
    )


def _legacy(url: str, profile: str, region: str) -> SsoSession:
    return SsoSession(
        key=url,
        start_url=url,
        region=region,
        scopes=DEFAULT_SCOPES,
        legacy=True,
        problem=_problem(f'The profile "{clean(profile)}"', url, region),
    )


def scopes_of(text: str) -> tuple[str, ...]:
    """Split a comma separated list as ``parse_sso_registration_scopes`` does."""
    return tuple(scope for part in text.split(",") if (scope := part.strip())) or DEFAULT_SCOPES


def _problem(owner: str, url: str, region: str) -> str | None:
    missing = [key for key, value in (("sso_start_url", url), ("sso_region", region)) if not value]
    if missing:
        return f"{owner} has no {' and no '.join(missing)}."
    flaw = start_url_flaw(url)
    if flaw is not None:
        return f"{owner}: {flaw}."
    wrong = region_flaw(region)
    return None if wrong is None else f"{owner}: {wrong}."


def region_flaw(region: str) -> str | None:
    """Return why this isn't an AWS region, as a clause, or None."""
    if _REGION.fullmatch(region):
        return None
    if _REGION.fullmatch(region.lower()):
        return f'the region "{clean(region)}" must be in lower case'
    return f'"{clean(region)}" isn\'t an AWS region (example: eu-west-1)'


def start_url_flaw(url: str) -> str | None:
    """Return why a start URL is refused, as a clause that never quotes it, or None."""
    if " #" in url or " ;" in url:
        return "a comment follows the start URL, but in a value # and ; begin none"
    if not url.isprintable() or " " in url:
        return "the start URL contains spaces or invisible characters"
    if "\\" in url:
        return "the start URL contains a backslash"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "the start URL isn't a valid URL"
    if parts.scheme != "https":
        return "the start URL must begin with https://"
    if "@" in parts.netloc:
        return "the start URL contains a user name"
    if not host or port == 0:
        return "the start URL has no host"
    return None
