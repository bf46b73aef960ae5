"""What granted, aws-sso-util, aws-vault and others have written into the AWS config."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import Final

from tray.aws.config import ini
from tray.aws.config.config_edit import value_flaw, written_headers
from tray.aws.config.ini import Section
from tray.aws.config.sso_sessions import region_flaw, start_url_flaw, text_of
from tray.core.profiles.moving_in import Found, LeftOut, Tool
from tray.core.profiles.start_url import normal_start_url
from tray.core.text.display_names import clean

YAWSSO_MARKS: Final = frozenset({"aws_session_expiration", "aws_security_token"})
PROGRAMS: Final[Mapping[str, Tool]] = {
    "granted": "granted", "assume": "granted", "aws-sso": "aws-sso-cli",
    "aws-sso-util": "aws-sso-util", "aws-vault": "aws-vault", "leapp": "leapp",
}  # fmt: skip
_PARTS: Final = ("start_url", "region", "account_id", "role_name")
_DEEPEST: Final = 20
_LEAPP: Final = (
    "Leapp keeps its roles in an encrypted workspace. Add them from the portal: sso-tray add "
    "--start-url URL --sso-region REGION"
)
_VAULT: Final = (
    "Its keys are in aws-vault's own keyring. SSO Tray signs in to IAM Identity Center only."
)

Portal = Callable[[str], tuple[str, str] | str]
"""From aws-sso-cli's name of a portal to its start URL and region, or to why there is none."""


class ConfigProfiles:
    """
    The profiles of one AWS config file; ConfigRejected if it cannot be parsed.

    `yawsso` are the profiles that yawsso has written to the credentials file, `portal` knows
    aws-sso-cli's.
    """

    def __init__(self, data: bytes, file: str, *, yawsso: frozenset[str], portal: Portal) -> None:
        self._file, self._yawsso, self._portal = file, yawsso, portal
        self._sections = ini.parse(data, file)
        self._headers = written_headers(data, file, "profile")
        self._lines = ini.lines_of(data, set(self._headers.values()))
        self._sessions = written_headers(data, file, "sso-session")

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._headers)

    def roles(self) -> Iterator[Found | LeftOut]:
        for name in self._headers:
            found = self._role(name)
            if found is not None:
                yield found

    def _role(self, name: str) -> Found | LeftOut | None:
        keys = self._keys(name)
        program, words = _program(text_of(keys, "credential_process"))
        tool = PROGRAMS.get(program)
        if any(key.startswith("granted_sso_") for key in keys):
            return self._by_keys("granted", name, keys, "granted_sso_")
        if "sso_start_url" in keys and "sso_session" not in keys:
            old: Tool = "yawsso" if name in self._yawsso else "aws-cli"
            if "include_profile" in keys:
                old = "aws-vault"
            return self._by_keys(tool or old, name, keys, "sso_")
        if "include_profile" in keys and tool is None:
            return self._included(name)
        if tool == "aws-sso-cli":
            return self._of_aws_sso_cli(name, keys, words)
        if tool == "leapp":
            return LeftOut("leapp", self._place(name), name, _LEAPP)
        if tool == "aws-vault":
            return self._of_aws_vault(name, words)
        return None

    def _place(self, name: str) -> str:
        line = self._lines.get(self._headers[name])
        return self._file if line is None else f"{self._file}:{line}"

    def _keys(self, name: str) -> Section:
        return self._sections.get(self._headers.get(name, ""), {})

    def _by_keys(self, tool: Tool, name: str, keys: Section, prefix: str) -> Found | LeftOut:
        place = self._place(name)
        url, region, account, role = (text_of(keys, f"{prefix}{part}") for part in _PARTS)
        missing = [
            f"{prefix}{part}"
            for part, value in zip(_PARTS, (url, region, account, role), strict=True)
            if not value
        ]
        if missing:
            return LeftOut(tool, place, name, f"It has no {' and no '.join(missing)}.")
        url = normal_start_url(url)
        flaw = start_url_flaw(url) or region_flaw(region) or _role_flaw(account, role)
        if flaw is not None:
            return LeftOut(tool, place, name, f"{flaw[0].upper()}{flaw[1:]}.")
        return Found(tool, place, url, region, name, account, role, extra=_extra(keys))

    def _of_aws_sso_cli(self, name: str, keys: Section, words: list[str]) -> Found | LeftOut:
        place = self._place(name)
        instance, arn = _option(words, "-S", "--sso") or "Default", _option(words, "--arn")
        account, _, role = arn.removeprefix("arn:aws:iam::").partition(":role/")
        if flaw := _role_flaw(account, role):
            return LeftOut("aws-sso-cli", place, name, f"In its --arn {flaw}.")
        portal = self._portal(instance)
        if isinstance(portal, str):
            return LeftOut("aws-sso-cli", place, name, portal)
        return Found("aws-sso-cli", place, *portal, name, account, role, instance, _extra(keys))

    def _of_aws_vault(self, name: str, words: list[str]) -> Found | LeftOut:
        target = next((one for one in reversed(words) if one in self._headers and one != name), "")
        keys = self._keys(target)
        if "sso_session" in keys:
            why = f'Use "{clean(target)}" instead, which SSO Tray keeps signed in.'
            return LeftOut("aws-vault", self._place(name), name, why)
        if "sso_start_url" in keys:
            return self._by_keys("aws-vault", name, keys, "sso_")
        return LeftOut("aws-vault", self._place(name), name, _VAULT)

    def _included(self, name: str) -> Found | LeftOut | None:
        """Resolve aws-vault's ``include_profile``, which no AWS SDK knows."""
        merged: Section = {}
        at, seen = name, set[str]()
        while at in self._headers and at not in seen and len(seen) < _DEEPEST:
            seen.add(at)
            merged = {**self._keys(at), **merged}
            at = text_of(self._keys(at), "include_profile")
        session = self._sessions.get(text_of(merged, "sso_session"))
        if session is not None:
            portal = self._sections[session]
            merged |= {
                key: portal[key] for key in ("sso_start_url", "sso_region") if key in portal
            }
        own = self._keys(name)
        complete = "sso_session" in own and "sso_account_id" in own
        if "sso_start_url" not in merged or complete:
            return None
        return self._by_keys("aws-vault", name, merged, "sso_")


def program_of(command: str) -> Tool | None:
    """Return which tool a ``credential_process`` runs, None if none of these."""
    return PROGRAMS.get(_program(command)[0])


def _program(command: str) -> tuple[str, list[str]]:
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    if not words:
        return "", []
    return PurePath(words[0].replace("\\", "/")).name.removesuffix(".exe"), words[1:]


def _option(words: list[str], *names: str) -> str:
    for number, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in names:
            return value if equals else "".join(words[number + 1 : number + 2])
    return ""


def _role_flaw(account: str, role: str) -> str | None:
    if len(account) != 12 or not account.isdecimal() or not account.isascii():
        return f'"{clean(account)}" is no account number'
    flaw = value_flaw(role)
    return None if flaw is None else f"the role name {flaw}"


def _extra(keys: Section) -> dict[str, str]:
    texts = {key: text_of(keys, key) for key in ("region", "output")}
    return {key: text for key, text in texts.items() if text and value_flaw(text) is None}
