"""Renewing: one transaction under the session's lock that loses no refresh token (R2)."""

from __future__ import annotations

import logging
from typing import Literal

from tray.aws.cache.sso_token import SsoToken
from tray.core.model import SsoSession
from tray.core.outcomes import Outcome, Refused, RemovalJudged, Renewed, Unrenewable
from tray.errors import (
    CacheFileBad,
    CacheFileTorn,
    GrantRefused,
    RegistrationRefused,
    TokenRejected,
    TrayError,
)
from tray.worker.job_context import Overtaken, Tools, belongs, is_same
from tray.worker.tokens import adoption, granted, removal

log = logging.getLogger(__name__)

STARTS = 5
"""How often a renewal begins anew because the file was changed before AWS was asked."""

PortalSays = Literal["valid", "dead", "unreachable"]


def renew(
    session: SsoSession, tools: Tools, *, adopt: bool = True, seen: str | None = None
) -> Outcome:
    """
    Renew a session's access token (R2-R4).

    Args:
        session: which one.
        tools: what to work with.
        adopt: whether a file with refresh data is taken into the keyring first (K4).
        seen: fingerprint of the token that made the caller want a newer one. If the file holds
            another by the time the lock is ours, somebody else has renewed: AWS is not asked, so
            that many who find the same token too old make one renewal.

    Returns:
        `Renewed`; `Refused` where AWS said no; `Unrenewable` where there is nothing to renew
        with; the judgement of rule K5 where the file is gone.

    Raises:
        Busy: another transaction holds the session for too long.
        Overtaken: other programs keep changing the file; AWS was not asked.
        KeyringUnavailable, KeyringDenied: the keyring cannot be read, or takes no writes; AWS
            was not asked.
        CacheFileTorn, CacheFileBad: the file cannot be read.
        WillRetry, UserMustAct: AWS could not be asked, or answered something else.
        OSError: the file cannot be written; what AWS gave is stored, or held (R3).
    """
    tools.unsaved.settle(session.key)
    with tools.session_lock(session):
        newer = None if seen is None else tools.read(session)
        if newer is not None and newer.fingerprint != seen and _usable(newer, tools):
            return granted.by_others(session, tools, newer)
        for _ in range(STARTS - 1):
            try:
                return _renew(session, tools, adopt=adopt)
            except Overtaken as meanwhile:
                if meanwhile.token is not None and _usable(meanwhile.token, tools):
                    return granted.by_others(session, tools, meanwhile.token)
                log.info("%s: its file was changed meanwhile; begun anew", session.key)
        return _renew(session, tools, adopt=adopt)


def _usable(token: SsoToken, tools: Tools) -> bool:
    return token.expires_at > tools.clock()


def _renew(session: SsoSession, tools: Tools, *, adopt: bool) -> Outcome:
    keeper = tools.record(session).keeper
    if keeper == "released":
        return Unrenewable()
    published = tools.read(session)
    if published is None:
        return removal.judge(session, tools)
    if not belongs(published, session):
        return Unrenewable()  # of another start URL or region: never sent to this one (fault 25)
    if published.refreshable:
        adopted = adoption.take_in(session, tools, adopt=adopt)
        published = tools.read(session)
        if published is None:
            return removal.judge(session, tools)
        if published.refreshable:
            return _renew_filed(session, tools, published)
        keeper = adopted.keeper
    surrendered = keeper == "file" and published.fingerprint == tools.record(session).unstored
    if surrendered or (keeper is None and _kept_unrecorded(session, tools, published)):
        # Whoever was to write the full file died between the record and the file (R3).
        keeper = tools.records.change(session.key, keeper="keyring").keeper
    if keeper != "keyring":
        return Unrenewable()
    return _renew_kept(session, tools, published)


def _kept_unrecorded(session: SsoSession, tools: Tools, published: SsoToken) -> bool:
    """Whether the keyring keeps this very token although no record says so: it was lost."""
    try:
        kept = tools.kept(session)
    except granted.KeyringTrouble:
        return False
    return kept is not None and kept.fingerprint == published.fingerprint


def _renew_kept(session: SsoSession, tools: Tools, published: SsoToken) -> Outcome:
    """Renew from the keyring: prove that it takes writes, ask, store, publish, forget."""
    kept = tools.kept(session)
    if kept is None or not kept.refreshable:
        return Unrenewable()
    if kept.fingerprint != published.fingerprint:
        if _written_later(kept, published):
            # An earlier run died between storing and publishing.
            last_look = tools.still(session, published)
            kept = published = kept.with_extra(published.extra)
            tools.publish_lean(session, kept, last_look)
            tools.seam("published")
            if _fresh(kept, tools):
                return Renewed(tools.facts(session, kept), "keyring", by_us=False)
        elif is_history(session, tools, kept, published):
            return Unrenewable()
    tools.vault.store(session.key, kept)
    tools.seam("proved")
    try:
        renewed = granted.ask(tools, kept)
    except (GrantRefused, RegistrationRefused) as error:
        return _refused(session, tools, published, error)
    tools.seam("answered")
    renewed = renewed.with_extra(published.extra)
    of = published.fingerprint
    done = granted.store_and_publish(session, tools, renewed, published, of=of)
    return removal.judge(session, tools) if done is None else done


