r"""
Parses an AWS config or credentials file, or says why botocore refuses it.

Verdict and values are those of botocore's ``raw_config_parse`` (1.44): Python's
``RawConfigParser`` in strict mode plus one level of nested values. One pass instead of several:
10,000 profiles (1.05 MB) take 23 ms of CPU, 509 with ``RawConfigParser``, 571 with botocore
(measured, Python 3.11).

Easy to get wrong: lines end at ``\n``, ``\r\n`` and ``\r`` only, but blanks are
all that Unicode calls so; a line indented deeper than the key above it continues that key's
value, even if it looks like a header; comments stand on lines of their own; the first ``=`` or
``:`` divides; all sections inherit ``[DEFAULT]``, which is no section itself.
"""

from __future__ import annotations

import locale
import re
import sys
from collections.abc import Collection
from dataclasses import dataclass
from operator import length_hint
from typing import TypeAlias

from tray.core.text.display_names import clean
from tray.errors import ConfigRejected, ConfigRepeats

Value: TypeAlias = str | dict[str, str]  # a text, or the keys of a nested block such as ``s3 =``

Section: TypeAlias = dict[str, Value]

_DEFAULT = "DEFAULT"
SHELL_LINE = re.compile(r"((export|set|setx)[ \t]|\$env:)[ \t]*\"?aws_\w", re.IGNORECASE)
"""The beginning of a line for a shell that sets a variable of AWS."""
_QUOTABLE = re.compile(r"[a-z][a-z0-9_-]{0,31}")
"""Keys that may be quoted in a sentence; others might be a pasted secret."""


@dataclass(slots=True)
class _Continued:
    """A value with continuation lines, until the whole file has been read."""

    section: Section
    key: str
    line: int
    parts: list[tuple[int, str]]

    def text(self) -> str:
        return "\n".join(part for _, part in self.parts).rstrip()


class _Reading:
    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.split("\n")
        self.ahead = iter(self.lines)
        self.sections: dict[str, Section] = {}
        self.defaults: Section = {}
        self.continued: list[_Continued] = []
        self.complaint: ConfigRejected | None = None

    @property
    def line(self) -> int:
        """The 1-based number of the line last taken from ``ahead``; computed only when needed."""
        return len(self.lines) - length_hint(self.ahead)

    def rejected(
        self,
        reason: str,
        line: int | None = None,
        kind: type[ConfigRejected] = ConfigRejected,
    ) -> ConfigRejected:
        line = self.line if line is None else line
        return kind(f"{clean(self.file, 160)}, line {line}: {reason}", file=self.file, line=line)

    def second_key(self, key: str, header: str) -> ConfigRejected:
        said = f"{_quoted(key)} appears a second time in [{clean(header)}]."
        return self.rejected(said, kind=ConfigRepeats)

    def complain(self, reason: str) -> None:
        """Keep the first fault that lets configparser read on before it refuses the file."""
        if self.complaint is None:
            self.complaint = self.rejected(reason)

    def proceed(self, section: Section, key: str, text: str) -> None:
        """Add a continuation line to the value of ``key``, with the empty lines before it."""
        line = self.line
        last = self.continued[-1] if self.continued else None
        if last is None or last.section is not section or last.key != key:
            value = section[key]
            assert isinstance(value, str)  # noqa: S101 - nested values are made at the end
            last = _Continued(section, key, line, [(line, value)])
            self.continued.append(last)
        above = line - 1
        blanks = 0
        while (passed := self.lines[above - 1].strip()) == "" or passed[0] in "#;":
            blanks += passed == ""
            above -= 1
        last.parts.extend((line, "") for _ in range(blanks))
        last.parts.append((line, text))


def parse(data: bytes, file: str, encoding: str | None = None) -> dict[str, Section]:
    """
    Return the sections in file order: header without brackets -> key in lower case -> value.

    What ``[DEFAULT]`` gives is already in each section. ``encoding`` None is what Python's
    ``open`` takes, as in botocore: UTF-8 unless the locale says otherwise. Raises ConfigRejected
    if botocore refuses these bytes too; its ``line`` is the one configparser names.
    """
    text = _decode(data, file, encoding or native_encoding())
    reading = _Reading(file, text)
    _read_lines(reading)
    reading.sections.pop(_DEFAULT, None)
    if reading.complaint is not None:
        raise reading.complaint
    for value in reading.continued:
        value.section[value.key] = value.text()
    _inherit(reading)
    for value in reading.continued:
        _nest(reading, value)
    return reading.sections


def native_encoding() -> str:
    """Return the encoding of Python's ``open``, which botocore uses: UTF-8 as a rule."""
    return "utf-8" if sys.flags.utf8_mode else locale.getencoding()


