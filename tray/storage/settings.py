"""The user's settings: ``config.toml`` is only read, the menu writes ``settings.json``."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field, replace
from pathlib import Path
from typing import Any, TypeVar

from tray.core.model import Preferences
from tray.core.policy import DAY, HOUR, MINUTE, WARN_BEFORE
from tray.core.start_rules import StartDaemon
from tray.errors import ConfigRejected, TrayError
from tray.own_connection import NOTHING_OWN, OWN_KEYS, OwnConnection
from tray.secret import Secret
from tray.storage.atomic_files import (
    FileRefused,
    private_directory,
    read_small,
    write_atomic,
    write_changed,
)
from tray.values import dataclass

T = TypeVar("T")

KEYRING_SERVICE = "sso-tray"
LONGEST_SESSION = 366 * DAY  # seconds; AWS allows 90 days
LONGEST_WARNING = 7 * DAY

_KNOWN = {
    "keyring": ("adopt", "service"),
    "warnings": ("minutes_before", "show"),
    "compat": ("empty_refresh_members",),
    "log": ("debug",),
}
_KNOWN_AT_TOP = ("browser", "guarded", "start_daemon", "sessions", "profiles")
_KNOWN_OF_SESSION = ("length_hours", "browser", "device_code", *OWN_KEYS)
_KNOWN_OF_PROFILE = ("browser",)
_BROWSER = "a command such as 'firefox -P work %s'"
_ENDPOINT = re.compile(r"https://[^\s/].*|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/.*)?")
_PROXY = re.compile(r"https?://[^\s/].*")


@dataclass(frozen=True, slots=True)
class Settings:
    preferences: Preferences = field(default_factory=Preferences)
    keyring_service: str = KEYRING_SERVICE  # the service name of our keyring items (K2)
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
            "debug": self.log_debug,
            "connections": {key: own.to_json() for key, own in self.own_connections.items()},
        }

    @classmethod
    def in_worker(cls, sent: Mapping[str, Any]) -> Settings:
        return cls(
            preferences=Preferences(adopt=sent["adopt"]),
            keyring_service=sent["service"],
            empty_refresh_members=sent["empty_refresh_members"],
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


def read_settings(config: Path, state: Path) -> Settings:
    """
    Return the settings; what the menu set wins.

    A guard that is understood is kept in ``<state>/guarded.json`` for when it is not. Raises
    `ConfigRejected` if a file cannot be read as a whole.
    """
    kept = _kept_guard(state)
    settings = Settings()
    for path, parse in ((config, _toml), (state / "settings.json", _json)):
        try:
            data = read_small(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except FileRefused as refusal:
            raise ConfigRejected(refusal.sentence, file=str(path)) from None
        except OSError as error:
            msg = f"{path} can't be read: {error.strerror}."
            raise ConfigRejected(msg, file=str(path)) from None
        settings = _merged(settings, parse(path, data), path, kept)
    if settings.preferences.guarded not in (None, kept or ()):
        _keep_guard(state, settings.preferences.guarded)
    return settings


def _kept_guard(state: Path) -> tuple[str, ...] | None:
    try:
        return _words(json.loads(read_small(state / "guarded.json"))) or None
    except (OSError, TrayError, ValueError, RecursionError):
        return None


def _keep_guard(state: Path, guard: tuple[str, ...] | None) -> None:
    # A full disk costs the guard of a later mistake, which then lets nobody pick a profile.
    with suppress(OSError, TrayError):
        write_changed(state / "guarded.json", json.dumps(guard).encode() + b"\n")


def write_setting(state: Path, table: str, key: str, value: bool) -> None:
    """Keep the other settings; `ConfigRejected` if the file cannot be read: it is left alone."""
    path = state / "settings.json"
    try:
        document = _json(path, read_small(path))
    except FileNotFoundError:
        document = {}
    inner = document.setdefault(table, {})
    if not isinstance(inner, dict):
        raise ConfigRejected(f"{path}: {table} must be a table.", file=str(path))
    inner[key] = value
    private_directory(state)
    write_atomic(path, json.dumps(document, indent=1).encode() + b"\n")


def _toml(path: Path, data: bytes) -> dict[str, Any]:
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


class _Table:
    """One table of a settings file; a mistake becomes a sentence that names file and key."""

    def __init__(self, path: Path, values: object, problems: list[str], name: str = "") -> None:
        self._path, self._name, self._problems = path, name, problems
        self._values: dict[str, Any] = values if isinstance(values, dict) else {}
        if not isinstance(values, dict):
            self._wrong("must be a table")

    def _place(self, key: str) -> str:
        place = ".".join(part for part in (self._name, key) if part)
        return "".join(sign if sign.isprintable() else "?" for sign in place)

    def _wrong(self, what: str, key: str = "") -> None:
        self._problems.append(f"{self._path}: {self._place(key)} {what}.")

    def check_names(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Name each unknown key, with the nearest known one; return the near ones."""
        unknown = [key for key in self._values if key not in known]
        if not unknown:
            return ()
        from difflib import get_close_matches  # rarely needed, and the daemon is long-lived

        near = {key: get_close_matches(key, known, n=1, cutoff=0.5) for key in unknown}
        for key, matches in near.items():
            hint = f' Did you mean "{self._place(matches[0])}"?' if matches else ""
            self._problems.append(f'{self._path}: unknown setting "{self._place(key)}".{hint}')
        return tuple(match for matches in near.values() for match in matches)

    def table(self, key: str) -> _Table:
        place = ".".join(part for part in (self._name, key) if part)
        return _Table(self._path, self._values.get(key, {}), self._problems, place)

    def tables(self) -> dict[str, _Table]:
        return {key: self.table(key) for key in self._values}

    def take(self, key: str, default: T, check: Callable[[object], T | None], what: str) -> T:
        """Return a value; if it is not ``what`` it must be, the default."""
        if key not in self._values:
            return default
        value = check(self._values[key])
        if value is None:
            self._wrong(f"must be {what}", key)
            return default
        return value

    def flag(self, key: str, default: bool) -> bool:
        return self.take(key, default, _flag, "true or false")


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _start_daemon(value: object) -> StartDaemon | None:
    choices: tuple[StartDaemon, ...] = ("auto", "never", "always")
    return next((one for one in choices if one == value), None)


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() and value.isprintable() else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        return None
    return float(value) if math.isfinite(value) else None


