"""Signing out: at AWS, in the keyring and in the files; repeatable, and says what remains."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

from tray.aws.cache.role_cache import remove_role_credentials
from tray.aws.cache.sso_token import SsoToken
from tray.core.model import SsoSession
from tray.core.outcomes import Outcome, SignedOut
from tray.errors import (
    KEYRING_ERRORS,
    ConfigRejected,
    GrantRefused,
    KeyringDenied,
    KeyringUnavailable,
    TrayError,
    Unread,
    UserMustAct,
)
from tray.storage.session_records import Record
from tray.worker.job_context import JobContext
from tray.worker.keyring.item_document import KeyringItem
from tray.worker.tokens import granted

log = logging.getLogger(__name__)

AWS_REMAINS = (
    "AWS couldn't be reached, so its session stays open until it expires; nothing here uses it."
)
AWS_SILENT = (
    "AWS no longer accepts this session's tokens. If its own session is still open, it lasts "
    "until it expires; nothing here uses it."
)
AWS_UNASKED = (
    "There was no token to end AWS's own session with. If one is open, it lasts until it expires."
)
KEYRING_REMAINS = "The keyring item remains. Unlock the keyring and sign out again."
ROLES_REMAIN = (
    "The AWS config can't be read, so cached role credentials of the AWS CLI may remain."
)


def sign_out(session: SsoSession, context: JobContext) -> Outcome:
    """
    Sign out of a session (K6).

    In this order, each step harmless when repeated: the portal session at AWS, the keyring item,
    the cache file, the AWS CLI's cached role credentials of exactly this session's profiles.
    The tokens are recorded, so that an item that could not be removed never comes back.

    Returns `SignedOut`, with a sentence for what remains where a step failed. Raises `Busy`, or
    `OSError` if the cache file cannot be removed.
    """
    with context.session_lock(session):
        return end(session, context)


def end(session: SsoSession, context: JobContext) -> SignedOut:
    """Sign out with the session's lock held."""
    remains: list[str] = []
    context.unsaved.drop(session.key)
    item, keyring_open = _kept(session, context)
    published = context.read_or_none(session)
    tokens = [] if published is None else [published]
    tokens += [] if item is None else [item.token, *item.beside]
    remains.extend(_logged_out(session, context, tokens))
    if not tokens and keyring_open and not context.hints(session).memory.signed_out:
        remains.append(AWS_UNASKED)
    context.seam("logged-out")
    _record(session, context, tokens, item)
    context.seam("recorded")
    if not keyring_open or not _deleted(session, context):
        remains.append(KEYRING_REMAINS)
    context.seam("deleted")
    _remove(context.file_of(session))
    context.seam("removed")
    remains.extend(_roles_removed(session, context))
    return SignedOut(" ".join(remains) or None)


def _record(
    session: SsoSession, context: JobContext, tokens: list[SsoToken], item: KeyringItem | None
) -> None:  # fmt: skip
    """
    Record what was signed out; a full disk is no reason to stay signed in.

    An item that could not be read holds one of the tokens that the record lists.
    """
    record = context.hints(session)
    lineage = record.lineage if item is None else item.lineage
    gone = {token.fingerprint for token in tokens}
    if item is None:
        gone |= {pair.access for pair in lineage.pairs}
    if gone:
        # For the next daemon, should the one that asked not live to hear of it.
        memory = replace(record.memory, signed_out=record != Record())
        gone_now = tuple(sorted(gone))
        # What a sign-in stores and does not live to publish was never in the folder (K8).
        changes = {"signed_out": gone_now, "lineage": lineage, "memory": memory, "folder": ""}
        context.note(session, **changes)


def _kept(session: SsoSession, context: JobContext) -> tuple[KeyringItem | None, bool]:
    try:
        return context.keyring_store.item(session), True
    except KEYRING_ERRORS as error:
        return None, _never_used(session, context, error)


def _never_used(
    session: SsoSession, context: JobContext, error: KeyringUnavailable | KeyringDenied
) -> bool:  # fmt: skip
    """Whether there is no keyring and none was in use, so nothing can remain in it."""
    return error.reason == "keyring-absent" and context.hints(session).store != "keyring"


def _logged_out(session: SsoSession, context: JobContext, tokens: list[SsoToken]) -> list[str]:
    """End the portal session at AWS; return a sentence for each that may live on."""
    said: set[str] = set()
    for token in {token.fingerprint: token for token in tokens}.values():
        try:
            if not _ended(context, token, token.region or session.region):
                said.add(AWS_REMAINS)
        except GrantRefused:
            said.add(AWS_SILENT)
        except TrayError:
            said.add(AWS_REMAINS)
    return [AWS_REMAINS] if AWS_REMAINS in said else sorted(said)


def _ended(context: JobContext, token: SsoToken, region: str) -> bool:
    """
    End the portal session of one token, in its own region (fault 25).

    AWS cannot tell from an expired access token which session to end: its refresh token gets a new
    one. Raises GrantRefused if neither is taken: it is over, or lives on, its refresh token spent.
    """
    if context.portal.logout(token.access_token, region):
        return True
    died_early = token.expires_at > context.clock()
    if not token.refreshable:
        return died_early
    context.seam("spending")
    try:
        fresh = granted.ask(context, token)
    except GrantRefused:
        if died_early:
            return True
        raise
    context.seam("answered")
    return context.portal.logout(fresh.access_token, region)


def _deleted(session: SsoSession, context: JobContext) -> bool:
    try:
        context.keyring_store.delete(session.key)
    except KEYRING_ERRORS as error:
        return _never_used(session, context, error)
    return True


def _remove(path: Path) -> None:
    """Remove the file, or the target of a link, as writing does (fault 13)."""
    Path(os.path.realpath(path)).unlink(missing_ok=True)


def _roles_removed(session: SsoSession, context: JobContext) -> list[str]:
    try:
        remove_role_credentials(context.paths.cli_cache, session, context.profiles_of(session))
    except (ConfigRejected, Unread):
        return [ROLES_REMAIN]
    except UserMustAct as error:
        return [error.sentence]
    return []
