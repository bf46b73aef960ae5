"""Which sections of the two files are profiles and sso-sessions, and how the files merge."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from tray.aws.config.ini import Section
from tray.values import dataclass

_QUOTING = frozenset("\"'\\\t\r\n")
"""Without any of these, shlex would only split at blanks, and slowly."""


@dataclass(frozen=True, slots=True)
class MergedConfig:
    """Both files as one, equal to botocore's ``Session.full_config`` as far as it goes."""

    # by name, in the order of botocore's ``available_profiles``
    profiles: Mapping[str, Section]
    sso_sessions: Mapping[str, Section]  # name -> keys, from the config file alone
    services: Mapping[str, Section]  # name -> keys, from the config file alone
    places: Mapping[str, int]  # sso-session name -> how many profiles stand before it in the file
    # headers meant as profile or sso-session that botocore silently leaves out
    unreadable: tuple[str, ...]


def merge(config: Mapping[str, Section], credentials: Mapping[str, Section]) -> MergedConfig:
    """
    Return what the sections of both files say together.

    In the config file a profile's header is ``default`` or begins with ``profile``, and splits
    into two words as a shell would (botocore ``configloader.build_profile_map``): a later
    ``[profile "a"]`` replaces ``[profile a]`` whole, at its place. In the credentials file every
    header is a profile's name as it is, and its keys win one by one. Both mappings are taken over:
    do not use them afterwards.
    """
    profiles: dict[str, Section] = {}
    sso_sessions: dict[str, Section] = {}
    services: dict[str, Section] = {}
    places: dict[str, int] = {}
    unreadable: list[str] = []
    every = " ".join(config)
    unquoted = _QUOTING.isdisjoint(every)
    for header, section in config.items():
        kind, _, name = header.partition(" ")
        if unquoted and kind == "profile" and name and " " not in name:
            profiles[name] = section
            continue
        if header == "default":
            profiles[header] = section
            continue
        if not header.startswith(("profile", "sso-session", "services")):
            continue
        words = header_words(header)
        if len(words) != 2:
            if words[:1] != ["services"]:
                unreadable.append(header)
            continue
        name = words[1]
        if header[0] == "p":
            profiles[name] = section
        elif words[0] == "services":
            services[name] = section
        elif header.startswith("sso-session"):
            sso_sessions[name] = section
            places.setdefault(name, len(profiles))
    for name, section in credentials.items():
        if name in profiles:
            profiles[name].update(section)
        else:
            profiles[name] = section
    return MergedConfig(profiles, sso_sessions, services, places, tuple(unreadable))


def header_words(header: str) -> list[str]:
    """Split a section header as a shell would; no words where that is impossible."""
    if _QUOTING.isdisjoint(header):
        return [word for word in header.split(" ") if word]
    try:
        return shlex.split(header)
    except ValueError:
        return []
