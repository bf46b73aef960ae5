"""
Judges a token file that none of our transactions has written: older, newer, or dead.

Neither its mtime (backups and synced homes set it) nor a later ``expiresAt`` counts, but the
lineage, the time at which AWS issued the token we keep, and AWS's own word.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Literal

from tray.aws.cache.sso_token import SsoToken
from tray.core import policy
from tray.core.model import SsoSession
from tray.core.outcomes import Outcome, Refused, RemovalJudged
from tray.errors import KEYRING_ERRORS, TokenRejected, TrayError
from tray.worker.job_context import FinalCheck, JobContext
from tray.worker.keyring.item_document import KeyringItem

log = logging.getLogger(__name__)

PortalSays = Literal["valid", "dead", "unreachable"]


def usable(token: SsoToken, context: JobContext) -> bool:
    return token.expires_at > context.clock()


def is_older(
    session: SsoSession, context: JobContext, file: SsoToken, item: KeyringItem | None
) -> bool:
    """
    Whether it came before the kept or recorded one (K4): its refresh token is never sent.

    A file's end is by this machine's clock. It says nothing beside AWS's date if that clock is
    behind it now, or was wrong when AWS gave the kept token.
    """
    record = context.record(session)
    if item is None:
        return record.lineage.has_replaced(file.pair)
    if item.token.fingerprint == file.fingerprint:
        return False
    # Each for itself: of two that follow the same token in one list each, neither is older.
    if any(known.has_replaced(file.pair) for known in (item.lineage, record.lineage)):
        return True
    given = record.memory.given
    if given is not None and given.fingerprint == file.fingerprint:
        return False  # the newest that AWS gave us; a clock that was wrong then has dated its file
    kept, given_at = item.token, item.token.dated
    if given_at is None or context.clock() + policy.CLOCK_SLACK < given_at:
        return False
    off = 0.0 if kept.issued_at is None else abs(kept.issued_at - given_at)
    return off <= policy.CLOCK_OFF and file.expires_at <= given_at


def stays_released(session: SsoSession, context: JobContext) -> bool:
    """
    Whether a session is released, and the keyring holds nothing newer.

    That is what a sign-in left that died before its record, or what an old record does not know.
    """
    record = context.record(session)
    if record.store != "released":
        return False
    try:
        item = context.item(session)
    except KEYRING_ERRORS:
        return True
    if item is None or not record.lineage.pairs or record.lineage.lists(item.token.pair):
        return True
    context.records.change(session.key, store="keyring", lineage=item.lineage)
    return False


def ask_portal(session: SsoSession, context: JobContext, token: SsoToken) -> PortalSays:
    """Ask the portal once whether an access token still works; our clock does not decide."""
    try:
        return "valid" if portal_takes(session, context, token) else "dead"
    except TrayError as error:
        log.info("%s: the portal did not say (%s)", session.key, type(error).__name__)
        return "unreachable"


def portal_takes(session: SsoSession, context: JobContext, token: SsoToken) -> bool:
    """Ask, expired or not; raises `WillRetry` or `UserMustAct` without an answer."""
    try:
        context.portal.check(token.access_token, session.region)
    except TokenRejected:
        return False
    return True


def after_sign_out(
    session: SsoSession, context: JobContext, file: SsoToken, final_check: FinalCheck
) -> Outcome | bool:
    """Judge a file that appears after a sign-out: a sign-in; False if only a renewal can tell."""
    record = context.record(session)
    if usable(file, context) and portal_takes(session, context, file):
        return True
    if file.fingerprint in record.signed_out or record.lineage.has_replaced(file.pair):
        final_check()
        Path(os.path.realpath(context.file_of(session))).unlink(missing_ok=True)
        context.seam("removed")
        return RemovalJudged("nothing")
    # Of one that has ended nothing is known but that.
    return False if file.refreshable or not usable(file, context) else Refused("dead")
