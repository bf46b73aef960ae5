"""The user's settings: ``config.toml`` is theirs and only read, ``settings.json`` the menu's."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any, TypeVar

from tray.core.model import Preferences
from tray.core.policy import DAY, HOUR, MINUTE, WARN_BEFORE
from tray.errors import ConfigRejected
from tray.storage.atomic_files import FileRefused, private_directory, read_small, write_atomic
from tray.values import dataclass

T = TypeVar("T")

KEYRING_SERVICE = "sso-tray"
LONGEST_SESSION = 366 * DAY
"""Seconds; AWS allows 90 days."""
LONGEST_WARNING = 7 * DAY

_KNOWN = {
    "": (
        "browser",
        "guarded",
        "keyring",
        "sessions",
        "profiles",
        "warnings",
        "compat",
        "log",
    ),
    "keyring": ("adopt", "service"),
    "warnings": ("minutes_before", "show"),
    "compat": ("empty_refresh_members",),
    "log": ("debug",),
}
_KNOWN_OF_SESSION = ("length_hours", "browser")
_KNOWN_OF_PROFILE = ("browser",)


@dataclass(frozen=True, slots=True)
class Settings:
    """
    All settings, defaults filled in.

    Args:
        preferences: those the rules need.
        keyring_service: the service name of our keyring items (K2).
        empty_refresh_members: write the refresh members into lean files, empty (K3).
        browsers: command templates by session key (L11); the key ``*`` is for all others.
        profile_browsers: likewise by profile, for its console.
        notices: whether warnings are shown as notifications.
        log_debug: log more.
        problems: one sentence for each key of ``config.toml`` that means nothing to us: most
            likely a slip of the pen, but no reason to refuse all the others.
    """

    preferences: Preferences = field(default_factory=Preferences)
    keyring_service: str = KEYRING_SERVICE
    empty_refresh_members: bool = False
    browsers: Mapping[str, str] = field(default_factory=dict)
    profile_browsers: Mapping[str, str] = field(default_factory=dict)
    notices: bool = True
    log_debug: bool = False
    problems: tuple[str, ...] = ()

    def browser(self, key: str, profile: str | None = None) -> str | None:
        """Return the browser command template for a session's pages, or None for the system's."""
        own = None if profile is None else self.profile_browsers.get(profile)
        return own or self.browsers.get(key, self.browsers.get("*"))

    def to_worker(self) -> dict[str, Any]:
        """Return what a worker has to know, as JSON."""
        return {
            "adopt": self.preferences.adopt,
            "service": self.keyring_service,
            "empty_refresh_members": self.empty_refresh_members,
            "debug": self.log_debug,
        }

    @classmethod
    def in_worker(cls, told: Mapping[str, Any]) -> Settings:
        """Return what :meth:`to_worker` told; the rest is as by default."""
        return cls(
            preferences=Preferences(adopt=told["adopt"]),
            keyring_service=told["service"],
            empty_refresh_members=told["empty_refresh_members"],
            log_debug=told["debug"],
        )


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
        except FileRefused as refusal:
            raise ConfigRejected(refusal.sentence, file=str(path)) from None
        except OSError as error:
            msg = f"{path} cannot be read: {error.strerror}."
            raise ConfigRejected(msg, file=str(path)) from None
        settings = _merged(settings, parse(path, data), path)
    return settings


def write_setting(state: Path, table: str, key: str, value: bool) -> None:
    """
    Write one setting of the menu into ``settings.json``; the others in it stay.

    Args:
        state: our state directory.
        table: as in ``config.toml``.
        key: likewise.
        value: what it is set to.

    Raises:
        ConfigRejected: the file there is now cannot be read; it is left alone.
        OSError: the state directory cannot be written.
    """
    path = state / "settings.json"
    try:
        document = _json(path, read_small(path))
    except FileNotFoundError:
        document = {}
    inner = document.setdefault(table, {})
    if not isinstance(inner, dict):
        raise _Table(path, document).complaint("must be a table", table)
    inner[key] = value
    private_directory(state)
    write_atomic(path, json.dumps(document, indent=1).encode() + b"\n")


def _toml(path: Path, data: bytes) -> dict[str, Any]:
    try:
        # Some editors put a byte order mark first.
        return tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path} is no TOML: {error}."
        raise ConfigRejected(msg, file=str(path)) from None
    except (RecursionError, ValueError):
        # The ValueError left over is that of a number with thousands of digits.
        raise ConfigRejected(f"{path} is no usable TOML.", file=str(path)) from None


def _json(path: Path, data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        msg = f"{path} is no JSON ({type(error).__name__})."
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
        sentence = f"{self._path}: {self._place(key)} {what}."
        return ConfigRejected(sentence, file=str(self._path))

    def _place(self, key: str) -> str:
        place = ".".join(part for part in (self._name, key) if part)
        return "".join(sign if sign.isprintable() else "?" for sign in place)

    def unknown(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Return a sentence for each key that is none of these."""
        return tuple(
            f"{self._path}: {self._place(key)} is no setting."
            for key in self._values
            if key not in known
        )

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
    """Return a positive number of bearable size: no infinity, nothing beyond a float."""
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


