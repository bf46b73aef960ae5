"""
The settings: ``config.toml`` is only read, the menu writes ``settings.json``.

An administrator's file of the same form gives defaults, and locks the keys that it names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from tray.core.model import Preferences
from tray.core.policy import HOUR, WARN_BEFORE
from tray.core.start_rules import StartDaemon
from tray.errors import ConfigRejected, TrayError, UserMustAct
from tray.own_connection import NOTHING_OWN, OWN_KEYS, OwnConnection
from tray.storage.atomic_files import (
    FileRefused,
    private_directory,
    read_small,
    write_atomic,
    write_changed,
)
from tray.storage.settings_table import (
    Table,
    hours_of,
    minutes_of,
    own_connection_of,
    restores,
    start_daemon_of,
    word_of,
    words_of,
)
from tray.values import dataclass

KEYRING_SERVICE = "sso-tray"

_KNOWN = {
    "keyring": ("adopt", "service"),
    "warnings": ("minutes_before", "show"),
    "accounts": ("refresh", "tell_changes"),
    "compat": ("empty_refresh_members",),
    "log": ("debug",),
}
_KNOWN_AT_TOP = (
    "allowed_start_urls", "browser", "guarded", "removed_file", "start_daemon", "sessions",
    "profiles",
)  # fmt: skip
_LOCKABLE = (*_KNOWN_AT_TOP, *(f"{table}.{key}" for table in _KNOWN for key in _KNOWN[table]))
_KNOWN_OF_SESSION = ("length_hours", "browser", "device_code", *OWN_KEYS)
_KNOWN_OF_PROFILE = ("browser",)
_LOCK_EXAMPLE = '["guarded", "warnings.show"]'
_BROWSER = "a command such as 'firefox -P work %s'"


@dataclass(frozen=True, slots=True)
class Settings:
    preferences: Preferences = field(default_factory=Preferences)
    keyring_service: str = KEYRING_SERVICE  # the service name of our keyring items (K2)
    restore_removed: bool = False  # a removed token file is put back (K5)
    empty_refresh_members: bool = False  # write empty refresh members into lean files (K3)
    # command templates by session key (L11); ``*`` is for all others
    browsers: Mapping[str, str] = field(default_factory=dict)
    # the same by profile, for its console
    profile_browsers: Mapping[str, str] = field(default_factory=dict)
    # how a session is reached, by its key
    own_connections: Mapping[str, OwnConnection] = field(default_factory=dict)
    notices: bool = True  # whether warnings are shown as notifications
    log_debug: bool = False
    start_daemon: StartDaemon = "auto"  # whether a daemon may be started when it is needed
    # the file of an administrator by the key that it locks, ``guarded`` or ``warnings.show``
    locked: Mapping[str, str] = field(default_factory=dict)
    # a sentence for each mistake, which only costs the key that it names
    problems: tuple[str, ...] = ()

    def browser(self, key: str, profile: str | None = None) -> str | None:
        """Return the command template for a session's pages; None: the system's browser."""
        own = None if profile is None else self.profile_browsers.get(profile)
        return own or self.browsers.get(key, self.browsers.get("*"))

    def to_worker(self) -> dict[str, Any]:
        return {
            "adopt": self.preferences.adopt,
            "service": self.keyring_service,
            "empty_refresh_members": self.empty_refresh_members,
            "restore_removed": self.restore_removed,
            "debug": self.log_debug,
            "connections": {key: own.to_json() for key, own in self.own_connections.items()},
        }

    @classmethod
    def in_worker(cls, sent: Mapping[str, Any]) -> Settings:
        return cls(
            preferences=Preferences(adopt=sent["adopt"]),
            keyring_service=sent["service"],
            empty_refresh_members=sent["empty_refresh_members"],
            restore_removed=sent["restore_removed"],
            log_debug=sent["debug"],
            own_connections={
                key: OwnConnection.from_json(own) for key, own in sent["connections"].items()
            },
        )


def safe_settings(state: Path, problems: tuple[str, ...] = ()) -> Settings:
    """Return the settings until some can be read: the last guard that was understood holds."""
    return Settings(
        preferences=Preferences(guarded=_kept_guard(state)),
        start_daemon="never",
        problems=problems,
    )


def read_settings(config: Path, state: Path, site: Sequence[Path] = ()) -> Settings:
    """
    Return the settings: the user's win over the site's unless locked, the menu's over the user's.

    A guard that is understood is kept in ``<state>/guarded.json`` for when it is not. Raises
    `ConfigRejected` if a file of the user's cannot be read as a whole; if one of the site's
    cannot, that is a problem, and a guard in it fails closed.
    """
    kept = _kept_guard(state)
    settings = Settings()
    for path in site:
        settings = _with_site(settings, path, kept)
    for path, parse in ((config, _toml), (state / "settings.json", _json)):
        data = _data(path)
        if data is not None:
            settings = _merged(settings, parse(path, data), path, kept)
    if settings.preferences.guarded not in (None, kept or ()):
        _keep_guard(state, settings.preferences.guarded)
    return settings


def _data(path: Path) -> bytes | None:
    """Return a file's bytes, None if there is none; raises ConfigRejected, Unread."""
    try:
        return read_small(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except FileRefused as refusal:
        raise ConfigRejected(refusal.sentence, file=str(path)) from None
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror}."
        raise ConfigRejected(msg, file=str(path)) from None


