"""The rows under "Add profile" in a session's menu: its roles by account, once known (M1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tray.core.menu.listed_roles import Listing
from tray.core.menu.menu_entry import SEPARATION, Block, Entry, grouped
from tray.core.profiles.profile_planning import Assignment, profiles_of
from tray.core.requests import AddProfileRequested, RolesRequested
from tray.core.text import menu_text
from tray.core.views.view import SessionRow, View

ExistingProfiles = dict[tuple[str, str], str]  # by account and role


def add_profile(row: SessionRow, view: View, *, room: int) -> Iterable[Entry]:
    """Yield the rows of a session; without ``room`` below them, accounts are not listed."""
    listing = row.listing
    if listing is None:
        yield Entry(f"roles:{row.key}", menu_text.LIST_ROLES, RolesRequested(row.key))
        return
    if listing.asking:
        yield Entry(f"roles:{row.key}", menu_text.LISTING_ROLES, enabled=False)
        return
    yield SEPARATION
    yield Entry(f"add:{row.key}", menu_text.ADD_PROFILE, enabled=False)
    if listing.problem is not None:
        yield Entry(f"roles-why:{row.key}", menu_text.problem(listing.problem), enabled=False)
    elif room:
        known = profiles_of(row.key, view.profiles)

        def role(one: Assignment, account: Block[Assignment] | None) -> Entry:
            return _role(row.key, one, known, account)

        yield from grouped(_accounts(row.key, listing), room, role, _rest)
    else:
        yield _rest()
    yield Entry(f"roles:{row.key}", menu_text.LIST_AGAIN, RolesRequested(row.key))
    yield SEPARATION


def _rest(_count: int = 0) -> Entry:
    return Entry("add-more", menu_text.MORE_ROLES, enabled=False)


def _accounts(key: str, listing: Listing) -> Sequence[Block[Assignment]]:
    accounts: dict[str, list[Assignment]] = {}
    for one in listing.roles:
        accounts.setdefault(one.account_id, []).append(one)
    # Users look for a name; where two are the same, the number decides.
    of_name = sorted(
        accounts.values(), key=lambda one: (one[0].account_name.casefold(), one[0].account_id)
    )
    return [
        Block(
            f"add:{key}:{roles[0].account_id}",
            menu_text.named_account(roles[0].account_id, roles[0].account_name),
            roles,
        )
        for roles in of_name
    ]


def _role(
    key: str, one: Assignment, known: ExistingProfiles, account: Block[Assignment] | None
) -> Entry:
    there = known.get((one.account_id, one.role_name))
    text = menu_text.role(one.role_name, there)
    return Entry(
        f"add:{key}:{one.account_id}:{one.role_name}",
        text if account is None else f"{account.text}: {text}",
        AddProfileRequested(key, one.account_id, one.role_name),
        enabled=there is None,
    )
