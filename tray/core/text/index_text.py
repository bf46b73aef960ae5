"""What is said about the index of accounts and roles."""

from __future__ import annotations

from typing import Final

from tray.core.text.sentences import counted

NOT_KEPT: Final = "The list of accounts can't be kept in the state directory."
ANOTHER: Final = "Another listing of accounts is under way: try again when it has ended."


def progress(done: int, total: int) -> str:
    return f"Reading accounts: {done} of {total}"


def size(accounts: int, roles: int) -> str:
    return f"{counted(roles, 'role')} in {counted(accounts, 'account')}"