def is_history(
    session: SsoSession, tools: Tools, kept: SsoToken, published: SsoToken
) -> bool:  # fmt: skip
    """
    Whether the file's token is of a later sign-in, so that the keyring's counts no more (K4).

    Somebody has signed in without refresh data: theirs is used as it is. A token of ours whose
    refresh data the keyring never confirmed is none of those: the kept one may still renew (R3).
    """
    return (
        kept.fingerprint != published.fingerprint
        and not _written_later(kept, published)
        and published.fingerprint != tools.record(session).unstored
    )


def _written_later(kept: SsoToken, published: SsoToken) -> bool:
    """Whether the keyring's token came after the file's: the one written last wins (K4)."""
    if kept.issued_at is None or published.issued_at is None:
        return False
    return kept.issued_at > published.issued_at


def _fresh(token: SsoToken, tools: Tools) -> bool:
    life = token.expires_at - (token.issued_at or 0.0)
    return token.expires_at - tools.clock() > life / 2


def _renew_filed(session: SsoSession, tools: Tools, published: SsoToken) -> Outcome:
    """Renew from the file and write it as the CLI does, after proving that it can be written."""
    keeper = tools.record(session).keeper
    if keeper is None:
        keeper = tools.records.change(session.key, keeper="file").keeper
    tools.publish_full(session, published, tools.still(session, published))
    tools.seam("proved")
    try:
        renewed = granted.ask(tools, published)
    except (GrantRefused, RegistrationRefused) as error:
        return _refused(session, tools, published, error)
    tools.seam("answered")
    renewed = renewed.with_extra(published.extra)
    seen = published
    while True:
        try:
            _publish_filed(session, tools, renewed, seen)
        except Overtaken as meanwhile:
            if meanwhile.token is None:
                return RemovalJudged("nothing")
            last = published if meanwhile.token.refreshable else renewed
            if _usable(meanwhile.token, tools) and meanwhile.token.expires_at >= last.expires_at:
                return granted.by_others(session, tools, meanwhile.token)
            # It is older than what it covers, out of a backup say: no login and no refresh ends
            # earlier. AWS's answer is the only refresh token that is left.
            seen = meanwhile.token
        except (OSError, TrayError):
            granted.hold_for_file(session, tools, renewed, published)
            raise
        else:
            break
    tools.seam("published")
    return Renewed(tools.facts(session, renewed), keeper or "file", of=published.fingerprint)


def _publish_filed(
    session: SsoSession, tools: Tools, renewed: SsoToken, published: SsoToken
) -> None:  # fmt: skip
    """Write the full file over the one that was renewed, or over one broken meanwhile."""
    try:
        tools.publish_full(session, renewed, tools.still(session, published))
    except (CacheFileTorn, CacheFileBad):
        tools.publish_full(session, renewed)  # what AWS gave is worth more than that


def _again(session: SsoSession, tools: Tools) -> SsoToken | None:
    """Read the file once more, patiently; None where there is nothing to read."""
    try:
        return tools.read(session)
    except (CacheFileTorn, CacheFileBad):
        return None


def _refused(
    session: SsoSession,
    tools: Tools,
    published: SsoToken,
    error: GrantRefused | RegistrationRefused,
) -> Outcome:
    """
    Decide what a refusal means (R4): read again, then ask the portal once.

    Somebody without our lock (an SDK, ``aws sso login``) may have renewed in the meantime; then
    the file has the newer truth.
    """
    again = _again(session, tools)
    if again is not None and not is_same(again, published):
        return granted.by_others(session, tools, again)
    if isinstance(error, RegistrationRefused):
        return Refused("valid", "registration-expired")
    return Refused(ask_portal(session, tools, published))


def ask_portal(session: SsoSession, tools: Tools, token: SsoToken) -> PortalSays:
    """Ask the portal once whether the published access token still works."""
    if not _usable(token, tools):
        return "dead"
    try:
        tools.portal.check(token.access_token, session.region)
    except TokenRejected:
        return "dead"
    except TrayError as error:
        log.info("%s: the portal did not say (%s)", session.key, type(error).__name__)
        return "unreachable"
    return "valid"


def check(session: SsoSession, tools: Tools) -> Outcome:
    """
    Ask the portal once more where a refusal could not be confirmed (R4).

    Raises:
        CacheFileTorn, CacheFileBad: the file cannot be read now.
        Exception: as `tray.worker.tokens.removal.judge_removed`, where the file is gone.
    """
    published = tools.read(session)
    if published is None:
        return removal.judge_removed(session, tools)
    return Refused(ask_portal(session, tools, published))
