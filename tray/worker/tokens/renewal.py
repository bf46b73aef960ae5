"""Renewing: one transaction under the session's lock that loses no refresh token (R2)."""

from __future__ import annotations

import logging

from tray.aws.cache.sso_token import SsoToken
from tray.core.model import SsoSession
from tray.core.outcomes import (
    Adopted,
    Failed,
    Outcome,
    PortalChecked,
    RemovalJudged,
    Renewed,
    Unrenewable,
)
from tray.core.text import sentences
from tray.errors import (
    KEYRING_ERRORS,
    CacheFileBad,
    CacheFileTorn,
    GrantRefused,
    RegistrationRefused,
    TrayError,
)
from tray.worker.job_context import JobContext, TokenFileChanged, belongs
from tray.worker.keyring.item_document import KeyringItem
from tray.worker.tokens import adoption, granted, removal
from tray.worker.tokens.file_judgement import ask_portal, is_older, portal_takes, usable
from tray.worker.tokens.keyring_renewal import is_other_login, refused, renew_kept

log = logging.getLogger(__name__)


def renew(
    session: SsoSession, context: JobContext, *, adopt: bool = True, seen: str | None = None
) -> Outcome:
    """
    Renew a session's access token (R2-R4).

    `adopt` takes a file with refresh data into the keyring first (K4). `seen` is the fingerprint
    of the token that the caller found too old: if the file holds another once we have the lock,
    AWS is not asked, so that many such callers make one renewal.

    Returns `Renewed`, `Refused`, `Unrenewable` where there is nothing to renew with, or the
    judgement of rule K5 where the file is gone. AWS was not asked where it raises Busy,
    TokenFileChanged, CacheFileTorn, CacheFileBad, KeyringUnavailable or KeyringDenied; WillRetry
    and UserMustAct are AWS's answer; after OSError what AWS gave is stored, or held (R3).
    """
    context.unsaved.settle(session.key)
    with context.session_lock(session):
        newer = None if seen is None else context.read(session)
        if newer is not None and newer.fingerprint != seen and _counts(session, context, newer):
            return granted.by_others(session, context, newer)
        for _ in range(granted.STARTS - 1):
            try:
                return _renew(session, context, adopt=adopt)
            except TokenFileChanged as meanwhile:
                token = meanwhile.token
                if token is not None and _counts(session, context, token):
                    return granted.by_others(session, context, token)
                log.info("%s: its file was changed meanwhile; begun anew", session.key)
        return _renew(session, context, adopt=adopt)


def _counts(session: SsoSession, context: JobContext, token: SsoToken) -> bool:
    """Whether a token that another program has written is usable and not an older one."""
    return usable(token, context) and not is_older(session, context, token, None)


def _renew(session: SsoSession, context: JobContext, *, adopt: bool) -> Outcome:
    if context.record(session).store == "released":
        return Unrenewable()
    published = context.read(session)
    if published is None:
        return removal.judge(session, context)
    if not belongs(published, session):
        return Unrenewable()  # of another start URL or region: never sent to this one (fault 25)
    if published.refreshable:
        done = adoption.take_in(session, context, adopt=adopt, renewing=True)
        if not isinstance(done, Adopted):
            return done
        published = context.read(session)
        if published is None:
            return removal.judge(session, context)
        if published.refreshable:
            return _renew_filed(session, context, published, done)
    item = _kept(session, context, published)
    if isinstance(item, RemovalJudged):
        return item
    return Unrenewable() if item is None else renew_kept(session, context, item, published)


