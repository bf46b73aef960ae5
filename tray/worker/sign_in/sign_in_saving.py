"""Save a sign-in's tokens: what the keyring has not confirmed goes into the full file (L12)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from tray.aws.cache.sso_token import SsoToken
from tray.core.model import Reason, SsoSession, TokenFacts, TokenStore
from tray.core.text import sentences
from tray.errors import KEYRING_ERRORS, KeyringUnfit, TrayError, UserMustAct
from tray.storage.atomic_files import FileRefused
from tray.worker.job_context import JobContext, TokenFileChanged, belongs, is_same
from tray.worker.tokens.granted import forget_older

log = logging.getLogger(__name__)

LOCK_WITHIN: Final = 90.0  # seconds to wait for a transaction on the older token

_IN_FILE: Final[dict[Reason, str]] = {
    "keyring-locked": (
        "The keyring is locked, so the refresh token is in the token file for now. It will move "
        "to the keyring once you unlock it."
    ),
    "keyring-waiting": (
        "The keyring didn't answer in time, so the refresh token is in the token file for now. "
        "It will move to the keyring once it answers."
    ),
    "keyring-denied": "The keyring refused the refresh token, so it stays in the token file.",
    "keyring-absent": (
        "No keyring was found, so the refresh token stays in the token file. Start a keyring and "
        "sign in again to move it there."
    ),
}
_IN_FILE_TO_STAY: Final = (
    "The keyring didn't store the refresh token, so it stays in the token file."
)
_NOT_RECORDED: Final = (
    "SSO Tray's records can't be written, so the refresh token stays in the token file."
)
_ONLY_IN_KEYRING: Final = "SSO Tray's records can't be written; the keyring has the refresh token."


@dataclass(frozen=True, slots=True)
class SignInResult:
    """``store`` keeps the refresh data (K1), ``reason`` says why not the keyring (L12)."""

    token: TokenFacts
    store: TokenStore
    reason: Reason | None = None
    sentence: str | None = None


def save(
    session: SsoSession, context: JobContext, token: SsoToken, *, lock_within: float = LOCK_WITHIN
) -> SignInResult:
    """Keep and publish a token, under the session's lock; UserMustAct without a writable file."""
    lock = context.session_lock(session)
    if not lock.acquire(lock_within):
        # As `aws sso login` would, which knows no locks; the holder adopts the file later.
        log.warning("%s: its lock is not to be had; the file is written without", session.key)
        store = _recorded_file(session, context)
        published = context.read_or_none(session)
        token = _publish(session, context, token, published, lean=False)
        lost = sentences.kept_nowhere(token.expires_at - context.clock())
        sentence = lost if context.keyring_required else None
        return SignInResult(context.facts(session, token), store, sentence=sentence)
    try:
        published = context.read_or_none(session)
        if published is not None:
            token = token.with_extra(published.extra)
        return _saved(session, context, token, published)
    finally:
        lock.release()


def _saved(
    session: SsoSession, context: JobContext, token: SsoToken, published: SsoToken | None
) -> SignInResult:
    if not token.refreshable:
        return _nothing_to_keep(session, context, token, published)
    # What it replaces may come back, as any token of ours may (K4).
    ours = published is not None and belongs(published, session)
    replaced = (published,) if published is not None and ours else ()
    if not context.watched and not context.keyring_required:
        return _left_in_file(session, context, token, published)
    try:
        item = context.keep(session, token, replaced=replaced)
    except KEYRING_ERRORS as error:
        log.warning("%s: the keyring did not take it (%s)", session.key, error.reason)
        why = error.sentence if isinstance(error, KeyringUnfit) else None
        return _left_in_file(session, context, token, published, error.reason, why)
    context.seam("stored")
    try:
        context.records.change(
            session.key,
            store="keyring",
            contested=False,
            handed_back=(),
            signed_out=(),
            lineage=item.lineage,
            folder="",  # not published yet: killed here, it is published later (K8)
        )
    except (TrayError, OSError) as error:
        # The token store decides who renews it: unrecorded, only the full file is right for all.
        log.warning("%s: state.json cannot be changed (%s)", session.key, type(error).__name__)
        try:
            token = _publish(session, context, token, published, lean=False)
        except UserMustAct:
            _withdraw(session, context, item.generation)  # nothing else says that it is there
            raise
        store = context.hints(session).store or "file"
        # Where the file may not have it, the keyring is looked into whatever the record says.
        sentence = _ONLY_IN_KEYRING if context.keyring_required else _NOT_RECORDED
        return SignInResult(context.facts(session, token), store, sentence=sentence)
    context.seam("recorded")
    there = _publish(session, context, token, published, lean=True)
    context.seam("published")
    forget_older(session, context, item.generation)
    return SignInResult(context.facts(session, there), "keyring")


