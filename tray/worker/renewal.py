"""Renewing: one transaction under the session's lock that loses no refresh token (R2)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

from tray.aws.sso_token import SsoToken
from tray.core.events import Outcome, Refused, RemovalJudged, Renewed, Unrenewable
from tray.core.model import SsoSession
from tray.errors import (
    GrantRefused,
    KeyringDenied,
    KeyringUnavailable,
    RegistrationRefused,
    TokenRejected,
    TrayError,
)
from tray.worker import adoption, removal
from tray.worker.tools import Tools

log = logging.getLogger(__name__)

KeyringTrouble = (KeyringDenied, KeyringUnavailable)
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
        KeyringUnavailable, KeyringDenied: the keyring cannot be read, or takes no writes; AWS
            was not asked.
        WillRetry, UserMustAct: AWS could not be asked, or answered something else.
    """
    with tools.session_lock(session):
        newer = None if seen is None else tools.read(session)
        if newer is not None and newer.fingerprint != seen and _usable(newer, tools):
            keeper = tools.record(session).keeper or "file"
            return Renewed(tools.facts(session, newer), keeper, by_us=False)
        return _renew(session, tools, adopt=adopt)


def _usable(token: SsoToken, tools: Tools) -> bool:
    return token.expires_at > tools.clock()


def _renew(session: SsoSession, tools: Tools, *, adopt: bool) -> Outcome:
    record = tools.record(session)
    if record.keeper == "released":
        return Unrenewable()
    published = tools.read(session)
    if published is None:
        if record.keeper == "keyring":
            return removal.judge(session, tools)
        return RemovalJudged("nothing")
    if published.refreshable:
        adopted = adoption.take_in(session, tools, adopt=adopt)
        published = tools.read(session) or published
        if published.refreshable:
            return _renew_filed(session, tools, published)
        if adopted.keeper != "keyring":
            return Unrenewable()
    elif record.keeper != "keyring":
        return Unrenewable()
    return _renew_kept(session, tools, published)


def _renew_kept(session: SsoSession, tools: Tools, published: SsoToken) -> Outcome:
    """Renew from the keyring: prove that it takes writes, ask, store, publish, forget."""
    kept = tools.vault.load(session)
    if kept is None or not kept.refreshable:
        return Unrenewable()
    if _stored_but_not_published(kept, published, tools):
        tools.publish_lean(session, _with_extra(kept, published))
        tools.seam("published")
        return Renewed(tools.facts(session, kept), "keyring", by_us=False)
    tools.vault.store(session.key, kept)
    tools.seam("proved")
    try:
        renewed = _asked(tools, kept)
    except (GrantRefused, RegistrationRefused) as error:
        return refused(session, tools, published, kept, error)
    tools.seam("answered")
    return store_and_publish(session, tools, _with_extra(renewed, published))


def _stored_but_not_published(kept: SsoToken, published: SsoToken, tools: Tools) -> bool:
    """Whether an earlier run died between storing and publishing: then publishing is all."""
    if kept.fingerprint == published.fingerprint or kept.issued_at is None:
        return False
    fresh = kept.expires_at - tools.clock() > (kept.expires_at - kept.issued_at) / 2
    return fresh and kept.expires_at > published.expires_at


def _asked(tools: Tools, token: SsoToken) -> SsoToken:
    """Ask AWS, unless the registration has expired: then botocore would not ask either."""
    registration = token.registration
    if registration is not None and registration.expires_at <= tools.clock():
        msg = "The client registration has expired; the next sign-in makes a new one."
        raise RegistrationRefused(msg)
    return tools.oidc.refresh(token)


