"""The picture of the states that a newcomer reads is what the rules do."""

from __future__ import annotations

from typing import get_args

from tests.core.diagram import CONTRIBUTING, DEPTH, arrows, documented, mermaid
from tray.core.model import State


def test_the_picture_in_contributing_is_what_the_rules_do() -> None:
    """A rule that moves a session to another state than the picture says breaks this test."""
    page = CONTRIBUTING.read_text(encoding="utf-8")

    assert documented(page, mermaid()) == page


def test_one_more_turn_adds_nothing() -> None:
    """Of the moves it has, the picture is whole: a longer story finds no arrow that it lacks."""
    assert arrows(DEPTH + 1) == arrows()


def test_every_state_is_entered_and_left() -> None:
    """No state is a dead end, and none is out of reach."""
    pairs = arrows()

    assert {after for _, after in pairs} == set(get_args(State))
    assert {before for before, _ in pairs} == set(get_args(State))
