"""
Adoption: judge a token file, and move newer refresh data into the keyring (K4).

A process killed while it still watches the replaced file loses what another program wrote into it
just then; the sign-in adopted before remains.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from tray.aws.cache.sso_token import SsoToken
from tray.core import policy
from tray.core.model import Reason, SsoSession, TokenFacts
from tray.core.outcomes import (
    Adopted,
    Outcome,
    Refused,
    RemovalJudged,
    Renewed,
    Unrenewable,
)
from tray.errors import KEYRING_ERRORS, KeyringDenied, KeyringUnavailable, TrayError, WillRetry
from tray.worker.job_context import JobContext, TokenFileChanged, belongs
from tray.worker.keyring.item_document import KeyringItem
from tray.worker.tokens import granted, removal
from tray.worker.tokens.file_judgement import (
    after_sign_out,
    is_older,
    portal_takes,
    stays_released,
    usable,
)
from tray.worker.tokens.keyring_renewal import is_other_login, renew_kept
from tray.worker.tokens.open_token_file import OpenTokenFile

log = logging.getLogger(__name__)

LOOKS_BACK = (0.05, 0.95)
"""Pauses before reading the replaced file again, 50 ms and 1 s after the rename (K4)."""


def adopt(session: SsoSession, context: JobContext, *, adopt: bool = True) -> Outcome:
    """
    Take a file's refresh data into the keyring and leave a lean file; `adopt` off: leave it.

    Returns `Adopted`, with a reason if its token store is not the keyring, or the judgement of
    rule K5 where the file is gone. Raises Busy, CacheFileTorn, CacheFileBad, OSError (the full
    file is as it was), and as `tray.worker.tokens.removal.judge_removed`.
    """
    with context.session_lock(session):
        token = context.read(session)
        if token is None:
            return removal.judge(session, context)
        if stays_released(session, context):
            return Adopted(context.facts(session, token), "released")
        return take_in(session, context, adopt=adopt)


def take_in(
    session: SsoSession, context: JobContext, *, adopt: bool, renewing: bool = False
) -> Outcome:
    """Judge a file under the session's lock; `renewing` renews at once what was taken in."""
    for _ in range(granted.STARTS):
        with OpenTokenFile(session, context) as file:
            done = _once(session, context, file, adopt=adopt, renewing=renewing)
        if done is not None:
            return done
    raise granted.keeps_changing(session)


def _once(
    session: SsoSession, context: JobContext, file: OpenTokenFile, *, adopt: bool, renewing: bool
) -> Outcome | None:
    token, record = file.token, context.record(session)
    if not belongs(token, session):
        log.warning("%s: its file is of another start URL or region", session.key)
        reason: Reason | None = "bad-file" if token.refreshable else None
        return Adopted(context.facts(session, token), record.store or "file", reason)
    stays = token.refreshable and (not adopt or record.contested)
    if stays and record.store != "keyring":
        return _left_in_file(session, context, token, contested=record.contested)
    try:
        item = context.kept(session)
        if item is not None and item.removed:
            check = file.insist_unchanged
            found = removal.found_after_removal(session, context, token, item, check)
            if isinstance(found, RemovalJudged):
                return found
            item = found
    except TokenFileChanged:
        return None
    except KEYRING_ERRORS as error:
        if token.refreshable:
            return _kept_in_file(session, context, token, error)
        if record.store in ("keyring", None):  # a record may be lost
            raise
        return _used_as_it_is(session, context, token)
    try:
        if item is not None and (
            is_older(session, context, token, item) or _ends_early(token, item, context)
        ):
            return _written_over(session, context, file, item)
        if item is None and (record.signed_out or record.memory.signed_out):
            signed_in = after_sign_out(session, context, token, file.insist_unchanged)
            if not isinstance(signed_in, bool):
                return signed_in
            renewing = renewing or not signed_in
        if not token.refreshable:
            return _lean(session, context, file, item)
        if stays:
            return _left_in_file(session, context, token, contested=record.contested)
        return _moved(session, context, file, item, renewing=renewing)
    except TokenFileChanged:
        return None


