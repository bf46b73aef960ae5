"""
Read the JSON documents that this program stores or sends, member by member.

Each format is written out beside the type that it encodes, with names of its own: renaming a class
or a field changes no byte. Unknown members are ignored here; code that rewrites a stored file
keeps them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

LAST_MOMENT = 253402300800
"""Seconds since the epoch at the end of the year 9999, the last that ``datetime`` can show."""


class BadDocument(ValueError):
    """A document is not what it must be; the text names the member, never its value."""


class Members:
    """
    The members of one JSON object.

    Args:
        document: what ``json.loads`` returned.

    Raises:
        BadDocument: it is not an object.
    """

    def __init__(self, document: object) -> None:
        self._members = mapping(document)
        self.unusable: list[str] = []
        """The members for which `usable` returned the default because they were wrong."""

    def need(self, name: str, check: Callable[[object], T]) -> T:
        """
        Return a member that must be there.

        Raises:
            BadDocument: it is absent or wrong.
        """
        if name not in self._members:
            raise BadDocument(f"{name!r} is missing")
        try:
            return check(self._members[name])
        except BadDocument as error:
            raise BadDocument(f"{name!r}: {error}") from None

    def get(self, name: str, check: Callable[[object], T], default: T) -> T:
        """
        Return a member, or the default where it is absent.

        Raises:
            BadDocument: it is wrong.
        """
        return self.need(name, check) if name in self._members else default

    def usable(self, name: str, check: Callable[[object], T], default: T) -> T:
        """Return a member, or the default where it is absent or wrong; see `unusable`."""
        try:
            return self.get(name, check, default)
        except BadDocument:
            self.unusable.append(name)
            return default


def tag_of(document: object) -> str:
    """
    Return which of several types a document encodes.

    Raises:
        BadDocument: it does not say.
    """
    return Members(document).need("type", text)


def mapping(value: object) -> Mapping[str, Any]:
    """Check for an object."""
    if not isinstance(value, Mapping):
        raise BadDocument("not an object")
    return value


def text(value: object) -> str:
    """Check for a string."""
    if not isinstance(value, str):
        raise BadDocument("not a string")
    return value


def flag(value: object) -> bool:
    """Check for true or false."""
    if not isinstance(value, bool):
        raise BadDocument("not true or false")
    return value


def number(value: object) -> float:
    """Check for a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadDocument("not a number")
    return value


def moment(value: object) -> float:
    """Check for seconds since the epoch, or a length in seconds."""
    if not 0 <= number(value) < LAST_MOMENT:
        raise BadDocument("not a time")
    return number(value)


def one_of(words: Collection[T]) -> Callable[[object], T]:
    """Return a check for one of a few words."""

    def check(value: object) -> T:
        for word in words:
            if type(value) is type(word) and value == word:
                return word
        raise BadDocument("not a word of this format")

    return check


def optional(check: Callable[[object], T]) -> Callable[[object], T | None]:
    """Return a check that takes null as well."""
    return lambda value: None if value is None else check(value)


def list_of(check: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    """Return a check for a list of one kind of item."""

    def each(value: object) -> tuple[T, ...]:
        if not isinstance(value, list | tuple):
            raise BadDocument("not a list")
        return tuple(check(item) for item in value)

    return each
