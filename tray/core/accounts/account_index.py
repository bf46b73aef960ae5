"""
The index: every account and role of the signed-in sessions, by session key, as last listed.

How a surface reads it:

- in the daemon: ``state.index.sessions``, without the accounts' e-mails, always the newest; on the
  command line: `tray.storage.account_records.read_index`;
- as rows: `role_rows` joins it with the profiles of the AWS config, and
  `tray.core.accounts.role_search.RoleSearch` finds in them;
- a surface that needs it posts `tray.core.requests.AccountsUsed` whenever it is opened (or writes
  `record_use` where no daemon is at hand): what nobody looks at is never listed again;
- ``AccountsRequested(key)`` lists now. ``state.index.listing`` is the listing under way, with its
  progress; ``state.index.problems`` says by key why the last one failed.

Nothing here is secret, but the e-mails are personal data: they are in no report and no bundle.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from fnmatch import translate
from types import MappingProxyType
from typing import ClassVar

from tray.core import policy
from tray.core.accounts.role_search import RoleRow
from tray.core.json_members import Document, MayLack, flag, list_of, moment, optional, text
from tray.core.model import Catalog, Profile
from tray.core.profiles.guards import is_guarded, is_managed
from tray.core.profiles.profile_planning import Assignment, fit_for_a_name
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class ListedAccount(Document):
    account_id: str  # 12 digits
    name: str  # as the organisation calls it; may be empty
    email: str = ""  # of its root user; personal data
    roles: tuple[str, ...] = ()  # sorted

    MEMBERS: ClassVar = {
        "id": text,
        "name": text,
        "email": MayLack(text),
        "roles": list_of(text),
    }


Place = tuple[str, str, str]
"""Of a role: account id, account name, role name."""


def _place(value: object) -> Place:
    account_id, name, role = list_of(text)(value)[:3]
    return (account_id, name, role)


def _account(value: object) -> ListedAccount:
    """Check an account, which a reader may have made already."""
    return value if isinstance(value, ListedAccount) else ListedAccount.from_json(value)


@dataclass(frozen=True, slots=True)
class RoleChanges(Document):
    """What a listing found to be new or gone; at most `policy.CHANGES_KEPT` of each."""

    at: float  # time of that listing, seconds since the epoch
    appeared: tuple[Place, ...] = ()
    vanished: tuple[Place, ...] = ()
    told: bool = False  # to whoever asked for the listing

    MEMBERS: ClassVar = {
        "at": moment,
        "appeared": list_of(_place),
        "vanished": list_of(_place),
        "told": MayLack(flag),
    }


@dataclass(frozen=True, slots=True)
class SessionAccounts(Document):
    """The accounts and roles of one session; they count for its start URL and region only."""

    start_url: str
    region: str
    listed_at: float  # seconds since the epoch
    accounts: tuple[ListedAccount, ...] = ()  # sorted by id
    changes: RoleChanges | None = None  # the last ones there were

    MEMBERS: ClassVar = {
        "start_url": text,
        "region": text,
        "listed_at": moment,
        "accounts": list_of(_account),
        "changes": MayLack(optional(RoleChanges.from_json)),
    }

    @property
    def origin(self) -> tuple[str, str]:
        return (self.start_url, self.region)


@dataclass(frozen=True, slots=True)
class IndexListing:
    """A listing under way."""

    key: str
    attempt: int  # answers to an earlier attempt are ignored
    done: int = 0
    total: int = 0  # accounts; 0 until AWS has said how many
    requested: bool = False  # by a person, who is told how it ended


@dataclass(frozen=True, slots=True)
class IndexState:
    """What the daemon knows of the index."""

    sessions: Mapping[str, SessionAccounts] = field(default_factory=lambda: MappingProxyType({}))
    read: bool = False  # whether the file was read; nothing is due before
    used_at: float | None = None  # when a surface last needed it
    listing: IndexListing | None = None
    asked: tuple[str, ...] = ()  # keys of sessions that are to be listed on request
    # why the last listing of a session failed, and the wall time of the next one
    problems: Mapping[str, tuple[str, float]] = field(default_factory=lambda: MappingProxyType({}))


def listed_accounts(
    found: Iterable[Assignment], before: SessionAccounts | None, unknown: Collection[str] = ()
) -> tuple[ListedAccount, ...]:
    """Group roles by account; those of `unknown` accounts, which AWS didn't list, stay."""
    accounts: dict[str, tuple[str, str, list[str]]] = {}
    for one in found:
        if not one.role_name:
            continue  # nobody could ask for it
        place = accounts.setdefault(one.account_id, (one.account_name, one.email, []))
        place[2].append(one.role_name)
    kept = () if before is None else before.accounts
    stays = [one for one in kept if one.account_id in unknown and one.account_id not in accounts]
    made = (
        ListedAccount(account_id, name, email, tuple(sorted(roles)))
        for account_id, (name, email, roles) in accounts.items()
    )
    return tuple(sorted((*made, *stays), key=lambda one: one.account_id))


