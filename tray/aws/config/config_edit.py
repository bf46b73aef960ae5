"""
Edits the user's AWS config, bytes to bytes, without touching any that need not change.

The result is read back by our parser, whose verdict is botocore's. Not ``configparser``: it loses
all comments when it writes (Python library reference).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from tray.aws.config import ini
from tray.aws.config.config_layout import (
    Line,
    Span,
    end_of,
    joined,
    lines_of,
    option_span,
    section_span,
)
from tray.aws.config.config_sections import header_words
from tray.aws.config.ini import Section
from tray.core.text.display_names import clean
from tray.errors import ConfigRejected, UserMustAct
from tray.values import dataclass

_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_DELIMITED: Final = re.compile(r"[^=:]*[=:][ \t]*")
_COMMENT: Final = re.compile(r"(?:^|\s)[#;]")
_DEFAULTS: Final = "DEFAULT"


class EditRefused(UserMustAct):
    """A name or value that cannot be in a config file, or an edit that would do more."""


@dataclass(frozen=True, slots=True)
class SectionEdit:
    # as between the brackets: ``profile dev``, ``default``; for a new one see
    # :func:`profile_header`
    header: str
    # in the order in which new ones are written; a key that already has its value is left as it is
    put: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()  # keys to take out; missing ones are no fault
    drop: bool = False  # take out the whole section; nothing happens if there is none
    gap: bool = True  # with ``drop``: also the blank line before it


def edited(data: bytes, file: str, edits: Sequence[SectionEdit]) -> bytes:
    """
    Return a config file with some sections changed.

    New options follow the section's last one; a new section is at the file's end after a blank
    line; both are written in the file's own style. A last line without an end stays so, and
    comments stay even inside a block that is removed. Raises ConfigRejected if botocore refuses
    the file as it is, EditRefused if a name or value cannot be written, or more would change.
    """
    before = ini.parse(data, file)
    text = data.decode(ini.native_encoding())
    lines = lines_of(text)
    ended = not lines or lines[-1].end != ""
    # Hundreds of new sections come at once; do not search the whole file for each.
    there = set(before)
    for edit in edits:
        _check(edit)
        if edit.drop:
            lines = _dropped(lines, edit)
            there.discard(edit.header)
        elif edit.header in there:
            lines = _put(lines, edit)
        elif edit.put:
            lines = _appended(lines, edit)
            there.add(edit.header)
    lines = _with_last_end(lines, ended=ended)
    try:
        after = joined(lines).encode(ini.native_encoding())
        found = ini.parse(after, file)
    except (UnicodeEncodeError, ConfigRejected):
        raise EditRefused(
            f"{clean(file, 160)} would be unreadable after this change. Edit it by hand."
        ) from None
    _insist(before, found, edits, inherited(data, file))
    return after


def inherited(data: bytes, file: str) -> Section:
    """Return what ``[DEFAULT]`` gives to every section of an acceptable file."""
    if b"[" + _DEFAULTS.encode() + b"]" not in data:
        return {}
    probe = "sso-tray probe"
    return ini.parse(data + f"\n[{probe}]\n".encode(), file)[probe]


def profile_header(name: str) -> str:
    """Quoted where the AWS CLI wants it; EditRefused unless every SDK would find it again."""
    return name if name == "default" else f"profile {_header_word(name, 'profile')}"


def session_header(name: str) -> str:
    return f"sso-session {_header_word(name, 'session')}"


def written_header(data: bytes, file: str, kind: str, name: str) -> str | None:
    return written_headers(data, file, kind).get(name)


def written_headers(data: bytes, file: str, kind: str) -> dict[str, str]:
    """Return every profile's or sso-session's header by its name; raises ConfigRejected."""
    found: dict[str, str] = {}
    for header in ini.parse(data, file):
        if kind == "profile" and header == "default":
            found[header] = header
        elif header.startswith(kind):
            words = header_words(header)
            if len(words) == 2:
                found[words[1]] = header  # a later one replaces an earlier one
    return found


def _header_word(name: str, what: str) -> str:
    if not name or not name.isprintable() or name != name.strip():
        raise EditRefused(f'The {what} name "{clean(name)}" can\'t be written to a config file.')
    if any(char in "[]\"'\\#;" for char in name):
        raise EditRefused(f'The {what} name "{clean(name)}" is unreadable for some AWS SDKs.')
    return name if _PLAIN.fullmatch(name) else f'"{name}"'


def _check(edit: SectionEdit) -> None:
    if not edit.header.isprintable() or edit.header in ("", _DEFAULTS):
        raise EditRefused(f'A section can\'t be named "{clean(edit.header)}".')
    for key, value in edit.put.items():
        if not _KEY.fullmatch(key):
            raise EditRefused(f'"{clean(key)}" isn\'t a key of an AWS config file.')
        if flaw := value_flaw(value):
            raise EditRefused(f'The value of "{key}" {flaw}.')


def value_flaw(value: str) -> str | None:
    """Return why a value cannot be written to a config file."""
    if not value or not value.isprintable() or value != value.strip():
        return "doesn't fit on one line of a config file"
    return "would be read as a comment by some AWS SDKs" if _COMMENT.search(value) else None


def _dropped(lines: list[Line], edit: SectionEdit) -> list[Line]:
    span = section_span(lines, edit.header)
    if span is None:
        return lines
    start = span.start
    if edit.gap and start and not lines[start - 1].text.strip():
        start -= 1
    return lines[:start] + lines[span.stop :]


def _put(lines: list[Line], edit: SectionEdit) -> list[Line]:
    for key in edit.remove:
        lines = _without(lines, edit.header, key)
    for key, value in edit.put.items():
        lines = _set(lines, edit.header, key, value)
    return lines


def _appended(lines: list[Line], edit: SectionEdit) -> list[Line]:
    # A mixed file's last end counts: a "\n" alone after a "\r" would be no line of its own.
    end = (lines[-1].end if lines else "") or end_of(lines)
    lines = _closed(lines, end)
    if lines and lines[-1].text.strip():
        lines = [*lines, Line("", end, "rest")]
    header = Line(f"[{edit.header}]", end, "header", edit.header)
    sign = _sign(lines)
    options = [Line(f"{key}{sign}{value}", end, "option", key) for key, value in edit.put.items()]
    return [*lines, header, *options]


def _without(lines: list[Line], header: str, key: str) -> list[Line]:
    section = section_span(lines, header)
    span = None if section is None else option_span(lines, section, key)
    if span is None:
        return lines
    return [*lines[: span.start], *_comments(lines, span), *lines[span.stop :]]


def _comments(lines: list[Line], span: Span) -> list[Line]:
    """Return the comments inside an option's block: they are the user's and stay."""
    return [
        line for line in lines[span.start : span.stop] if line.kind == "rest" and line.text.strip()
    ]


def _set(lines: list[Line], header: str, key: str, value: str) -> list[Line]:
    section = section_span(lines, header)
    if section is None:
        return lines
    end = end_of(lines)
    span = option_span(lines, section, key)
    if span is None:
        return _added(lines, section, key, value)
    if span.stop - span.start == 1 and _value_of(lines[span.start]) == value:
        return lines
    found = _DELIMITED.match(lines[span.start].text)
    left = found[0] if found else f"{key} = "
    if left.endswith(("=", ":")) and left[:-1].endswith((" ", "\t")):
        left += " "
    new = Line(left + value, lines[span.stop - 1].end or end, "option", key)
    return [*lines[: span.start], new, *_comments(lines, span), *lines[span.stop :]]


def _value_of(line: Line) -> str:
    found = _DELIMITED.match(line.text)
    return line.text[found.end() :].strip() if found else ""


def _added(lines: list[Line], section: Span, key: str, value: str) -> list[Line]:
    end = end_of(lines)
    own = [line for line in lines[section.start : section.stop] if line.kind == "option"]
    new = Line(
        f"{_indent(lines, section, own)}{key}{_sign(own or lines)}{value}", end, "option", key
    )
    return [*_closed(lines[: section.stop], end), new, *lines[section.stop :]]


def _indent(lines: list[Line], section: Span, own: list[Line]) -> str:
    """Return the last option's indent, else that of what follows; a header must stay one."""
    below = (line for line in lines[section.stop :] if line.kind != "rest")
    models = own[-1:] or [lines[section.start], *list(below)[:1]]
    return max((one.text[: len(one.text) - len(one.text.lstrip())] for one in models), key=len)


