"""Release: the refresh data goes back into the file, the AWS CLI renews it again (K7)."""

from __future__ import annotations

import logging

from tray.aws.cache.sso_token import SsoToken
from tray.core.model import SsoSession
from tray.core.outcomes import Outcome, Released
from tray.errors import KeyringDenied, KeyringUnavailable, OurBug
from tray.worker.job_context import JobContext
from tray.worker.tokens.renewal import is_history

log = logging.getLogger(__name__)

HANDED_BACK = "The refresh token of {key} is in its file again; the AWS CLI renews it now."
NOTHING_KEPT = "{key} has no refresh token in the keyring; its file stays as it is."
ITEM_REMAINS = " Its keyring item could not be deleted now; release it again later."


def release(session: SsoSession, context: JobContext) -> Outcome:
    """
    Hand a session back to the AWS CLI.

    Marked first, so that nobody adopts it again; then the full file is written and read back;
    then the keyring item is deleted. Killed anywhere, it can be repeated: the item goes last.

    Returns:
        `Released`; the sentence tells whether there was anything to hand back, and what remains.

    Raises:
        Busy: another transaction holds the session for too long.
        KeyringUnavailable, KeyringDenied: the keyring cannot be read; nothing was handed back.
        CacheFileTorn, CacheFileBad: what was written cannot be read back; the item stays.
        OSError: the cache file cannot be written; the item stays.
    """
    context.unsaved.surrender(session.key)
    with context.session_lock(session):
        was_kept = context.record(session).store in ("keyring", "released")
        kept = context.kept(session) if was_kept else None
        context.records.change(session.key, store="released")
        context.seam("marked")
        sentence = NOTHING_KEPT
        if kept is not None and kept.refreshable:
            _hand_back(session, context, kept)
            sentence = HANDED_BACK
        elif was_kept and kept is None:
            return Released(NOTHING_KEPT.format(key=session.key))
        remains = "" if _deleted(session, context, needed=was_kept) else ITEM_REMAINS
        context.seam("deleted")
    return Released(sentence.format(key=session.key) + remains)


def _hand_back(session: SsoSession, context: JobContext, kept: SsoToken) -> None:
    """Write the full file and read it back, unless the file has newer truth already."""
    published = context.read_or_none(session)
    if published is not None:
        if published.refreshable or is_history(session, context, kept, published):
            return
        kept = kept.with_extra(published.extra)
    readable = published is not None or not context.file_of(session).exists()
    context.publish_full(session, kept, context.still(session, published) if readable else None)
    context.seam("published")
    written = context.read(session)
    if written is None or not written.refreshable:
        msg = f"The token cache file of {session.key} does not hold what was written."
        raise OurBug(msg)


def _deleted(session: SsoSession, context: JobContext, *, needed: bool) -> bool:
    """Delete the item; True if none remains, as far as anybody needs to know."""
    try:
        context.keyring_store.delete(session.key)
    except (KeyringUnavailable, KeyringDenied) as error:
        log.info("%s: its keyring item remains (%s)", session.key, error.reason)
        return not needed
    return True
