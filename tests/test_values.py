"""The rules' own ``dataclass`` behaves as the standard one does, only its making is cheaper."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import field
from typing import Any

import pytest

from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class Ours:
    """As the rules' words are."""

    key: str
    at: float = 0.0
    names: tuple[str, ...] = field(default_factory=tuple)
    hidden: str = field(default="x", repr=False, compare=False)

    def shout(self) -> str:
        """A method stays."""
        return self.key.upper()


@dataclasses.dataclass(frozen=True, slots=True)
class Theirs:
    """The same, by the standard library."""

    key: str
    at: float = 0.0
    names: tuple[str, ...] = field(default_factory=tuple)
    hidden: str = field(default="x", repr=False, compare=False)

    def shout(self) -> str:
        """A method stays."""
        return self.key.upper()


@dataclass(frozen=True, slots=True)
class Nothing:
    """A word without members."""


def _matched(one: Any) -> object:
    match one:
        case Ours(key, at) | Theirs(key, at):
            return key, at
    return None


def _refusal(act: Callable[[], object]) -> tuple[str, bool]:
    with pytest.raises((AttributeError, TypeError)) as caught:
        act()
    return str(caught.value), isinstance(caught.value, dataclasses.FrozenInstanceError)


BEHAVIOUR: dict[str, Callable[[type[Any]], object]] = {
    "repr": lambda kind: repr(kind("a", 1.5, ("b",))).partition("(")[2],
    "defaults": lambda kind: (kind("a").at, kind("a").names, kind("a").hidden),
    "named": lambda kind: kind(at=2.0, key="a").at,
    "equal": lambda kind: (
        kind("a") == kind("a", hidden="y"), kind("a") == kind("b"), kind("a") == "a",
    ),
    "hash": lambda kind: (
        hash(kind("a", 1.0)) == hash(kind("a", 1.0, hidden="y")), len({kind("a"), kind("a")}),
    ),
    "members": lambda kind: [(one.name, one.repr) for one in dataclasses.fields(kind)],
    "replace": lambda kind: dataclasses.replace(kind("a"), at=3.0).at,
    "asdict": lambda kind: dataclasses.asdict(kind("a", 1.0)),
    "match": lambda kind: _matched(kind("a", 1.0)),
    "set": lambda kind: _refusal(lambda: setattr(kind("a"), "key", "b")),
    "delete": lambda kind: _refusal(lambda: delattr(kind("a"), "key")),
    "slots": lambda kind: (kind.__slots__, hasattr(kind("a"), "__dict__")),
    "copies": lambda kind: (
        copy.copy(kind("a", 1.0)) == kind("a", 1.0),
        copy.deepcopy(kind("a", 1.0)) == kind("a", 1.0),
        pickle.loads(pickle.dumps(kind("a", 1.0, ("c",)))) == kind("a", 1.0, ("c",)),
    ),
    "lacking": _refusal,
    "too many": lambda kind: _refusal(lambda: kind(1, 2, 3, 4, 5))[1],
    "method": lambda kind: kind("a").shout(),
    "unhashable": lambda kind: _refusal(lambda: hash(kind([])))[0],
}  # fmt: skip


@pytest.mark.parametrize("name", BEHAVIOUR)
def test_a_word_behaves_as_a_standard_dataclass_does(name: str) -> None:
    """Each behaviour is the same for the same class made by either decorator."""
    ask = BEHAVIOUR[name]

    def said(kind: type[Any]) -> str:
        return str(ask(kind)).replace(kind.__name__, "Kind")

    assert said(Theirs) == said(Ours)


def test_words_without_members_are_equal_and_of_other_classes_never() -> None:
    """Two of one class are the same word; another class with the same members is not."""
    assert Nothing() == Nothing()
    other: object = Theirs("a")
    assert Ours("a") != other
    assert "Nothing()" == repr(Nothing())
