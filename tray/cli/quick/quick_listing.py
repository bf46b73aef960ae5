"""``profiles`` and completion where the daemon's listing is still true."""

from __future__ import annotations

import os

from tray.cli.front.command_parts import Argument, Option
from tray.cli.front.command_table import COMMANDS
from tray.cli.front.terminal import note, say
from tray.storage.profile_listing import read_listing, sources
from tray.system.agent_places import config_of_linux, state_of_linux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

_QUOTES: Final = "'\"\\"


def profiles(*, words: tuple[str, ...], star: bool, unstar: bool, as_json: bool) -> int | None:
    """Print all of them; None if the whole of ``profiles`` has to."""
    found = None if words or star or unstar else _listing()
    if found is None:
        return None
    names, rest = found
    import json

    rows = json.loads(rest)
    try:
        active = _active()
    except (OSError, ValueError):
        return None
    at = names["columns"].index("active") if rows else 0
    for row in rows:
        row[at] = row[0] == active
    if as_json:
        listed = [dict(zip(names["columns"], row, strict=True)) for row in rows]
        document = {"version": 1, "profiles": listed, "problems": names["problems"]}
        say(json.dumps(document, indent=2))
        return 0
    from tray.cli.quick.profile_table import table

    say(table(rows), end="")
    for problem in names["problems"]:
        note(problem)
    return 0


def complete(instruction: str) -> int | None:
    """Print the names that complete a word, as click does; None if click has to."""
    shell, _, what = instruction.partition("_")
    typed = os.environ.get("COMP_WORDS", "")
    if what != "complete" or shell not in ("bash", "zsh") or any(one in typed for one in _QUOTES):
        return None
    place = os.environ.get("COMP_CWORD", "")
    words = typed.split()
    at = int(place) if place.isdecimal() else 0
    incomplete = words[at] if at < len(words) else ""
    which = None if incomplete[:1] == "-" or "=" in incomplete else _completed(words[1:at])
    found = _listing() if which is not None else None
    if found is None:
        return None
    names = found[0]
    if which == "sessions":
        left_out = frozenset(names["sessionless"])
        known = names["sessions"] + [one for one in names["profiles"] if one not in left_out]
    else:
        left_out = frozenset(names["managed"])
        known = [one for one in names["profiles"] if one not in left_out]
    from tray.cli.front.completed_names import beginning, for_bash

    chosen = beginning(known, incomplete)
    if chosen:
        lines = (
            f"plain,{for_bash(one)}" if shell == "bash" else f"plain\n{one}\n_" for one in chosen
        )
        say("\n".join(lines))
    return 0


def _completed(words: list[str]) -> str | None:
    """Return which names follow the words of a line, if that is plain."""
    described = COMMANDS.get(words[0]) if words else None
    if described is None:
        return None
    *before, last = words
    if last.startswith("-"):
        options = [one for one in described.takes if isinstance(one, Option)]
        given = next((one for one in options if last in one.flags), None)
        return given.completes if given is not None and len(before) == 1 else None
    for one in described.takes:
        if isinstance(one, Argument) and (not before or one.many):
            plain = not any(word.startswith("-") for word in words)
            return one.completes if plain else None
    return None


def _listing() -> tuple[dict[str, Any], bytes] | None:
    state, config = state_of_linux(os.environ), config_of_linux(os.environ)
    if state is None or config is None:
        return None
    return read_listing(state, sources(state, *config))


def _active() -> str | None:
    """Return the active profile; OSError where that is not known."""
    state = state_of_linux(os.environ)
    try:
        with open(f"{state}/active-profile", "rb") as file:  # noqa: PTH123  (as all here)
            line = os.fsdecode(file.read(4096)).partition("\n")[0].rstrip("\r")
    except FileNotFoundError:
        return None
    return line if line.strip() else None
