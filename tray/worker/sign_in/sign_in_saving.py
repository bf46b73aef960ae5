"""
What becomes of a sign-in's tokens: kept in the keyring and published, or else in the file (L12).

A successful sign-in is never lost to a keyring: what the keyring has not confirmed goes into the
full file, as the AWS CLI would write it, and adoption moves it later.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from tray.aws.cache.sso_token import SsoToken
from tray.core.model import Keeper, Reason, SsoSession, TokenFacts
from tray.core.text import sentences
from tray.errors import KeyringDenied, KeyringUnavailable, TrayError, UserMustAct
from tray.storage.atomic_files import FileRefused
from tray.worker.job_context import Tools

log = logging.getLogger(__name__)

LOCK_WITHIN: Final = 90.0
"""Seconds a new sign-in waits for a transaction on the older one; none takes nearly as long."""

KeyringTrouble = (KeyringDenied, KeyringUnavailable)

_IN_FILE: Final[dict[Reason, str]] = {
    "keyring-locked": (
        "The keyring is locked, so the refresh token is in the cache file for now; "
        "it moves into the keyring once that is unlocked."
    ),
    "keyring-waiting": (
        "The keyring did not answer in time, so the refresh token is in the cache file for now; "
        "it moves into the keyring once that answers."
    ),
    "keyring-denied": (
        "The keyring refused the refresh token, so it is in the cache file, as the AWS CLI "
        "keeps it."
    ),
    "keyring-absent": (
        "There is no keyring, so the refresh token is in the cache file, as the AWS CLI keeps it; "
        "start one and sign in again to have it moved there."
    ),
}
_IN_FILE_TO_STAY: Final = (
    "The keyring did not take the refresh token, so it is in the cache file, as the AWS CLI "
    "keeps it."
)
_NOT_RECORDED: Final = (
    "Our own records cannot be written, so the refresh token is in the cache file, as the AWS "
    "CLI keeps it."
)


@dataclass(frozen=True, slots=True)
class SignInResult:
    """
    A sign-in that succeeded.

    Args:
        token: what the rules may know of it.
        keeper: who keeps its refresh data now (K1).
        reason: why that is not the keyring, where the keyring is to blame.
        sentence: what else the person should know (L12), or None.
    """

    token: TokenFacts
    keeper: Keeper
    reason: Reason | None = None
    sentence: str | None = None


def save(
    session: SsoSession, tools: Tools, token: SsoToken, *, lock_within: float = LOCK_WITHIN
) -> SignInResult:
    """
    Keep and publish a sign-in's token, under the session's lock.

    Args:
        session: which one.
        tools: what to work with.
        token: with its registration, scopes and moment of issue.
        lock_within: seconds to wait for the session's lock.

    Raises:
        UserMustAct: the cache file cannot be written.
    """
    lock = tools.session_lock(session)
    if not lock.acquire(lock_within):
        # As `aws sso login` would, which knows no locks; whoever holds it adopts the file later.
        log.warning("%s: its lock is not to be had; the file is written without", session.key)
        keeper = _recorded_file(session, tools)
        _publish(session, tools, token, lean=False)
        return SignInResult(tools.facts(session, token), keeper)
    try:
        published = tools.read_or_none(session)
        if published is not None:
            token = token.with_extra(published.extra)
        return _saved(session, tools, token)
    finally:
        lock.release()


def _saved(session: SsoSession, tools: Tools, token: SsoToken) -> SignInResult:
    if not token.refreshable:
        return _nothing_to_keep(session, tools, token)
    try:
        generation = tools.vault.store(session.key, token)
    except KeyringTrouble as error:
        log.warning("%s: the keyring did not take it (%s)", session.key, error.reason)
        reason = error.reason or "keyring-absent"
        return _left_in_file(session, tools, token, reason)
    tools.seam("stored")
    try:
        tools.records.change(session.key, keeper="keyring", contested=False, handed_back=())
    except (TrayError, OSError) as error:
        # The keeper decides who renews it: unrecorded, only the full file is right for all.
        log.warning("%s: state.json cannot be changed (%s)", session.key, type(error).__name__)
        _publish(session, tools, token, lean=False)
        keeper = tools.record(session).keeper or "file"
        return SignInResult(tools.facts(session, token), keeper, sentence=_NOT_RECORDED)
    tools.seam("recorded")
    _publish(session, tools, token, lean=True)
    tools.seam("published")
    _forget_older(session, tools, generation)
    tools.seam("forgotten")
    return SignInResult(tools.facts(session, token), "keyring")


def _left_in_file(
    session: SsoSession, tools: Tools, token: SsoToken, reason: Reason
) -> SignInResult:  # fmt: skip
    """Write the full file, exactly as the AWS CLI would."""
    keeper = _recorded_file(session, tools)
    tools.seam("recorded")
    _publish(session, tools, token, lean=False)
    tools.seam("published")
    sentence = _IN_FILE.get(reason, _IN_FILE_TO_STAY)
    if not tools.settings.preferences.adopt:
        sentence = _IN_FILE_TO_STAY
    return SignInResult(tools.facts(session, token), keeper, reason, sentence)


def _nothing_to_keep(session: SsoSession, tools: Tools, token: SsoToken) -> SignInResult:
    """Publish a token that came without refresh data; the keyring would have nothing to keep."""
    scoped = token.registration is not None and bool(token.registration.scopes)
    by_code = token.registration is not None and token.registration.grant == "device_code"
    if scoped and by_code:
        _record(session, tools, unscoped=True)
    keeper = _recorded_file(session, tools)
    tools.seam("recorded")
    _publish(session, tools, token, lean=True)
    tools.seam("published")
    try:
        tools.vault.delete(session.key)
    except KeyringTrouble as error:
        log.info("%s: an older item may remain (%s)", session.key, error.reason)
    tools.seam("forgotten")
    lasts = sentences.span(token.expires_at - tools.clock())
    sentence = f"AWS gave no refresh token: this session cannot renew itself and ends in {lasts}."
    if scoped and by_code:
        sentence += " The next sign-in asks for a longer one, of 8 hours as a rule."
    return SignInResult(tools.facts(session, token), keeper, sentence=sentence)


def _recorded_file(session: SsoSession, tools: Tools) -> Keeper:
    """Record the file as keeper, and return the keeper on record."""
    _record(session, tools, keeper="file", contested=False, handed_back=())
    return tools.record(session).keeper or "file"


def _record(session: SsoSession, tools: Tools, **changes: object) -> None:
    """Change the record; where that fails the file alone tells, and is renewed from there."""
    try:
        tools.records.change(session.key, **changes)
    except (TrayError, OSError) as error:
        log.warning("%s: state.json cannot be changed (%s)", session.key, type(error).__name__)


def _publish(session: SsoSession, tools: Tools, token: SsoToken, *, lean: bool) -> None:
    write = tools.publish_lean if lean else tools.publish_full
    try:
        write(session, token)
    except FileRefused as error:
        msg = f"Signed in, but the token cache file cannot be written: {error.sentence}"
        raise UserMustAct(msg, reason=error.reason) from None
    except OSError as error:
        place = tools.file_of(session)
        msg = f"Signed in, but {place} cannot be written: {error.strerror or 'no reason given'}."
        reason: Reason = "no-permission" if isinstance(error, PermissionError) else "other"
        raise UserMustAct(msg, reason=reason) from None


def _forget_older(session: SsoSession, tools: Tools, generation: int) -> None:
    try:
        tools.vault.forget_older(session.key, generation)
    except KeyringTrouble as error:
        # The newest generation counts; the older ones go with the next renewal.
        log.info("%s: older generations remain (%s)", session.key, error.reason)
