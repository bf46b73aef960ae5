"""
Which credentials a client gets that names no profile, from the files and the environment. Pure.

Measured with the AWS CLI 2.38, botocore 1.44.8 and the JavaScript SDK v3, which look in different
orders; ``tests/clients/test_bare_client.py`` asks them again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Literal, TypeAlias

from tray.values import dataclass

Client = Literal["aws", "boto3", "javascript"]
Way = Literal[
    "environment", "role", "web-identity", "sso", "keys", "login", "process", "container",
    "nothing", "missing", "fails",
]  # fmt: skip
Sections: TypeAlias = Mapping[str, Mapping[str, object]]

CLIENTS: Final[tuple[Client, ...]] = ("aws", "boto3", "javascript")
VARIABLES: Final[Mapping[Client, tuple[str, ...]]] = {
    "aws": ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"),
    "boto3": ("AWS_DEFAULT_PROFILE", "AWS_PROFILE"),
    "javascript": ("AWS_PROFILE",),
}
"""The variables that name a profile, the first that is set counting."""

_DEFAULT_HIDDEN: Final = "SSO_TRAY_DEFAULT_HIDDEN"
"""Set where other programs read a copy of the config in which ``[default]`` gives nothing."""

_KEYS: Final = frozenset({"aws_access_key_id", "aws_secret_access_key"})
_OF_WAY: Final[Mapping[Way, tuple[str, ...]]] = {
    "sso": ("sso_session", "sso_account_id", "sso_role_name"),
    "role": ("role_arn", "source_profile", "credential_source", "external_id"),
    "login": ("login_session",),
    "process": ("credential_process",),
}
"""Keys that say whose credentials they are."""


@dataclass(frozen=True, slots=True)
class BareClient:
    way: Way
    profile: str | None = None  # whose section was read; None: the credentials are elsewhere
    variable: str | None = None  # what names the profile; None: nothing, it is ``default``


@dataclass(frozen=True, slots=True)
class AwsFiles:
    profiles: Sections  # keys of both files, credentials winning
    # profiles whose ``aws_access_key_id`` is in the credentials file
    in_credentials: Collection[str] = ()


def bare_client(client: Client, environ: Mapping[str, str], files: AwsFiles) -> BareClient:
    names = VARIABLES[client]
    if environ.get(_DEFAULT_HIDDEN):
        keyed = [name for name in files.in_credentials if name != "default"]
        files = AwsFiles({**files.profiles, "default": {}}, keyed)
    if client == "javascript":
        return _javascript(environ, files)
    variable = next((one for one in names if one in environ), None)
    profile = "default" if variable is None else environ[variable]
    if variable is not None and profile not in files.profiles:
        return BareClient("missing", profile, variable)
    if environ.get("AWS_ACCESS_KEY_ID"):
        complete = environ.get("AWS_SECRET_ACCESS_KEY")
        return BareClient("environment" if complete else "fails")
    return _botocore(environ, files, profile, variable)


def _botocore(
    environ: Mapping[str, str], files: AwsFiles, profile: str, variable: str | None
) -> BareClient:
    keys = files.profiles.get(profile, {})
    web = environ.get("AWS_WEB_IDENTITY_TOKEN_FILE")
    way: Way = "nothing"
    if "role_arn" in keys and "web_identity_token_file" not in keys:
        way = _role(keys, files)
    elif web:
        found = environ.get("AWS_ROLE_ARN") or "role_arn" in keys
        return BareClient("web-identity" if found else "fails")
    elif "web_identity_token_file" in keys:
        way = "web-identity" if "role_arn" in keys else "fails"
    elif keys.keys() & {"sso_account_id", "sso_role_name"}:
        way = "sso" if _whole_sso(keys) else "fails"
    elif profile in files.in_credentials:
        way = "keys" if keys.keys() >= _KEYS else "fails"
    elif "login_session" in keys:
        way = "login"
    elif "credential_process" in keys:
        way = "process"
    elif "aws_access_key_id" in keys:
        way = "keys" if keys.keys() >= _KEYS else "fails"
    return _container(environ) if way == "nothing" else BareClient(way, profile, variable)


def _javascript(environ: Mapping[str, str], files: AwsFiles) -> BareClient:
    variable = "AWS_PROFILE" if environ.get("AWS_PROFILE") else None
    if variable is None and all(environ.get(name.upper()) for name in _KEYS):
        return BareClient("environment")
    profile = environ["AWS_PROFILE"] if variable is not None else "default"
    keys = files.profiles.get(profile, {})
    way: Way = "nothing"
    if "role_arn" in keys and keys.keys() & {"source_profile", "credential_source"}:
        way = _role(keys, files)
    elif keys.keys() >= _KEYS:
        way = "keys"
    elif keys.keys() >= {"web_identity_token_file", "role_arn"}:
        way = "web-identity"
    elif "credential_process" in keys:
        way = "process"
    elif any(name.startswith("sso_") for name in keys):
        way = "sso" if _whole_sso(keys) else "fails"
    elif "login_session" in keys:
        way = "login"
    if way != "nothing":
        return BareClient(way, profile, variable)
    if environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        return BareClient("web-identity" if environ.get("AWS_ROLE_ARN") else "nothing")
    return _container(environ)


def _role(keys: Mapping[str, object], files: AwsFiles) -> Way:
    sources = keys.keys() & {"source_profile", "credential_source"}
    source = keys.get("source_profile")
    known = "source_profile" not in sources or source in files.profiles
    return "role" if len(sources) == 1 and known else "fails"


def _whole_sso(keys: Mapping[str, object]) -> bool:
    return keys.keys() >= {"sso_account_id", "sso_role_name"} and bool(
        "sso_session" in keys or keys.keys() >= {"sso_start_url", "sso_region"}
    )


def _container(environ: Mapping[str, str]) -> BareClient:
    variables = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
    found = any(environ.get(name) for name in variables)
    return BareClient("container" if found else "nothing")


def stands_for(
    bare: BareClient, active: str | None, profiles: Sections, managed: Collection[str]
) -> str | None:
    """
    Return the profile whose credentials a client gets: the active one where they are the same.

    None: those of no profile, or none at all. ``managed`` are our own profiles.
    """
    name = bare.profile
    if name is None or bare.way in ("missing", "fails"):
        return None
    shown = _OF_WAY.get(bare.way, ())
    if active is None or not shown:
        return name
    if bare.way == "process" and name in managed:
        return active
    own, theirs = profiles.get(name, {}), profiles.get(active, {})
    if bare.way == "sso" and "sso_session" not in own:
        shown = (*shown, "sso_start_url")
    return active if all(own.get(key) == theirs.get(key) for key in shown) else name
