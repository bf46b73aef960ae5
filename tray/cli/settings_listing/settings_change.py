"""``settings set`` and ``settings reset``: one setting, in the file that the menu writes too."""

from __future__ import annotations

from collections.abc import Sequence

from tray.cli.command_context import CommandContext
from tray.cli.front.terminal import Ended, WrongUse, say
from tray.cli.names.name_lookup import unknown
from tray.cli.settings_listing.setting_rows import SettingRow, setting_rows, source_of, written
from tray.core.text import settings_text
from tray.storage.settings_files.settings_write import (
    choose,
    kind_of,
    meant_value,
    parts_of,
    refuse_unknown,
    reset_setting,
)


def set_one(context: CommandContext, name: str | None, words: Sequence[str]) -> None:
    if name is None or (not words and kind_of(name) != "words"):
        raise WrongUse(settings_text.NAME_AND_VALUE)
    table, owner, key = parts_of(name)
    known = [one.key for one in context.catalog().sessions] if table == "sessions" else []
    if table == "sessions" and owner and owner not in known:
        raise unknown("session", owner, known)
    if key == "proxy" and any("@" in word for word in words):
        raise Ended(settings_text.SEEN_BY_OTHERS, 1)
    choose(context.settings_or_safe(), context.paths.state, name, meant_value(name, words))
    say(settings_text.now_set(name, _shown(_row(context, name))))


def reset_one(context: CommandContext, names: Sequence[str]) -> None:
    if len(names) != 1:
        raise WrongUse(settings_text.NAME_ONE)
    (name,) = names
    refuse_unknown(name)
    changed = reset_setting(context.paths.state, name)
    row = _row(context, name)
    source = source_of(row, context.paths)
    if changed:
        whence = settings_text.whence(source, row.file, row.locked_by)
        say(settings_text.now_reset(name, _shown(row), whence))
        return
    said = settings_text.elsewhere(name, source, row.file or "")
    if row.file:
        raise Ended(said, 1)
    say(said)


def _row(context: CommandContext, name: str) -> SettingRow:
    rows = setting_rows(context.settings_or_safe())
    return next((row for row in rows if row.name == name), SettingRow(name, None, None, None))


def _shown(row: SettingRow) -> str:
    return settings_text.value(row.name, written(row.value))
