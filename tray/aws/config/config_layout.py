"""The lines of an AWS config file by kind, kept as they are and divided as the parser does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

from tray.values import dataclass

Kind = Literal["header", "option", "more", "rest"]  # more: continuation; rest: blank, comment

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_ENDS: Final = "\r\n"


@dataclass(frozen=True, slots=True)
class Line:
    text: str  # without its end
    end: str  # ``\n``, ``\r\n``, ``\r``, or nothing in a last line that has none
    kind: Kind  # what it is
    name: str = ""  # the header's text between the brackets, or the option's key in lower case


@dataclass(frozen=True, slots=True)
class Span:
    start: int  # index of its first line
    stop: int  # index after its last one


def lines_of(text: str) -> list[Line]:
    """The parser must have accepted the file."""
    return list(_divided(text))


def _divided(text: str) -> Iterator[Line]:
    level, key = 0, ""
    for found in _LINE.finditer(text):
        whole = found[0]
        if not whole:
            return
        line = whole.rstrip(_ENDS)
        end = whole[len(line) :]
        bare = line.strip()
        if not bare or bare[0] in "#;":
            yield Line(line, end, "rest")
            continue
        indent = 0 if line[0] == "[" else len(line) - len(line.lstrip())
        if indent > level and key:
            yield Line(line, end, "more")
            continue
        level = indent
        if bare[0] == "[" and (close := bare.rfind("]")) > 1:
            key = ""
            yield Line(line, end, "header", bare[1:close])
            continue
        key = re.split("[=:]", bare, maxsplit=1)[0].rstrip().lower()
        yield Line(line, end, "option", key)


def section_span(lines: list[Line], header: str) -> Span | None:
    """From header to last option; comments after that may belong to what follows."""
    for start, line in enumerate(lines):
        if line.kind != "header" or line.name != header:
            continue
        stop = start + 1
        for at in range(start + 1, len(lines)):
            if lines[at].kind == "header":
                break
            if lines[at].kind != "rest":
                stop = at + 1
        return Span(start, stop)
    return None


def option_span(lines: list[Line], section: Span, key: str) -> Span | None:
    """Return an option's lines with all that continues it; None if it is not there."""
    for start in range(section.start + 1, section.stop):
        line = lines[start]
        if line.kind != "option" or line.name != key:
            continue
        stop = start + 1
        for at in range(start + 1, section.stop):
            if lines[at].kind in ("option", "header"):
                break
            if lines[at].kind == "more":
                stop = at + 1
        return Span(start, stop)
    return None


def end_of(lines: list[Line]) -> str:
    r"""Return this file's line end; a new file's is ``\n``."""
    return next((line.end for line in lines if line.end), "\n")


def joined(lines: list[Line]) -> str:
    return "".join(line.text + line.end for line in lines)
