"""
The settings: ``config.toml`` is only read, `settings_write` writes ``settings.json``.

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
from tray.core.policy import KEPT_FOR
from tray.core.start_rules import StartDaemon
from tray.core.text.sentences import listed
from tray.errors import ConfigRejected, TrayError
from tray.own_connection import OwnConnection
from tray.storage.atomic_files import FileRefused, read_small, write_changed
from tray.storage.settings_files.settings_merge import LOCKABLE, RESTRICTIONS, is_set, merged
from tray.storage.settings_files.settings_table import words_of
from tray.values import dataclass

KEYRING_SERVICE = "sso-tray"
_LOCK_EXAMPLE = '["guarded", "warnings.show"]'


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
    keep: float = KEPT_FOR  # seconds for which the history and unlisted accounts stay
    start_daemon: StartDaemon = "auto"  # whether a daemon may be started when it is needed
    # the file of an administrator by the key that it locks, ``guarded`` or ``warnings.show``
    locked: Mapping[str, str] = field(default_factory=dict)
    # the file that has set a key, by its full name such as ``sessions.corp.browser``; empty for
    # what holds until the user's file can be read
    origins: Mapping[str, str] = field(default_factory=dict)
    # a sentence for each mistake, which only costs the key that it names
    problems: tuple[str, ...] = ()

    def browser(self, key: str, profile: str | None = None) -> str | None:
        """Return the command template for a session's pages; None: the system's browser."""
        own = None if profile is None else self.profile_browsers.get(profile)
        return own or self.browsers.get(key, self.browsers.get("*"))

    def to_worker(self) -> dict[str, Any]:
        return {
            "adopt": self.preferences.adopt,
            "keyring_required": self.preferences.keyring_required,
            "service": self.keyring_service,
            "empty_refresh_members": self.empty_refresh_members,
            "restore_removed": self.restore_removed,
            "keep": self.keep,
            "debug": self.log_debug,
            "connections": {key: own.to_json() for key, own in self.own_connections.items()},
        }

    @classmethod
    def in_worker(cls, sent: Mapping[str, Any]) -> Settings:
        return cls(
            preferences=Preferences(
                adopt=sent["adopt"], keyring_required=sent["keyring_required"]
            ),
            keyring_service=sent["service"],
            empty_refresh_members=sent["empty_refresh_members"],
            restore_removed=sent["restore_removed"],
            keep=sent["keep"],
            log_debug=sent["debug"],
            own_connections={
                key: OwnConnection.from_json(own) for key, own in sent["connections"].items()
            },
        )


def safe_settings(
    state: Path, site: Sequence[Path] = (), problems: tuple[str, ...] = ()
) -> Settings:
    """Return the site's settings, until the user's can be read, and the last guard understood."""
    kept = _kept_guard(state)
    settings = _of_site(site, kept)
    guarded = settings.preferences.guarded if "guarded" in settings.locked else kept
    held = {"guarded", "start_daemon"} - settings.locked.keys()
    return replace(
        settings,
        preferences=replace(settings.preferences, guarded=guarded),
        start_daemon="never",
        origins={**settings.origins, **dict.fromkeys(held, "")},
        problems=(*settings.problems, *problems),
    )


def read_settings(config: Path, state: Path, site: Sequence[Path] = ()) -> Settings:
    """
    Return the settings: the user's win over the site's unless locked, the menu's over the user's.

    A guard that is understood is kept in ``<state>/guarded.json`` for when it is not. Raises
    `ConfigRejected` if a file of the user's cannot be read as a whole; if one of the site's
    cannot, that is a problem, and what it may restrict fails closed.
    """
    kept = _kept_guard(state)
    settings = _of_site(site, kept)
    for path, parse in ((config, _toml), (state / "settings.json", json_document)):
        data = _data(path)
        if data is not None:
            settings = merged(settings, parse(path, data), path, kept)
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


def _of_site(site: Sequence[Path], kept: tuple[str, ...] | None) -> Settings:
    settings = Settings()
    for path in site:
        settings = _with_site(settings, path, kept)
    return settings


def _with_site(settings: Settings, path: Path, kept: tuple[str, ...] | None) -> Settings:
    """Add an administrator's file and its locks."""
    data: bytes | None = None
    try:
        data = _data(path)
        document = {} if data is None else _toml(path, data)
    except ConfigRejected as error:
        return _closed(settings, path, data, kept, error.sentence)
    names = document.pop("locked", [])
    settings = merged(settings, document, path, kept)
    problems = list(settings.problems)
    if not isinstance(names, list) or any(name not in LOCKABLE for name in names):
        problems.append(f"{path}: locked must be a list of settings such as {_LOCK_EXAMPLE}.")
        names = [name for name in names if name in LOCKABLE] if isinstance(names, list) else []
        names += [name for name in RESTRICTIONS if is_set(document, name)]
    if "keyring.required" in names and settings.preferences.keyring_required:
        names = [*names, "keyring.adopt"]  # which it implies
    locked = {name: settings.locked.get(name, str(path)) for name in names}
    return replace(settings, locked={**settings.locked, **locked}, problems=tuple(problems))


def _closed(
    settings: Settings,
    path: Path,
    data: bytes | None,
    kept: tuple[str, ...] | None,
    sentence: str,
) -> Settings:
    """Forbid whatever a site's file that cannot be read may forbid: it names it, or is unread."""
    named = [
        name for name in RESTRICTIONS if data is None or name.rpartition(".")[2].encode() in data
    ]
    before, until = settings.preferences, []
    if "guarded" in named:
        until.append("no other profile can be picked" if kept is None else "the last guard stays")
    if "allowed_start_urls" in named:
        until.append("nobody can sign in")
    if "keyring.required" in named:
        until.append("refresh tokens are kept in the keyring only")
    said = f"{sentence} Until your administrator fixes it, your own settings hold"
    return replace(
        settings,
        preferences=replace(
            before,
            guarded=kept if "guarded" in named else before.guarded,
            allowed_start_urls=None
            if "allowed_start_urls" in named
            else before.allowed_start_urls,
            keyring_required=before.keyring_required or "keyring.required" in named,
        ),
        locked={**settings.locked, **dict.fromkeys(named, str(path))},
        origins={**settings.origins, **dict.fromkeys(named, str(path))},
        problems=(*settings.problems, f"{said}{', but ' if until else ''}{listed(until)}."),
    )


def _kept_guard(state: Path) -> tuple[str, ...] | None:
    try:
        return words_of(json.loads(read_small(state / "guarded.json"))) or None
    except (OSError, TrayError, ValueError, RecursionError):
        return None


def _keep_guard(state: Path, guard: tuple[str, ...] | None) -> None:
    # A full disk costs the guard of a later mistake, which then lets nobody pick a profile.
    with suppress(OSError, TrayError):
        write_changed(state / "guarded.json", json.dumps(guard).encode() + b"\n")


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


def json_document(path: Path, data: bytes) -> dict[str, Any]:
    """Return the object in a JSON file; raises ConfigRejected for anything else."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ConfigRejected(f"{path} isn't a JSON object.", file=str(path))
    return document
