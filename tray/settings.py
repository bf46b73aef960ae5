"""The user's settings: ``config.toml`` is theirs and only read, ``settings.json`` the menu's."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from tray.core.model import Preferences
from tray.core.policy import HOUR, MINUTE, WARN_BEFORE
from tray.errors import ConfigRejected
from tray.files import read_small

T = TypeVar("T")

KEYRING_SERVICE = "sso-tray"


@dataclass(frozen=True, slots=True)
class Settings:
    """
    All settings, defaults filled in.

    Args:
        preferences: those the rules need.
        keyring_service: the service name of our keyring items (K2).
        empty_refresh_members: write protocol.md's three empty strings into lean files (K3).
        browsers: command templates by session key (L11); the key ``*`` is for all others.
        log_debug: log more.
    """

    preferences: Preferences = field(default_factory=Preferences)
    keyring_service: str = KEYRING_SERVICE
    empty_refresh_members: bool = False
    browsers: Mapping[str, str] = field(default_factory=dict)
    log_debug: bool = False

    def browser(self, key: str) -> str | None:
        """Return the browser command template for a session, or None for the system's."""
        return self.browsers.get(key, self.browsers.get("*"))


def read_settings(config: Path, state: Path) -> Settings:
    """
    Read both files; what the menu set wins.

    Args:
        config: the user's ``config.toml``.
        state: our state directory, which may hold ``settings.json``.

    Raises:
        ConfigRejected: a file or a value in it cannot be used; file and place are named.
    """
    settings = Settings()
    for path, parse in ((config, _toml), (state / "settings.json", _json)):
        try:
            data = read_small(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            msg = f"{path} cannot be read: {error.strerror}."
            raise ConfigRejected(msg, file=str(path)) from None
        settings = _merged(settings, parse(path, data), path)
    return settings


def _toml(path: Path, data: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path} is no TOML: {error}."
        raise ConfigRejected(msg, file=str(path)) from None


def _json(path: Path, data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except ValueError as error:
        msg = f"{path} is no JSON: {error}."
        raise ConfigRejected(msg, file=str(path)) from None
    if not isinstance(document, dict):
        msg = f"{path} must hold an object."
        raise ConfigRejected(msg, file=str(path))
    return document


class _Table:
    """One table of a settings file; every complaint names file and key."""

    def __init__(self, path: Path, values: object, name: str = "") -> None:
        self._path, self._name = path, name
        if not isinstance(values, dict):
            raise self.complaint("must be a table")
        self._values = values

    def complaint(self, what: str, key: str = "") -> ConfigRejected:
        place = ".".join(part for part in (self._name, key) if part)
        return ConfigRejected(f"{self._path}: {place} {what}.", file=str(self._path))

    def table(self, key: str) -> _Table:
        place = ".".join(part for part in (self._name, key) if part)
        return _Table(self._path, self._values.get(key, {}), place)

    def keys(self) -> tuple[str, ...]:
        return tuple(self._values)

    def take(self, key: str, default: T, check: Callable[[object], T | None], what: str) -> T:
        if key not in self._values:
            return default
        value = check(self._values[key])
        if value is None:
            raise self.complaint(f"must be {what}", key)
        return value


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() and value.isprintable() else None


def _number(value: object) -> float | None:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
    return float(value) if good and isinstance(value, (int, float)) else None


def _words(value: object) -> tuple[str, ...] | None:
    good = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return tuple(value) if good and isinstance(value, list) else None


def _minutes(value: object) -> tuple[float, ...] | None:
    if not isinstance(value, list):
        return None
    numbers = [_number(item) for item in value]
    good = [number * MINUTE for number in numbers if number is not None]
    return tuple(sorted(good, reverse=True)) if good and len(good) == len(numbers) else None


def _merged(settings: Settings, document: dict[str, Any], path: Path) -> Settings:
    top = _Table(path, document)
    old = settings.preferences
    keyring, sessions = top.table("keyring"), top.table("sessions")
    lengths, browsers = dict(old.session_lengths), dict(settings.browsers)
    for key in sessions.keys():  # noqa: SIM118  (a table of ours, not a dict)
        one = sessions.table(key)
        hours = one.take("length_hours", 0.0, _number, "a number of hours")
        if hours:
            lengths[key] = hours * HOUR
        browser = one.take("browser", "", _word, "a command such as 'firefox -P work %s'")
        if browser:
            browsers[key] = browser
    everywhere = top.take("browser", "", _word, "a command such as 'firefox %s'")
    if everywhere:
        browsers["*"] = everywhere
    warn = top.table("warnings").take(
        "minutes_before", old.warn_before or WARN_BEFORE, _minutes, "a list of minutes"
    )
    preferences = replace(
        old,
        warn_before=warn,
        adopt=keyring.take("adopt", old.adopt, _flag, "true or false"),
        guarded=top.take("guarded", old.guarded, _words, "a list of name patterns"),
        session_lengths=tuple(lengths.items()),
    )
    compat, logs = top.table("compat"), top.table("log")
    return replace(
        settings,
        preferences=preferences,
        keyring_service=keyring.take("service", settings.keyring_service, _word, "a name"),
        empty_refresh_members=compat.take(
            "empty_refresh_members", settings.empty_refresh_members, _flag, "true or false"
        ),
        browsers=browsers,
        log_debug=logs.take("debug", settings.log_debug, _flag, "true or false"),
    )
