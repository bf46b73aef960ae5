"""A cache file that was removed: signed out at AWS, on this machine, or a lost folder (K5)?"""

from __future__ import annotations

import logging
import os
from pathlib import Path

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
from tray.worker.job_context import FinalCheck, JobContext, TokenFileChanged
from tray.worker.keyring.item_document import KeyringItem
from tray.worker.tokens import granted
from tray.worker.tokens.file_judgement import is_older, portal_takes, stays_released

log = logging.getLogger(__name__)


def judge_removed(session: SsoSession, context: JobContext, *, settled: bool = True) -> Outcome:
    """
    Find out what the removal of a cache file meant: `RemovalJudged`, or `Renewed`.

    The portal is asked with the kept access token. If it takes that, whatever the clock says, a
    file gone from the folder it was published in was removed by a user who signed out on this
    machine; from a folder that is new or missing it is lost, and published again. If it does not,
    the user signed out at AWS, and no refresh is asked for, since revocation may be slow. Only
    after the token's expiry, or where a clock that was set back leaves that in doubt, one refresh
    decides. Nothing changes where it raises Busy,
    KeyringUnavailable, KeyringDenied, WillRetry, or CacheFileTorn and CacheFileBad (the file is
    back, and broken).
    """
    with context.session_lock(session):
        token = context.read(session)
        if token is not None:
            return RemovalJudged("back", context.facts(session, token))
        return judge(session, context, settled=settled)


def judge(session: SsoSession, context: JobContext, *, settled: bool = False) -> Outcome:
    """
    Judge with the session's lock held and no file in place.

    Not `settled`: it may have gone just now, between two steps of a program that replaces it.
    """
    if stays_released(session, context):
        return RemovalJudged("nothing")
    record = context.record(session)
    if record.store not in ("keyring", None):
        return RemovalJudged("nothing")
    try:
        item = context.kept(session)
    except KEYRING_ERRORS:
        if record.store is None:
            return RemovalJudged("nothing")
        raise
    if item is None:
        return RemovalJudged("nothing")
    kept = item.token
    if record.store is None:  # the record was lost
        context.records.change(session.key, store="keyring", lineage=item.lineage)
    if item.removed:
        return RemovalJudged("removed", context.facts(session, kept))
    signed_out_here = context.is_from_here(session) and not context.settings.restore_removed
    # A clock that is ahead calls what AWS still takes expired, one that was set back the reverse.
    doubtful = kept.expires_at <= context.clock() or _from_the_future(kept, context)
    if doubtful and not signed_out_here:
        return _refresh_decides(session, context, item)
    try:
        context.portal.check(kept.access_token, session.region)
    except TokenRejected:
        if doubtful:
            return _refresh_decides(session, context, item)
        return _back(session, context) or _signed_out(session, context, item)
    if signed_out_here:
        return _set_aside(session, context, item) if settled else RemovalJudged("away")
    return _published(session, context, kept)


def undo_removal(session: SsoSession, context: JobContext) -> Outcome:
    """
    Take a removal back: publish again what AWS still takes; past its end one refresh decides.

    Returns and raises as `judge_removed`; it stays removed unless AWS has answered.
    """
    with context.session_lock(session):
        token = context.read(session)
        if token is not None:
            return RemovalJudged("back", context.facts(session, token))
        item = context.kept(session)
        if item is None:
            return RemovalJudged("nothing")
        if item.token.expires_at <= context.clock():
            return _refresh_decides(session, context, item)
        try:
            context.portal.check(item.token.access_token, session.region)
        except TokenRejected:
            return _back(session, context) or _signed_out(session, context, item)
        context.keep(session, item.token, beside=item.beside)
        context.seam("unmarked")
        return _published(session, context, item.token)


def drop_removed(session: SsoSession, context: JobContext) -> Outcome:
    """Delete what was kept for an Undo; AWS's session lasts until it ends."""
    with context.session_lock(session):
        token = context.read(session)
        if token is not None:
            return RemovalJudged("back", context.facts(session, token))
        item = context.kept(session)
        if item is not None:
            _forget(session, context, item)
        return RemovalJudged("dropped")


def found_after_removal(
    session: SsoSession,
    context: JobContext,
    file: SsoToken,
    item: KeyringItem,
    final_check: FinalCheck,
) -> KeyringItem | RemovalJudged | None:
    """
    Judge a file that appears while its session's item is marked as removed.

    The current token is an Undo: returns the item without its mark. An older one, which a program
    still had, is removed, and so is one without refresh data that AWS has ended: nothing could
    use it. None: it is another sign-in, and nothing is kept for that. May raise `WillRetry`.
    """
    kept = item.token
    same = file.fingerprint == kept.fingerprint
    if same and kept.expires_at > context.clock():
        return context.keep(session, kept, beside=item.beside, seen=item)
    unknown = not same and not is_older(session, context, file, item)
    if unknown and (file.refreshable or portal_takes(session, context, file)):
        return None
    final_check()
    Path(os.path.realpath(context.file_of(session))).unlink(missing_ok=True)
    return RemovalJudged("removed", context.facts(session, kept))


def _set_aside(session: SsoSession, context: JobContext, item: KeyringItem) -> RemovalJudged:
    """Mark the item: whatever becomes of our records, only an Undo or a sign-in uses it."""
    back = _back(session, context)
    if back is not None:
        return back
    # Not as `seen`: AWS was asked since, and the keyring may have been locked meanwhile.
    marked = context.keep(session, item.token, beside=item.beside, removed=True)
    context.seam("marked")
    granted.forget_older(session, context, marked.generation)
    _forget_roles(session, context)
    return RemovalJudged("removed", context.facts(session, item.token))


def _published(session: SsoSession, context: JobContext, kept: SsoToken) -> RemovalJudged:
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
    # What AWS gives now was never in the folder: killed before it is, it is published later (K8).
    context.note(session, folder="")
    item = context.keep(session, kept, beside=item.beside, seen=item, removed=item.removed)
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
    _forget(session, context, item)
    _forget_roles(session, context)
    return RemovalJudged("signed-out")


def _forget(session: SsoSession, context: JobContext, item: KeyringItem) -> None:
    context.unsaved.drop(session.key)
    # Nothing is published here: what a sign-in stores and does not live to publish is, later (K8).
    gone = (item.token.fingerprint,)
    context.note(session, signed_out=gone, lineage=item.lineage, folder="")
    context.keyring_store.delete(session.key)
    context.seam("deleted")


def _forget_roles(session: SsoSession, context: JobContext) -> None:
    try:
        remove_role_credentials(context.paths.cli_cache, session, context.profiles_of(session))
    except (Unread, UserMustAct) as error:
        # `aws sso logout` has removed them itself; only other tools leave them behind.
        log.warning("%s", error.sentence)
