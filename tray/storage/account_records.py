"""
``accounts.json``, version 1: the accounts and roles of each session, as last listed.

``{"version": 1, "sessions": {KEY: {"start_url", "region", "listed_at", "accounts": [{"id", "name",
"email", "roles"}], "changes": null | {"at", "appeared", "vanished", "told"}}}}``; times in seconds
since the epoch. No secret, but e-mails: 0600. It can be made anew at any time, so what cannot be
read, or is of another version, is as if it were not there. ``accounts-used`` holds the time at
which a surface last needed it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tray.core import policy
from tray.core.accounts.account_index import ListedAccount, SessionAccounts
from tray.core.json_members import BadDocument, Members, mapping, moment, one_of
from tray.errors import TrayError
from tray.storage.atomic_files import LOCK_TIMEOUT, private_directory, read_small, write_atomic
from tray.system.lock.file_lock import FileLock, lock_path

log = logging.getLogger(__name__)

VERSION: Final = 1
NAME: Final = "accounts.json"
USED: Final = "accounts-used"
LARGEST: Final = 64 * 1024 * 1024  # bytes; 10,000 roles take half a megabyte


def read_index(state: Path, *, emails: bool = True) -> dict[str, SessionAccounts]:
    """
    Return the index by session key; what cannot be used of it is left out.

    Equal names and lists of roles are kept once: 5,000 roles take a tenth of a megabyte.
    """
    try:
        data = read_small(state / NAME, limit=LARGEST)
    except FileNotFoundError:
        return {}
    except (OSError, TrayError) as error:
        log.warning("the accounts cannot be read (%s)", type(error).__name__)
        return {}
    found: dict[str, SessionAccounts] = {}
    try:
        members = Members(json.loads(data, object_hook=_Accounts(emails=emails)))
        members.need("version", one_of((VERSION,)))
        sessions = members.need("sessions", mapping)
    except (ValueError, RecursionError) as error:
        log.info("the accounts are listed anew (%s)", type(error).__name__)
        return {}
    for key, entry in sessions.items():
        with suppress(BadDocument):
            found[key] = SessionAccounts.from_json(entry)
    return found


class _Accounts:
    """Makes accounts while they are read, so that not all of the document is there at once."""

    def __init__(self, *, emails: bool) -> None:
        self._emails = emails
        self._names: dict[str, str] = {}
        self._roles: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __call__(self, members: dict[str, Any]) -> object:
        if "roles" not in members:
            return members
        try:
            account = ListedAccount.from_json(members)
        except BadDocument:
            return members  # whoever wants an account says what is wrong
        roles = self._roles.get(account.roles)
        if roles is None:
            roles = tuple(self._names.setdefault(name, name) for name in account.roles)
            self._roles[roles] = roles
        email = account.email if self._emails else ""
        return ListedAccount(account.account_id, account.name, email, roles)


def change_index(
    state: Path,
    key: str,
    change: Callable[[SessionAccounts | None], SessionAccounts],
    *,
    keep: float = policy.KEPT_FOR,
) -> SessionAccounts:
    """
    Replace a session's entry by what `change` makes of it; return that.

    Sessions not listed for `keep` seconds are dropped. Raises `Busy`, OSError, TrayError.
    """
    private_directory(state)
    with FileLock(lock_path(state, "accounts"), timeout=LOCK_TIMEOUT):
        index = read_index(state)
        entry = change(index.get(key))
        newest = entry.listed_at - keep
        kept = {other: one for other, one in index.items() if one.listed_at > newest}
        _write(state, {**kept, key: entry})
    return entry


def forget_accounts(
    state: Path, keys: Collection[str] | None = None, *, listed_before: float | None = None
) -> bool:
    """
    Remove sessions from the index, all for None, or old ones; whether there was anything.

    Without any left it is not listed again before a surface needs it.
    """
    if not (state / NAME).exists() and not (state / USED).exists():
        return False
    with FileLock(lock_path(state, "accounts"), timeout=LOCK_TIMEOUT):
        index = read_index(state)
        kept = {
            key: one
            for key, one in index.items()
            if (keys is not None and key not in keys)
            or (listed_before is not None and one.listed_at >= listed_before)
        }
        if kept and len(kept) == len(index):
            return False
        if kept:
            _write(state, kept)
        else:
            for name in (NAME, USED):
                (state / name).unlink(missing_ok=True)
    return len(kept) < len(index) or not kept


def record_use(state: Path, at: float) -> None:
    """Remember that a surface needed the index, in seconds since the epoch; OSError, TrayError."""
    private_directory(state)
    write_atomic(state / USED, f"{at:.0f}\n".encode())


def last_use(state: Path) -> float | None:
    try:
        return moment(float(read_small(state / USED)))
    except (OSError, TrayError, ValueError):
        return None


def _write(state: Path, index: dict[str, SessionAccounts]) -> None:
    sessions = {key: one.to_json() for key, one in index.items()}
    document = {"version": VERSION, "sessions": sessions}
    write_atomic(state / NAME, json.dumps(document, separators=(",", ":")).encode() + b"\n")
