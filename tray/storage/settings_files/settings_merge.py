"""What one settings file adds to the settings; a mistake costs only the key that it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tray.core.policy import HOUR, WARN_BEFORE
from tray.own_connection import NOTHING_OWN, OWN_KEYS, OwnConnection
from tray.secret import Secret
from tray.storage.settings_files.settings_table import (
    Table,
    days_of,
    hours_of,
    marks_of,
    matching,
    minutes_of,
    path_of,
    restores,
    start_daemon_of,
    word_of,
    words_of,
)

if TYPE_CHECKING:
    from tray.storage.settings import Settings

KNOWN = {
    "keyring": ("adopt", "required", "service"),
    "warnings": ("minutes_before", "show"),
    "accounts": ("refresh", "tell_changes"),
    "privacy": ("keep_days", "names_in_notices"),
    "compat": ("empty_refresh_members",),
    "log": ("debug",),
}
_KNOWN_AT_TOP = (
    "allowed_start_urls", "browser", "colors", "guarded", "removed_file", "start_daemon",
    "sessions", "profiles",
)  # fmt: skip
LOCKABLE = (*_KNOWN_AT_TOP, *(f"{table}.{key}" for table in KNOWN for key in KNOWN[table]))
_KEYS = tuple(name for name in LOCKABLE if name not in ("sessions", "profiles"))
_KNOWN_OF_SESSION = ("length_hours", "browser", "device_code", *OWN_KEYS)
_KNOWN_OF_PROFILE = ("browser",)
# Where one of these cannot be understood, nothing is allowed that it may forbid.
RESTRICTIONS = ("guarded", "allowed_start_urls", "keyring.required")
_BROWSER = "a command such as 'firefox -P work %s'"
_ENDPOINT = re.compile(r"https://[^\s/].*|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/.*)?")
_PROXY = re.compile(r"https?://[^\s/].*")


def is_set(document: dict[str, Any], name: str) -> bool:
    table, _, key = name.rpartition(".")
    inner = document.get(table) if table else document
    return isinstance(inner, dict) and key in inner


def _take_locked(
    document: dict[str, Any], locked: Mapping[str, str], path: Path, problems: list[str]
) -> None:
    """Take locked keys out of a file that comes after the one that locks them."""
    for name, by in locked.items():
        table, _, key = name.rpartition(".")
        inner = document.get(table) if table else document
        # What the menu once set is no mistake of anybody's.
        if isinstance(inner, dict) and inner.pop(key, None) is not None and path.suffix == ".toml":
            problems.append(f"{path}: {name} is set by your administrator in {by}.")


def merged(
    settings: Settings, document: dict[str, Any], path: Path, kept: tuple[str, ...] | None
) -> Settings:
    problems: list[str] = []
    _take_locked(document, settings.locked, path, problems)
    taken: set[str] = set()
    top = Table(path, document, problems, taken)
    old = settings.preferences
    sections = {name: top.table(name) for name in KNOWN}
    sessions, profiles = top.table("sessions").tables(), top.table("profiles").tables()
    mistyped: set[str] = set()
    if path.suffix != ".json":  # a later version's menu may have set it
        mistyped |= top.check_names((*_KNOWN_AT_TOP, *KNOWN), _KEYS)
        for name, section in sections.items():
            mistyped |= section.check_names(KNOWN[name], _KEYS)
        for one in sessions.values():
            mistyped |= one.check_names(_KNOWN_OF_SESSION, _KEYS)
        for one in profiles.values():
            mistyped |= one.check_names(_KNOWN_OF_PROFILE, _KEYS)
    lengths, connections = dict(old.session_lengths), dict(settings.own_connections)
    by_code = dict.fromkeys(old.device_code)
    for key, one in sessions.items():
        if one.flag("device_code", default=key in by_code):
            by_code[key] = None
        else:
            by_code.pop(key, None)
        if (own := _own_connection(one, connections.get(key, NOTHING_OWN))) != NOTHING_OWN:
            connections[key] = own
        hours = one.take("length_hours", 0.0, hours_of, "a number of hours, up to a year")
        if hours:
            lengths[key] = hours * HOUR
    everywhere = top.take("browser", "", word_of, _BROWSER)
    meant = {
        name
        for name in RESTRICTIONS
        if name not in settings.locked and (name in mistyped or is_set(document, name))
    }
    guarded = top.take("guarded", None, words_of, "a list of name patterns")
    if guarded is None and "guarded" not in meant:
        guarded = old.guarded
    elif guarded is None:
        guarded = kept
        until = "no other profile can be picked" if kept is None else "the previous patterns hold"
        problems.append(f"{path}: until guarded is fixed, {until}.")
    allowed = top.take("allowed_start_urls", None, words_of, "a list of start URLs")
    if allowed is None and "allowed_start_urls" not in meant:
        allowed = old.allowed_start_urls
    elif allowed is None:
        problems.append(f"{path}: until allowed_start_urls is fixed, nobody can sign in.")
    required = sections["keyring"].flag(
        "required", True if "keyring.required" in meant else old.keyring_required
    )
    warnings, compat = sections["warnings"], sections["compat"]
    understood = replace(
        settings,
        preferences=replace(
            old,
            warn_before=warnings.take(
                "minutes_before",
                old.warn_before or WARN_BEFORE,
                minutes_of,
                "a list of minutes, up to a week",
            ),
            adopt=sections["keyring"].flag("adopt", old.adopt) or required,
            keyring_required=required,
            names_in_notices=sections["privacy"].flag("names_in_notices", old.names_in_notices),
            guarded=guarded,
            allowed_start_urls=allowed,
            colors=top.take("colors", old.colors, marks_of, 'a list such as ["*prod*=red"]'),
            list_accounts=sections["accounts"].flag("refresh", old.list_accounts),
            tell_accounts=sections["accounts"].flag("tell_changes", old.tell_accounts),
            session_lengths=tuple(lengths.items()),
            device_code=tuple(by_code),
            reached_by=tuple((key, own.given) for key, own in connections.items()),
        ),
        own_connections=connections,
        keyring_service=sections["keyring"].take(
            "service", settings.keyring_service, word_of, "a name"
        ),
        empty_refresh_members=compat.flag("empty_refresh_members", settings.empty_refresh_members),
        browsers={
            **settings.browsers,
            **_browsers(sessions),
            **({"*": everywhere} if everywhere else {}),
        },
        profile_browsers={**settings.profile_browsers, **_browsers(profiles)},
        notices=warnings.flag("show", settings.notices),
        restore_removed=top.take(
            "removed_file", settings.restore_removed, restores, '"restore" or "sign-out"'
        ),
        keep=sections["privacy"].take(
            "keep_days", settings.keep, days_of, "a number of days, up to ten years"
        ),
        log_debug=sections["log"].flag("debug", settings.log_debug),
        start_daemon=top.take(
            "start_daemon",
            # What cannot be understood was not meant as "start it".
            "never" if "start_daemon" in document else settings.start_daemon,
            start_daemon_of,
            '"auto", "never" or "always"',
        ),
        problems=(*settings.problems, *dict.fromkeys(problems)),
    )
    if "start_daemon" in document:
        taken.add("start_daemon")
    origins = {**settings.origins, **dict.fromkeys(taken | meant, str(path))}
    if required:  # which implies it
        origins["keyring.adopt"] = origins["keyring.required"]
    return replace(understood, origins=origins)


def _own_connection(table: Table, before: OwnConnection) -> OwnConnection:
    proxy = table.take("proxy", None, matching(_PROXY), "a URL such as http://proxy:3128")
    return OwnConnection(
        ca_bundle=table.take(
            "ca_bundle", before.ca_bundle, path_of, "the absolute path of a file"
        ),
        proxy=before.proxy if proxy is None else Secret(proxy),
        endpoint_url=table.take(
            "endpoint_url",
            before.endpoint_url,
            matching(_ENDPOINT),
            "an https URL, or an http one on loopback",
        ),
    )


def _browsers(tables: Mapping[str, Table]) -> dict[str, str]:
    found = {key: one.take("browser", "", word_of, _BROWSER) for key, one in tables.items()}
    return {key: template for key, template in found.items() if template}