def _decode(data: bytes, file: str, encoding: str) -> str:
    try:
        return _universal(data.decode(encoding))
    except UnicodeDecodeError as error:
        start = error.start
    # Raised out here: that error holds the whole file, and would be chained as context.
    line = _universal(data[:start].decode(encoding, "replace")).count("\n") + 1
    raise ConfigRejected(
        f"{clean(file, 160)}, line {line}: a byte that isn't {encoding.upper()} text.",
        file=file,
        line=line,
    )


def _universal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _read_lines(reading: _Reading) -> None:
    """
    Fill ``reading`` line by line, with the states of ``RawConfigParser._read``.

    ``plain`` maps the text before ``=`` of an earlier unindented option line to its key, ``seen``
    such a whole line to key and value. They mean the same wherever they come again, so nearly
    every line of a large file is one look-up, and equal values are one object.
    """
    seen: dict[str, tuple[str, str]] = {}
    plain: dict[str, str] = {}
    section: Section = {}
    sections = reading.sections
    header = key = ""
    level = 0
    for line in reading.ahead:
        if line in seen:
            key, value = seen[line]
            if key in section:
                raise reading.second_key(key, header)
            section[key] = value
            level = 0
            continue
        before, equals, after = line.partition("=")
        if equals:
            if before in plain:
                key = plain[before]
                if key in section:
                    raise reading.second_key(key, header)
                section[key] = value = after.strip()
                seen[line] = key, value
                level = 0
                continue
        elif not line:
            continue
        text, indent = line, 0
        if line[0] != "[":
            text = line.strip()
            if not text or text[0] in "#;":
                continue
            indent = 0 if line[0] == text[0] else len(line) - len(line.lstrip())
            if indent > level and key:
                reading.proceed(section, key, text)
                continue
        level = indent
        if text[0] == "[" and (end := text.rfind("]")) > 1:
            header, key = text[1:end], ""
            section = reading.defaults if header == _DEFAULT else {}
            if sections.setdefault(header, section) is not section:
                said = f"the section [{clean(header)}] appears a second time."
                raise reading.rejected(said, kind=ConfigRepeats)
            continue
        if not header:
            raise reading.rejected(_why_no_header(text))
        name, given = _split_option(text)
        if given is None:
            reading.complain(_why_no_option(text))
            continue
        if not name:
            reading.complain("a value without a key before it.")
        key = name.lower()
        if key in section:
            raise reading.second_key(key, header)
        section[key] = given
        if key and indent == 0 and text[0] != "[" and equals and ":" not in before:
            plain[before] = key


def _split_option(text: str) -> tuple[str, str | None]:
    """Divide at the first ``=`` or ``:``; no value where there is none."""
    ends = [at for at in (text.find("="), text.find(":")) if at >= 0]
    if not ends:
        return text, None
    return text[: min(ends)].rstrip(), text[min(ends) + 1 :].strip()


def _inherit(reading: _Reading) -> None:
    """Give every section what ``[DEFAULT]`` says and the section does not."""
    if not reading.defaults:
        return
    inherited = {item.key: item for item in reading.continued if item.section is reading.defaults}
    for section in reading.sections.values():
        for key, value in reading.defaults.items():
            if key in section:
                continue
            section[key] = value
            if key in inherited:
                origin = inherited[key]
                reading.continued.append(_Continued(section, key, origin.line, origin.parts))


def _nest(reading: _Reading, item: _Continued) -> None:
    """Turn a value that begins with an empty line into the block it is."""
    value = item.section[item.key]
    if item.section is reading.defaults or not isinstance(value, str) or value[:1] != "\n":
        return
    block: dict[str, str] = {}
    # splitlines() on purpose: unlike in the file, U+0085 and the like end lines here for botocore.
    for line in value.splitlines():
        name, equals, text = line.partition("=")
        if equals:
            block[name.strip()] = text.strip()
        elif line.strip():
            place = item.line
            for number, part in item.parts:
                if any(each.strip() and "=" not in each for each in part.splitlines()):
                    place = number
                    break
            raise reading.rejected(
                f'a line without "=" in the block under {_quoted(item.key)}.', place
            )
    item.section[item.key] = block


def _quoted(key: str) -> str:
    return f'"{key}"' if _QUOTABLE.fullmatch(key) else "a key"


def _why_no_header(text: str) -> str:
    if text[0] == "\ufeff":
        return "the file begins with a byte order mark; save it as UTF-8 without one."
    if text[0] == "[":
        return 'a section header without its "]".'
    if SHELL_LINE.match(text):
        return "a line for a shell, which sets nothing here, before the first [section]."
    return "text before the first [section]."


def _why_no_option(text: str) -> str:
    return 'a section header without its "]".' if text[0] == "[" else 'a line without "=".'


def lines_of(data: bytes, headers: Collection[str]) -> dict[str, int]:
    """Return the 1-based lines where the sections of these headers begin."""
    found: dict[str, int] = {}
    text = _universal(data.decode(native_encoding(), "replace"))
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped[:1] == "[" and (header := stripped[1 : stripped.rfind("]")]) in headers:
            found.setdefault(header, number)
    return found
