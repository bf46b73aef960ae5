"""What each client is known to do, as data, compared with what it did."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.clients.matrix.seen import Seen

Question = tuple[str, str, str]
"""Group, row and the program's name."""

Expected = Mapping[str, Mapping[str, Mapping[str, str]]]
"""What is done, by group, row and the program's name."""

FILE: Final = Path(__file__).with_name("expected.json")


def read_expected() -> Expected:
    """Return what is written."""
    read: Expected = json.loads(FILE.read_text())
    return read


def write_expected(seen: Mapping[Question, Seen]) -> None:
    """Expect what was seen; what was not asked stays."""
    made = {
        group: {row: dict(cells) for row, cells in rows.items()}
        for group, rows in (read_expected() if FILE.exists() else {}).items()
    }
    for (group, row, name), one in seen.items():
        made.setdefault(group, {}).setdefault(row, {})[name] = one.did
    FILE.write_text(json.dumps(made, indent=2) + "\n")


def differences(seen: Mapping[Question, Seen], expected: Expected) -> list[str]:
    """Return a line for each cell that is not as written, with what the client said."""
    return [
        f"{name}, {group}, {row}: expected {known}, saw {one.did}: {shortened(one.why)}"
        for (group, row, name), one in seen.items()
        if (known := expected.get(group, {}).get(row, {}).get(name)) != one.did
    ]


def shortened(text: str) -> str:
    """Return the end of a text in one line."""
    line = " ".join(text.split())
    return line if len(line) <= 240 else f"...{line[-237:]}"


def printed(title: str, heads: Sequence[str], rows: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Return a table in lines, each column as wide as it must be."""
    lines = [[title, *heads], *([row, *cells] for row, cells in rows.items())]
    widths = [max(len(line[number]) for line in lines) for number in range(len(lines[0]))]
    for line in lines:
        cells = (f"{cell:{width}}" for cell, width in zip(line, widths, strict=True))
        yield "  ".join(cells).rstrip()
    yield ""
