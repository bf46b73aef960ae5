"""
Every profile as ``profiles`` and completion tell it, in a file that the daemon keeps.

Valid while each file it was made from has the mark it had: a command then need not parse them.
Two lines of JSON, so that completion reads only the first: names, and the rest of each profile.
"""

from __future__ import annotations

import json

from tray.storage.file_mark import file_mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Final

    from tray.core.model import Catalog

VERSION: Final = 1
NAME: Final = "listing.json"


def sources(state: str, config: str, credentials: str, *settings: str) -> tuple[str, ...]:
    """Return the files that a listing is made from; `settings` are the user's and the site's."""
    own = ("settings.json", "guarded.json", "applied.json")
    return (config, credentials, *settings, *(f"{state}/{name}" for name in own))


def packed(
    catalog: Catalog,
    rows: Iterable[Mapping[str, Any]],
    problems: Iterable[str],
    marks: Mapping[str, tuple[int, ...] | None],
) -> bytes:
    """`rows` and `problems` are those of the document of ``profiles --json``."""
    rows = list(rows)
    names = {
        "version": VERSION,
        "marks": list(marks.items()),
        "sessions": [one.key for one in catalog.sessions],
        "profiles": [one.name for one in catalog.profiles],
        "managed": sorted(catalog.managed),
        "sessionless": [one.name for one in catalog.profiles if one.session is None],
        "problems": list(problems),
        "columns": list(rows[0]) if rows else [],
    }
    lines = (names, [list(row.values()) for row in rows])
    return b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in lines)


def read_listing(state: str, files: tuple[str, ...]) -> tuple[dict[str, Any], bytes] | None:
    """Return the names and the second line, or None if it is not of these files as they are."""
    try:
        with open(f"{state}/{NAME}", "rb") as file:  # noqa: PTH123  (importing pathlib takes longer)
            names = json.loads(file.readline())
            rest = file.read()
        if names["version"] != VERSION or [path for path, _ in names["marks"]] != list(files):
            return None
        same = all(tuple(mark or ()) == (file_mark(path) or ()) for path, mark in names["marks"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (names, rest) if same and rest.endswith(b"\n") else None
