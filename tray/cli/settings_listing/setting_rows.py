"""The settings as rows: a key, its value, the file that has set it, the file that locks it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Final

from tray.core.policy import HOUR
from tray.core.text import settings_text
from tray.own_connection import NOTHING_OWN
from tray.storage.settings import Settings
from tray.storage.settings_files.settings_table import SETTINGS, plain_number
from tray.system.paths import Paths
from tray.values import dataclass

_HOST: Final = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")


@dataclass(frozen=True, slots=True)
class SettingRow:
    name: str  # as an administrator locks it: ``warnings.show``, ``sessions.corp.browser``
    value: object  # as in a settings file; None: the file could not be understood, or nothing
    file: str | None  # which has set it; None: the default, empty: see `Settings.origins`
    locked_by: str | None  # an administrator's file


def setting_rows(settings: Settings, sessions: Collection[str] = ()) -> Iterator[SettingRow]:
    """
    Yield a row for each setting, and for what tables of sessions and profiles set.

    Of `sessions`, the keys of some, each setting has a row, set or not.
    """
    for one in SETTINGS:
        origin, locked_by = settings.origins.get(one.name), settings.locked.get(one.name)
        yield SettingRow(one.name, one.value(settings), origin, locked_by)
    for table, values in (
        ("sessions", _of_sessions(settings, sessions)),
        ("profiles", _of_profiles(settings)),
    ):
        locked_by = settings.locked.get(table)
        rows = [
            SettingRow(name, value, settings.origins.get(name), locked_by)
            for name, value in values.items()
            if name in settings.origins or name.split(".", 1)[1].rpartition(".")[0] in sessions
        ]
        if not rows and locked_by is not None:
            rows.append(SettingRow(table, None, None, locked_by))
        yield from rows


def source_of(row: SettingRow, paths: Paths) -> settings_text.Source:
    """Return who has set it."""
    if row.file is None:
        return "default"
    if not row.file:
        return "unreadable"
    places: dict[str, settings_text.Source] = {
        str(paths.settings_file): "config",
        str(paths.state / "settings.json"): "menu",
    }
    return places.get(row.file, "administrator")


def shown(row: SettingRow) -> str:
    """Return its value in JSON, which TOML reads as well, or in words."""
    value = None if row.value is None else json.dumps(row.value, ensure_ascii=False)
    return settings_text.value(row.name, value)


def _of_sessions(settings: Settings, sessions: Collection[str]) -> dict[str, object]:
    lengths = dict(settings.preferences.session_lengths)
    by_code = settings.preferences.device_code
    set_ones = [*lengths, *settings.browsers, *by_code, *settings.own_connections]
    keys = dict.fromkeys([*sessions, *set_ones])
    values: dict[str, object] = {}
    for key in keys:
        own = settings.own_connections.get(key, NOTHING_OWN)
        proxy = None if own.proxy is None else _without_password(own.proxy.reveal())
        values |= {
            f"sessions.{key}.length_hours": plain_number(lengths[key] / HOUR)
            if key in lengths
            else None,
            f"sessions.{key}.browser": settings.browsers.get(key),
            f"sessions.{key}.device_code": key in by_code,
            f"sessions.{key}.ca_bundle": own.ca_bundle,
            f"sessions.{key}.proxy": proxy,
            f"sessions.{key}.endpoint_url": own.endpoint_url and _shown(own.endpoint_url),
        }
    return values


def _of_profiles(settings: Settings) -> dict[str, object]:
    browsers = settings.profile_browsers
    return {f"profiles.{name}.browser": template for name, template in browsers.items()}


def _shown(url: str) -> str:
    return _without_password(url) if "@" in url else url


def _without_password(url: str) -> str:
    """Return scheme, host and port alone; a user and password may hold any character."""
    scheme, _, rest = url.partition("://")
    _, at, place = rest.rpartition("@")
    found = _HOST.fullmatch(re.split(r"[/?#]", place)[0])
    return f"{scheme}://{'***@' if at else ''}{found[0] if found else '***'}"
