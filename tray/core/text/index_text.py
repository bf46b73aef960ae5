"""What is said about the index of accounts and roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tray.core.text.display_names import clean
from tray.core.text.sentences import called, counted, listed

NOT_KEPT: Final = "The list of accounts can't be kept in the state directory."
ANOTHER: Final = "Another listing of accounts is under way: try again when it has ended."


def progress(done: int, total: int) -> str:
    return f"Reading accounts: {done} of {total}"


def no_account(account: str, key: str, found: Sequence[str]) -> str:
    if found:
        return f'Several accounts are called "{clean(account)}": {listed(found)}. Give the id.'
    return (
        f'No account "{clean(account)}" is known in {called(key)}. Give its 12 digits, '
        "or list the accounts again: sso-tray accounts --refresh"
    )


def guarded_role(account: str, role: str) -> str:
    return (
        f'"{clean(account)}/{clean(role)}" is guarded. Name it in full, with --session, --account '
        "and --role."
    )


def size(accounts: int, roles: int) -> str:
    return f"{counted(roles, 'role')} in {counted(accounts, 'account')}"
