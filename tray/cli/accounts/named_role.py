"""A role named by session, account and role; it needs no profile in the AWS config."""

from __future__ import annotations

from tray.cli.command_context import CommandContext
from tray.cli.front.terminal import Ended, WrongUse
from tray.cli.names.name_lookup import session_named
from tray.core.model import Catalog, Profile, SsoSession
from tray.core.profiles.bare_role import bare_role
from tray.core.text import index_text
from tray.storage.account_records import read_index
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class NamedRole:
    """What ``--session``, ``--account`` and ``--role`` say; the session may be the only one."""

    session: str | None = None
    account: str | None = None  # its id, or its whole name as the portal lists it
    role: str | None = None

    @property
    def given(self) -> bool:
        return (self.session, self.account, self.role) != (None, None, None)


NO_ROLE = NamedRole()


def role_named(context: CommandContext, catalog: Catalog, named: NamedRole) -> Profile:
    """Return it as a profile; raises WrongUse, NotFound, Ended."""
    if named.account is None or named.role is None or not named.role:
        raise WrongUse("A role needs --account and --role, and --session if there are several.")
    session = _session(catalog, named.session)
    if session.problem is not None:
        raise Ended(session.problem, 1)
    account = _account_id(context, session, named.account)
    return bare_role(session, account, named.role, catalog.profiles)


def _session(catalog: Catalog, name: str | None) -> SsoSession:
    if name is not None:
        return session_named(catalog, name)
    if len(catalog.sessions) != 1:
        raise WrongUse("Name the session with --session.")
    return catalog.sessions[0]


def _account_id(context: CommandContext, session: SsoSession, account: str) -> str:
    """Return an account's id; by its name only where exactly one is called so."""
    if len(account) == 12 and account.isascii() and account.isdigit():
        return account
    known = read_index(context.paths.state).get(session.key)
    listed = () if known is None or known.origin != session.origin else known.accounts
    found = [one.account_id for one in listed if one.name.casefold() == account.casefold()]
    if len(found) == 1:
        return found[0]
    raise Ended(index_text.no_account(account, session.key, found), 2)
