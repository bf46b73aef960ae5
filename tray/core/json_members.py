"""
Read the JSON documents that this program stores or sends, member by member.

Each format is written out beside its type with its own names, so renaming a class or field
changes no byte. Unknown members are ignored here; code that rewrites a stored file keeps them.
What cannot be read raises `BadDocument`, here and in every ``from_json``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, ClassVar, Self, TypeVar

T = TypeVar("T")

Check = Callable[[object], Any]
"""Returns what a member's value stands for."""


# seconds since the epoch, end of the year 9999: the last ``datetime`` can show
LAST_MOMENT = 253402300800


class BadDocument(ValueError):
    """Names the member of a wrong document, never its value."""


class Members:
    def __init__(self, document: object) -> None:
        self._members = mapping(document)
        self.unusable: list[str] = []  # wrong members for which `usable` returned the default

    def has(self, name: str) -> bool:
        return name in self._members

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


class Document:
    """
    A frozen class with slots that is stored or sent.

    `MEMBERS` has the names and checks of its members, in the order of its first fields; `TYPE` is
    its ``type``.
    """

    __slots__: tuple[str, ...] = ()

    TYPE: ClassVar[str | None] = None
    MEMBERS: ClassVar[Mapping[str, Check]]

    def to_json(self) -> dict[str, Any]:
        tag = {} if self.TYPE is None else {"type": self.TYPE}
        return tag | written(self, self.MEMBERS, self.__slots__)

    @classmethod
    def from_json(cls, document: object) -> Self:
        members = Members(document)
        if cls.TYPE is not None:
            members.get("type", one_of((cls.TYPE,)), cls.TYPE)
        return cls(**read(members, cls.MEMBERS, cls.__slots__))


class MayLack:
    """A member that may be absent: then the field keeps its default."""

    def __init__(self, check: Check) -> None:
        self._check = check

    def __call__(self, value: object) -> Any:
        return self._check(value)


def written(value: object, names: Iterable[str], fields: Iterable[str]) -> dict[str, Any]:
    """Return an object's fields under these names."""
    pairs = zip(names, fields, strict=False)  # later fields are in no document
    return {name: _plain(getattr(value, field)) for name, field in pairs}


def read(members: Members, checks: Mapping[str, Check], fields: Iterable[str]) -> dict[str, Any]:
    """Return the fields that these members stand for."""
    found = {}
    for (name, check), field in zip(checks.items(), fields, strict=False):
        if members.has(name) or not isinstance(check, MayLack):
            found[field] = members.need(name, check)
    return found


def usable(members: Members, checks: Mapping[str, Check], fields: Iterable[str]) -> dict[str, Any]:
    """Return the fields whose members are there and right; see `Members.unusable`."""
    pairs = zip(checks.items(), fields, strict=False)
    found = {field: members.usable(name, check, _ABSENT) for (name, check), field in pairs}
    return {field: value for field, value in found.items() if value is not _ABSENT}


_ABSENT: Any = object()


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.to_json() if hasattr(value, "to_json") else value


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
