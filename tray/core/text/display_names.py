"""How a name from a file is shown: cleaned of what a terminal or menu would obey, and clipped."""

from __future__ import annotations

import hashlib

_MARK = "\N{REPLACEMENT CHARACTER}"
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_ROOM_FOR_DIGEST = 16


def clean(text: str, limit: int = 64) -> str:
    """
    Return ``text`` fit to be shown in a sentence, a menu or a terminal.

    Every character that is not printable (controls, escape, bidi marks and overrides, zero-width
    joiners, lone surrogates, unassigned ones) becomes U+FFFD, so that it stays visible that
    something was there; any kind of white space becomes a blank. A text over ``limit`` keeps its
    head and its tail, with four hex digits of SHA-256 over the original between them, so that two
    long names which differ only in the middle are still told apart. Markup is not escaped: that
    belongs to each place where the text is put.

    Args:
        text: anything, at any length.
        limit: the most characters to return, at least 1.

    Returns:
        at most ``limit`` printable characters; a text that is fit already comes back unchanged.
    """
    if len(text) <= limit:
        return text if text.isprintable() else _printable(text)
    if limit < _ROOM_FOR_DIGEST:
        return _printable(text[: limit - 1]) + _ELLIPSIS
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:4]
    middle = f"{_ELLIPSIS}{digest}{_ELLIPSIS}"
    tail = (limit - len(middle)) // 3
    head = limit - len(middle) - tail
    return _printable(text[:head]) + middle + _printable(text[-tail:])


def session_name(key: str) -> str:
    """
    Return what a session is called where a person reads it, not yet cleaned.

    An sso-session's key is its name. A legacy profile's is its start URL: what is the same in all
    of them is left out, no more, so that two that differ in a slash still differ
    (``https://corp.awsapps.com/start`` is ``corp.awsapps.com``).
    """
    if not key.startswith("https://"):
        return key
    return key.removeprefix("https://").removesuffix("/start")


def _printable(text: str) -> str:
    return "".join(
        char if char.isprintable() else " " if char.isspace() else _MARK for char in text
    )
