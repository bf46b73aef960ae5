"""Pick a profile from a list that narrows as one types; the AWS CLI uses prompt_toolkit, too."""

from __future__ import annotations

from typing import Final

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import HSplit, Layout, VSplit, Window
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl

from tray.core.accounts.role_search import RoleRow, RoleSearch
from tray.core.text import managed_text, search_text
from tray.core.text.display_names import clean

LINES: Final = 12  # rows of the list at a time


def pick(search: RoleSearch, active: str | None, *, guarded: bool = False) -> RoleRow | None:
    """Return the row that was picked, None if the list was left; `guarded`: such a one, too."""
    return _Picker(search, active, guarded=guarded).application.run()


class _Picker:
    """The list, what was typed, and which row is meant."""

    def __init__(self, search: RoleSearch, active: str | None, *, guarded: bool) -> None:
        self._search = search
        self._guarded = guarded
        self._keys = search_text.OPEN_KEYS if guarded else search_text.KEYS
        self._active = active
        self._typed = Buffer(multiline=False, on_text_changed=lambda _: self._narrow())
        self._hint = self._keys
        self._narrow()
        keys = KeyBindings()
        keys.add("up")(lambda _: self._move(-1))
        keys.add("down")(lambda _: self._move(1))
        keys.add("pageup")(lambda _: self._move(-LINES))
        keys.add("pagedown")(lambda _: self._move(LINES))
        keys.add("enter")(self._enter)
        keys.add("c-c")(self._leave)
        keys.add("c-d")(self._leave)
        # Alone: the first byte of every arrow key, so it waits a moment for the rest.
        keys.add("escape")(self._leave)
        line = VSplit(
            [
                Window(
                    FormattedTextControl(search_text.PROMPT), width=len(search_text.PROMPT),
                    dont_extend_width=True,
                ),
                Window(BufferControl(self._typed), height=1),
            ]
        )  # fmt: skip
        rows = Window(FormattedTextControl(self._rows), height=LINES, dont_extend_height=True)
        hint = Window(FormattedTextControl(lambda: [("class:hint", self._hint)]), height=1)
        self.application: Application[RoleRow | None] = Application(
            layout=Layout(HSplit([line, rows, hint])), key_bindings=keys, erase_when_done=True
        )

    def _narrow(self) -> None:
        self._fitting = self._search.find(self._typed.text)
        self._place = 0
        self._hint = self._keys

    def _move(self, by: int) -> None:
        self._place = max(0, min(len(self._fitting) - 1, self._place + by))
        self._hint = self._keys

    def _enter(self, event: KeyPressEvent) -> None:
        if not self._fitting:
            return
        row = self._fitting[self._place]
        if (
            row.guarded and not self._guarded
        ):  # Enter after a few letters is no choice of a guarded one
            self._hint = managed_text.guarded_by_name(row.profile or "")
        else:
            event.app.exit(result=row)

    @staticmethod
    def _leave(event: KeyPressEvent) -> None:
        event.app.exit(result=None)

    def _rows(self) -> StyleAndTextTuples:
        first = max(0, min(self._place - LINES // 2, len(self._fitting) - LINES))
        shown = self._fitting[first : first + LINES]
        widths = [max((len(cell) for cell in column), default=0) for column in _columns(shown)]
        lines: StyleAndTextTuples = []
        for place, row in enumerate(shown, first):
            active = row.profile is not None and row.profile == self._active
            mark = "*" if active else " "
            cells = (cell.ljust(width) for cell, width in zip(_cells(row), widths, strict=True))
            style = "reverse" if place == self._place else ""
            lines += [(style, f"{mark} {'  '.join(cells)}".rstrip()), ("", "\n")]
        left = len(self._fitting) - first - len(shown)
        if left > 0:
            lines[-1] = ("", f"  (+{left})\n")
        return lines or [("", search_text.NOTHING)]


def _cells(row: RoleRow) -> tuple[str, ...]:
    guarded = search_text.GUARDED if row.guarded else ""
    told = (row.profile, row.account_name or row.account_id, row.role_name, row.session)
    return (*(clean(one or "", 40) for one in told), guarded)


def _columns(rows: list[RoleRow]) -> list[list[str]]:
    return [list(column) for column in zip(*map(_cells, rows), strict=True)]
