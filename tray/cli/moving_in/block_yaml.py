"""
Reads the part of YAML that aws-sso-cli's settings are written in: nested keys, one to a line.

Lists, block texts and values in ``[...]`` or ``{...}`` are passed over: nothing of them is
imported. PyYAML would be a dependency for one file that is read once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_KEY: Final = re.compile(
    r"""(?P<key>"[^"]*"|'[^']*'|[^\s"'\[\]{}#&*!|>%@`,-][^#]*?|-[^\s#][^#]*?)\s*:(?:\s+|$)"""
)
_BLOCK_TEXT: Final = re.compile(r"[|>][+-]?\d?[+-]?$")
_DEEPEST: Final = 20


class NotUnderstood(Exception):
    """A line that is no such YAML: its number and what is wrong with it, as a clause."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


@dataclass(slots=True)
class Node:
    """A key's value: its text, its own keys, or neither; ``line`` is 1-based."""

    line: int
    text: str = ""
    keys: dict[str, Node] = field(default_factory=dict)

    def get(self, key: str) -> str:
        """Return the text of a key, empty without one."""
        found = self.keys.get(key)
        return found.text if found is not None else ""

    def under(self, key: str) -> dict[str, Node]:
        found = self.keys.get(key)
        return found.keys if found is not None else {}


def read_block(text: str) -> Node:
    """Return the document's keys; raises `NotUnderstood`."""
    root = Node(0)
    open_at: list[tuple[int, Node]] = [(-1, root)]  # indent of the key, and its value
    passed_over: int | None = None  # indent of a line whose deeper ones are not read
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        indent = len(line) - len(line.lstrip(" "))
        if not bare or bare[0] == "#" or (indent == 0 and bare in ("---", "...")):
            continue
        if passed_over is not None and indent > passed_over:
            continue
        passed_over = indent if bare == "-" or bare.startswith("- ") else None
        if passed_over is not None:
            continue
        if line[indent] == "\t":
            raise NotUnderstood(number, "is indented with a tab")
        while indent <= open_at[-1][0]:
            open_at.pop()
        found = _KEY.match(bare)
        if found is None or len(open_at) > _DEEPEST:
            raise NotUnderstood(number, 'isn\'t a key with ":"')
        parent = open_at[-1][1]
        key = found["key"].strip("\"'")
        if parent.text:
            raise NotUnderstood(number, "belongs to a key that has a value already")
        if key in parent.keys:
            raise NotUnderstood(number, f"repeats a key of line {parent.keys[key].line}")
        value, more = _value(bare[found.end() :].strip(), number)
        parent.keys[key] = Node(number, value)
        open_at.append((indent, parent.keys[key]))
        if more:
            passed_over = indent
    return root


def _value(text: str, number: int) -> tuple[str, bool]:
    """Return a value's text, and whether deeper lines belong to it that are passed over."""
    if text[:1] in ('"', "'"):
        end = text.find(text[0], 1)
        if end < 0 or (text[end + 1 :].strip() or "#")[0] != "#":
            raise NotUnderstood(number, "has a quote that isn't closed on the line")
        return text[1:end], False
    text = re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()
    if text[:1] in ("&", "*", "!"):
        raise NotUnderstood(number, "uses an anchor or a tag of YAML")
    if text[:1] in ("[", "{") or _BLOCK_TEXT.fullmatch(text):
        return "", True
    return text, False
