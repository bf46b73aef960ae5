"""What the desktop's own search shows for a few words, and what a pick of a result asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args
from urllib.parse import quote, unquote

from tray.core import policy
from tray.core.accounts.role_search import RoleRow, RoleSearch
from tray.core.events import Event, UseRequested
from tray.core.requests import ConsoleRequested
from tray.core.text import menu_text, search_text
from tray.values import dataclass

Action = Literal["console", "use"]

_PICK_BELOW: Final = 3
"""Consoles above the result that makes the best row active, where a search has one action each."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A row and what a pick of it does; ``id`` says both, and is all that comes back."""

    row: RoleRow
    action: Action = "console"

    @property
    def id(self) -> str:
        return "/".join(quote(part, safe="") for part in (self.action, *self.row.key))

    @property
    def title(self) -> str:
        row = self.row
        role = menu_text.role_in(row.account_id or "", row.account_name, row.role_name or "")
        name = menu_text.profile(row.profile or role, guarded=row.guarded, problem=False)
        return name if self.action == "console" else search_text.use(name)

    @property
    def place(self) -> str:
        account = menu_text.named_account(self.row.account_id or "", self.row.account_name)
        return search_text.place(self.row.role_name or "", account)

    @property
    def text(self) -> str:
        what = search_text.OPENS if self.action == "console" else search_text.USES
        return f"{what}: {self.place}"


def matches(search: RoleSearch, words: str) -> list[SearchResult]:
    """Return the consoles of the best rows; a letter or two would find everything."""
    if len(words.strip()) < policy.SEARCH_LETTERS:
        return []
    found = search.find(words, policy.SEARCH_SHOWN)
    shown = _consoles(found)
    if len(shown) < len(found):  # some have no console: those behind them take their place
        shown = _consoles(search.find(words))
    return shown[: policy.SEARCH_SHOWN]


def _consoles(rows: Sequence[RoleRow]) -> list[SearchResult]:
    return [SearchResult(row) for row in rows if row.session and row.account_id and row.role_name]


def with_picks(results: Sequence[SearchResult]) -> list[SearchResult]:
    """
    Add results that make the first rows active, for a search that has one action for each.

    Never the first one, which Enter takes, and never one that is guarded.
    """
    picks = [SearchResult(one.row, "use") for one in results if can_be_used(one.row)]
    above, rest = results[:_PICK_BELOW], results[_PICK_BELOW:]
    near = [one for one in picks if one.row in [each.row for each in above]]
    return [*above, *near[: 1 if rest else None], *rest]


def can_be_used(row: RoleRow) -> bool:
    return row.profile is not None and not row.guarded


def picked(rows: Sequence[RoleRow], identifier: str, action: str = "") -> Event | None:
    """
    Return what a pick asks for; None if it is no result of ours, or its row is gone.

    `action` is what was chosen beside the result, if the search has such. A guarded row is
    never made active from here: it takes its full name, or a click in the menu.
    """
    first, *key = map(unquote, identifier.split("/"))
    row = next((one for one in rows if list(one.key) == key), None)
    what = action or first
    if row is None or what not in get_args(Action):
        return None
    if what == "console":
        return ConsoleRequested(row.key)
    return UseRequested(row.profile) if can_be_used(row) else None
