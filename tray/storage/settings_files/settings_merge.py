"""What one settings file adds to the settings; a mistake costs only the key that it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tray.core.policy import HOUR
from tray.own_connection import NOTHING_OWN, OwnConnection
from tray.secret import Secret
from tray.storage.settings_files.settings_table import (
    BROWSER,
    KINDS,
    KINDS_OF_PROFILE,
    KINDS_OF_SESSION,
    SETTINGS,
    Table,
    hours_of,
    matching,
    path_of,
    word_of,
)

if TYPE_CHECKING:
    from tray.storage.settings import Settings

LOCKABLE = (*KINDS, "sessions", "profiles")
# Where one of these cannot be understood, nothing is allowed that it may forbid.
RESTRICTIONS = ("guarded", "allowed_start_urls", "keyring.required")
_ENDPOINT = re.compile(r"https://[^\s/].*|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/.*)?")
_PROXY = re.compile(r"https?://[^\s/].*")


def _parts(name: str) -> tuple[str, str, str]:
    return name.rpartition(".")


def is_set(document: dict[str, Any], name: str) -> bool:
    table, _, key = _parts(name)
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
    sections = {one.name.rpartition(".")[0]: top for one in SETTINGS}
    sections |= {name: top.table(name) for name in sections if name}
    sessions, profiles = top.table("sessions").tables(), top.table("profiles").tables()
    mistyped: set[str] = set()
    if path.suffix != ".json":  # a later version's menu may have set it
        for name, section in sections.items():
            known = [key for table, _, key in map(_parts, KINDS) if table == name]
            more = () if name else ("sessions", "profiles", *filter(None, sections))
            mistyped |= section.check_names((*known, *more), KINDS)
        for tables, kinds in ((sessions, KINDS_OF_SESSION), (profiles, KINDS_OF_PROFILE)):
            for one in tables.values():
                mistyped |= one.check_names(tuple(kinds), KINDS)
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
    found: dict[str, Any] = {}
    for setting in SETTINGS:
        table, _, key = _parts(setting.name)
        value = sections[table].take(key, None, setting.check, setting.what)
        if value is not None:
            found[setting.name] = value
    meant = {
        name
        for name in RESTRICTIONS
        if name not in settings.locked and (name in mistyped or is_set(document, name))
    }
    if "guarded" in meant and "guarded" not in found:
        found["guarded"] = kept
        until = "no other profile can be picked" if kept is None else "the previous patterns hold"
        problems.append(f"{path}: until guarded is fixed, {until}.")
    if "allowed_start_urls" in meant and "allowed_start_urls" not in found:
        found["allowed_start_urls"] = None
        problems.append(f"{path}: until allowed_start_urls is fixed, nobody can sign in.")
    if "keyring.required" in meant:
        found.setdefault("keyring.required", True)
    required = found.get("keyring.required", old.keyring_required)
    if "start_daemon" in document:  # what cannot be understood was not meant as "start it"
        found.setdefault("start_daemon", "never")
        taken.add("start_daemon")
    browsers = {**settings.browsers, **_browsers(sessions)}
    if "browser" in found:
        browsers["*"] = found["browser"]
    now = found.get
    understood = replace(
        settings,
        preferences=replace(
            old,
            warn_before=now("warnings.minutes_before", old.warn_before),
            adopt=now("keyring.adopt", old.adopt) or required,
            keyring_required=required,
            names_in_notices=now("privacy.names_in_notices", old.names_in_notices),
            guarded=now("guarded", old.guarded),
            allowed_start_urls=now("allowed_start_urls", old.allowed_start_urls),
            colors=now("colors", old.colors),
            list_accounts=now("accounts.refresh", old.list_accounts),
            tell_accounts=now("accounts.tell_changes", old.tell_accounts),
            session_lengths=tuple(lengths.items()),
            device_code=tuple(by_code),
            reached_by=tuple((key, own.given) for key, own in connections.items()),
        ),
        own_connections=connections,
        keyring_service=now("keyring.service", settings.keyring_service),
        empty_refresh_members=now("compat.empty_refresh_members", settings.empty_refresh_members),
        browsers=browsers,
        profile_browsers={**settings.profile_browsers, **_browsers(profiles)},
        notices=now("warnings.show", settings.notices),
        restore_removed=now("removed_file", settings.restore_removed),
        keep=now("privacy.keep_days", settings.keep),
        log_debug=now("log.debug", settings.log_debug),
        start_daemon=now("start_daemon", settings.start_daemon),
        problems=(*settings.problems, *dict.fromkeys(problems)),
    )
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
    found = {key: one.take("browser", "", word_of, BROWSER) for key, one in tables.items()}
    return {key: template for key, template in found.items() if template}
