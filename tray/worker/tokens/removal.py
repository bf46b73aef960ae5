"""A cache file that was removed: signed out, or only tidied away? AWS decides (K5)."""

from __future__ import annotations

import logging

from tray.aws.cache.role_cache import remove_role_credentials
from tray.aws.cache.sso_token import SsoToken
from tray.core import policy
from tray.core.model import SsoSession
from tray.core.outcomes import Outcome, RemovalJudged
from tray.errors import (
    KEYRING_ERRORS,
    GrantRefused,
    RegistrationRefused,
    TokenRejected,
    Unread,
    UserMustAct,
)
from tray.worker.job_context import JobContext, TokenFileChanged
from tray.worker.keyring.item_document import KeyringItem
from tray.worker.tokens import granted
from tray.worker.tokens.file_judgement import stays_released

log = logging.getLogger(__name__)


def judge_removed(session: SsoSession, context: JobContext) -> Outcome:
    """
    Find out what the removal of a cache file meant: `RemovalJudged`, or `Renewed`.

    While the kept access token has not expired, the portal is asked with it, never for a refresh,
    since revocation may be slow. After its expiry, or if a clock that was set back leaves that in
    doubt, one refresh decides. Nothing changes where it raises Busy, KeyringUnavailable,
    KeyringDenied, WillRetry, or CacheFileTorn and CacheFileBad (the file is back, and broken).
    """
    with context.session_lock(session):
        token = context.read(session)
        if token is not None:
            return RemovalJudged("back", context.facts(session, token))
        return judge(session, context)


def judge(session: SsoSession, context: JobContext) -> Outcome:
    """Judge with the session's lock held and no file in place."""
    if stays_released(session, context):
        return RemovalJudged("nothing")
    record = context.record(session)
    if record.store not in ("keyring", None):
        return RemovalJudged("nothing")
    try:
        item = context.item(session)
    except KEYRING_ERRORS:
        if record.store is None:
            return RemovalJudged("nothing")
        raise
    if item is None:
        return RemovalJudged("nothing")
    kept = item.token
    if record.store is None:  # the record was lost
        context.records.change(session.key, store="keyring", lineage=item.lineage)
    if kept.expires_at <= context.clock() or _from_the_future(kept, context):
        return _refresh_decides(session, context, item)
    try:
        context.portal.check(kept.access_token, session.region)
    except TokenRejected:
        return _back(session, context) or _signed_out(session, context, item)
    try:
        context.publish_lean(session, kept, context.still(session, None))
    except TokenFileChanged as back:
        return RemovalJudged("back", context.facts(session, back.token or kept))
    context.seam("published")
    return RemovalJudged("published", context.facts(session, kept))


def _from_the_future(kept: SsoToken, context: JobContext) -> bool:
    """Whether the clock was set back since the token was issued (fault 29): its end is unsure."""
    return kept.issued_at is not None and kept.issued_at > context.clock() + policy.CLOCK_SLACK


def _refresh_decides(session: SsoSession, context: JobContext, item: KeyringItem) -> Outcome:
    kept = item.token
    if not kept.refreshable:
        return _signed_out(session, context, item)
    item = context.keep(session, kept, beside=item.beside, seen=item)
    context.seam("proved")
    try:
        renewed = granted.ask(context, kept)
    except GrantRefused:
        return _back(session, context) or _signed_out(session, context, item)
    except RegistrationRefused:
        # AWS has said nothing of the session, but this item is of no more use.
        context.keyring_store.delete(session.key)
        return _back(session, context) or RemovalJudged("nothing")
    context.seam("answered")
    tokens = (kept, *item.beside)
    done = granted.store_and_publish(
        session, context, renewed, None, replaced=tokens, of=kept.fingerprint, seen=item
    )
    return RemovalJudged("nothing") if done is None else done


def _back(session: SsoSession, context: JobContext) -> RemovalJudged | None:
    """A file that was written while AWS was asked is newer."""
    token = context.read(session)
    return None if token is None else RemovalJudged("back", context.facts(session, token))


def _signed_out(
    session: SsoSession, context: JobContext, item: KeyringItem
) -> RemovalJudged:  # fmt: skip
    context.unsaved.drop(session.key)
    context.note(session, signed_out=(item.token.fingerprint,), lineage=item.lineage)
    context.keyring_store.delete(session.key)
    context.seam("deleted")
    try:
        remove_role_credentials(context.paths.cli_cache, session, context.profiles_of(session))
    except (Unread, UserMustAct) as error:
        # `aws sso logout` has removed them itself; only other tools leave them behind.
        log.warning("%s", error.sentence)
    return RemovalJudged("signed-out")
