"""
Adoption: a file with refresh data is newer truth than the keyring and moves into it (K4).

A process killed in the second in which it still looks at the replaced file loses what a writer in
place put there just then; the login that was adopted before it goes on.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass, replace

from tray.aws.cache.sso_token import SsoToken
from tray.aws.cache.token_cache import parse_token
from tray.core import policy
from tray.core.model import SsoSession
from tray.core.outcomes import Adopted, Outcome
from tray.errors import CacheFileBad, CacheFileTorn, KeyringDenied, KeyringUnavailable
from tray.storage.atomic_files import open_small, read_descriptor
from tray.worker.job_context import (
    TORN_READS,
    TORN_WAIT,
    FinalCheck,
    JobContext,
    TokenFileChanged,
    belongs,
)
from tray.worker.tokens import granted, removal

log = logging.getLogger(__name__)

STARTS = 5
"""How often a file that changes under our hands is started over with, within one job."""
LOOKS_BACK = (0.05, 0.95)
"""Pauses before looking at the old file again: 50 ms and 1 s after the rename (K4 5)."""


def adopt(session: SsoSession, context: JobContext, *, adopt: bool = True) -> Outcome:
    """
    Take a file's refresh data into the keyring and leave a lean file.

    Args:
        session: which one.
        context: what to work with.
        adopt: the setting; when off the file is kept as it is (token store ``file``).

    Returns:
        `Adopted` with the store it has now, and the reason where that is not the keyring; the
        judgement of rule K5 where the file is gone.

    Raises:
        Busy: another transaction holds the session for too long.
        CacheFileTorn, CacheFileBad: the file cannot be read.
        KeyringUnavailable, WillRetry: as `tray.worker.tokens.removal.judge_removed`.
        OSError: the lean file cannot be written; the full one is as it was.
    """
    with context.session_lock(session):
        token = context.read(session)
        if token is None:
            return removal.judge(session, context)
        if context.record(session).store == "released":
            return Adopted(context.facts(session, token), "released")
        return take_in(session, context, adopt=adopt)


def take_in(session: SsoSession, context: JobContext, *, adopt: bool) -> Adopted:
    """Do it, with the session's lock held and a file in place."""
    for _ in range(STARTS):
        with _Opened(session, context) as file:
            done = _once(session, context, file, adopt=adopt)
        if done is not None:
            return done
    msg = f"The token cache file of {session.key} keeps changing."
    raise CacheFileTorn(msg)


class _Opened:
    """The cache file, open for as long as somebody could still write into it."""

    def __init__(self, session: SsoSession, context: JobContext) -> None:
        self.path = context.file_of(session)
        self._session, self._context = session, context
        self.descriptor = -1

    def __enter__(self) -> _Opened:
        """Open and read it, patiently where another program is writing it (K3)."""
        for left in reversed(range(TORN_READS)):
            try:
                self._open()
            except CacheFileTorn:
                if not left:
                    raise
                time.sleep(TORN_WAIT)
            else:
                break
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)

    def _open(self) -> None:
        try:
            self.descriptor, self.data = open_small(self.path)
        except FileNotFoundError:
            msg = f"{self.path} went away."
            raise CacheFileTorn(msg) from None
        try:
            token = parse_token(self.data, str(self.path))
        except BaseException:
            os.close(self.descriptor)
            raise
        self.token = self._context.dated(self._session, token, self.descriptor)

    def changed(self) -> bool:
        """Whether it says something else now, by its name or by the descriptor we hold."""
        try:
            again, by_name = open_small(self.path)
        except OSError:
            return True
        os.close(again)
        return by_name != self.data or read_descriptor(self.descriptor) != self.data

    def insist_unchanged(self) -> None:
        """
        Be the last look before the file is replaced.

        Raises:
            TokenFileChanged: it says something else now.
        """
        if self.changed():
            raise TokenFileChanged(self._session, None)

    def written_late(self) -> SsoToken | None:
        """Return what was written into the old file since it was last read, if that is whole."""
        late = read_descriptor(self.descriptor)
        if late == self.data:
            return None
        try:
            token = parse_token(late, "the replaced token cache file")
        except (CacheFileTorn, CacheFileBad):
            return None
        self.data = late
        return self._context.dated(self._session, token, self.descriptor)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the keyring has taken: a token, in which generation."""

    token: SsoToken
    generation: int


def _once(
    session: SsoSession, context: JobContext, file: _Opened, *, adopt: bool
) -> Adopted | None:
    """Make one start; None = the file changed meanwhile, start over."""
    record = context.record(session)
    if not file.token.refreshable:
        return Adopted(context.facts(session, file.token), record.store or "file")
    if not belongs(file.token, session):
        log.warning("%s: its file is of another start URL or region", session.key)
        return Adopted(context.facts(session, file.token), record.store or "file", "bad-file")
    if not adopt or record.contested:
        return _left_in_file(session, context, file.token, contested=record.contested)
    handed_back = record.store == "keyring"
    if handed_back and len(_recently(session, context)) + 1 >= policy.HANDED_BACK_TIMES:
        log.warning("%s: another program keeps taking it back; it stays in the file", session.key)
        return _left_in_file(session, context, file.token, contested=True)
    try:
        kept = _stored(session, context, file.token)
    except granted.KeyringTrouble as error:
        return _keyring_says_no(session, context, file.token, error)
    # Recorded before the file changes (K1), and before the last look, so that nothing slow lies
    # between that and the rename.
    context.records.change(session.key, store="keyring")
    context.seam("recorded")
    try:
        context.publish_lean(session, kept.token, file.insist_unchanged)
    except TokenFileChanged:
        return None
    context.seam("published")
    kept = _look_back(session, context, file, kept)
    if handed_back:
        back = (*_recently(session, context), context.clock())
        context.records.change(session.key, handed_back=back)
    granted.forget_older(session, context, kept.generation)
    return Adopted(context.facts(session, kept.token), "keyring")


def _stored(session: SsoSession, context: JobContext, token: SsoToken) -> _Kept:
    """Store a file's token; what the keyring knows of its registration, no file tells (L2)."""
    kept = context.keyring_store.load(session)
    ours, known = token.registration, kept.registration if kept is not None else None
    if ours is not None and known is not None and ours.client_id == known.client_id:
        told = replace(ours, scopes=known.scopes, grant=known.grant)
        token = replace(token, registration=told)
    generation = context.keyring_store.store(session.key, token)
    context.seam("stored")
    return _Kept(token, generation)