def _sign(lines: Sequence[Line]) -> str:
    """Return the separator of key and value on most lines, and so on the last one."""
    for line in reversed(lines):
        found = line.kind == "option" and re.match(r"[^=:]*?([ \t]*[=:][ \t]*)\S", line.text)
        if found:
            return found[1]
    return " = "


def _closed(lines: list[Line], end: str) -> list[Line]:
    if not lines or lines[-1].end:
        return lines
    last = lines[-1]
    return [*lines[:-1], Line(last.text, end, last.kind, last.name)]


def _with_last_end(lines: list[Line], *, ended: bool) -> list[Line]:
    if not lines:
        return lines
    if ended:
        return _closed(lines, end_of(lines))
    last = lines[-1]
    return [*lines[:-1], Line(last.text, "", last.kind, last.name)]


def _insist(
    before: Mapping[str, Section],
    after: Mapping[str, Section],
    edits: Sequence[SectionEdit],
    given: Section,
) -> None:
    """Raise `EditRefused` unless the file now says exactly what was asked for."""
    wanted: dict[str, Section] = {name: dict(section) for name, section in before.items()}
    for edit in edits:
        if edit.drop:
            wanted.pop(edit.header, None)
            continue
        if edit.header not in wanted and not edit.put:
            continue
        section = wanted.setdefault(edit.header, dict(given))
        for key in edit.remove:
            section.pop(key, None)
            if key in given:
                section[key] = given[key]
        section.update(edit.put)
    if wanted != after or list(wanted) != list(after):
        differing = {name for name in {*wanted, *after} if wanted.get(name) != after.get(name)}
        places = ", ".join(f"[{clean(name)}]" for name in sorted(differing))
        raise EditRefused(f"The config file can't be edited safely at {places}. Edit it by hand.")
