"""The row "Add profile" of a session: lists its roles by account, once they are known (M1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tray.core.menu.listed_roles import Listing
from tray.core.profiles.profile_planning import Assignment, profiles_of
from tray.core.requests import AddProfileRequested, RolesRequested
from tray.core.text import menu_text
from tray.core.views.view import SessionRow, View
from tray.desktop.menu.menu_entry import LEVEL, SEPARATION, Entry, grouped

ExistingProfiles = dict[tuple[str, str], str]  # by account and role


def add_profile(row: SessionRow, view: View) -> Entry:
    listing = row.listing
    if listing is None:
        return Entry(f"roles:{row.key}", menu_text.LIST_ROLES, RolesRequested(row.key))
    if listing.asking:
        return Entry(f"roles:{row.key}", menu_text.LISTING_ROLES, enabled=False)
    again = Entry(f"roles:{row.key}", menu_text.LIST_AGAIN, RolesRequested(row.key))
    below: Iterable[Entry]
    if listing.problem is not None:
        why = menu_text.problem(listing.problem)
        below = (Entry(f"roles-why:{row.key}", why, enabled=False),)
    else:
        below = _accounts(row.key, listing, profiles_of(row.key, view.profiles))
    children = (*below, SEPARATION, again)
    return Entry(f"add:{row.key}", menu_text.ADD_PROFILE, children=children)


def _accounts(key: str, listing: Listing, known: ExistingProfiles) -> Iterable[Entry]:
    accounts: dict[str, list[Assignment]] = {}
    for one in listing.roles:
        accounts.setdefault(one.account_id, []).append(one)
    # Users look for a name; where two are the same, the number decides.
    of_name = sorted(
        accounts.values(), key=lambda one: (one[0].account_name.casefold(), one[0].account_id)
    )
    names = [roles[0].account_name or roles[0].account_id for roles in of_name]
    rows = [
        Entry(
            f"add:{key}:{roles[0].account_id}",
            menu_text.named_account(roles[0].account_id, roles[0].account_name),
            children=tuple(_roles(key, roles, known)),
        )
        for roles in of_name
    ]
    yield from grouped(
        rows,
        LEVEL - 2,  # the line, and the row that lists again
        lambda one, two: menu_text.named_accounts(names[one], names[two]),
        menu_text.MORE_ROLES,
    )


def _roles(key: str, roles: Sequence[Assignment], known: ExistingProfiles) -> Iterable[Entry]:
    fits = len(roles) <= LEVEL
    for one in roles if fits else roles[: LEVEL - 1]:
        there = known.get((one.account_id, one.role_name))
        yield Entry(
            f"add:{key}:{one.account_id}:{one.role_name}",
            menu_text.role(one.role_name, there),
            AddProfileRequested(key, one.account_id, one.role_name),
            enabled=there is None,
        )
    if not fits:
        yield Entry(f"add-more:{key}:{roles[0].account_id}", menu_text.MORE_ROLES, enabled=False)
