"""
All accounts and roles of a signed-in user, listed side by side and politely.

What can fail: as of the portal; being asked to slow down (429) is obeyed and is no failure.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from tray.aws.portal import Account, Portal
from tray.core.adding import Assignment
from tray.errors import RoleForbidden, ServiceTrouble
from tray.secret import Secret

T = TypeVar("T")

SIDE_BY_SIDE: Final = 8
TRIES: Final = 8
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 20.0

Progress = Callable[[int, int], None]
"""Told how many accounts of how many have been looked at."""


def list_assignments(
    portal: Portal,
    access_token: Secret,
    region: str,
    *,
    progress: Progress = lambda _done, _all: None,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[Assignment, ...]:
    """
    Return every role of every account, by account and role.

    Args:
        portal: asks AWS; used from several threads.
        access_token: a good one.
        region: the session's.
        progress: called on this thread.
        pause: sleeps so many seconds.

    Raises:
        TokenRejected: the session is over.
        WillRetry: AWS was not reached, or kept saying that it has trouble.
    """
    accounts = _politely(lambda: tuple(portal.list_accounts(access_token, region)), pause)
    progress(0, len(accounts))

    def roles(account: Account) -> tuple[Assignment, ...]:
        def ask() -> tuple[str, ...]:
            return tuple(portal.list_roles(access_token, region, account.account_id))

        try:
            names = _politely(ask, pause)
        except RoleForbidden:
            return ()  # taken away between two questions
        return tuple(
            Assignment(account.account_id, name, account.name, account.email) for name in names
        )

    found: list[Assignment] = []
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="list") as pool:
        try:
            for number, some in enumerate(pool.map(roles, accounts), 1):
                found += some
                progress(number, len(accounts))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return tuple(sorted(found))


def _politely(ask: Callable[[], T], pause: Callable[[float], None]) -> T:
    for wait in _pauses():
        try:
            return ask()
        except ServiceTrouble as trouble:
            pause(trouble.retry_after or wait)
    return ask()


def _pauses() -> Iterator[float]:
    """Yield how long to wait after each refusal: doubled each time, with full jitter."""
    for number in range(TRIES):
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**number)
        yield longest / 2 + random.random() * longest / 2  # noqa: S311  (no secret depends on it)
