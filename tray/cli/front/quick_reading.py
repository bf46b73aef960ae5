"""
Reads the command lines that leave no question, by the table, without click.

Whatever is not exactly as the table says, even if click would take it, is left to click: help,
wrong use, ``--option=value``, an option given twice.
"""

from __future__ import annotations

from tray.cli.front.command_parts import Argument, Command, Option
from tray.cli.front.command_table import COMMANDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Final

OURS_FAILED: Final = 125  # exit code of env(1)


def read(line: Sequence[str]) -> tuple[str, dict[str, Any]] | None:
    """Return the command and its parameters by name, or None: click has to read the line."""
    described = COMMANDS.get(line[0]) if line else None
    if described is None or described.quick is None:
        return None
    values = _values(described, line[1:])
    if values is not None and described.as_env:
        values["last_before"] = last_before(line[1:])
    return None if values is None else (line[0], values)


def last_before(words: Sequence[str]) -> str | None:
    """Return the word before the first ``--``."""
    place = words.index("--") if "--" in words else 0
    return words[place - 1] if place else None


def _values(described: Command, words: Sequence[str]) -> dict[str, Any] | None:
    flags = {flag: one for one in described.takes if isinstance(one, Option) for flag in one.flags}
    given: dict[str, Any] = {}
    bare: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            bare += rest
            break
        if word == "-" or not word.startswith("-"):
            bare.append(word)
            if described.as_env:
                bare += rest
                break
            continue
        option = flags.get(word)
        if option is None or option.name in given or option.repeated:
            return None
        if option.kind == "flag":
            given[option.name] = True
            continue
        if option.kind != "text" or not rest or rest[0].startswith("-"):
            return None
        given[option.name] = rest.pop(0)
    return _complete(described, given, bare)


def _complete(described: Command, given: dict[str, Any], bare: list[str]) -> dict[str, Any] | None:
    """Add the argument and the defaults; None if something is missing, too much or unknown."""
    for one in described.takes:
        if isinstance(one, Argument):
            if (one.required and not bare) or (len(bare) > 1 and not one.many):
                return None
            if one.many:
                given[one.name], bare = tuple(bare), []
            elif bare:
                given[one.name] = bare.pop()
        if one.name not in given:
            given[one.name] = False if _is_flag(one) else one.default
        elif one.choices and given[one.name] not in one.choices:
            return None
    return None if bare else given


def _is_flag(one: Option | Argument) -> bool:
    return isinstance(one, Option) and one.kind == "flag"
