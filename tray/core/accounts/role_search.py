"""
Find a role by a few words: the one search behind every place where a person looks for an account.

A word fits where a word of a row begins with it, or the row's text without its separators holds
that beginning: ``adm`` finds "DataAdmin", ``prod-eu`` and ``eu prod`` find "Prod EU". All words
have to fit, in any order. Case does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from tray.core import policy
from tray.values import dataclass

# Before a capital that begins a word ("DataAdmin"), and around every sign that joins words.
_PARTS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W_A-Z]+|[^\W_]")


@dataclass(frozen=True, slots=True)
class RoleRow:
    """
    A role of an account; several profiles of one role are several rows.

    Args:
        session: the session's key.
        account_id: 12 digits, or None where a profile does not say.
        account_name: as the portal calls it; empty if it was not asked.
        role_name: None for a profile that is no Identity Center role.
        profile: the profile's name; None if the AWS config has none for it.
        guarded: whether only its full name may pick it.
    """

    session: str | None
    account_id: str | None
    account_name: str
    role_name: str | None
    profile: str | None = None
    guarded: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """What a row is remembered by, as recent or a favourite."""
        if self.profile is not None:
            return (self.profile,)
        return (self.session or "", self.account_id or "", self.role_name or "")


class RoleSearch:
    """
    Rows made ready to be searched again and again.

    Args:
        rows: what there is; their order is kept where nothing else decides.
        recent: keys of rows, the latest first.
    """

    def __init__(self, rows: Sequence[RoleRow], recent: Iterable[tuple[str, ...]] = ()) -> None:
        self._rows = rows
        words: dict[str, str] = {}  # names of accounts and roles are the same in many rows
        self._texts = [_text(row, words) for row in rows]
        self._named: dict[str, list[int]] = {}
        places: dict[tuple[str, ...], list[int]] = {}
        for place, row in enumerate(rows):
            for name in (row.profile, row.account_id, row.account_name):
                if name:
                    self._named.setdefault(_plain(name), []).append(place)
            places.setdefault(row.key, []).append(place)
        self._recent = [place for key in recent for place in places.get(key, ())]

    def find(self, words: str) -> list[RoleRow]:
        """Return the rows that fit, the best first: exact names, recent ones, then whole words."""
        fitting: Sequence[int] = range(len(self._rows))
        for word in words.casefold().split():
            begins = f" {word}"
            fitting = [place for place in fitting if begins in self._texts[place]]
        first = dict.fromkeys((*self._named.get(_plain(words), ()), *self._recent))
        there = set(fitting)
        best = [place for place in first if place in there]
        rest = [place for place in fitting if place not in first]
        if len(rest) <= policy.ROLES_RANKED:
            whole = [f" {word} " for word in words.casefold().split()]
            rest.sort(key=lambda place: -sum(one in self._texts[place] for one in whole))
        return [self._rows[place] for place in (*best, *rest)]


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _text(row: RoleRow, known: dict[str, str]) -> str:
    """Return every word of a row after a blank: as written, and from each of its parts on."""
    fields = (row.profile, row.account_name, row.role_name, row.account_id, row.session)
    return f" {' '.join(_words(field, known) for field in fields if field)} "


def _words(field: str, known: dict[str, str]) -> str:
    found = known.get(field)
    if found is None:
        words: dict[str, None] = {}
        for joined in field.split():
            words[joined.casefold()] = None
            for part in _PARTS.finditer(joined):
                words[joined[part.start() :].casefold()] = None
                words[part[0].casefold()] = None
        found = known[field] = " ".join(words)
    return found