def _merged(settings: Settings, document: dict[str, Any], path: Path) -> Settings:
    top = _Table(path, document)
    old = settings.preferences
    keyring, sessions = top.table("keyring"), top.table("sessions")
    lengths, browsers = dict(old.session_lengths), dict(settings.browsers)
    for key in sessions.keys():  # noqa: SIM118  (a table of ours, not a dict)
        one = sessions.table(key)
        hours = one.take("length_hours", 0.0, _hours, "a number of hours, up to a year")
        if hours:
            lengths[key] = hours * HOUR
        browser = one.take("browser", "", _word, "a command such as 'firefox -P work %s'")
        if browser:
            browsers[key] = browser
    profiles, of_profiles = top.table("profiles"), dict(settings.profile_browsers)
    for name in profiles.keys():  # noqa: SIM118  (a table of ours, not a dict)
        browser = profiles.table(name).take("browser", "", _word, "a command such as 'firefox %s'")
        if browser:
            of_profiles[name] = browser
    everywhere = top.take("browser", "", _word, "a command such as 'firefox %s'")
    if everywhere:
        browsers["*"] = everywhere
    warn = top.table("warnings").take(
        "minutes_before",
        old.warn_before or WARN_BEFORE,
        _minutes,
        "a list of minutes, up to a week",
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
        # What the menu set, perhaps that of a later version, is nothing a person could mend.
        problems=settings.problems if path.suffix == ".json" else _unknown(top),
        preferences=preferences,
        keyring_service=keyring.take("service", settings.keyring_service, _word, "a name"),
        empty_refresh_members=compat.take(
            "empty_refresh_members", settings.empty_refresh_members, _flag, "true or false"
        ),
        browsers=browsers,
        profile_browsers=of_profiles,
        notices=top.table("warnings").take("show", settings.notices, _flag, "true or false"),
        log_debug=logs.take("debug", settings.log_debug, _flag, "true or false"),
    )


def _unknown(top: _Table) -> tuple[str, ...]:
    """Return a sentence for each key that means nothing to us."""
    tables = [(top, _KNOWN[""]), *((top.table(name), _KNOWN[name]) for name in _KNOWN if name)]
    sessions = top.table("sessions")
    tables += [(sessions.table(key), _KNOWN_OF_SESSION) for key in sessions.keys()]  # noqa: SIM118  (a table of ours, not a dict)
    profiles = top.table("profiles")
    tables += [(profiles.table(name), _KNOWN_OF_PROFILE) for name in profiles.keys()]  # noqa: SIM118  (likewise)
    return tuple(sentence for table, known in tables for sentence in table.unknown(known))
