"""
What a report may hold of a text: this program's own words, and numbered words for names.

A name becomes the same word all through a report; an account's hash could be found by trying.
"""

from __future__ import annotations

import builtins
import errno
import os
import pkgutil
import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from types import CodeType
from typing import Final, Literal
from urllib.parse import urlsplit

import tray

Kind = Literal["profile", "session", "account", "role", "url", "name", "fingerprint"]

CUT: Final = "(cut)"

_REGION: Final = r"[a-z]{2,4}(?:-[a-z]{2,10}){1,2}-\d{1,2}"
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>]+", re.IGNORECASE)
_AWS_HOST: Final = re.compile(rf"(?:[a-z]{{2,9}}[.-]){{1,3}}{_REGION}\.amazonaws\.com(?:\.cn)?")
_PORTAL: Final = re.compile(r"[\w.-]+\.awsapps\.com(/\w*)?")
_ACCOUNT: Final = re.compile(r"(?<![\w.])\d{12}(?![\w.])")
_FINGERPRINT: Final = re.compile(r"\b[0-9a-f]{16}\b")
_QUOTED: Final = re.compile(r"(?<!\w)(\"[^\"\n]*\"|'[^'\n]*')(?!\w)")
_PIECE: Final = re.compile(r"\w+|[^\w\s]")
_GOES_ON: Final = re.compile(r"[\w@+%-]|\.\w")
_BEGAN: Final = re.compile(r"[\w.@+%-]")
_CHUNK: Final = re.compile(r"[^\s\"'(),;]+")
_PLAIN: Final = re.compile(
    rf"{_REGION}|\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ|[A-Z][A-Za-z]{{2,40}}(?:Error|Exception|Timeout)"
)
_NAME: Final = re.compile(r"\b[^\W\d]\w*")
_NUMBER: Final = re.compile(r"\d{1,7}(?:ms|s|h)?")
_WORD: Final = re.compile(r"(?:profile|session|account|role|url|name|fingerprint)-\d+")


def own_words() -> frozenset[str]:
    """Return the words of this program, small: its texts, its names and the system's errors."""
    texts = [os.strerror(number) for number in errno.errorcode] + dir(builtins)
    for found in pkgutil.walk_packages(tray.__path__, "tray."):
        spec = find_spec(found.name)
        code = getattr(spec.loader, "get_code", None) if spec else None
        # The embedded Identity Center and the demo have names of accounts, roles and profiles.
        if code and not found.name.startswith(("tray.fake_aws", "tray.demo")):
            texts += (found.name, *_texts(code(found.name)))
    words = (word for text in texts for word in _NAME.findall(text.lower()))
    return frozenset(word for word in words if len(word) > 1 or word in "adist")