def _ends_early(file: SsoToken, item: KeyringItem, context: JobContext) -> bool:
    """Whether a lean file ends before the kept token does: SDKs would take it for expired."""
    kept = item.token
    ours = kept.fingerprint == file.fingerprint and not file.refreshable
    early = file.expires_at + policy.CLOCK_SLACK < kept.expires_at
    return ours and early and usable(kept, context)


def _written_over(
    session: SsoSession, context: JobContext, file: OpenTokenFile, item: KeyringItem
) -> Renewed:
    kept = item.token.with_extra(file.token.extra)
    log.info("%s: its token file was older or dead, or its end was changed", session.key)
    context.records.change(session.key, store="keyring", lineage=item.lineage)
    context.publish_lean(session, kept, file.insist_unchanged)
    context.seam("published")
    return _as_kept(session, context, kept)


def _as_kept(session: SsoSession, context: JobContext, kept: SsoToken) -> Renewed:
    facts = context.facts(session, kept)
    return Renewed(facts, "keyring", by_us=False, of=facts.fingerprint)


def _used_as_it_is(session: SsoSession, context: JobContext, token: SsoToken) -> Outcome:
    """Let a login without refresh data be used to its end, if AWS has not ended it (K4)."""
    record = context.record(session)
    if usable(token, context) and not portal_takes(session, context, token):
        return Refused("dead")
    if record.store == "keyring" and record.unstored != token.fingerprint:
        return Unrenewable()  # a login after a sign-out: the keyring keeps nothing for it
    return Adopted(context.facts(session, token), record.store or "file")


def _lean(
    session: SsoSession, context: JobContext, file: OpenTokenFile, item: KeyringItem | None
) -> Outcome:
    """Judge a file that has nothing to move: ours, or from a login that cannot renew itself."""
    token, record = file.token, context.record(session)
    if item is None:
        return _used_as_it_is(session, context, token)
    if is_other_login(token, item, context, session) and usable(token, context):
        if portal_takes(session, context, token):
            return Unrenewable()
        return _written_over(session, context, file, item)
    if record.store != "keyring":  # the record was lost, or is an old copy
        context.records.change(session.key, store="keyring", lineage=item.lineage)
    if token.fingerprint == item.token.fingerprint:
        return _as_kept(session, context, item.token)
    stored = record.unstored != token.fingerprint
    if not stored:
        # Whoever holds its refresh data saves that once the keyring takes writes (R3); a process
        # that has died does not.
        context.keep(session, item.token, beside=item.beside, seen=item)
    return Renewed(context.facts(session, token), "keyring", stored=stored, by_us=False)