def relisted(
    before: SessionAccounts | None, listed: SessionAccounts, *, told: bool = False
) -> SessionAccounts:
    """Return a listing with what changed since the one before; the first one changes nothing."""
    if before is None or before.origin != listed.origin:
        return listed
    old, new = _places(before), _places(listed)
    appeared = tuple(place for key, place in new.items() if key not in old)
    vanished = tuple(place for key, place in old.items() if key not in new)
    if not appeared and not vanished:
        return replace(listed, changes=before.changes)
    most = policy.CHANGES_KEPT
    changes = RoleChanges(listed.listed_at, appeared[:most], vanished[:most], told)
    return replace(listed, changes=changes)


def _places(listed: SessionAccounts) -> dict[tuple[str, str], Place]:
    return {
        (account.account_id, role): (account.account_id, account.name, role)
        for account in listed.accounts
        for role in account.roles
    }


def role_rows(
    index: Mapping[str, SessionAccounts],
    catalog: Catalog,
    guarded: Sequence[str] | None,
    *,
    bare: bool = True,
) -> list[RoleRow]:
    """
    Return all that can be used: each profile in the config's order, then roles that have none.

    Without `bare` the profiles alone.

    A profile gets its account's name from the index. A role without a profile is guarded if its
    account is, or the name that ``sso-tray add`` would give its profile. Our managed profiles and
    those that cannot be used are left out. `guarded` as in `Preferences`.
    """
    fitting = {
        session.key: known
        for session in catalog.sessions
        if (known := index.get(session.key)) is not None and known.origin == session.origin
    }
    names = {
        (key, account.account_id): account.name
        for key, known in fitting.items()
        for account in known.accounts
    }
    usable = [
        one
        for one in catalog.profiles
        if one.problem is None and not is_managed(one.name, catalog.managed)
    ]
    rows = [_profile_row(one, names, guarded) for one in usable]
    taken = {(one.session, one.account_id, one.role_name) for one in usable if one.kind == "sso"}
    if not bare:
        return rows
    guards = _Guards(guarded)
    for key, known in fitting.items():
        for account in known.accounts:
            rows += [
                RoleRow(key, account.account_id, account.name, role, guarded=guards(account, role))
                for role in account.roles
                if (key, account.account_id, role) not in taken
            ]
    return rows


class _Guards:
    """Whether roles without a profile are guarded (A7); thousands are asked about."""

    def __init__(self, patterns: Sequence[str] | None) -> None:
        self._unknown = patterns is None
        forms = "|".join(translate(one.casefold()) for one in patterns or ())
        self._guards = re.compile(forms).match if forms else None
        self._fit: dict[str, str] = {}
        self._accounts: dict[str, tuple[bool, str]] = {}

    def __call__(self, account: ListedAccount, role: str) -> bool:
        if self._guards is None:
            return self._unknown
        known = self._accounts.get(account.account_id)
        if known is None:
            fit = self._fitted(account.name)
            named = (account.name.casefold(), account.account_id, fit)
            known = (any(map(self._guards, named)), fit or account.account_id)
            self._accounts[account.account_id] = known
        return known[0] or bool(self._guards(f"{known[1]}-{self._fitted(role)}"))

    def _fitted(self, name: str) -> str:
        found = self._fit.get(name)
        if found is None:
            found = self._fit[name] = fit_for_a_name(name).casefold()
        return found


def _profile_row(
    profile: Profile,
    names: Mapping[tuple[str, str], str],
    guarded: Sequence[str] | None,
) -> RoleRow:
    place = (profile.session or "", profile.account_id or "")
    return RoleRow(
        profile.session,
        profile.account_id,
        names.get(place, ""),
        profile.role_name,
        profile.name,
        guarded=is_guarded(profile.name, guarded),
    )
