"""
What a managed section of the AWS config says, and whose it is (A1, A3, A4, A7). Pure.

Ownership is per key: a key is ours while it has the value that we wrote. Region, output and added
keys are the user's. Where another program or the user changed a key that gives credentials, the
section is theirs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar, Final, Literal

from tray.core.json_members import BadDocument, Document, flag, list_of, optional, text
from tray.core.model import Catalog, Profile
from tray.core.profiles.guards import MANAGED_PROFILE
from tray.values import dataclass

Target = Literal["default", "process"]
"""What ``apply`` writes: ``[default]``, or the stanza that hands credentials out."""

PROFILE_OF: Final[Mapping[Target, str]] = {"default": "default", "process": MANAGED_PROFILE}

GIVES_CREDENTIALS: Final = frozenset({
    "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "credential_process",
    "credential_source", "login_session", "role_arn", "source_profile", "sso_account_id",
    "sso_role_name", "sso_session", "sso_start_url", "web_identity_token_file",
})  # fmt: skip
"""Keys with which a ``[default]`` already holds the user's own credentials."""

_WOULD_MIX: Final = frozenset({
    "duration_seconds", "external_id", "mfa_serial", "role_session_name", "sso_region",
})  # fmt: skip
"""Keys that give nothing by themselves but would change what ours give."""

_OF_SSO: Final = ("sso_session", "sso_start_url", "sso_region", "sso_account_id", "sso_role_name")
_OF_A_CHAIN: Final = (
    "role_arn", "source_profile", "external_id", "duration_seconds", "role_session_name",
    "mfa_serial",
)  # fmt: skip
_BEFORE_LOGIN: Final = frozenset({"aws_access_key_id", "role_arn", "web_identity_token_file"})
"""Keys that AWS tools use before ``login_session``."""
_CONNECTION: Final = (
    "use_fips_endpoint", "use_dualstack_endpoint", "services", "endpoint_url",
    "ignore_configured_endpoint_urls", "ca_bundle", "sts_regional_endpoints",
)  # fmt: skip
"""Keys that say which hosts a profile's calls go to."""
PLACE: Final = frozenset({"region", "output"})
"""Keys that stay when ours are taken out of a section that became the user's."""
_WHERE_MISSING: Final = ("region", "output", *_CONNECTION)
_MIRRORED: Final = {"sso_session": 0, "sso_start_url": 0, "sso_account_id": 1, "sso_role_name": 2}


def _mirrors(value: object) -> tuple[str | None, ...]:
    mirrors = list_of(optional(text))(value)
    if len(mirrors) != 3:
        raise BadDocument("not three")
    return mirrors


def _owned(value: object) -> tuple[Owned, ...]:
    owned = list_of(Owned.from_json)(value)
    if not owned:
        raise BadDocument("empty")
    return owned


@dataclass(frozen=True, slots=True)
class Owned(Document):
    keys: tuple[str, ...] = ()  # in order; none: nothing of ours is there
    digest: str = ""  # of the keys with their values
    created: bool = False  # whether the section itself is ours
    gap: bool = False  # whether the blank line before it is ours
    # session, account and role, by which its profile is known as ours
    mirrors: tuple[str | None, str | None, str | None] = (None, None, None)

    TYPE: ClassVar = "Owned"
    MEMBERS: ClassVar = {
        "keys": list_of(text),
        "digest": text,
        "created": flag,
        "gap": flag,
        "mirrors": _mirrors,
    }


NOTHING: Final = Owned()


@dataclass(frozen=True, slots=True)
class ManagedSection(Document):
    wanted: bool = False  # applied and not taken back
    # what of ours may be in the file: after a kill the older or the newer
    owned: tuple[Owned, ...] = (NOTHING,)
    theirs: bool = False  # changed by another program or the user: left alone
    file: str = ""  # the config file, as ``AWS_CONFIG_FILE`` moves it; empty: none yet
    # a digest of each key with its value that we wrote; it stands beside the entries, as version
    # 0.1 takes exactly these members
    written: tuple[str, ...] = ()

    TYPE: ClassVar = "Applied"
    MEMBERS: ClassVar = {"wanted": flag, "owned": _owned, "theirs": flag, "file": text}

    @property
    def in_force(self) -> bool:
        return self.wanted and not self.theirs

    @property
    def at_work(self) -> bool:
        """Whether there is something to follow, or something of ours left to take out."""
        return self.wanted or any(one.keys for one in self.owned)


