"""Renewing: one transaction under the session's lock that loses no refresh token (R2)."""

from __future__ import annotations

import logging
from typing import Literal

from tray.aws.cache.sso_token import SsoToken
from tray.core.model import SsoSession
from tray.core.outcomes import Outcome, Refused, RemovalJudged, Renewed, Unrenewable
from tray.errors import (
    CacheFileBad,
    CacheFileTorn,
    GrantRefused,
    RegistrationRefused,
    TokenRejected,
    TrayError,
)
from tray.worker.job_context import JobContext, TokenFileChanged, belongs, is_same
from tray.worker.tokens import adoption, granted, removal

log = logging.getLogger(__name__)

STARTS = 5
"""How often a renewal begins anew because the file was changed before AWS was asked."""

PortalSays = Literal["valid", "dead", "unreachable"]


def renew(
    session: SsoSession, context: JobContext, *, adopt: bool = True, seen: str | None = None
) -> Outcome:
    """
    Renew a session's access token (R2-R4).

    Args:
        session: which one.
        context: what to work with.
        adopt: whether a file with refresh data is taken into the keyring first (K4).
        seen: fingerprint of the token that made the caller want a newer one. If the file holds
            another by the time the lock is ours, somebody else has renewed: AWS is not asked, so
            that many who find the same token too old make one renewal.

    Returns:
        `Renewed`; `Refused` where AWS said no; `Unrenewable` where there is nothing to renew
        with; the judgement of rule K5 where the file is gone.

    Raises:
        Busy: another transaction holds the session for too long.
        TokenFileChanged: other programs keep changing the file; AWS was not asked.
        KeyringUnavailable, KeyringDenied: the keyring cannot be read, or takes no writes; AWS
            was not asked.
        CacheFileTorn, CacheFileBad: the file cannot be read.
        WillRetry, UserMustAct: AWS could not be asked, or answered something else.
        OSError: the file cannot be written; what AWS gave is stored, or held (R3).
    """
    context.unsaved.settle(session.key)
    with context.session_lock(session):
        newer = None if seen is None else context.read(session)
        if newer is not None and newer.fingerprint != seen and _usable(newer, context):
            return granted.by_others(session, context, newer)
        for _ in range(STARTS - 1):
            try:
                return _renew(session, context, adopt=adopt)
            except TokenFileChanged as meanwhile:
                if meanwhile.token is not None and _usable(meanwhile.token, context):
                    return granted.by_others(session, context, meanwhile.token)
                log.info("%s: its file was changed meanwhile; begun anew", session.key)
        return _renew(session, context, adopt=adopt)


def _usable(token: SsoToken, context: JobContext) -> bool:
    return token.expires_at > context.clock()


def _renew(session: SsoSession, context: JobContext, *, adopt: bool) -> Outcome:
    store = context.record(session).store
    if store == "released":
        return Unrenewable()
    published = context.read(session)
    if published is None:
        return removal.judge(session, context)
    if not belongs(published, session):
        return Unrenewable()  # of another start URL or region: never sent to this one (fault 25)
    if published.refreshable:
        adopted = adoption.take_in(session, context, adopt=adopt)
        published = context.read(session)
        if published is None:
            return removal.judge(session, context)
        if published.refreshable:
            return _renew_filed(session, context, published)
        store = adopted.store
    surrendered = store == "file" and published.fingerprint == context.record(session).unstored
    if surrendered or (store is None and _kept_unrecorded(session, context, published)):
        # Whoever was to write the full file died between the record and the file (R3).
        store = context.records.change(session.key, store="keyring").store
    if store != "keyring":
        return Unrenewable()
    return _renew_kept(session, context, published)


def _kept_unrecorded(session: SsoSession, context: JobContext, published: SsoToken) -> bool:
    """Whether the keyring keeps this very token although no record says so: it was lost."""
    try:
        kept = context.kept(session)
    except granted.KeyringTrouble:
        return False
    return kept is not None and kept.fingerprint == published.fingerprint


def _renew_kept(session: SsoSession, context: JobContext, published: SsoToken) -> Outcome:
    """Renew from the keyring: prove that it takes writes, ask, store, publish, forget."""
    kept = context.kept(session)
    if kept is None or not kept.refreshable:
        return Unrenewable()
    if kept.fingerprint != published.fingerprint:
        if _written_later(kept, published):
            # An earlier run died between storing and publishing.
            final_check = context.still(session, published)
            kept = published = kept.with_extra(published.extra)
            context.publish_lean(session, kept, final_check)
            context.seam("published")
            if _fresh(kept, context):
                return Renewed(context.facts(session, kept), "keyring", by_us=False)
        elif is_history(session, context, kept, published):
            return Unrenewable()
    context.keyring_store.store(session.key, kept)
    context.seam("proved")
    try:
        renewed = granted.ask(context, kept)
    except (GrantRefused, RegistrationRefused) as error:
        return _refused(session, context, published, error)
    context.seam("answered")
    renewed = renewed.with_extra(published.extra)
    of = published.fingerprint
    done = granted.store_and_publish(session, context, renewed, published, of=of)
    return removal.judge(session, context) if done is None else done