def _with_site(settings: Settings, path: Path, kept: tuple[str, ...] | None) -> Settings:
    """Add an administrator's file and its locks."""
    data: bytes | None = None
    try:
        data = _data(path)
        document = {} if data is None else _toml(path, data)
    except ConfigRejected as error:
        said = f"{error.sentence} Until your administrator fixes it, your own settings hold"
        if data is not None and b"guarded" not in data:
            return replace(settings, problems=(*settings.problems, f"{said}."))
        # It may lock the guard, and nobody can say with which patterns.
        until = "no other profile can be picked" if kept is None else "the last guard stays"
        return replace(
            settings,
            preferences=replace(settings.preferences, guarded=kept),
            locked={**settings.locked, "guarded": str(path)},
            problems=(*settings.problems, f"{said}, but {until}."),
        )
    names = document.pop("locked", [])
    settings = _merged(settings, document, path, kept)
    problems = list(settings.problems)
    if not isinstance(names, list) or any(name not in _LOCKABLE for name in names):
        problems.append(f"{path}: locked must be a list of settings such as {_LOCK_EXAMPLE}.")
        names = [name for name in names if name in _LOCKABLE] if isinstance(names, list) else []
    locked = {name: settings.locked.get(name, str(path)) for name in names}
    return replace(settings, locked={**settings.locked, **locked}, problems=tuple(problems))


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


def _kept_guard(state: Path) -> tuple[str, ...] | None:
    try:
        return words_of(json.loads(read_small(state / "guarded.json"))) or None
    except (OSError, TrayError, ValueError, RecursionError):
        return None


def _keep_guard(state: Path, guard: tuple[str, ...] | None) -> None:
    # A full disk costs the guard of a later mistake, which then lets nobody pick a profile.
    with suppress(OSError, TrayError):
        write_changed(state / "guarded.json", json.dumps(guard).encode() + b"\n")


def write_setting(
    state: Path,
    table: str | None,
    key: str,
    value: bool | str,
    locked: Mapping[str, str] | None = None,
) -> None:
    """
    Keep the other settings.

    Raises `UserMustAct` for a locked one, `ConfigRejected` if the file cannot be read: it is left
    alone.
    """
    by = (locked or {}).get(key if table is None else f"{table}.{key}")
    if by is not None:
        raise UserMustAct(f"Your administrator has set it in {by}.")
    path = state / "settings.json"
    try:
        document = _json(path, read_small(path))
    except FileNotFoundError:
        document = {}
    inner = document if table is None else document.setdefault(table, {})
    if not isinstance(inner, dict):
        raise ConfigRejected(f"{path}: {table} must be a table.", file=str(path))
    inner[key] = value
    private_directory(state)
    write_atomic(path, json.dumps(document, indent=1).encode() + b"\n")


def _toml(path: Path, data: bytes) -> dict[str, Any]:
    import tomllib  # many have no such file

    try:
        # Some editors put a byte order mark first.
        return tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path} has a syntax error: {error}."
        raise ConfigRejected(msg, file=str(path)) from None
    except (RecursionError, ValueError):
        # The ValueError left over is that of a number with thousands of digits.
        msg = f"{path} has a syntax error: it nests too deeply or a number is too long."
        raise ConfigRejected(msg, file=str(path)) from None


def _json(path: Path, data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ConfigRejected(f"{path} isn't a JSON object.", file=str(path))
    return document


def _merged(
    settings: Settings, document: dict[str, Any], path: Path, kept: tuple[str, ...] | None
) -> Settings:
    problems: list[str] = []
    _take_locked(document, settings.locked, path, problems)
    top = Table(path, document, problems)
    old = settings.preferences
    sections = {name: top.table(name) for name in _KNOWN}
    sessions, profiles = top.table("sessions").tables(), top.table("profiles").tables()
    mistyped: tuple[str, ...] = ()
    if path.suffix != ".json":  # a later version's menu may have set it
        mistyped = top.check_names((*_KNOWN_AT_TOP, *_KNOWN))
        for name, section in sections.items():
            section.check_names(_KNOWN[name])
        for one in sessions.values():
            one.check_names(_KNOWN_OF_SESSION)
        for one in profiles.values():
            one.check_names(_KNOWN_OF_PROFILE)
    lengths, connections = dict(old.session_lengths), dict(settings.own_connections)
    by_code = dict.fromkeys(old.device_code)
    for key, one in sessions.items():
        if one.flag("device_code", default=False):
            by_code[key] = None
        if (own := own_connection_of(one)) != NOTHING_OWN:
            connections[key] = own
        hours = one.take("length_hours", 0.0, hours_of, "a number of hours, up to a year")
        if hours:
            lengths[key] = hours * HOUR
    everywhere = top.take("browser", "", word_of, _BROWSER)
    guarded = top.take("guarded", None, words_of, "a list of name patterns")
    if guarded is None and (
        "guarded" in settings.locked or "guarded" not in {*document, *mistyped}
    ):
        guarded = old.guarded
    elif guarded is None:
        guarded = kept
        until = "no other profile can be picked" if kept is None else "the previous patterns hold"
        problems.append(f"{path}: until guarded is fixed, {until}.")
    warnings, compat = sections["warnings"], sections["compat"]
    return replace(
        settings,
        preferences=replace(
            old,
            warn_before=warnings.take(
                "minutes_before",
                old.warn_before or WARN_BEFORE,
                minutes_of,
                "a list of minutes, up to a week",
            ),
            adopt=sections["keyring"].flag("adopt", old.adopt),
            guarded=guarded,
            allowed_start_urls=top.take(
                "allowed_start_urls", old.allowed_start_urls, words_of, "a list of start URLs"
            ),
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


def _browsers(tables: Mapping[str, Table]) -> dict[str, str]:
    found = {key: one.take("browser", "", word_of, _BROWSER) for key, one in tables.items()}
    return {key: template for key, template in found.items() if template}
