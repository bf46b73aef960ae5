"""What AWS has just granted is stored and published, whatever the keyring does (R2, R3)."""

from __future__ import annotations

import logging
import threading

from tray.aws.cache.sso_token import SsoToken
from tray.core.model import SsoSession
from tray.core.outcomes import Renewed
from tray.errors import (
    Busy,
    CacheFileBad,
    CacheFileTorn,
    KeyringDenied,
    KeyringUnavailable,
    RegistrationRefused,
    TrayError,
)
from tray.worker.job_context import JobContext, TokenFileChanged, is_same

log = logging.getLogger(__name__)

KeyringTrouble = (KeyringDenied, KeyringUnavailable)
LATER_PATIENCE = 1.0
"""Seconds a late attempt waits for the session's lock; it comes again."""
GIVE_UP_PATIENCE = 5.0
"""Seconds an ending process waits for the lock; then it writes without it rather than not."""


def ask(context: JobContext, token: SsoToken) -> SsoToken:
    """
    Ask AWS for a new token, unless the registration has expired: botocore would not ask either.

    Raises:
        GrantRefused, RegistrationRefused: AWS said no, or would say so.
        WillRetry, UserMustAct: as `tray.aws.api.oidc.Oidc.refresh`.
    """
    registration = token.registration
    if registration is not None and registration.expires_at <= context.clock():
        msg = "The client registration has expired; the next sign-in makes a new one."
        raise RegistrationRefused(msg)
    return context.oidc.refresh(token)


def newer_in_file(
    session: SsoSession, context: JobContext, published: SsoToken | None
) -> SsoToken | None:  # fmt: skip
    """
    Return what another program has written since we looked, None where it wrote nothing.

    Somebody without our lock (an SDK, ``aws sso login``) wrote last, so that is the truth, and
    no older refresh may ever cover it (fault 67).

    Raises:
        CacheFileTorn, CacheFileBad: the file cannot be read now.
    """
    again = context.read(session)
    if again is None or (published is not None and is_same(again, published)):
        return None
    return again


def by_others(session: SsoSession, context: JobContext, token: SsoToken) -> Renewed:
    """Return the outcome where the file already has a newer token."""
    store = context.record(session).store or "file"
    return Renewed(context.facts(session, token), store, by_us=False)


def store_and_publish(
    session: SsoSession,
    context: JobContext,
    token: SsoToken,
    published: SsoToken | None,
    *,
    of: str,
) -> Renewed | None:
    """
    Store what AWS has just given, publish it, forget older generations (R2 4-6).

    Where the keyring does not confirm in time the lean file is published all the same and the
    storing goes on (R3): the token is good, and only this process knows its refresh token.

    Args:
        session: which one; its lock is held.
        context: what to work with.
        token: AWS's answer.
        published: what the file held when AWS was asked, None if it was gone already.
        of: fingerprint of the token whose grant it goes on with.

    Returns:
        `Renewed`; None where the file went away meanwhile (K5): stored then, not published.

    Raises:
        CacheFileTorn, CacheFileBad, OSError: stored, but it cannot be published now.
    """
    newer = _newer_if_readable(session, context, published)
    if newer is not None and newer.refreshable:
        return by_others(session, context, newer)
    # Whatever else came meanwhile: this answer is the only refresh token that is left.
    generation = _stored(session, context, token, published)
    try:
        context.publish_lean(session, token, context.still(session, published))
    except TokenFileChanged as meanwhile:
        if meanwhile.token is None:
            return None
        return by_others(session, context, meanwhile.token)
    context.seam("published")
    if generation is not None:
        forget_older(session, context, generation)
    stored = generation is not None
    return Renewed(context.facts(session, token), "keyring", stored=stored, of=of)


def forget_older(session: SsoSession, context: JobContext, generation: int) -> None:
    """Remove older generations; where that fails, the next save writes over them."""
    try:
        context.keyring_store.forget_older(session.key, generation)
    except KeyringTrouble as error:
        log.info("%s: older generations remain (%s)", session.key, error.reason)
    else:
        context.seam("forgotten")


def hold_for_file(
    session: SsoSession, context: JobContext, token: SsoToken, before: SsoToken
) -> None:
    """Hold refresh data whose full file cannot be written just now (token store ``file``)."""
    held = _Held(session, context, token, before)
    context.unsaved.hold(
        session.key, held.write_file, held.give_up, lambda: context.stored(session.key)
    )