def _look_back(session: SsoSession, context: JobContext, file: _Opened, kept: _Kept) -> _Kept:
    """
    Look at the old file twice more: a writer that had opened it before the rename wrote there.

    What it wrote was written last and is adopted in its turn. Killed before the keyring has it,
    that writer's login is lost, since it exists only in the replaced file; what was adopted before
    goes on. A writer later than the second look is not seen at all.
    """
    for pause in LOOKS_BACK:
        time.sleep(pause)
        late = file.written_late()
        if late is None:
            continue
        published = context.read_or_none(session)
        if published is not None and published.fingerprint != kept.token.fingerprint:
            continue  # somebody has written the new file after that
        with suppress(
            TokenFileChanged
        ):  # somebody writes at this very moment; that is adopted next
            final_check = None if published is None else context.still(session, published)
            kept = _adopted_late(session, context, kept, late, final_check)
    return kept


def _adopted_late(
    session: SsoSession,
    context: JobContext,
    kept: _Kept,
    late: SsoToken,
    final_check: FinalCheck | None,
) -> _Kept:
    """Take in what a late writer wrote; return what the keyring keeps now."""
    if not late.refreshable:
        context.publish_lean(session, late, final_check)  # used as it is
        return kept
    try:
        kept = _stored(session, context, late)
    except granted.KeyringTrouble as error:
        log.warning("%s: the keyring took no more (%s)", session.key, error.reason)
        context.publish_full(session, late, final_check)
        return kept
    context.publish_lean(session, kept.token, final_check)
    context.seam("adopted-late")
    return kept


def _keyring_says_no(
    session: SsoSession,
    context: JobContext,
    token: SsoToken,
    error: KeyringDenied | KeyringUnavailable,
) -> Adopted:
    """
    Leave the file as it is: it works, and it is renewed from there until the keyring takes it.

    A keyring that cannot be used just now changes the reason, not the store (K1); where there
    was none yet the file is the token store.
    """
    store = context.record(session).store
    if store is None:
        store = context.records.change(session.key, store="file").store
    return Adopted(context.facts(session, token), store or "file", error.reason)


def _left_in_file(
    session: SsoSession, context: JobContext, token: SsoToken, *, contested: bool
) -> Adopted:  # fmt: skip
    context.records.change(session.key, store="file", contested=contested)
    return Adopted(context.facts(session, token), "file", contested=contested)


def _recently(session: SsoSession, context: JobContext) -> tuple[float, ...]:
    since = context.clock() - policy.HANDED_BACK_WITHIN
    return tuple(at for at in context.record(session).handed_back if since < at <= context.clock())
