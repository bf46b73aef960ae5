"""Release: refresh data go back into the file, and the AWS CLI renews it again (K7)."""

from __future__ import annotations

import logging

from tray.core.model import SsoSession
from tray.core.outcomes import Adopted, Outcome, Released, RemovalJudged
from tray.core.text import sentences
from tray.errors import KEYRING_ERRORS, KeyringUnavailable, OurBug, UserMustAct
from tray.worker.job_context import JobContext, belongs
from tray.worker.keyring.item_document import KeyringItem
from tray.worker.sign_in import client_registrations
from tray.worker.tokens.adoption import take_in
from tray.worker.tokens.file_judgement import is_older
from tray.worker.tokens.removal import found_after_removal
from tray.worker.tokens.sign_out import end

log = logging.getLogger(__name__)

HANDED_BACK = "The refresh token of {key} is back in its file. The AWS CLI renews it now."
NOTHING_KEPT = "{key} has no refresh token in the keyring, so its file was not changed."
IN_THE_WAY = (
    "{file} belongs to another AWS access portal. Move it away, then release {key} again; "
    "nothing was changed."
)
ITEM_REMAINS = " Its keyring item couldn't be deleted. Release it again later."


def release(session: SsoSession, context: JobContext) -> Outcome:
    """
    Hand a session back to the AWS CLI; repeatable after a kill anywhere, as the item goes last.

    Marked first, so that nobody adopts it again; then the full file is written and read back.
    Where no file may have them the session is signed out instead (K9): `SignedOut`.

    Returns `Released`, which says what remains. Raises Busy, KeyringUnavailable or KeyringDenied
    (nothing was handed back), CacheFileTorn, CacheFileBad or OSError (the item stays).
    """
    if context.keyring_required:
        with context.session_lock(session):
            done = end(session, context)
            client_registrations.forget_all(session, context)
        return done
    filed = context.unsaved.save_in_files(session.key)
    with context.session_lock(session):
        was_kept = context.record(session).store in ("keyring", "released")
        item = context.kept(session) if was_kept else _unrecorded(session, context)
        was_kept = was_kept or item is not None
        stale = item is not None and item.removed
        if item is not None and item.removed:
            published = context.read(session)
            check = context.still(session, published)
            if published is None:
                return _ended(session, context)
            found = found_after_removal(session, context, published, item, check)
            if isinstance(found, RemovalJudged):
                return _ended(session, context)
            item = found  # None: the file is of another sign-in
        known = {} if item is None else {"lineage": item.lineage}
        newest = None if item is None else _newest(session, context, item)
        if newest is not None:
            known = {"lineage": newest.lineage}
        context.records.change(session.key, store="released", **known)
        context.seam("marked")
        published = context.read_or_none(session) if filed else None
        there = published is not None and published.refreshable
        sentence = HANDED_BACK if there else NOTHING_KEPT
        if item is not None and newest is None:
            sentence = HANDED_BACK  # in a newer file, which stays as it is
        elif newest is not None and newest.token.refreshable:
            _hand_back(session, context, newest)
            sentence = HANDED_BACK
        elif was_kept and item is None and not stale:
            client_registrations.forget_all(session, context)
            return Released(sentence.format(key=session.key))
        remains = "" if _deleted(session, context, needed=was_kept) else ITEM_REMAINS
        context.seam("deleted")
    return Released(sentence.format(key=session.key) + remains)


def _unrecorded(session: SsoSession, context: JobContext) -> KeyringItem | None:
    """
    Return what the keyring keeps although no record says so: that may be lost, or an old copy.

    Raises KeyringUnavailable or KeyringDenied, as `release`, unless there is no keyring.
    """
    published = context.read_or_none(session)
    if context.record(session).store == "file" and published is not None and published.refreshable:
        return None
    try:
        return context.kept(session)
    except KeyringUnavailable as error:
        if error.reason != "keyring-absent":
            raise
        return None


def _ended(session: SsoSession, context: JobContext) -> Released:
    """Sign out at AWS: the user has signed out on this machine, so nothing is handed back (K5)."""
    done = end(session, context)
    context.records.change(session.key, store="released")
    client_registrations.forget_all(session, context)
    return Released(sentences.signed_out(session.key, done.remains))


def lend(session: SsoSession, context: JobContext) -> Outcome:
    """
    Write the full file for the time without a daemon, so that the AWS CLI can renew it.

    The item stays: the next daemon adopts the file, whoever renewed it, and knows it again by
    that. Raises as `release`.
    """
    context.unsaved.save_in_files(session.key)
    with context.session_lock(session):
        store, published = context.record(session).store, context.read_or_none(session)
        if store == "file" and published is not None and published.refreshable:
            return Adopted(context.facts(session, published), "file")
        item = context.item(session) if store != "released" else None
        if item is None:
            raise UserMustAct(NOTHING_KEPT.format(key=session.key))
        newest = _newest(session, context, item)
        if newest is None:
            context.records.change(session.key, store="file")
            return Adopted(context.facts(session, published or item.token), "file")
        item = newest
        context.records.change(session.key, store="file", lineage=item.lineage)
        context.seam("marked")
        if item.token.refreshable:
            _hand_back(session, context, item)
        return Adopted(context.facts(session, item.token), "file")


def _newest(session: SsoSession, context: JobContext, item: KeyringItem) -> KeyringItem | None:
    """
    Take in a full file first: what the keyring keeps then is handed back.

    None if the keyring does not take it: the newest refresh token is in its file already.
    """
    published = context.read_or_none(session)
    if published is None:
        return item
    if not belongs(published, session):
        raise UserMustAct(IN_THE_WAY.format(file=context.file_of(session), key=session.key))
    same = published.pair == item.token.pair
    if not published.refreshable or same or is_older(session, context, published, item):
        return item
    done = take_in(session, context, adopt=True)
    if isinstance(done, Adopted) and (done.reason is not None or done.store != "keyring"):
        return None
    return context.item(session) or item


def _hand_back(session: SsoSession, context: JobContext, item: KeyringItem) -> None:
    """Write the full file and read it back; `OurBug` (the item stays) if it is not this token."""
    token, published = item.token, context.read_or_none(session)
    if published is None or published.pair != token.pair:
        final_check = None
        if published is not None or not context.file_of(session).exists():
            final_check = context.still(session, published)
        if published is not None:
            token = token.with_extra(published.extra)
        context.publish_full(session, token, final_check)
        context.seam("published")
    written = context.read(session)
    if written is None or not written.refreshable or written.pair != token.pair:
        raise OurBug(f"The token cache file of {session.key} does not hold what was written.")


def _deleted(session: SsoSession, context: JobContext, *, needed: bool) -> bool:
    """Delete the item; True if none remains, or none that matters."""
    client_registrations.forget_all(session, context)
    try:
        context.keyring_store.delete(session.key)
    except KEYRING_ERRORS as error:
        log.info("%s: its keyring item remains (%s)", session.key, error.reason)
        return not needed
    return True