def _newer_if_readable(
    session: SsoSession, context: JobContext, published: SsoToken | None
) -> SsoToken | None:  # fmt: skip
    try:
        return newer_in_file(session, context, published)
    except (CacheFileTorn, CacheFileBad):
        return None  # first of all what AWS gave is stored


def _stored(
    session: SsoSession, context: JobContext, token: SsoToken, published: SsoToken | None
) -> int | None:  # fmt: skip
    """Return the generation, None where the keyring has not confirmed it."""
    try:
        generation = context.keyring_store.store(session.key, token)
    except Exception as error:  # noqa: BLE001  (whatever the keyring does, the token is not lost)
        reason = error.reason if isinstance(error, TrayError) else type(error).__name__
        log.warning("%s: the keyring has not confirmed yet (%s)", session.key, reason)
        _mark_unstored(session, context, token.fingerprint)
        held = _Held(session, context, token, published)
        context.unsaved.hold(
            session.key, held.store, held.give_up, lambda: context.stored(session.key)
        )
        return None
    context.seam("stored")
    return generation


def _mark_unstored(session: SsoSession, context: JobContext, fingerprint: str | None) -> None:
    """Record which published token the keyring lacks, so that nobody takes it for another's."""
    try:
        context.records.change(session.key, unstored=fingerprint)
    except (TrayError, OSError) as error:
        log.warning("%s: state.json cannot be changed (%s)", session.key, type(error).__name__)


class _Held:
    """
    Refresh data that only this process has.

    Args:
        session: whose it is.
        context: what to work with.
        token: the data.
        before: what the file held when AWS was asked, None if it was gone.
    """

    def __init__(
        self, session: SsoSession, context: JobContext, token: SsoToken, before: SsoToken | None
    ) -> None:
        self._session, self._context, self._token = session, context, token
        self._ours = {token.fingerprint} | ({before.fingerprint} if before else set())
        self._lock = context.session_lock(session)
        self._leaving = threading.Lock()

    def store(self) -> None:
        """
        Try the keyring again.

        Raises:
            TrayError, OSError: not this time.
        """
        self._enter()
        try:
            context, key = self._context, self._session.key
            if context.record(self._session).store == "released":
                self._write()
            elif not self._is_history():
                generation = context.keyring_store.store(key, self._token)
                forget_older(self._session, context, generation)
                _mark_unstored(self._session, context, None)
        finally:
            self._leave()

    def write_file(self) -> None:
        """
        Try the full file again.

        Raises:
            TrayError, OSError: not this time.
        """
        self._enter()
        try:
            self._write()
        finally:
            self._leave()

    def give_up(self) -> None:
        """Write the full file and record it as the token store; never wait for the keyring."""
        with self._leaving:
            if self._lock.held:
                # Our own attempt hangs in the keyring: the session is ours all the while.
                self._write()
                return
        lock = self._context.session_lock(self._session)
        if not lock.acquire(GIVE_UP_PATIENCE):
            log.warning("%s: its lock is not to be had; written without", self._session.key)
        try:
            self._write()
        finally:
            lock.release()

    def _enter(self) -> None:
        if not self._lock.acquire(LATER_PATIENCE):
            msg = f"{self._session.key} is busy with something else."
            raise Busy(msg)

    def _leave(self) -> None:
        with self._leaving:
            self._lock.release()

    def _write(self) -> None:
        session, context = self._session, self._context
        published = context.read_or_none(session)
        # Broken by somebody: what AWS gave is worth more than that.
        broken = published is None and context.file_of(session).exists()
        if (published is None and not broken) or self._is_history():
            return
        if context.record(session).store != "released":
            _record_file(session, context)
        token, final_check = self._token, None
        if published is not None:
            token = token.with_extra(published.extra)
            final_check = context.still(session, published)
        try:
            context.publish_full(session, token, final_check)
        except TokenFileChanged:
            log.info("%s: another program has written its file meanwhile", session.key)
            return
        # Only now: killed before, the record still tells that the keyring's older data counts.
        _mark_unstored(session, context, None)
        log.warning("%s: its refresh token is in the file again", session.key)

    def _is_history(self) -> bool:
        """Whether someone signed out, or wrote a newer token: then this one is of no use."""
        if self._token.fingerprint in self._context.record(self._session).signed_out:
            return True
        published = self._context.read_or_none(self._session)
        return published is not None and published.fingerprint not in self._ours


def _record_file(session: SsoSession, context: JobContext) -> None:
    try:
        context.records.change(session.key, store="file")
    except (TrayError, OSError) as error:
        # A full file is renewed from and adopted, whatever the record says.
        log.warning("%s: state.json cannot be changed (%s)", session.key, type(error).__name__)
