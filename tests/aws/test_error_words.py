"""Errors of botocore and Python in words that help."""

from __future__ import annotations

import builtins
import importlib
import json

import pytest
from botocore import exceptions

from tray.aws.api.error_words import _WORDS, words_for

DATES = importlib.import_module("dateutil.parser")  # untyped


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (exceptions.NoRegionError(), "add region to the profile"),
        (exceptions.MissingDependencyException(msg="x"), "sso-tray[aws-login]"),
        (exceptions.InfiniteLoopConfigError(
            source_profile="a", visited_profiles=["a"]), "leads back to itself"),
        (FileNotFoundError(2, "No such file", "/secret"), "doesn't exist"),
        (IsADirectoryError(21, "Is a directory", "/secret"), "can't be read"),
        (UnicodeDecodeError("utf-8", b"secret", 0, 1, "x"), "run that command in a terminal"),
        (json.JSONDecodeError("x", "secret", 0), "run that command in a terminal"),
        (DATES.ParserError("secret"), "run that command in a terminal"),
        (ValueError("secret"), "a value in it isn't valid"),
        (KeyError("secret"), "a value it needs is missing"),
    ],
)  # fmt: skip
def test_an_error_says_what_to_do_and_quotes_nothing(error: Exception, words: str) -> None:
    """No class name and no text of the error itself, which may hold a secret."""
    said = words_for(error)

    assert words in said
    assert type(error).__name__ not in said
    assert "secret" not in said


def test_every_kind_named_exists() -> None:
    """A name that botocore no longer has would explain nothing."""
    missing = [
        name
        for name in _WORDS
        if not any(hasattr(one, name) for one in (exceptions, builtins, json, DATES))
    ]

    assert [] == missing


def test_an_unknown_kind_is_named() -> None:
    """What nobody has thought of is still told apart, by its kind alone."""
    assert "unexpected ZeroDivisionError" == words_for(ZeroDivisionError("secret"))