def _moved(
    session: SsoSession,
    context: JobContext,
    file: OpenTokenFile,
    item: KeyringItem | None,
    *,
    renewing: bool,
) -> Outcome | None:
    handed_back = context.record(session).store == "keyring"
    if handed_back and len(_recently(session, context)) + 1 >= policy.HANDED_BACK_TIMES:
        log.warning("%s: another program keeps taking it back; it stays in the file", session.key)
        return _left_in_file(session, context, file.token, contested=True)
    token = _ending_as_given(file.token, context.record(session).memory.given)
    first, beside = _order(session, context, _with_known_scopes(token, item), item)
    try:
        stored = context.keep(session, first, beside=beside)
    except KEYRING_ERRORS as error:
        return _kept_in_file(session, context, file.token, error)
    context.seam("stored")
    doubtful = first.fingerprint != file.token.fingerprint
    renewed_now = renewing or doubtful or not usable(first, context)
    if renewed_now:
        context.oidc.make_ready(first)  # SDKs take the lean file for expired until it is renewed
    # Recorded before the file changes (K1), and before the last look, so that nothing slow lies
    # between that and the rename.
    context.records.change(session.key, store="keyring", lineage=stored.lineage)
    context.seam("recorded")
    # Nobody can use an ended token: of two the file's own says no less.
    shown = first if usable(first, context) else file.token
    published = shown.without_refresh_data().with_extra(file.token.extra)
    context.publish_lean(session, published, file.insist_unchanged)
    context.seam("published")
    if handed_back:
        back = (*_recently(session, context), context.clock())
        context.records.change(session.key, handed_back=back)
    outcome: Outcome = Adopted(context.facts(session, published), "keyring")
    trouble: TrayError | OSError | None = None
    if renewed_now:
        try:
            outcome = renew_kept(session, context, stored, published, proved=True)
        except (TrayError, OSError) as error:
            log.info("%s: not renewed yet (%s)", session.key, type(error).__name__)
            trouble = error
    if _written_late(session, context, file, stored):
        return None
    if trouble is not None and renewing:
        raise trouble
    if isinstance(outcome, Adopted):
        granted.forget_older(session, context, stored.generation)
        if isinstance(trouble, WillRetry):
            outcome = replace(outcome, retry_after=trouble.retry_after)
    return outcome


def _order(
    session: SsoSession, context: JobContext, file: SsoToken, item: KeyringItem | None
) -> tuple[SsoToken, tuple[SsoToken, ...]]:
    """
    Return what to renew with, and what to keep beside it until AWS has taken that (K4).

    Another client's sign-in is another grant. With the client we know it may be an old one of
    ours, already spent: its refresh token is only used if the portal takes the access token,
    otherwise ours comes first. Raises `WillRetry` or `UserMustAct` if the portal did not say.
    """
    if item is None:
        return file, ()
    kept = item.token
    if kept.fingerprint == file.fingerprint:  # the file's end may have been changed
        file = replace(file, expires_at=kept.expires_at, dated=kept.dated)
    newest = item.lineage.merged(context.record(session).lineage).newest
    if newest is not None and newest.access == file.fingerprint:
        return file, item.beside
    known = kept.registration
    same_client = (
        known is not None
        and file.registration is not None
        and known.client_id == file.registration.client_id
    )
    if same_client and not (usable(file, context) and portal_takes(session, context, file)):
        return kept, (file, *item.beside)
    return file, (kept, *item.beside)


def _with_known_scopes(token: SsoToken, item: KeyringItem | None) -> SsoToken:
    """No file has the registration's scopes, but the keyring does."""
    ours, known = token.registration, item.token.registration if item is not None else None
    if ours is None or known is None or ours.client_id != known.client_id:
        return token
    return replace(token, registration=replace(known, expires_at=ours.expires_at))


def _ending_as_given(token: SsoToken, given: TokenFacts | None) -> SsoToken:
    """A later end may have been written into the file since AWS gave the token to us."""
    if given is None or given.fingerprint != token.fingerprint:
        return token
    return replace(token, expires_at=min(token.expires_at, given.expires_at))


def _written_late(
    session: SsoSession, context: JobContext, file: OpenTokenFile, item: KeyringItem
) -> bool:
    """Read the replaced file twice: a program that had it open may have written to it."""
    for pause in LOOKS_BACK:
        time.sleep(pause)
        late = file.written_late()
        if late is None or is_older(session, context, late, item):
            continue
        published = context.read_or_none(session)
        if published is not None and published.refreshable:
            continue  # written by another program after that
        try:
            context.publish_full(session, late, context.still(session, published), found=True)
        except TokenFileChanged:
            continue  # being written at this very moment; that is judged next
        context.seam("adopted-late")
        return True
    return False


def _kept_in_file(
    session: SsoSession,
    context: JobContext,
    token: SsoToken,
    error: KeyringDenied | KeyringUnavailable,
) -> Adopted:
    """Leave the file as it is, renewed from there; an unusable keyring changes the reason (K1)."""
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
