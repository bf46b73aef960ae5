"""Keeps what an error says free of secrets pasted into the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

HIDDEN: Final = "[hidden: looks like a secret]"

_RUN: Final = re.compile(r"[A-Za-z0-9+/]{32,}")  # a secret access key has 40, tokens hundreds
_MIXED: Final = (re.compile("[a-z]"), re.compile("[A-Z]"), re.compile("[0-9]"))
# Access and refresh tokens and client secrets of the Identity Center, with "-" and "_" in them.
_TOKEN: Final = re.compile(r"(?:aoa|aor|eyJ)[A-Za-z0-9+/=_.:-]{29,}")
_KEY_ID: Final = re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{12,}")
_TELLING: Final = re.compile(r"secret|token|key|password", re.IGNORECASE)
_LEAST: Final = 6  # letters of a clipped secret that are not shown


def without_secrets(text: str, line: Sequence[str]) -> str:
    """Return an error's text without the words of a command line that look like secrets."""
    for word in line:
        for piece in _secrets(word):
            text = text.replace(piece, HIDDEN)
            # Of a long word only head and tail are shown.
            for parts in (_heads(piece), _tails(piece)):
                shown = next((part for part in parts if part in text), None)
                text = text if shown is None else text.replace(shown, HIDDEN)
    return text


def _secrets(word: str) -> Iterator[str]:
    name, equals, value = word.partition("=")
    if equals and _TELLING.search(name) and len(value.strip("\"'")) >= _LEAST:
        yield value.strip("\"'")
    yield from _TOKEN.findall(word)
    for found in (*_RUN.findall(word), *_KEY_ID.findall(word)):
        if _KEY_ID.match(found) or all(kind.search(found) for kind in _MIXED):
            yield found


def _heads(piece: str) -> Iterator[str]:
    return (piece[:end] for end in range(min(len(piece) - 1, 64), _LEAST - 1, -1))


def _tails(piece: str) -> Iterator[str]:
    return (piece[-length:] for length in range(min(len(piece) - 1, 64), _LEAST - 1, -1))
