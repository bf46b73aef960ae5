"""The guide's table of what works with what: ``python -m tests.clients.matrix.works_table``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import tray
from tests.clients.matrix.expectations import read_expected

PAGE: Final = Path(tray.__file__).parent / "guide/sdks.md"
OPENS: Final = "<!-- what works, as seen: python -m tests.clients.matrix.works_table -->\n"
CLOSES: Final = "<!-- end of what works -->"
_FOLLOWS: Final = {"use, apply default": "apply default", "use, helper": "credential helper"}


def table() -> str:
    """Return the table, a row for each client: by which way it has credentials."""
    expected = read_expected()
    ways, running = expected["ways"], expected["running"]
    names = {name: None for row in ways.values() for name in row}
    lines = [["client", *ways], ["---"] * (len(ways) + 1)]
    for name in names:
        cells = [f"`{name}`" if name == "Java-sso" else name]
        for way, row in ways.items():
            follows = [running[of].get(name, "") for of, to in _FOLLOWS.items() if to == way]
            cells.append(_cell(row[name], *follows))
        lines.append(cells)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(works: str, follows: str = "") -> str:
    if works != "yes":
        return works
    return {"follows": "yes, follows", "stays": "yes, at its next start"}.get(follows, "yes")


def documented(page: str) -> str:
    """Return a page with the table between its two marks."""
    head, _, rest = page.partition(OPENS)
    return head + OPENS + table() + CLOSES + rest.partition(CLOSES)[2]


if __name__ == "__main__":
    PAGE.write_text(documented(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
