"""
How a text loses names and secrets, and stays useful.

A name becomes a numbered word, the same all through a report; an account's hash could be found by
trying. Known secrets are removed in every form, and so is what looks like one.
"""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal
from urllib.parse import quote, quote_plus, urlsplit

Kind = Literal["profile", "session", "account", "role", "url", "name", "user", "host"]

CUT: Final = "(cut)"
SHORTEST_SECRET: Final = 8  # characters; shorter ones are also everyday words

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>]+", re.IGNORECASE)
_AWS_HOST: Final = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")
_PORTAL: Final = re.compile(r"[\w.-]+\.awsapps\.com(/\w*)?")
_ACCOUNT: Final = re.compile(r"(?<![\w.])\d{12}(?![\w.])")
_QUOTED: Final = re.compile(r"(?<!\w)(\"[^\"\n]*\"|'[^'\n]*')(?!\w)")
_PIECE: Final = re.compile(r"\w+|[^\w\s]")
_GOES_ON: Final = re.compile(r"[\w@+%-]|\.\w")
_BEGAN: Final = re.compile(r"[\w.@+%-]")
_ADDRESS: Final = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_SECRET: Final = re.compile(
    r"\b(?:A[A-Z]{2}A)[A-Z0-9]{12,}"  # access key ids and the like
    r"|\b(?:aoa|aor|eyJ|IQo|FwoG)[\w+/=-]{8,}"  # tokens of AWS and JWTs begin so
    r"|[\w+/=%\\-]{36,}"
    r"|(?=[A-Za-z_-]*\d)[\w-]{24,}",
    re.ASCII,
)
_WORD: Final = re.compile(r"(?:profile|session|account|role|url|name|user|host)-\d+")


class Mask:
    """The numbered words of one report; ``secrets`` too short to tell from words stay."""

    def __init__(self, secrets: Iterable[str] = (), home: str = "") -> None:
        # A large home has ten thousand names and secrets, and as many lines: both are found by
        # how they begin, for else each would be looked for in each line.
        self._words: dict[str, str] = {}
        self._counts: dict[Kind, int] = {}
        self._home = home if len(home) > 1 else ""
        every = {
            form for one in set(secrets) if len(one) >= SHORTEST_SECRET for form in forms(one)
        }
        self._secrets: dict[str, list[str]] = {}
        for form in every:
            self._secrets.setdefault(form[:SHORTEST_SECRET], []).append(form)
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
        text = self._without_secrets(text)
        if self._home:
            text = re.sub(re.escape(self._home) + r"(?![\w.-])", "~", text)
        text = _URL.sub(self._masked_url, text)
        text = _PORTAL.sub(lambda found: self._known(found[0]) or self.word("url", found[0]), text)
        text = _ADDRESS.sub(
            lambda found: self._known(found[0]) or self.word("user", found[0]), text
        )
        text = _ACCOUNT.sub(lambda found: self.word("account", found[0]), text)
        text = _QUOTED.sub(self._masked_quote, text)
        text = self._without_names(text)
        return _SECRET.sub(CUT, text)

    def _learn(self, name: str, word: str) -> None:
        self._words[name] = word
        pieces = _PIECE.findall(name)
        if pieces:
            self._lengths.setdefault(pieces[0], set()).add(len(pieces))

    def _without_secrets(self, text: str) -> str:
        places = range(len(text) - SHORTEST_SECRET + 1)
        begun = {text[at : at + SHORTEST_SECRET] for at in places} & self._secrets.keys()
        # The longest first, so that a shorter one does not cut it.
        for form in sorted((form for one in begun for form in self._secrets[one]), key=_longest):
            text = text.replace(form, CUT)
        return text

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

    def _known(self, text: str) -> str | None:
        return self._words.get(text)

    def _masked_url(self, found: re.Match[str]) -> str:
        known = self._known(found[0]) or self._known(found[0].rstrip(".,;:)"))
        if known is not None:
            return known
        try:
            host = urlsplit(found[0]).hostname or ""
        except ValueError:
            host = ""
        if _AWS_HOST.fullmatch(host):
            return f"https://{host}"
        return self._known(host) or self.word("url", found[0])

    def _masked_quote(self, found: re.Match[str]) -> str:
        """Mask a name that the user chose, even if the config no longer has it."""
        mark, name = found[0][0], found[0][1:-1]
        if _WORD.fullmatch(name) or name == CUT:
            return found[0]
        return f"{mark}{self.word('name', name)}{mark}"


def _longest(form: str) -> tuple[int, str]:
    return -len(form), form


def forms(secret: str) -> Iterator[str]:
    """Yield a text as it is, in JSON, in a URL, and in both base64 alphabets at any alignment."""
    escaped = json_escaped(secret)
    yield from (secret, escaped, escaped.replace("/", "\\/"))
    for safe in ("", "/"):
        yield quote(secret, safe=safe)
        yield quote_plus(secret, safe=safe)
    raw = secret.encode(errors="surrogateescape")
    for encode in (b64encode, urlsafe_b64encode):
        for before in range(3):
            # The neighbouring text changes the characters at both ends; they are cut.
            text = encode(b"\0" * before + raw).decode()
            yield text[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


def json_escaped(text: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
    short |= {'"': '\\"', "\\": "\\\\"}
    return "".join(
        short.get(sign) or (sign if " " <= sign <= "~" else _unicode_escape(sign)) for sign in text
    )


def _unicode_escape(sign: str) -> str:
    data = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[at] << 8 | data[at + 1]:04x}" for at in range(0, len(data), 2))


_REGION: Final = r"[a-z]{2,4}(?:-[a-z]{2,10}){1,2}-\d{1,2}"
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
