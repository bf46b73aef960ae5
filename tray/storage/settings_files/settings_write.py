"""What the menu, the page and ``settings set`` write: ``settings.json``, one setting at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tray.core.text import settings_text
from tray.errors import ConfigRejected, UserMustAct
from tray.storage.atomic_files import LOCK_TIMEOUT, private_directory, read_small, write_atomic
from tray.storage.settings import Settings, json_document
from tray.storage.settings_files.settings_merge import merged
from tray.storage.settings_files.settings_table import (
    KINDS,
    KINDS_OF_PROFILE,
    KINDS_OF_SESSION,
    Kind,
)
from tray.system.lock.file_lock import FileLock, lock_path

NAME: Final = "settings.json"


def kind_of(name: str) -> Kind | None:
    """Return what a setting takes, by its full name; None: there is no such setting."""
    table, owner, key = parts_of(name)
    if owner is None:
        return KINDS.get(name)
    if not owner:
        return None
    return (KINDS_OF_SESSION if table == "sessions" else KINDS_OF_PROFILE).get(key)


def refuse_unknown(name: str) -> None:
    """Raise `UserMustAct`, with the setting that was meant, where there is none of this name."""
    if kind_of(name) is None:
        from difflib import get_close_matches  # rarely needed, and the daemon is long-lived

        near = get_close_matches(name, KINDS, n=1, cutoff=0.5)
        raise UserMustAct(settings_text.unknown_setting(name, near[0] if near else None))


def parts_of(name: str) -> tuple[str | None, str | None, str]:
    """Return table, session or profile, and key: ``sessions.a.b.browser`` is of ``a.b``."""
    rest, _, key = name.rpartition(".")
    table, _, owner = rest.partition(".")
    return table or None, owner if table in ("sessions", "profiles") else None, key


def locked_by(settings: Settings, name: str) -> str | None:
    """Return the administrator's file that locks a setting, alone or with its whole table."""
    table, owner, _ = parts_of(name)
    return settings.locked.get(table or "" if owner is not None else name)


def meant_value(name: str, words: Sequence[str]) -> object:
    """Return what words of a command line mean as a value of this setting, unchecked."""
    match kind_of(name):
        case "words":
            return list(words)
        case "numbers":
            return [_number(word) for word in words]
        case "number":
            return _number(" ".join(words))
        case "flag":
            return {"true": True, "false": False}.get(" ".join(words), " ".join(words))
        case _:
            return " ".join(words)


def choose(settings: Settings, state: Path, name: str, value: object) -> None:
    """
    Write a setting that means what it says: it is read as the file will be, before it is written.

    Raises `UserMustAct` with the reader's own sentence for a value that cannot be, and else as
    `write_setting`.
    """
    refuse_unknown(name)
    _refuse_locked(locked_by(settings, name))
    read = merged(Settings(), _nested(name, value), Path(NAME), None)
    if read.problems:
        raise UserMustAct(read.problems[0].removeprefix(f"{NAME}: "))
    write_setting(state, name, value)


def write_setting(
    state: Path, name: str, value: object, locked: Mapping[str, str] | None = None
) -> None:
    """
    Keep the other settings; ``name`` as in `Settings.origins`.

    Raises `UserMustAct` for a locked one, `ConfigRejected` if the file cannot be read: it is left
    alone.
    """
    _refuse_locked((locked or {}).get(name))

    def change(document: dict[str, Any]) -> None:
        *tables, key = _steps(name)
        for table in tables:
            document = document.setdefault(table, {})
            if not isinstance(document, dict):
                raise ConfigRejected(
                    f"{state / NAME}: {table} must be a table.", file=str(state / NAME)
                )
        document[key] = value

    _change(state, change)


def reset_setting(state: Path, name: str) -> bool:
    """Take a setting out, and its table if that is empty then; returns whether it was there."""
    there = False

    def change(document: dict[str, Any]) -> None:
        nonlocal there
        *tables, key = _steps(name)
        path = [document]
        for table in tables:
            inner = path[-1].get(table)
            if not isinstance(inner, dict):
                return
            path.append(inner)
        there = path[-1].pop(key, None) is not None
        for outer, table in reversed(list(zip(path, tables, strict=False))):
            if not outer[table]:
                del outer[table]

    _change(state, change)
    return there


def _change(state: Path, change: Callable[[dict[str, Any]], None]) -> None:
    private_directory(state)
    path = state / NAME
    with FileLock(lock_path(state, "state"), timeout=LOCK_TIMEOUT):
        try:
            before = read_small(path)
        except FileNotFoundError:
            before = b"{}"
        document = json_document(path, before)
        change(document)
        if document != json_document(path, before):
            write_atomic(path, json.dumps(document, indent=1).encode() + b"\n")


def _refuse_locked(by: str | None) -> None:
    if by is not None:
        raise UserMustAct(settings_text.locked(by))


def _steps(name: str) -> tuple[str, ...]:
    return tuple(part for part in parts_of(name) if part is not None)


def _nested(name: str, value: object) -> dict[str, Any]:
    nested: Any = value
    for step in reversed(_steps(name)):
        nested = {step: nested}
    return dict(nested)


def _number(word: str) -> object:
    try:
        number = float(word)
    except ValueError:
        return word
    return int(number) if number.is_integer() else number
