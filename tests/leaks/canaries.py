"""
Looking for secrets in whatever was written, whole or in pieces, in the forms they may take.

A piece of 15 characters of any form is found, since logs and reprs like to shorten.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

PIECE: Final = 12
"""Characters of the pieces compared."""
STRIDE: Final = 4
"""Characters between two pieces of a secret; what is searched is looked at everywhere."""

_RUN: Final = re.compile(rb"[!-~]{%d,}" % PIECE)


def forms(secret: str) -> Iterator[bytes]:
    """Yield a text as it is, in JSON, in a URL, in base64 of both alphabets and any alignment."""
    raw = secret.encode()
    yield raw
    yield json.dumps(secret)[1:-1].encode()
    yield json.dumps(secret)[1:-1].replace("/", "\\/").encode()
    yield quote(secret, safe="").encode()
    yield quote_plus(secret).encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            # What stands before and behind changes the characters at both ends; they are cut.
            text = encode(b"\0" * before + raw)
            yield text[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


class Canaries:
    """
    Secrets to be looked for.

    Args:
        secrets: each of 12 characters and more, with nothing in them that is no secret.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._pieces: dict[bytes, str] = {}
        for secret in secrets:
            for form in forms(secret):
                starts = [*range(0, len(form) - PIECE, STRIDE), len(form) - PIECE]
                self._pieces.update((form[at : at + PIECE], secret) for at in starts if at >= 0)

    def in_text(self, data: bytes | str) -> set[str]:
        """Return the secrets of which a piece is in there, broken into lines or not."""
        if isinstance(data, str):
            data = data.encode(errors="surrogateescape")
        # MIME breaks base64 at 76 characters.
        unbroken = re.sub(rb"\r?\n[ \t]*|\\r|\\n", b"", data)
        return set(self._found(data)) | (set(self._found(unbroken)) if unbroken != data else set())

    def _found(self, data: bytes) -> Iterator[str]:
        pieces = self._pieces
        for run in _RUN.finditer(data):
            text = run[0]
            for at in range(len(text) - PIECE + 1):
                secret = pieces.get(text[at : at + PIECE])
                if secret is not None:
                    yield secret
