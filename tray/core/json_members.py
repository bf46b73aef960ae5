"""
Read the JSON documents that this program stores or sends, member by member.

Each format is written out beside its type with its own names, so renaming a class or field
changes no byte. Unknown members are ignored here; code that rewrites a stored file keeps them.
What cannot be read raises `BadDocument`, here and in every ``from_json``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

# seconds since the epoch, end of the year 9999: the last ``datetime`` can show
LAST_MOMENT = 253402300800


class BadDocument(ValueError):
    """Names the member of a wrong document, never its value."""


class Members:
    def __init__(self, document: object) -> None:
        self._members = mapping(document)
        self.unusable: list[str] = []  # wrong members for which `usable` returned the default

    def need(self, name: str, check: Callable[[object], T]) -> T:
        if name not in self._members:
            raise BadDocument(f"{name!r} is missing")
        try:
            return check(self._members[name])
        except BadDocument as error:
            raise BadDocument(f"{name!r}: {error}") from None

    def get(self, name: str, check: Callable[[object], T], default: T) -> T:
        """The default is only for an absent member."""
        return self.need(name, check) if name in self._members else default

    def usable(self, name: str, check: Callable[[object], T], default: T) -> T:
        """The default is for an absent or wrong member; see `unusable`."""
        try:
            return self.get(name, check, default)
        except BadDocument:
            self.unusable.append(name)
            return default


def tag_of(document: object) -> str:
    return Members(document).need("type", text)


def mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadDocument("not an object")
    return value


def text(value: object) -> str:
    if not isinstance(value, str):
        raise BadDocument("not a string")
    return value


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadDocument("not true or false")
    return value


def number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadDocument("not a number")
    return value


def moment(value: object) -> float:
    """Check for seconds since the epoch, or a duration in seconds."""
    if not 0 <= number(value) < LAST_MOMENT:
        raise BadDocument("not a time")
    return number(value)


def one_of(values: Collection[T]) -> Callable[[object], T]:
    def check(value: object) -> T:
        for one in values:
            if type(value) is type(one) and value == one:
                return one
        raise BadDocument("not a word of this format")

    return check


def optional(check: Callable[[object], T]) -> Callable[[object], T | None]:
    return lambda value: None if value is None else check(value)


def list_of(check: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    def each(value: object) -> tuple[T, ...]:
        if not isinstance(value, list | tuple):
            raise BadDocument("not a list")
        return tuple(check(item) for item in value)

    return each