def _hours(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and number * HOUR <= LONGEST_SESSION else None


def _words(value: object) -> tuple[str, ...] | None:
    good = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return tuple(value) if good and isinstance(value, list) else None


def _minutes(value: object) -> tuple[float, ...] | None:
    if not isinstance(value, list):
        return None
    numbers = [_number(item) for item in value]
    good = {number * MINUTE for number in numbers if number is not None}
    if not good or None in numbers or max(good) > LONGEST_WARNING:
        return None
    return tuple(sorted(good, reverse=True))


def _merged(
    settings: Settings, document: dict[str, Any], path: Path, kept: tuple[str, ...] | None
) -> Settings:
    problems: list[str] = []
    top = _Table(path, document, problems)
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
        if (own := _own_connection(one)) != NOTHING_OWN:
            connections[key] = own
        hours = one.take("length_hours", 0.0, _hours, "a number of hours, up to a year")
        if hours:
            lengths[key] = hours * HOUR
    everywhere = top.take("browser", "", _word, _BROWSER)
    guarded = top.take("guarded", None, _words, "a list of name patterns")
    if guarded is None and "guarded" not in {*document, *mistyped}:
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
                _minutes,
                "a list of minutes, up to a week",
            ),
            adopt=sections["keyring"].flag("adopt", old.adopt),
            guarded=guarded,
            session_lengths=tuple(lengths.items()),
            device_code=tuple(by_code),
            reached_by=tuple((key, own.given) for key, own in connections.items()),
        ),
        own_connections=connections,
        keyring_service=sections["keyring"].take(
            "service", settings.keyring_service, _word, "a name"
        ),
        empty_refresh_members=compat.flag("empty_refresh_members", settings.empty_refresh_members),
        browsers={
            **settings.browsers,
            **_browsers(sessions),
            **({"*": everywhere} if everywhere else {}),
        },
        profile_browsers={**settings.profile_browsers, **_browsers(profiles)},
        notices=warnings.flag("show", settings.notices),
        log_debug=sections["log"].flag("debug", settings.log_debug),
        start_daemon=top.take(
            "start_daemon",
            # What cannot be understood was not meant as "start it".
            "never" if "start_daemon" in document else settings.start_daemon,
            _start_daemon,
            '"auto", "never" or "always"',
        ),
        problems=(*settings.problems, *dict.fromkeys(problems)),
    )


def _own_connection(table: _Table) -> OwnConnection:
    proxy = table.take("proxy", None, _matching(_PROXY), "a URL such as http://proxy:3128")
    return OwnConnection(
        ca_bundle=table.take("ca_bundle", None, _path, "the absolute path of a file"),
        proxy=None if proxy is None else Secret(proxy),
        endpoint_url=table.take(
            "endpoint_url", None, _matching(_ENDPOINT), "an https URL, or an http one on loopback"
        ),
    )


def _path(value: object) -> str | None:
    path = Path(_word(value) or "").expanduser()
    return str(path) if path.is_absolute() else None


def _matching(pattern: re.Pattern[str]) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        word = _word(value)
        return word if word is not None and pattern.fullmatch(word) else None

    return check


def _browsers(tables: Mapping[str, _Table]) -> dict[str, str]:
    found = {key: one.take("browser", "", _word, _BROWSER) for key, one in tables.items()}
    return {key: template for key, template in found.items() if template}
