"""
Find a role by a few words: the one search behind every place where a person looks for an account.

A word fits where a word of a row begins with it, or the row's text without its separators holds
that beginning: ``adm`` finds "DataAdmin", ``prod-eu`` and ``eu prod`` find "Prod EU". All words
have to fit, in any order. Case does not count.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
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

    Most rows share their account with some and their role with many others, so what is searched
    is kept once for each account, role and profile: 5,000 roles of 500 accounts take little more
    memory than the accounts.

    Args:
        rows: what there is; their order is kept where nothing else decides.
        recent: keys of rows, the latest first.
    """

    def __init__(self, rows: Sequence[RoleRow], recent: Iterable[tuple[str, ...]] = ()) -> None:
        self._rows = rows
        places: dict[tuple[str | None, str | None, str], list[int] | range] = {}
        wanted = dict.fromkeys(recent)
        last = dict[tuple[str, ...], list[int]]()
        for place, row in enumerate(rows):
            account = (row.session, row.account_id, row.account_name)
            places[account] = _with(places.get(account), place)
            if wanted and row.key in wanted:
                last.setdefault(row.key, []).append(place)
        known: dict[str, str] = {}
        shared: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._accounts = [_Account(rows, group, known, shared) for group in places.values()]
        self._of_roles: dict[int, list[int]] = {}  # accounts that have the same roles
        for number, one in enumerate(self._accounts):
            self._of_roles.setdefault(one.number, []).append(number)
        self._text = "".join(account.text for account in self._accounts)
        ends = accumulate(len(account.text) for account in self._accounts)
        self._starts = [0, *ends]
        recent_places = [place for key in wanted for place in last.get(key, ())]
        whose = {} if not recent_places else self._whose(set(recent_places))
        self._recent = [(place, *whose[place]) for place in recent_places]

    def find(self, words: str, most: int | None = None) -> list[RoleRow]:
        """
        Return the rows that fit, the best first: exact names, recent ones, then whole words.

        With `most` the first so many, which are found sooner.
        """
        plain = _plain(words)
        begins = [f" {word}" for word in plain.split()]
        found = self._found(begins)
        exact = _exact(self._accounts, found, f"\n{plain}\n") if plain else ()
        recent = (
            place
            for place, number, offset in self._recent
            if number in found and _holds(found[number], offset)
        )
        best = dict.fromkeys((*exact, *recent))
        fitting = self._places(found, None if most is None else most + len(best))
        rest = fitting if not best else [place for place in fitting if place not in best]
        if len(rest) <= policy.ROLES_RANKED:
            whole = [f"{begin} " for begin in begins]
            rest = _ranked(self._accounts, found, rest, whole)
        return list(map(self._rows.__getitem__, [*best, *rest][:most]))

    def _whose(self, wanted: set[int]) -> dict[int, tuple[int, int]]:
        """Return the account, and the offset in it, of some places."""
        return {
            place: (number, offset)
            for number, account in enumerate(self._accounts)
            for offset, place in enumerate(account.places)
            if place in wanted
        }

    def _places(self, found: _Found, most: int | None) -> list[int]:
        """Return the places of what was found; the first `most`, where there are very many."""
        fitting: list[int] = []
        enough = None if most is None else policy.ROLES_RANKED + most
        last = None
        for number, offsets in found.items():
            places = self._accounts[number].places
            if last is not None and places[0] > last:
                break  # accounts are in the order of their first place
            fitting += places if offsets is None else [places[offset] for offset in offsets]
            if enough is not None and last is None and len(fitting) > enough:
                last = sorted(fitting)[enough]
        fitting.sort()
        return fitting

    def _found(self, begins: Sequence[str]) -> _Found:
        if not begins:
            return dict.fromkeys(range(len(self._accounts)))
        # Which words fit an account itself, as bits; its rows need only hold the others.
        fits: dict[int, int] = {}
        for place, begin in enumerate(begins):
            for number in self._holding(begin):
                fits[number] = fits.get(number, 0) | 1 << place
        every = (1 << len(begins)) - 1
        known: dict[tuple[int, int], list[int]] = {}
        found: _Found = {}
        for number, fit in fits.items():
            if fit == every:
                found[number] = None
                continue
            account = self._accounts[number]
            asked = (account.number, fit)
            offsets = known.get(asked)
            if offsets is None:
                left = [begin for place, begin in enumerate(begins) if not fit >> place & 1]
                known[asked] = offsets = _fitting(account.texts, left)
            if offsets:
                found[number] = offsets
        for numbers in self._of_roles.values():
            offsets = _fitting(self._accounts[numbers[0]].texts, begins)
            if offsets:
                alone = numbers if not fits else [one for one in numbers if one not in fits]
                found |= dict.fromkeys(alone, offsets)
        order = sorted(found)
        return found if order == [*found] else {number: found[number] for number in order}

    def _holding(self, begin: str) -> Iterator[int]:
        """Yield the accounts whose own text has a word that begins so: one walk through all."""
        text, starts = self._text, self._starts
        at = text.find(begin)
        while at >= 0:
            number = bisect_right(starts, at)
            yield number - 1
            at = text.find(begin, starts[number])


