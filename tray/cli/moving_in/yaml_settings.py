"""Settings in YAML, as nested keys."""

from __future__ import annotations

from dataclasses import dataclass

import yaml


class NotUnderstood(Exception):
    """What cannot be read: the number of the line and what is wrong with it, as a clause."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


@dataclass(frozen=True, slots=True)
class Node:
    """A key's value: its text, its own keys, or neither, as of a list; ``line`` is 1-based."""

    line: int
    text: str = ""
    mapping: yaml.MappingNode | None = None

    def keys(self) -> dict[str, Node]:
        """Return its own keys. Each is made when asked for: aliases can name one value often."""
        if self.mapping is None:
            return {}
        return {key.value: _node(key, value) for key, value in self.mapping.value}

    def under(self, key: str) -> dict[str, Node]:
        """Return the keys of a key, none without it."""
        found = self.keys().get(key)
        return found.keys() if found is not None else {}

    def get(self, key: str) -> str:
        """Return the text of a key, empty without it."""
        found = self.keys().get(key)
        return found.text if found is not None else ""


def read_yaml(text: str) -> Node:
    """
    Return the document's keys; raises `NotUnderstood`.

    All scalars stay text as written: an account ID that begins with a zero is no octal number.
    """
    try:
        top = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        raise NotUnderstood(line, f"isn't valid YAML: {error.problem}") from None
    except yaml.YAMLError:
        raise NotUnderstood(
            1, "or a later one holds a character that YAML doesn't allow"
        ) from None
    except RecursionError:
        raise NotUnderstood(1, "or another is nested too deeply") from None
    _check(top)
    return Node(1, "", top if isinstance(top, yaml.MappingNode) else None)


def _check(top: yaml.Node | None) -> None:
    """Raise `NotUnderstood` for a key that is no text, or is there twice."""
    seen: set[int] = set()
    rest = [top] if top is not None else []
    while rest:
        node = rest.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            rest += node.value
        if not isinstance(node, yaml.MappingNode):
            continue
        lines: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise NotUnderstood(line, "has a key that isn't text")
            if key.value in lines:
                raise NotUnderstood(line, f"repeats a key of line {lines[key.value]}")
            lines[key.value] = line
            rest.append(value)


def _node(key: yaml.Node, value: yaml.Node) -> Node:
    line = key.start_mark.line + 1
    match value:
        case yaml.ScalarNode():
            return Node(line, value.value)
        case yaml.MappingNode():
            return Node(line, "", value)
        case _:
            return Node(line)
