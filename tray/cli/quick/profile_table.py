"""Profiles as lines of text, however many there are."""

from __future__ import annotations

from tray.cli.front.terminal import bold
from tray.core.text.display_names import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Final

SHOWN: Final = ("name", "kind", "session", "account_id", "role_name", "region")
"""The columns; the first ones of a row, which has ``active`` and ``guarded`` behind them."""
_LONGEST: Final = 64  # characters of a cell that need no cleaning if all can be printed


def table(rows: Sequence[Sequence[Any]]) -> str:
    """Return a line for each row of ``profiles``' document, its values in order."""
    *columns, active, guarded = zip(*rows, strict=True) if rows else ((), ())
    cells = [_cells([str(value or "-") for value in column]) for column in columns]
    form = "  ".join(f"%-{max(map(len, column))}s" for column in cells)
    lines = []
    for line, is_active, is_guarded in zip(zip(*cells, strict=True), active, guarded, strict=True):
        shown = f"{'*' if is_active else ' '} {form % line}{'  guarded' if is_guarded else ''}"
        lines.append((bold(shown.rstrip()) if is_active else shown.rstrip()) + "\n")
    return "".join(lines)


def _cells(column: list[str]) -> list[str]:
    """Clean a column; one by one only if it holds anything to clean."""
    if max(map(len, column)) <= _LONGEST and "".join(column).isprintable():
        return column
    return [clean(one) for one in column]
