"""Lists all accounts and roles of a signed-in user, in parallel, at the rate AWS allows."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Final

from tray.aws.api.portal import Account, Portal, Response
from tray.core.profiles.profile_planning import Assignment
from tray.errors import RoleForbidden, ServiceTrouble
from tray.secret import Secret

SIDE_BY_SIDE: Final = 8
TRIES: Final = 8  # of one page
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 20.0  # seconds between tries where AWS names none; doubled, with jitter
OBEYED: Final = 120.0  # seconds; a longer ``Retry-After`` fails the listing

Progress = Callable[[int, int], None]  # accounts done, and their total


def list_assignments(
    portal: Portal,
    access_token: Secret,
    region: str,
    *,
    progress: Progress = lambda _done, _all: None,
    refused: Callable[[str], None] = lambda _account: None,
    cancelled: threading.Event | None = None,
) -> tuple[Assignment, ...]:
    """
    Return every role of every account, by account and role; ``cancelled`` ends it.

    ``refused`` gets, on any thread, each account whose roles AWS doesn't list: it may have some.
    Raises TokenRejected if the session is over, WillRetry if AWS was not reached, kept failing, or
    the listing was cancelled.
    """
    pace = RequestPacing(cancelled or threading.Event())
    accounts = tuple(portal.list_accounts(access_token, region, pace))
    progress(0, len(accounts))

    def roles(account: Account) -> tuple[Assignment, ...]:
        try:
            names = tuple(portal.list_roles(access_token, region, account.account_id, pace))
        except RoleForbidden:
            refused(account.account_id)
            return ()
        except Exception:
            pace.stop()
            raise
        return tuple(
            Assignment(account.account_id, name, account.name, account.email) for name in names
        )

    found: list[Assignment] = []
    given_up: ListingCancelled | None = None
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="list") as pool:
        try:
            # As completed, so that a failure is not hidden behind others' pauses.
            asked = [pool.submit(roles, account) for account in accounts]
            for number, answered in enumerate(as_completed(asked), 1):
                try:
                    found += answered.result()
                except ListingCancelled as error:
                    given_up = error  # the one that stopped the others says why
                progress(number, len(accounts))
        except BaseException:
            pace.stop()
            pool.shutdown(cancel_futures=True)
            raise
    if given_up is not None:
        raise given_up
    return tuple(sorted(found))


class ListingCancelled(ServiceTrouble):
    """The list is no longer wanted."""


class RequestPacing:
    """Call AWS at the rate it allows; when one thread is throttled, all wait, with jitter."""

    def __init__(
        self,
        stopped: threading.Event,
        *,
        clock: Callable[[], float] = time.monotonic,
        shake: Callable[[], float] = random.random,
    ) -> None:
        self._stopped = stopped
        self._clock, self._shake = clock, shake
        self._lock = threading.Lock()
        self._not_before = 0.0

    def __call__(self, ask: Callable[[], Response]) -> Response:
        """Raises ServiceTrouble if AWS asks for too long a wait, or the listing was stopped."""
        for number in range(TRIES):
            self._wait()
            try:
                return ask()
            except ServiceTrouble as trouble:
                if (trouble.retry_after or 0.0) > OBEYED:
                    raise
                self._slow_down(self._pause(number, trouble.retry_after))
        self._wait()
        return ask()

    def stop(self) -> None:
        self._stopped.set()

    def _pause(self, number: int, asked: float | None) -> float:
        own = min(LONGEST_PAUSE, FIRST_PAUSE * 2**number)
        return asked or own / 2 + self._shake() * own / 2

    def _slow_down(self, seconds: float) -> None:
        with self._lock:
            self._not_before = max(self._not_before, self._clock() + seconds)

    def _wait(self) -> None:
        while not self._stopped.is_set():
            with self._lock:
                left = self._not_before - self._clock()
            if left <= 0:
                return
            # Jitter, so that eight threads do not call at the same moment.
            self._stopped.wait(left + self._shake() * FIRST_PAUSE)
        raise ListingCancelled("Listing cancelled.")
