"""Release: the refresh data goes back into the file, the AWS CLI renews it again (K7)."""

from __future__ import annotations

import logging

from tray.aws.cache.sso_token import SsoToken
from tray.core.model import SsoSession
from tray.core.outcomes import Outcome, Released
from tray.errors import KeyringDenied, KeyringUnavailable, OurBug
from tray.worker.job_context import Tools
from tray.worker.tokens.renewal import is_history

log = logging.getLogger(__name__)

HANDED_BACK = "The refresh token of {key} is in its file again; the AWS CLI renews it now."
NOTHING_KEPT = "{key} has no refresh token in the keyring; its file stays as it is."
ITEM_REMAINS = " Its keyring item could not be deleted now; release it again later."


def release(session: SsoSession, tools: Tools) -> Outcome:
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
    tools.unsaved.surrender(session.key)
    with tools.session_lock(session):
        was_kept = tools.record(session).keeper in ("keyring", "released")
        kept = tools.kept(session) if was_kept else None
        tools.records.change(session.key, keeper="released")
        tools.seam("marked")
        sentence = NOTHING_KEPT
        if kept is not None and kept.refreshable:
            _hand_back(session, tools, kept)
            sentence = HANDED_BACK
        elif was_kept and kept is None:
            return Released(NOTHING_KEPT.format(key=session.key))
        remains = "" if _deleted(session, tools, needed=was_kept) else ITEM_REMAINS
        tools.seam("deleted")
    return Released(sentence.format(key=session.key) + remains)


def _hand_back(session: SsoSession, tools: Tools, kept: SsoToken) -> None:
    """Write the full file and read it back, unless the file has newer truth already."""
    published = tools.read_or_none(session)
    if published is not None:
        if published.refreshable or is_history(session, tools, kept, published):
            return
        kept = kept.with_extra(published.extra)
    readable = published is not None or not tools.file_of(session).exists()
    tools.publish_full(session, kept, tools.still(session, published) if readable else None)
    tools.seam("published")
    written = tools.read(session)
    if written is None or not written.refreshable:
        msg = f"The token cache file of {session.key} does not hold what was written."
        raise OurBug(msg)


def _deleted(session: SsoSession, tools: Tools, *, needed: bool) -> bool:
    """Delete the item; True if none remains, as far as anybody needs to know."""
    try:
        tools.vault.delete(session.key)
    except (KeyringUnavailable, KeyringDenied) as error:
        log.info("%s: its keyring item remains (%s)", session.key, error.reason)
        return not needed
    return True
