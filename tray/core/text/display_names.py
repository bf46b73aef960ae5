"""How a name from a file is shown: cleaned of what a terminal or menu would obey, and clipped."""

from __future__ import annotations

_MARK = "\N{REPLACEMENT CHARACTER}"
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_ROOM_FOR_DIGEST = 16


def clean(text: str, limit: int = 64) -> str:
    """
    Return ``text`` fit to be shown in a sentence, a menu or a terminal; markup is not escaped.

    Every character that is not printable visibly becomes U+FFFD; white space becomes a blank. A
    text over ``limit`` characters keeps its head and tail, with four hex digits of SHA-256 between
    them, so that two long names that differ only in the middle stay distinct.
    """
    if len(text) <= limit:
        return text if text.isprintable() else _printable(text)
    if limit < _ROOM_FOR_DIGEST:
        return _printable(text[: limit - 1]) + _ELLIPSIS
    import hashlib  # for the few long ones: it takes a fifth of Python's start

    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:4]
    middle = f"{_ELLIPSIS}{digest}{_ELLIPSIS}"
    tail = (limit - len(middle)) // 3
    head = limit - len(middle) - tail
    return _printable(text[:head]) + middle + _printable(text[-tail:])


def without_markup(text: str) -> str:
    """Escape markup for the desktop; importing ``html`` would cost half a MB (measured)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def session_name(key: str) -> str:
    """Return a session's name, not yet cleaned; of a start URL, the parts that differ."""
    if not key.startswith("https://"):
        return key
    return key.removeprefix("https://").removesuffix("/start")


def shown_names(key: str) -> tuple[str, ...]:
    """Return the names of a session: its own, and as the screen can show it."""
    return session_name(key), clean(session_name(key))


def _printable(text: str) -> str:
    return "".join(
        char if char.isprintable() else " " if char.isspace() else _MARK for char in text
    )
