"""The page's settings: a form of every key, its value, where it is set, and what it may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tray.cli.command_context import CommandContext
from tray.cli.settings_listing.setting_rows import SettingRow, setting_rows, shown, source_of
from tray.core.policy import LONGEST_SHOWN_NAME
from tray.core.text import settings_text
from tray.core.text.display_names import clean, session_name
from tray.core.text.page import page_words
from tray.core.text.shell_commands import quoted
from tray.errors import TrayError, UserMustAct
from tray.storage.settings_files.settings_table import CHOICES
from tray.storage.settings_files.settings_write import kind_of, locked_by, parts_of

ELSEWHERE: Final = ("command", "place")
"""
What no page sets, as whoever has got hold of the page, an extension of the browser say, could
then run any program, or have tokens sent to a place of his own.
"""


class PageSettings:
    """Called from any thread."""

    def __init__(self, context: CommandContext) -> None:
        self._context = context

    def settings(self, _query: Mapping[str, str]) -> dict[str, Any]:
        """Answer ``settings``: the groups of the form with their settings."""
        context, problems = self._context, []
        try:
            sessions = [one.key for one in context.catalog().sessions]
        except TrayError as error:
            sessions, problems = [], [error.sentence]
        held = context.settings_or_safe()
        groups: dict[str, list[dict[str, Any]]] = {name: [] for name in settings_text.GROUPS}
        for row in setting_rows(held, sessions):
            kind = kind_of(row.name)
            table, owner, _ = parts_of(row.name)
            if kind is not None:
                by = row.locked_by or locked_by(held, row.name)
                groups[table or ""].append(self._document(row, kind, owner, by))
        return {
            "file": clean(str(context.paths.settings_file), LONGEST_SHOWN_NAME),
            "groups": [
                {"title": settings_text.GROUPS[name], "settings": rows}
                for name, rows in groups.items()
                if rows
            ],
            "problems": [*problems, *held.problems],
        }

    def _document(
        self, row: SettingRow, kind: str, owner: str | None, by: str | None
    ) -> dict[str, Any]:
        source = source_of(row, self._context.paths)
        return {
            "name": row.name,
            "shown_name": clean(row.name, LONGEST_SHOWN_NAME),
            "owner": None if owner is None else session_name(owner),
            "help": settings_text.help_of(row.name, parts_of(row.name)),
            "kind": kind,
            "choices": list(CHOICES.get(row.name, ())),
            "value": row.value,
            "shown": shown(row),
            "whence": settings_text.whence(source, row.file, by),
            "set_here": source == "menu",
            "set": row.file is not None,
            "locked": by is not None,
            "line": _line(row) if kind in ELSEWHERE else None,
        }


def settable(name: object, value: object) -> tuple[str, list[str]]:
    """Return what the page may set; raises UserMustAct."""
    if not isinstance(name, str) or not isinstance(value, list):
        raise UserMustAct(page_words.NO_REQUEST)
    if kind_of(name) in ELSEWHERE:
        raise UserMustAct(page_words.AT_A_TERMINAL)
    return name, [word for word in value if isinstance(word, str)]


def _line(row: SettingRow) -> str:
    example = settings_text.EXAMPLES[parts_of(row.name)[2]]
    return f"sso-tray settings set {quoted(row.name)} {example}"