def _left_in_file(
    session: SsoSession,
    context: JobContext,
    token: SsoToken,
    published: SsoToken | None,
    reason: Reason | None = None,
    remedy: str | None = None,
) -> SignInResult:
    """Write the full file, exactly as the AWS CLI would; no reason: no daemon would renew it."""
    store = _recorded_file(session, context)
    context.seam("recorded")
    there = _publish(session, context, token, published, lean=False)
    context.seam("published")
    # Only what was written counts: otherwise the file still holds the session's newest token.
    lineage = context.hints(session).lineage
    for one in (published, token, there):
        if one is not None and belongs(one, session):
            lineage = lineage.followed_by(one.pair)
    context.note(session, lineage=lineage)
    token = there
    if reason is None:
        return SignInResult(context.facts(session, token), store)
    sentence = _IN_FILE.get(reason, _IN_FILE_TO_STAY)
    if context.keyring_required:
        sentence = sentences.kept_nowhere(token.expires_at - context.clock())
    elif not context.settings.preferences.adopt:
        sentence = _IN_FILE_TO_STAY
    elif remedy is not None:
        sentence = f"{_IN_FILE_TO_STAY} {remedy}"
    return SignInResult(context.facts(session, token), store, reason, sentence)


def _nothing_to_keep(
    session: SsoSession, context: JobContext, token: SsoToken, published: SsoToken | None
) -> SignInResult:  # fmt: skip
    """Publish a token that came without refresh data; the keyring would have nothing to keep."""
    scoped = token.registration is not None and bool(token.registration.scopes)
    by_code = token.registration is not None and token.registration.grant == "device_code"
    if scoped and by_code:
        context.note(session, unscoped=True)
    store = _recorded_file(session, context)
    context.seam("recorded")
    token = _publish(session, context, token, published, lean=True)
    context.seam("published")
    try:
        context.keyring_store.delete(session.key)
    except KEYRING_ERRORS as error:
        log.info("%s: an older item may remain (%s)", session.key, error.reason)
    context.seam("forgotten")
    lasts = sentences.span(token.expires_at - context.clock())
    sentence = f"AWS gave no refresh token, so this session can't be renewed and ends in {lasts}."
    if scoped and by_code:
        sentence += " Your next sign-in will ask for a longer one, usually 8 hours."
    return SignInResult(context.facts(session, token), store, sentence=sentence)


def _recorded_file(session: SsoSession, context: JobContext) -> TokenStore:
    """Record the file as token store, and return the token store on record."""
    context.note(session, store="file", contested=False, handed_back=())
    return context.hints(session).store or "file"


def _publish(
    session: SsoSession,
    context: JobContext,
    token: SsoToken,
    published: SsoToken | None,
    *,
    lean: bool,
) -> SsoToken:
    """Write a token's file, unless it holds a later sign-in by now; return what it holds then."""
    write = context.publish_lean if lean else context.publish_full

    def final_check() -> None:
        there = context.read_or_none(session)
        known = there is None or (published is not None and is_same(there, published))
        if there is not None and not known and _is_later(session, there, token):
            raise TokenFileChanged(session, there)

    try:
        write(session, token, final_check)
    except TokenFileChanged as meanwhile:
        log.info("%s: another program has signed in meanwhile", session.key)
        return meanwhile.token or token
    except FileRefused as error:
        msg = f"Signed in, but the token cache file can't be written: {error.sentence}"
        raise UserMustAct(msg, reason=error.reason) from None
    except OSError as error:
        place = context.file_of(session)
        msg = f"Signed in, but {place} can't be written: {error.strerror or 'no reason given'}."
        reason: Reason = "no-permission" if isinstance(error, PermissionError) else "other"
        raise UserMustAct(msg, reason=reason) from None
    return token


def _is_later(session: SsoSession, file: SsoToken, token: SsoToken) -> bool:
    """Whether a file has the refresh data of another sign-in, which none that ends earlier is."""
    ours, theirs = token.registration, file.registration
    same = ours is not None and theirs is not None and ours.client_id == theirs.client_id
    ends_later = file.expires_at >= int(token.expires_at)
    return file.refreshable and not same and ends_later and belongs(file, session)


def _withdraw(session: SsoSession, context: JobContext, generation: int) -> None:
    try:
        context.keyring_store.withdraw(session.key, generation)
    except KEYRING_ERRORS as error:
        log.warning("%s: its keyring item remains (%s)", session.key, error.reason)
