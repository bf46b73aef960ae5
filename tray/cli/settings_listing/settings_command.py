"""``settings``: each key with its value, and where it is set; ``set`` and ``reset`` one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tray.cli.command_context import CommandContext
from tray.cli.front.secret_words import without_secrets
from tray.cli.front.terminal import Ended, WrongUse, note, say
from tray.cli.names.name_lookup import unknown
from tray.cli.settings_listing.setting_rows import SettingRow, setting_rows, shown, source_of
from tray.core.text import settings_text
from tray.core.text.display_names import clean
from tray.storage.settings_files.settings_write import (
    choose,
    kind_of,
    meant_value,
    parts_of,
    refuse_unknown,
    reset_setting,
)
from tray.system.paths import Paths

_LONGEST = 300  # characters of a name
_WIDEST = 40  # columns of a value that the others are aligned to


def settings(*, words: tuple[str, ...], as_json: bool) -> None:
    context = CommandContext.of_this_process()
    if words[:1] in (("set",), ("reset",)) and not as_json:
        if words[0] == "reset":
            _reset(context, words[1:])
        else:
            _set(context, words[1] if words[1:] else None, words[2:])
        return
    held = context.settings_or_safe()
    asked = [word.casefold() for word in " ".join(words).split()]
    rows = [
        row for row in setting_rows(held) if all(word in row.name.casefold() for word in asked)
    ]
    if as_json:
        document = {
            "version": 1,
            "settings": [_entry(row, context.paths) for row in rows],
            "problems": list(held.problems),
        }
        say(json.dumps(document, indent=2))
    else:
        say("".join(f"{line}\n" for line in _lines(rows, context.paths)), end="")
        if not rows:
            sentence = settings_text.no_such_setting(" ".join(words))
            note(without_secrets(sentence, words))
    for sentence in held.problems:
        note(sentence)


def _entry(row: SettingRow, paths: Paths) -> dict[str, Any]:
    return {
        "name": row.name,
        "value": row.value,
        "source": source_of(row, paths),
        "file": row.file or None,
        "locked_by": row.locked_by,
    }


def _lines(rows: list[SettingRow], paths: Paths) -> list[str]:
    cells = [
        (
            clean(row.name, _LONGEST),
            shown(row),
            settings_text.whence(source_of(row, paths), row.file, row.locked_by),
        )
        for row in rows
    ]
    names = max((len(name) for name, _, _ in cells), default=0)
    values = max((len(value) for _, value, _ in cells if len(value) <= _WIDEST), default=0)
    return [f"{name:{names}}  {value:{values}}  {whence}" for name, value, whence in cells]


def _set(context: CommandContext, name: str | None, words: Sequence[str]) -> None:
    if name is None or (not words and kind_of(name) != "words"):
        raise WrongUse(settings_text.NAME_AND_VALUE)
    table, owner, key = parts_of(name)
    known = [one.key for one in context.catalog().sessions] if table == "sessions" else []
    if table == "sessions" and owner and owner not in known:
        raise unknown("session", owner, known)
    if key == "proxy" and any("@" in word for word in words):
        raise Ended(settings_text.SEEN_BY_OTHERS, 1)
    choose(context.settings_or_safe(), context.paths.state, name, meant_value(name, words))
    say(settings_text.now_set(name, shown(_row(context, name))))


def _reset(context: CommandContext, names: Sequence[str]) -> None:
    if len(names) != 1:
        raise WrongUse(settings_text.NAME_ONE)
    (name,) = names
    refuse_unknown(name)
    changed = reset_setting(context.paths.state, name)
    row = _row(context, name)
    source = source_of(row, context.paths)
    if changed:
        whence = settings_text.whence(source, row.file, row.locked_by)
        say(settings_text.now_reset(name, shown(row), whence))
        return
    said = settings_text.elsewhere(name, source, row.file or "")
    if row.file:
        raise Ended(said, 1)
    say(said)


def _row(context: CommandContext, name: str) -> SettingRow:
    rows = setting_rows(context.settings_or_safe())
    return next((row for row in rows if row.name == name), SettingRow(name, None, None, None))