def is_history(
    session: SsoSession, context: JobContext, kept: SsoToken, published: SsoToken
) -> bool:  # fmt: skip
    """
    Whether the file's token is of a later sign-in, so that the keyring's counts no more (K4).

    Somebody has signed in without refresh data: theirs is used as it is. A token of ours whose
    refresh data the keyring never confirmed is none of those: the kept one may still renew (R3).
    """
    return (
        kept.fingerprint != published.fingerprint
        and not _written_later(kept, published)
        and published.fingerprint != context.record(session).unstored
    )


def _written_later(kept: SsoToken, published: SsoToken) -> bool:
    """Whether the keyring's token came after the file's: the one written last wins (K4)."""
    if kept.issued_at is None or published.issued_at is None:
        return False
    return kept.issued_at > published.issued_at


def _fresh(token: SsoToken, context: JobContext) -> bool:
    life = token.expires_at - (token.issued_at or 0.0)
    return token.expires_at - context.clock() > life / 2


def _renew_filed(session: SsoSession, context: JobContext, published: SsoToken) -> Outcome:
    """Renew from the file and write it as the CLI does, after proving that it can be written."""
    store = context.record(session).store
    if store is None:
        store = context.records.change(session.key, store="file").store
    context.publish_full(session, published, context.still(session, published))
    context.seam("proved")
    try:
        renewed = granted.ask(context, published)
    except (GrantRefused, RegistrationRefused) as error:
        return _refused(session, context, published, error)
    context.seam("answered")
    renewed = renewed.with_extra(published.extra)
    seen = published
    while True:
        try:
            _publish_filed(session, context, renewed, seen)
        except TokenFileChanged as meanwhile:
            if meanwhile.token is None:
                return RemovalJudged("nothing")
            last = published if meanwhile.token.refreshable else renewed
            if _usable(meanwhile.token, context) and meanwhile.token.expires_at >= last.expires_at:
                return granted.by_others(session, context, meanwhile.token)
            # It is older than what it covers, out of a backup say: no login and no refresh ends
            # earlier. AWS's answer is the only refresh token that is left.
            seen = meanwhile.token
        except (OSError, TrayError):
            granted.hold_for_file(session, context, renewed, published)
            raise
        else:
            break
    context.seam("published")
    return Renewed(context.facts(session, renewed), store or "file", of=published.fingerprint)


def _publish_filed(
    session: SsoSession, context: JobContext, renewed: SsoToken, published: SsoToken
) -> None:  # fmt: skip
    """Write the full file over the one that was renewed, or over one broken meanwhile."""
    try:
        context.publish_full(session, renewed, context.still(session, published))
    except (CacheFileTorn, CacheFileBad):
        context.publish_full(session, renewed)  # what AWS gave is worth more than that


def _again(session: SsoSession, context: JobContext) -> SsoToken | None:
    """Read the file once more, patiently; None where there is nothing to read."""
    try:
        return context.read(session)
    except (CacheFileTorn, CacheFileBad):
        return None


def _refused(
    session: SsoSession,
    context: JobContext,
    published: SsoToken,
    error: GrantRefused | RegistrationRefused,
) -> Outcome:
    """
    Decide what a refusal means (R4): read again, then ask the portal once.

    Somebody without our lock (an SDK, ``aws sso login``) may have renewed in the meantime; then
    the file has the newer truth.
    """
    again = _again(session, context)
    if again is not None and not is_same(again, published):
        return granted.by_others(session, context, again)
    if isinstance(error, RegistrationRefused):
        return Refused("valid", "registration-expired")
    return Refused(ask_portal(session, context, published))


def ask_portal(session: SsoSession, context: JobContext, token: SsoToken) -> PortalSays:
    """Ask the portal once whether the published access token still works."""
    if not _usable(token, context):
        return "dead"
    try:
        context.portal.check(token.access_token, session.region)
    except TokenRejected:
        return "dead"
    except TrayError as error:
        log.info("%s: the portal did not say (%s)", session.key, type(error).__name__)
        return "unreachable"
    return "valid"


def check(session: SsoSession, context: JobContext) -> Outcome:
    """
    Ask the portal once more where a refusal could not be confirmed (R4).

    Raises:
        CacheFileTorn, CacheFileBad: the file cannot be read now.
        Exception: as `tray.worker.tokens.removal.judge_removed`, where the file is gone.
    """
    published = context.read(session)
    if published is None:
        return removal.judge_removed(session, context)
    return Refused(ask_portal(session, context, published))