def digest_of(values: Mapping[str, str]) -> str:
    return hashlib.sha256(ascii(sorted(values.items())).encode()).hexdigest()


def digests_of(values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(digest_of({key: value}) for key, value in values.items())


def ours_in(section: Mapping[str, object], entry: ManagedSection) -> tuple[Owned, bool]:
    """
    Return what of ours is in a section, and whether all is there that we wrote at one time.

    A region or output that the user changed or removed is theirs, and not missed.
    """
    texts = _texts(section, tuple(section))
    written = [one for one in entry.owned if one.keys]
    for one in written:
        found = {key: texts[key] for key in one.keys if key in texts}
        if len(found) < len(one.keys) or digest_of(found) != one.digest:
            found = {key: found[key] for key in found if _as_written(key, found[key], one, entry)}
        if found and not {*one.keys} - {*found} - PLACE:
            return only(one, found), True
    last = written[-1] if written else NOTHING
    strays = {key: texts[key] for key in texts if _as_written(key, texts[key], last, entry)}
    return only(last, strays), not strays and len(written) < len(entry.owned)


def only(owned: Owned, values: Mapping[str, str]) -> Owned:
    """Return what we own with just these keys."""
    return replace(owned, keys=tuple(values), digest=digest_of(values)) if values else NOTHING


def _as_written(key: str, value: str, owned: Owned, entry: ManagedSection) -> bool:
    if entry.written:
        return digest_of({key: value}) in entry.written
    return key in _MIRRORED and value == owned.mirrors[_MIRRORED[key]]


def default_keys(
    profile: Profile, settings: Mapping[str, object], command: Callable[[], str]
) -> dict[str, str]:
    """Make ``[default]`` another name of a profile with these `settings` (A3)."""
    names = {"sso": _OF_SSO, "chained": _OF_A_CHAIN}.get(profile.kind, ())
    keys = _texts(settings, names)
    if profile.kind == "sso" and "sso_session" in keys:
        # With a session these two say nothing, or contradict it.
        keys = {name: keys[name] for name in keys if name not in ("sso_start_url", "sso_region")}
    if profile.kind == "other" and not settings.keys() & _BEFORE_LOGIN:
        keys = _texts(settings, ("login_session",))
    if not keys:
        keys = {"credential_process": command()}
    return keys | _taken_over(settings)


def process_keys(settings: Mapping[str, object], command: str) -> dict[str, str]:
    taken = _taken_over(settings)
    return {"credential_process": command} | {k: v for k, v in taken.items() if k != "output"}


def without_taken(keys: Mapping[str, str], theirs: Mapping[str, object]) -> dict[str, str]:
    """Return our keys without those, such as region, that the user has set (A3)."""
    return {
        name: value
        for name, value in keys.items()
        if not (name in _WHERE_MISSING and name in theirs)
    }


def foreign_credentials(theirs: Mapping[str, object]) -> str | None:
    """Return the key by which the user's own section gives credentials, or would mix with ours."""
    known = GIVES_CREDENTIALS | _WOULD_MIX
    return next((name for name in theirs if name in known), None)


def managed_names(catalog: Catalog, owned: Mapping[Target, Owned]) -> frozenset[str]:
    names = set()
    for profile in catalog.profiles:
        if profile.name == MANAGED_PROFILE:
            names.add(profile.name)
        if profile.name != "default" or not owned.get("default", Owned()).keys:
            continue
        if (profile.session, profile.account_id, profile.role_name) == owned["default"].mirrors:
            names.add(profile.name)
    return frozenset(names)


def _taken_over(settings: Mapping[str, object]) -> dict[str, str]:
    return _texts(settings, _WHERE_MISSING)


def _texts(settings: Mapping[str, object], names: tuple[str, ...]) -> dict[str, str]:
    found = {name: settings.get(name) for name in names}
    return {name: value for name, value in found.items() if isinstance(value, str) and value}
