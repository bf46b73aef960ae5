"""
Finds spellings in a config file that clients of AWS read differently, without judging them.

Measured; :mod:`tray.core.doctor.config_forms` says what each client does with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tray.aws.config.ini import SHELL_LINE
from tray.core.doctor.findings import Quirk

_SECTION: Final = re.compile(rb"[ \t]*\[\s*(.*?)\s*\]")
_OPTION: Final = re.compile(rb"([ \t]*)([A-Za-z][\w-]*)\s*([=:])\s*(.*?)\s*$")
_QUOTED: Final = re.compile(rb"\s([\"']).*\1$")
_QUOTES: Final = (b'"', b"'")
_OURS: Final = (b"default", b"profile", b"sso-session")
_KNOWN: Final = (*_OURS, b"DEFAULT", b"services", b"plugins", b"preview")
_ACCESS: Final = b"sso:account:access"
_SHELL: Final = re.compile(SHELL_LINE.pattern.encode(), re.IGNORECASE)
_PORTAL: Final = re.compile(rb"[0-9]{12}_[^\s\]]+")
_TOKEN: Final = b"aws_session_token"


def quirks(data: bytes) -> tuple[tuple[Quirk, int], ...]:
    """Return what is written unusually, each with its line, in order of the lines."""
    return tuple(sorted(_found(data.splitlines()), key=lambda found: found[1]))


def _found(lines: list[bytes]) -> Iterator[tuple[Quirk, int]]:
    kind, keys, start = b"", dict[bytes, int](), 0
    defaults: set[bytes] = set()
    for number, line in enumerate((*lines, b"[plugins]"), 1):
        section = _SECTION.match(line)
        if section is None:
            if _SHELL.match(line):
                yield "shell-line", number
            elif kind in _OURS and (option := _OPTION.match(line)):
                yield from _of_option(option, number, first=not keys)
                if not option[1] or not keys:
                    keys[option[2].lower()] = number
            continue
        yield from _of_section(kind, keys, start)
        name = section[1]
        words = name.replace(b'"', b"").replace(b"'", b"").split()
        kind, keys, start = (words or [b""])[0], {}, number
        if words in ([b"default"], [b"profile", b"default"]):
            defaults.add(b" ".join(words))
            if len(defaults) == 2:
                yield "two-defaults", number
        if kind == b"DEFAULT":
            yield "default-section", number
        elif kind in _OURS and len(words) == 2 and _QUOTED.search(name):
            yield "quoted-name", number
        elif _PORTAL.fullmatch(b" ".join(words)):
            yield "portal-keys", number
        elif kind not in _KNOWN:
            yield from _of_word(kind, words, number)


def _of_word(kind: bytes, words: list[bytes], number: int) -> Iterator[tuple[Quirk, int]]:
    if len(words) == 2 and kind.startswith((b"profile", b"sso-session")):
        yield "loose-word", number
    elif len(words) == 1 or kind.lower().startswith((b"profile", b"sso-session")):
        yield "unread-section", number


def _of_option(
    option: re.Match[bytes], number: int, *, first: bool
) -> Iterator[tuple[Quirk, int]]:
    """Look at a key; an indented one that is not the first continues the value before it."""
    indent, key, sign, value = option.groups()
    if indent and not first:
        return
    if indent:
        yield "indented", number
    if sign == b":":
        yield "colon", number
    if key != key.lower():
        yield "upper-case", number
    key = key.lower()
    if value[:1] in _QUOTES and value[-1:] == value[:1] and key != b"credential_process":
        yield "quoted-value", number
    if key == b"disable_request_compression" and value != value.lower():
        yield "boolean", number
    if key == b"ca_bundle" and value.startswith(b"~"):
        yield "tilde-bundle", number
    if key == b"credential_process" and re.search(rb"(^|\s)~|\$", value):
        yield "tilde-process", number
    if key == b"sso_registration_scopes" and _ACCESS not in re.split(rb"[\s,]+", value):
        yield "other-scopes", number


def _of_section(kind: bytes, keys: dict[bytes, int], start: int) -> Iterator[tuple[Quirk, int]]:
    if kind == b"sso-session":
        if b"sso_registration_scopes" not in keys:
            yield "no-scopes", start
        for key in (b"sso_account_id", b"sso_role_name"):
            if key in keys:
                yield "account-in-session", keys[key]
                break
    elif kind in _OURS and b"sso_session" in keys and b"sso_start_url" in keys:
        yield "url-beside-session", keys[b"sso_start_url"]
    elif kind in _OURS and _TOKEN in keys:
        yield "temporary-keys", keys[_TOKEN]