def store_and_publish(session: SsoSession, tools: Tools, token: SsoToken) -> Renewed:
    """
    Store what AWS has just given, publish it, forget older generations (R2 4-6).

    Where the keyring does not confirm in time the lean file is published all the same and the
    storing goes on (R3): the token is good, and only this process knows its refresh token.
    """
    stored = True
    try:
        generation = tools.vault.store(session.key, token)
        tools.seam("stored")
    except KeyringTrouble as error:
        log.warning("%s: the keyring has not confirmed yet (%s)", session.key, error.reason)
        stored = False
        keep_trying(session, tools, token)
    tools.publish_lean(session, token)
    tools.seam("published")
    if stored:
        tools.vault.forget_older(session.key, generation)
        tools.seam("forgotten")
    return Renewed(tools.facts(session, token), "keyring", stored=stored)


def keep_trying(
    session: SsoSession,
    tools: Tools,
    token: SsoToken,
    told: Callable[[], None] | None = None,
) -> None:
    """Hold refresh data the keyring did not confirm until it does, or the process must end."""

    def store() -> bool:
        try:
            with tools.session_lock(session):
                published = tools.read_or_none(session)
                if published is None or published.fingerprint != token.fingerprint:
                    return True  # signed out, or a newer token is there: this one is history
                generation = tools.vault.store(session.key, token)
                tools.vault.forget_older(session.key, generation)
        except TrayError as error:
            log.info("%s: still not stored (%s)", session.key, error.reason)
            return False
        return True

    def give_up() -> None:
        with tools.session_lock(session):
            published = tools.read_or_none(session)
            if published is not None and published.fingerprint == token.fingerprint:
                tools.records.change(session.key, keeper="file")
                tools.publish_full(session, _with_extra(token, published))
                log.warning("%s: the keyring did not answer; its file is full again", session.key)

    tools.unsaved.hold(session.key, store, give_up, told or (lambda: tools.stored(session.key)))


def _renew_filed(session: SsoSession, tools: Tools, published: SsoToken) -> Outcome:
    """Renew from the file and write it as the CLI does, after proving that it can be written."""
    tools.publish_full(session, published)
    tools.seam("proved")
    try:
        renewed = _asked(tools, published)
    except (GrantRefused, RegistrationRefused) as error:
        return refused(session, tools, published, published, error)
    tools.seam("answered")
    if tools.record(session).keeper is None:
        tools.records.change(session.key, keeper="file")
    tools.publish_full(session, _with_extra(renewed, published))
    tools.seam("published")
    keeper = tools.record(session).keeper or "file"
    return Renewed(tools.facts(session, renewed), keeper)


def _with_extra(token: SsoToken, published: SsoToken) -> SsoToken:
    """Carry over the unknown members another program put into the file."""
    return token.with_extra(published.extra)


def refused(
    session: SsoSession,
    tools: Tools,
    published: SsoToken,
    asked_with: SsoToken,
    error: GrantRefused | RegistrationRefused,
) -> Outcome:
    """
    Decide what a refusal means (R4): read again, then ask the portal once.

    Somebody without our lock (an SDK, ``aws sso login``) may have renewed in the meantime; then
    the file has the newer truth.
    """
    again = tools.read_or_none(session)
    if again is not None and again.fingerprint != published.fingerprint:
        keeper = tools.record(session).keeper or "file"
        return Renewed(tools.facts(session, again), keeper, by_us=False)
    if asked_with.fingerprint != published.fingerprint:
        # The refused refresh token belongs to an older sign-in than the published token.
        return Unrenewable()
    if isinstance(error, RegistrationRefused):
        return Refused("valid", "registration-expired")
    return Refused(ask_portal(session, tools, published))


def ask_portal(session: SsoSession, tools: Tools, token: SsoToken) -> PortalSays:
    """Ask the portal once whether the published access token still works."""
    if token.expires_at <= tools.clock():
        return "dead"
    try:
        tools.portal.check(token.access_token, session.region)
    except TokenRejected:
        return "dead"
    except TrayError:
        return "unreachable"
    return "valid"


def check(session: SsoSession, tools: Tools) -> Outcome:
    """
    Ask the portal once more where a refusal could not be confirmed (R4).

    Raises:
        CacheFileTorn, CacheFileBad: the file cannot be read now.
    """
    published = tools.read(session)
    if published is None:
        return RemovalJudged("nothing")
    return Refused(ask_portal(session, tools, published))
