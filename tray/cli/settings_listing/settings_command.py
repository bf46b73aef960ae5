"""``settings``: each key with its value, and whence it comes; ``set`` and ``reset`` one."""

from __future__ import annotations

import json
from typing import Any

from tray.cli.command_context import CommandContext
from tray.cli.front.secret_words import without_secrets
from tray.cli.front.terminal import note, say
from tray.cli.settings_listing.setting_rows import SettingRow, setting_rows, source_of, written
from tray.core.text import settings_text
from tray.core.text.display_names import clean
from tray.system.paths import Paths

_LONGEST = 300  # characters of a name
_WIDEST = 40  # columns of a value that the others are aligned to


def settings(*, words: tuple[str, ...], as_json: bool) -> None:
    context = CommandContext.of_this_process()
    if words[:1] in (("set",), ("reset",)) and not as_json:
        from tray.cli.settings_listing import settings_change

        if words[0] == "reset":
            settings_change.reset_one(context, words[1:])
        else:
            settings_change.set_one(context, words[1] if words[1:] else None, words[2:])
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
            settings_text.value(row.name, written(row.value)),
            settings_text.whence(source_of(row, paths), row.file, row.locked_by),
        )
        for row in rows
    ]
    names = max((len(name) for name, _, _ in cells), default=0)
    values = max((len(value) for _, value, _ in cells if len(value) <= _WIDEST), default=0)
    return [f"{name:{names}}  {value:{values}}  {whence}" for name, value, whence in cells]
