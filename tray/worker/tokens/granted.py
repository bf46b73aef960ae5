"""Stores and publishes what AWS has just granted, whatever the keyring does (R2, R3)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from tray.aws.cache.sso_token import SsoToken
from tray.core.model import SsoSession
from tray.core.outcomes import Renewed
from tray.errors import KEYRING_ERRORS, Busy, CacheFileBad, CacheFileTorn, TrayError
from tray.worker.job_context import JobContext, TokenFileChanged
from tray.worker.keyring.item_document import KeyringItem
from tray.worker.tokens.file_judgement import is_older

log = logging.getLogger(__name__)

STARTS = 5  # how often one job starts over because another program has changed the file
LATER_PATIENCE = 1.0  # seconds a repeated attempt waits for the session's lock
GIVE_UP_PATIENCE = 5.0  # seconds an ending process waits for the lock; then it writes without it


def ask(context: JobContext, token: SsoToken) -> SsoToken:
    """Ask AWS for a token; AWS, not our clock, decides whether the registration is too old."""
    return context.oidc.refresh(token)


def by_others(session: SsoSession, context: JobContext, token: SsoToken) -> Renewed:
    store = context.hints(session).store or "file"
    return Renewed(context.facts(session, token), store, by_us=False)


def store_and_publish(
    session: SsoSession,
    context: JobContext,
    token: SsoToken,
    published: SsoToken | None,
    *,
    replaced: Sequence[SsoToken],
    of: str,
    seen: KeyringItem,
) -> Renewed | None:
    """
    Store what AWS has just given, and publish it (R2 4, 5), with the lock held.

    `published` is what the file held when AWS was asked, `of` the fingerprint of the token that
    was renewed, `seen` the item that proved that the keyring takes writes. The previous generation
    stays. If the keyring does not confirm in time, the lean file is published anyway and storing
    continues (R3): only this process knows the refresh token.

    Returns None if the file was removed meanwhile (K5): stored then, not published. Raises
    CacheFileTorn, CacheFileBad or OSError if it is stored but cannot be published now.
    """
    # Before anything else: this answer is the only refresh token left.
    item = _stored(session, context, token, published, replaced, seen)
    for _ in range(STARTS):
        try:
            context.publish_lean(session, token, context.still(session, published))
        except TokenFileChanged as meanwhile:
            if meanwhile.token is None:
                return None
            if not is_older(session, context, meanwhile.token, item):
                return by_others(session, context, meanwhile.token)
            published = meanwhile.token
        else:
            break
    else:
        raise keeps_changing(session)
    context.seam("published")
    if item is not None:
        context.note(session, lineage=item.lineage)
    stored = item is not None
    return Renewed(context.facts(session, token), "keyring", stored=stored, of=of)


def keeps_changing(session: SsoSession) -> CacheFileTorn:
    return CacheFileTorn(f"The token cache file of {session.key} keeps changing.")


def forget_older(session: SsoSession, context: JobContext, generation: int) -> None:
    """Remove older generations; if that fails, the next save writes over them."""
    try:
        context.keyring_store.forget_older(session.key, generation)
    except KEYRING_ERRORS as error:
        log.info("%s: older generations remain (%s)", session.key, error.reason)
    else:
        context.seam("forgotten")


def hold_for_file(
    session: SsoSession, context: JobContext, token: SsoToken, before: SsoToken
) -> None:
    """Hold refresh data whose full file cannot be written just now (token store ``file``)."""
    held = _Held(session, context, token, before)
    held.until_saved(held.write_file)


def _stored(
    session: SsoSession,
    context: JobContext,
    token: SsoToken,
    published: SsoToken | None,
    replaced: Sequence[SsoToken],
    seen: KeyringItem,
) -> KeyringItem | None:
    try:
        item = context.keep(session, token, replaced=replaced, seen=seen)
    except Exception as error:  # noqa: BLE001  (whatever the keyring does, the token is not lost)
        reason = error.reason if isinstance(error, TrayError) else type(error).__name__
        log.warning("%s: the keyring has not confirmed yet (%s)", session.key, reason)
        lineage = context.hints(session).lineage
        for one in reversed(replaced):
            lineage = lineage.followed_by(one.pair)
        context.note(session, unstored=token.fingerprint, lineage=lineage.followed_by(token.pair))
        held = _Held(session, context, token, published)
        held.until_saved(held.store)
        return None
    context.seam("stored")
    return item


class _Held:
    """Refresh data that only this process has, and the two ways to save it."""

    def __init__(
        self, session: SsoSession, context: JobContext, token: SsoToken, before: SsoToken | None
    ) -> None:
        self._session, self._context, self._token = session, context, token
        self._ours = {token.fingerprint} | ({before.fingerprint} if before else set())
        self._lock = context.session_lock(session)
        self._leaving = threading.Lock()

    def until_saved(self, save: Callable[[], None]) -> None:
        key, context = self._session.key, self._context
        context.unsaved.hold(key, save, self.give_up, lambda: context.stored(key))

    def store(self) -> None:
        self._enter()
        try:
            context = self._context
            if context.record(self._session).store == "released":
                self._write()
            elif not self._is_superseded():
                kept = context.kept(self._session)
                removed = kept is not None and kept.removed  # meanwhile (K5)
                item = context.keep(self._session, self._token, removed=removed)
                context.note(self._session, unstored=None, lineage=item.lineage)
                forget_older(self._session, context, item.generation)
        finally:
            self._leave()

    def write_file(self) -> None:
        self._enter()
        try:
            with suppress(CacheFileTorn, CacheFileBad):
                self._context.read(self._session)  # `Unread`: it may hold a newer login; later
            self._write()
        finally:
            self._leave()

    def give_up(self) -> None:
        """
        Write the full file and record it as the token store; never wait for the keyring.

        Where that is required it gets its last chance (K9).
        """
        if self._context.keyring_required:
            self.store()
            return
        with self._leaving:
            if self._lock.held:
                # Our own attempt hangs in the keyring, so the lock is ours.
                self._write()
                return
        lock = self._context.session_lock(self._session)
        if not lock.acquire(GIVE_UP_PATIENCE):
            log.warning("%s: its lock could not be taken; written without it", self._session.key)
        try:
            self._write()
        finally:
            lock.release()

    def _enter(self) -> None:
        if not self._lock.acquire(LATER_PATIENCE):
            raise Busy(f"{self._session.key} is busy.")

    def _leave(self) -> None:
        with self._leaving:
            self._lock.release()

    def _write(self) -> None:
        session, context = self._session, self._context
        published = context.read_or_none(session)
        # What AWS gave is worth more than a broken file.
        broken = published is None and context.file_of(session).exists()
        if (published is None and not broken) or self._is_superseded():
            return
        if context.hints(session).store != "released":
            # A full file is renewed from and adopted, whatever the record says.
            context.note(session, store="file")
        token, final_check = self._token, None
        if published is not None:
            token = token.with_extra(published.extra)
            final_check = context.still(session, published)
        try:
            context.publish_full(session, token, final_check)
        except TokenFileChanged:
            log.info("%s: another program has written its file meanwhile", session.key)
            return
        # Only now: after an earlier kill the record still says that the keyring's data count.
        context.note(session, unstored=None)
        log.warning("%s: its refresh token is in the file again", session.key)

    def _is_superseded(self) -> bool:
        record = self._context.hints(self._session)
        if self._token.fingerprint in record.signed_out:
            return True
        published = self._context.read_or_none(self._session)
        if published is None or published.fingerprint in self._ours:
            return False
        return not is_older(self._session, self._context, published, None)
