"""Which of a session's tokens came before which (K4); fingerprints, never the tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tray.core import policy
from tray.core.json_members import BadDocument, list_of
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The fingerprints of an access token and of the refresh token that came with it."""

    access: str
    refresh: str | None = None


@dataclass(frozen=True, slots=True)
class Lineage:
    """The pairs that we published, adopted, replaced or saw refused, oldest first."""

    pairs: tuple[TokenPair, ...] = ()

    @property
    def newest(self) -> TokenPair | None:
        return self.pairs[-1] if self.pairs else None

    def followed_by(self, pair: TokenPair) -> Lineage:
        return self._of([*self._without(pair), pair])

    def merged(self, copy: Lineage) -> Lineage:
        """Add what only a copy lists: last if it continues our newest pair (R3), else first."""
        known = {pair.access for pair in self.pairs}
        accesses = [pair.access for pair in copy.pairs]
        newest = self.newest
        ahead = len(accesses)
        if newest is not None and newest.access in accesses:
            ahead = accesses.index(newest.access)
        earlier = [pair for pair in copy.pairs[:ahead] if pair.access not in known]
        later = [pair for pair in copy.pairs[ahead:] if pair.access not in known]
        return self._of([*earlier, *self.pairs, *later])

    def lists(self, pair: TokenPair) -> bool:
        return any(
            known.access == pair.access
            or (pair.refresh is not None and known.refresh == pair.refresh)
            for known in self.pairs
        )

    def has_replaced(self, pair: TokenPair) -> bool:
        """Whether one of the two tokens has a successor. AWS may return a refresh token again."""
        newest = self.newest
        if newest is None or newest.access == pair.access:
            return False
        if any(known.access == pair.access for known in self.pairs):
            return True
        return pair.refresh != newest.refresh and self.lists(pair)

    def to_json(self) -> list[list[str | None]]:
        """Return ``[[ACCESS, REFRESH], ...]``, oldest first."""
        return [[pair.access, pair.refresh] for pair in self.pairs]

    @classmethod
    def from_json(cls, document: object) -> Lineage:
        return cls._of(list_of(_pair)(document))

    def _without(self, pair: TokenPair) -> list[TokenPair]:
        return [known for known in self.pairs if known.access != pair.access]

    @staticmethod
    def _of(pairs: Iterable[TokenPair]) -> Lineage:
        return Lineage(tuple(pairs)[-policy.LINEAGE_KEPT :])


def _pair(document: object) -> TokenPair:
    match document:
        case [str() as access, (str() | None) as refresh]:
            return TokenPair(access, refresh)
        case _:
            raise BadDocument("not two fingerprints")


NO_LINEAGE: Final = Lineage()
