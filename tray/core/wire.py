"""How the rules' words cross a pipe: plain JSON values, each with the name of its type."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tray.core import effects, events, model, outcomes, requests
from tray.core.profiles import managed_profile

_TYPES: dict[str, type[Any]] = {
    name: kind
    for module in (model, events, outcomes, requests, effects, managed_profile)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind)
}


def to_wire(value: object) -> Any:
    """
    Return a JSON-able form of a word of the rules.

    Raises:
        TypeError: the value holds something that is no word of the rules.
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case tuple() | list():
            return [to_wire(item) for item in value]
        case frozenset():
            return {"type": "frozenset", "items": sorted(map(str, value))}
        case Mapping():
            return {"type": "mapping", "items": {k: to_wire(v) for k, v in value.items()}}
    if type(value).__name__ in _TYPES and dataclasses.is_dataclass(value):
        fields = {f.name: to_wire(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"type": type(value).__name__, **fields}
    msg = f"{type(value).__name__} does not cross a pipe"
    raise TypeError(msg)


def from_wire(document: Any) -> Any:
    """
    Return the word of the rules that ``to_wire`` wrote.

    Raises:
        ValueError: it is none.
    """
    if isinstance(document, list):
        return tuple(from_wire(item) for item in document)
    if not isinstance(document, dict):
        return document
    try:
        return _word(document)
    except (KeyError, TypeError, AttributeError):
        msg = f"this is no {str(document.get('type'))[:40]}"
        raise ValueError(msg) from None


def _word(document: dict[str, Any]) -> Any:
    name = document["type"]
    if name == "frozenset":
        return frozenset(document["items"])
    if name == "mapping":
        return {key: from_wire(item) for key, item in document["items"].items()}
    fields = {key: from_wire(item) for key, item in document.items() if key != "type"}
    return _TYPES[name](**fields)