def _kept(
    session: SsoSession, context: JobContext, published: SsoToken
) -> KeyringItem | RemovalJudged | None:
    """Ask the keyring whatever the record says, which may be lost or an old copy."""
    record = context.record(session)
    try:
        item: KeyringItem | RemovalJudged | None = context.kept(session)
        if isinstance(item, KeyringItem) and item.removed:
            check = context.still(session, published)
            item = removal.found_after_removal(session, context, published, item, check)
    except KEYRING_ERRORS:
        if record.store == "keyring":
            raise
        return None
    if isinstance(item, KeyringItem) and record.store != "keyring":
        other = is_other_login(published, item, context, session) and usable(published, context)
        other = other and not is_older(session, context, published, item)
        if other and portal_takes(session, context, published):
            return None
        context.records.change(session.key, store="keyring", lineage=item.lineage)
    return item


def _renew_filed(
    session: SsoSession, context: JobContext, published: SsoToken, adopted: Adopted
) -> Outcome:
    """Renew from the file and write it as the CLI does, after proving that it can be written."""
    store = context.record(session).store
    if context.keyring_required:
        return Failed(adopted.reason or "other", sentences.not_from_file(session.key))
    if is_older(session, context, published, None):
        return Failed(adopted.reason or "other", sentences.older_file(session.key))
    if store is None:
        store = context.records.change(session.key, store="file").store
    context.publish_full(session, published, context.still(session, published))
    context.seam("proved")
    try:
        renewed = granted.ask(context, published)
    except (GrantRefused, RegistrationRefused) as error:
        item = _kept_beside(session, context)
        if item is None:
            return refused(session, context, published, error)
        return renew_kept(session, context, item, published, filed=error)
    context.seam("answered")
    renewed = renewed.with_extra(published.extra)
    seen = published
    while True:
        try:
            _publish_filed(session, context, renewed, seen)
        except TokenFileChanged as meanwhile:
            if meanwhile.token is None:
                return RemovalJudged("nothing")
            last = published if _is_login(meanwhile.token, renewed) else renewed
            if usable(meanwhile.token, context) and meanwhile.token.expires_at >= last.expires_at:
                return granted.by_others(session, context, meanwhile.token)
            # It is older than what it replaced, from a backup say, or an SDK's refresh that AWS
            # answered before ours: no later one expires earlier. Ours is the one AWS takes.
            seen = meanwhile.token
            if seen.refreshable and seen.expires_at == int(last.expires_at):
                # Files say whole seconds: it may as well be a login that came just after ours.
                try:
                    renewed = granted.ask(context, seen).with_extra(seen.extra)
                except (GrantRefused, RegistrationRefused):
                    continue
                except TrayError:
                    return granted.by_others(session, context, seen)
        except (OSError, TrayError):
            granted.hold_for_file(session, context, renewed, published)
            raise
        else:
            break
    context.seam("published")
    return Renewed(context.facts(session, renewed), store or "file", of=published.fingerprint)


def _kept_beside(session: SsoSession, context: JobContext) -> KeyringItem | None:
    """Return what the keyring may have kept from before the file was left as it is (K4)."""
    try:
        return context.item(session)
    except KEYRING_ERRORS:
        return None  # the rules look again, as AWS is not to be asked with the file's once more


def _is_login(file: SsoToken, renewed: SsoToken) -> bool:
    """Whether a file has refresh data of another sign-in, which has a client of its own."""
    ours, theirs = renewed.registration, file.registration
    same = ours is not None and theirs is not None and ours.client_id == theirs.client_id
    return file.refreshable and not same


def _publish_filed(
    session: SsoSession, context: JobContext, renewed: SsoToken, published: SsoToken
) -> None:  # fmt: skip
    """Write the full file over the one that was renewed, or over one broken meanwhile."""
    try:
        context.publish_full(session, renewed, context.still(session, published))
    except (CacheFileTorn, CacheFileBad):
        context.publish_full(session, renewed)  # what AWS gave is worth more than that


def check(session: SsoSession, context: JobContext) -> Outcome:
    """Ask the portal once whether it takes the published token (R4); may raise `CacheFileBad`."""
    published = context.read(session)
    if published is None:
        return removal.judge_removed(session, context, settled=False)
    return PortalChecked(published.fingerprint, ask_portal(session, context, published))