def _exact(accounts: Sequence[_Account], found: _Found, name: str) -> Iterator[int]:
    """Yield the rows whose profile or account is called so."""
    for number, offsets in found.items():
        account = accounts[number]
        if offsets is None and name in account.text:
            yield from account.places
        elif account.named:
            for offset, text in enumerate(account.texts):
                if name in text and _holds(offsets, offset):
                    yield account.places[offset]


def _ranked(
    accounts: Sequence[_Account], found: _Found, places: list[int], whole: list[str]
) -> list[int]:
    """Put the rows first that have most of the words as they are."""
    score: dict[int, int] = {}
    for number, offsets in found.items():
        account = accounts[number]
        left = [word for word in whole if word not in account.text]
        for offset in range(len(account.texts)) if offsets is None else offsets:
            text = account.texts[offset]
            score[account.places[offset]] = sum(word not in text for word in left)
    return sorted(places, key=score.__getitem__)


class _Account:
    """The rows of one account, or of none."""

    __slots__ = ("named", "number", "places", "text", "texts")

    def __init__(
        self,
        rows: Sequence[RoleRow],
        places: Sequence[int],
        known: dict[str, str],
        shared: dict[tuple[str, ...], tuple[str, ...]],
    ) -> None:
        first = rows[places[0]]
        fields = (first.account_name, first.account_id, first.session)
        words = " ".join(_words(field, known) for field in fields if field)
        names = "\n".join(_plain(field) for field in fields[:2] if field)
        self.places = places
        self.text = f" {words} \n{names}\n"
        self.named = any(rows[place].profile for place in places)
        texts = tuple(_row_text(rows[place], known) for place in places)
        self.texts = shared.setdefault(texts, texts)  # what words can find of each row alone
        self.number = id(self.texts)  # the same for all accounts with these roles


_Found = dict[int, Sequence[int] | None]
"""Each account that has fitting rows, in order, with their offsets; None is all of them."""


def _fitting(texts: Sequence[str], begins: Sequence[str]) -> list[int]:
    one, *more = begins
    found = [offset for offset, text in enumerate(texts) if one in text]
    for begin in more:
        found = [offset for offset in found if begin in texts[offset]]
    return found


def _with(places: list[int] | range | None, place: int) -> list[int] | range:
    """Add a place behind others: most follow each other, and a range takes no memory."""
    if places is None:
        return range(place, place + 1)
    if isinstance(places, range):
        if places.stop == place:
            return range(places.start, place + 1)
        places = list(places)
    places.append(place)
    return places


def _holds(offsets: Sequence[int] | None, offset: int) -> bool:
    """Whether the row of an account was found."""
    return offsets is None or offset in offsets


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _row_text(row: RoleRow, known: dict[str, str]) -> str:
    """Return the words of role and profile after a blank, and the profile's name on a line."""
    role = known.get(f" {row.role_name}") if row.profile is None else None
    if role is not None:
        return role
    words = " ".join(_words(field, known) for field in (row.profile, row.role_name) if field)
    text = f" {words} \n{_plain(row.profile or '')}\n" if row.profile else f" {words} "
    if row.profile is None:
        known[f" {row.role_name}"] = text  # one text for all rows of the role
    return text


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
