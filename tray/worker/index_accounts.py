"""Lists the accounts and roles of a session, and keeps them in the index."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tray.aws.api.account_roles import ListingCancelled, Progress, list_assignments
from tray.core import policy
from tray.core.accounts.account_index import SessionAccounts, listed_accounts, relisted
from tray.core.model import SsoSession
from tray.core.profiles.profile_planning import Assignment
from tray.core.text import index_text
from tray.core.text.shell_commands import sign_in_first
from tray.errors import Busy, SignInNeeded
from tray.storage.account_records import change_index, read_index
from tray.storage.atomic_files import private_directory
from tray.storage.listing_progress import end_progress, write_progress
from tray.system.lock.file_lock import FileLock, lock_path
from tray.worker.job_context import JobContext, belongs


def index_accounts(
    session: SsoSession,
    context: JobContext,
    *,
    progress: Progress = lambda _done, _all: None,
    cancelled: threading.Event | None = None,
    told: bool = False,
) -> SessionAccounts:
    """
    Return what was kept; `told`: whoever asked tells what changed.

    Only one process lists at a time, so that AWS gets no more calls at once than one makes; where
    another has listed this session while we waited, that counts. Raises what `roles_of` does,
    `Busy`, OSError.
    """
    stopped = cancelled or threading.Event()
    state, asked_at = context.paths.state, context.clock()
    private_directory(state)
    lock = _waited_for(FileLock(lock_path(state, "listing")), stopped)
    try:
        before = read_index(state).get(session.key)
        if before is not None and before.origin == session.origin and asked_at < before.listed_at:
            return before
        return _listed(session, context, progress, stopped, told=told)
    finally:
        lock.release()


def _listed(
    session: SsoSession,
    context: JobContext,
    progress: Progress,
    cancelled: threading.Event,
    *,
    told: bool,
) -> SessionAccounts:
    unknown: set[str] = set()
    state = context.paths.state
    write = thinned(lambda done, total: write_progress(state, session.key, done, total))

    def far(done: int, total: int) -> None:
        progress(done, total)
        write(done, total)

    try:
        found = roles_of(session, context, progress=far, refused=unknown.add, cancelled=cancelled)
    finally:
        end_progress(state)

    def change(before: SessionAccounts | None) -> SessionAccounts:
        known = before if before is not None and before.origin == session.origin else None
        accounts = listed_accounts(found, known, unknown)
        listed = SessionAccounts(*session.origin, context.clock(), accounts)
        return relisted(known, listed, told=told)

    return change_index(state, session.key, change, keep=context.settings.keep)


def _waited_for(lock: FileLock, stopped: threading.Event) -> FileLock:
    patience = time.monotonic() + policy.LISTING_DEADLINE
    while not lock.acquire(policy.LISTING_LOOKS):
        if stopped.is_set():
            raise ListingCancelled("Listing cancelled.")
        if time.monotonic() > patience:
            raise Busy(index_text.ANOTHER)
    return lock


def thinned(progress: Progress) -> Progress:
    """Pass on progress a few times a second, and its beginning and end."""
    last = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal last
        moment = time.monotonic()
        if done in (0, total) or moment - last >= policy.PROGRESS_EVERY:
            last = moment
            progress(done, total)

    return tell


def roles_of(
    session: SsoSession,
    context: JobContext,
    *,
    progress: Progress = lambda _done, _all: None,
    refused: Callable[[str], None] = lambda _account: None,
    cancelled: threading.Event | None = None,
) -> tuple[Assignment, ...]:
    """Raises `SignInNeeded`, `TokenRejected`, or `WillRetry` if AWS cannot answer."""
    context = context.for_session(session)
    token = context.read(session)
    if token is None or not belongs(token, session):
        raise SignInNeeded(sign_in_first(session.key))
    return list_assignments(
        context.portal,
        token.access_token,
        session.region,
        progress=progress,
        refused=refused,
        cancelled=cancelled,
    )
