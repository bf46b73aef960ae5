"""Adding a profile from a session's menu: its roles by account, as last listed (M1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tray.core import effects as fx
from tray.core import events as ev
from tray.core.accounts.account_index import ListedAccount, SessionAccounts
from tray.core.menu.menu_entry import SEPARATION, Block, Entry, MenuExtras, grouped, heading
from tray.core.profiles.profile_planning import (
    TEMPLATE,
    Assignment,
    plan,
    profile_keys,
    profiles_of,
    usual_region,
)
from tray.core.requests import AccountsRequested, AddProfileRequested
from tray.core.state import Step, TrayState
from tray.core.text import menu_text
from tray.core.views.view import SessionRow, View

ExistingProfiles = dict[tuple[str, str], str]  # by account and role


# --- Its rows -------------------------------------------------------------------------------


def add_profile(row: SessionRow, view: View, extras: MenuExtras, *, room: int) -> Iterable[Entry]:
    """Yield the rows of a session; without ``room`` below them, accounts are not listed."""
    key, index = row.key, extras.index
    under_way = index.listing is not None and index.listing.key == key
    if under_way or key in index.asked:
        yield heading(f"roles:{key}", menu_text.LISTING_ROLES)
        return
    known, (problem, _) = _known(row, index.sessions.get(key)), index.problems.get(key, ("", 0.0))
    if known is None and not problem:
        yield Entry(f"roles:{key}", menu_text.LIST_ROLES, AccountsRequested(key))
        return
    yield SEPARATION
    yield heading(f"add:{key}", menu_text.ADD_PROFILE)
    if problem or known is None or not known.accounts:
        yield heading(f"roles-why:{key}", menu_text.problem(problem or menu_text.NO_ROLES))
    elif room:
        there = profiles_of(key, view.profiles)

        def role(one: Assignment, account: Block[Assignment] | None) -> Entry:
            return _role(key, one, there, account)

        yield from grouped(_accounts(key, known), room, role, _rest)
    else:
        yield _rest()
    yield Entry(f"roles:{key}", menu_text.LIST_AGAIN, AccountsRequested(key))
    yield SEPARATION


def _known(row: SessionRow, known: SessionAccounts | None) -> SessionAccounts | None:
    """Return what was listed of this portal, for whoever is signed in now."""
    if known is None or known.origin != (row.start_url, row.region):
        return None
    began = row.session_began_at
    return known if began is None or known.listed_at >= began else None


def _rest(_count: int = 0) -> Entry:
    return heading("add-more", menu_text.MORE_ROLES)


def _accounts(key: str, known: SessionAccounts) -> Sequence[Block[Assignment]]:
    # Users look for a name; where two are the same, the number decides.
    of_name = sorted(known.accounts, key=lambda one: (one.name.casefold(), one.account_id))
    return [
        Block(
            f"add:{key}:{one.account_id}",
            menu_text.named_account(one.account_id, one.name),
            _assignments(one),
        )
        for one in of_name
    ]


def _assignments(account: ListedAccount) -> tuple[Assignment, ...]:
    return tuple(Assignment(account.account_id, role, account.name) for role in account.roles)


def _role(
    key: str, one: Assignment, there: ExistingProfiles, account: Block[Assignment] | None
) -> Entry:
    name = there.get((one.account_id, one.role_name))
    text = menu_text.role(one.role_name, name)
    return Entry(
        f"add:{key}:{one.account_id}:{one.role_name}",
        text if account is None else f"{account.text}: {text}",
        AddProfileRequested(key, one.account_id, one.role_name),
        enabled=name is None,
    )


# --- A click --------------------------------------------------------------------------------


def add_wanted(state: TrayState, event: AddProfileRequested) -> Step:
    session, known = state.sessions.get(event.key), state.index.sessions.get(event.key)
    if session is None or known is None:
        return state, ()
    if known.origin != session.config.origin:
        return state, ()
    roles = [role for account in known.accounts for role in _assignments(account)]
    place = (event.account_id, event.role_name)
    chosen = tuple(one for one in roles if (one.account_id, one.role_name) == place)
    profiles = state.catalog.profiles
    made = plan(session.config, profiles, chosen, roles, TEMPLATE)
    if not made.new:
        return state, ()
    name, role = made.new[0]
    keys = profile_keys(session.config, role, usual_region(profiles), None)
    return state, (fx.AddProfile(event.key, name, tuple(keys.items())),)


def added(state: TrayState, event: ev.ProfileAdded) -> Step:
    """Report the result; the profile itself appears when the config is read."""
    if event.refusal is not None:
        return state, (fx.Report(menu_text.profile_not_added(event.name), event.refusal),)
    report = fx.Report(*menu_text.profile_added(event.name), good=True)
    return state, (fx.RecordHistory("profile-added", event.key, event.name), report)