def _texts(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    pending = list(code.co_consts)
    while pending:
        match pending.pop():
            case str() as text:
                yield text
            case CodeType() as inner:
                yield from _texts(inner)
            case tuple() | frozenset() as several:
                pending += several


class Mask:
    """The numbered words of one report; `vocabulary` are the small words that may stand in it."""

    def __init__(self, vocabulary: frozenset[str], home: str = "") -> None:
        # A large home has ten thousand names, and as many lines: a name is found by how it
        # begins, for else each would be looked for in each line.
        self._vocabulary = vocabulary
        self._words: dict[str, str] = {}
        self._counts: dict[Kind, int] = {}
        self._home = home if len(home) > 1 else ""
        self._lengths: dict[str, set[int]] = {}

    def word(self, kind: Kind, name: str) -> str:
        """Return the word for a name, which is masked in every text from now on."""
        if name in ("", "default"):
            return name
        if name not in self._words:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            self._learn(name, f"{kind}-{number}")
        return self._words[name]

    def url(self, url: str) -> str:
        """Return the word for a start URL, which also covers its shorter forms."""
        word = self.word("url", url)
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            host = ""
        bare = url.removeprefix("https://")
        for form in (bare, bare.removesuffix("/start"), host):
            if form and not _AWS_HOST.fullmatch(form):
                self._learn(form, self._words.get(form, word))
        return word

    def text(self, text: str) -> str:
        if self._home:
            text = re.sub(re.escape(self._home) + r"(?![\w.-])", "~", text)
        text = _URL.sub(self._masked_url, text)
        text = _PORTAL.sub(lambda found: self._words.get(found[0]) or self.url(found[0]), text)
        text = _ACCOUNT.sub(lambda found: self.word("account", found[0]), text)
        text = _FINGERPRINT.sub(lambda found: self.word("fingerprint", found[0]), text)
        text = _QUOTED.sub(self._masked_quote, text)
        return _CHUNK.sub(self._allowed, self._without_names(text))

    def knows(self, word: str) -> bool:
        return word.lower() in self._vocabulary

    def _allowed(self, found: re.Match[str]) -> str:
        chunk = found[0].rstrip(".:!?")
        if _WORD.fullmatch(chunk) or all(
            self.knows(piece) or _NUMBER.fullmatch(piece)
            for piece in re.findall(r"\w+", _PLAIN.sub("", chunk))
        ):
            return found[0]
        return CUT + found[0][len(chunk) :]

    def _learn(self, name: str, word: str) -> None:
        self._words[name] = word
        pieces = _PIECE.findall(name)
        if pieces:
            self._lengths.setdefault(pieces[0], set()).add(len(pieces))

    def _without_names(self, text: str) -> str:
        """Replace known names where they stand as words of their own, the longest first."""
        pieces = list(_PIECE.finditer(text))
        parts: list[str] = []
        end = at = 0
        while at < len(pieces):
            start = pieces[at].start()
            length, word = self._name_at(text, pieces, at)
            if length:
                parts += (text[end:start], word)
                end = pieces[at + length - 1].end()
            at += length or 1
        return "".join([*parts, text[end:]])

    def _name_at(self, text: str, pieces: list[re.Match[str]], at: int) -> tuple[int, str]:
        start = pieces[at].start()
        if start and _BEGAN.match(text[start - 1]):
            return 0, ""
        for length in sorted(self._lengths.get(pieces[at][0], ()), reverse=True):
            if at + length > len(pieces):
                continue
            end = pieces[at + length - 1].end()
            word = self._words.get(text[start:end])
            if word is not None and not _GOES_ON.match(text, end):
                return length, word
        return 0, ""

    def _masked_url(self, found: re.Match[str]) -> str:
        known = self._words.get(found[0]) or self._words.get(found[0].rstrip(".,;:)"))
        if known is not None:
            return known
        try:
            host = urlsplit(found[0]).hostname or ""
        except ValueError:
            host = ""
        if _AWS_HOST.fullmatch(host):
            return f"https://{host}"
        return self._words.get(host) or self.word("url", found[0])

    def _masked_quote(self, found: re.Match[str]) -> str:
        """Mask a name that the user chose, even if the config no longer has it."""
        mark, name = found[0][0], found[0][1:-1]
        if _WORD.fullmatch(name) or name == CUT:
            return found[0]
        return f"{mark}{self.word('name', name)}{mark}"


_LOCALE: Final = r"C|POSIX|(?:C|[a-z]{2,3}_[A-Z]{2})(?:\.(?:UTF-8|utf8|ISO-?8859-1))?"
_DESKTOPS: Final = (
    "GNOME|GNOME-Classic|KDE|XFCE|LXQt|LXDE|MATE|X-Cinnamon|Cinnamon|Budgie|Unity|Pantheon|sway|"
    "Hyprland|i3|ubuntu|pop|COSMIC"
)

PLAIN_KEYS: Final[Mapping[str, str]] = {
    "duration_seconds": r"\d{1,6}",
    "output": "json|text|table|yaml|yaml-stream|off",
    "region": _REGION,
    "retry_mode": "legacy|standard|adaptive",
    "sso_region": _REGION,
    "sso_registration_scopes": r"[a-z]{3,15}:[a-z]{3,15}:[a-z]{3,15}",
}
"""Keys of the AWS config whose values identify nobody, with the form of such a value."""

PLAIN_VARIABLES: Final[Mapping[str, str]] = {
    "AWS_DEFAULT_REGION": _REGION,
    "AWS_REGION": _REGION,
    "LANG": _LOCALE,
    "LC_ALL": _LOCALE,
    "WAYLAND_DISPLAY": r"wayland-\d",
    "XDG_CURRENT_DESKTOP": f"(?:{_DESKTOPS})(?::(?:{_DESKTOPS}))*",
    "XDG_SESSION_TYPE": "x11|wayland|tty|mir",
}


def plain(name: str, value: object, shapes: Mapping[str, str]) -> str:
    """Return a value that has the expected form, else only that there is one."""
    shape = shapes.get(name)
    fits = shape is not None and isinstance(value, str) and re.fullmatch(shape, value)
    return str(value) if fits else "(set)"
