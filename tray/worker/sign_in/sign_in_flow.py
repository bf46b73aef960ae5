"""Signing in, by browser or by code: one at a time per session, with one clear end (L1-L12)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from tray.aws.config.profile_edit import with_region
from tray.core import policy
from tray.core.model import SsoSession
from tray.core.text.display_names import clean
from tray.core.text.sentences import keyring_required, sign_in_cancelled
from tray.errors import KEYRING_ERRORS, Busy, SignInEnded, TrayError, UserMustAct
from tray.loopback.listening_port import NoFreePort
from tray.managed.config_write import change_config
from tray.system.lock.file_lock import FileLock, lock_path
from tray.worker.job_context import JobContext
from tray.worker.sign_in.browser_sign_in import by_browser
from tray.worker.sign_in.device_code_sign_in import by_code
from tray.worker.sign_in.sign_in_attempt import LOOK_EVERY, Attempt, SignInPage
from tray.worker.sign_in.sign_in_saving import SignInResult

log = logging.getLogger(__name__)


def sign_in(
    session: SsoSession,
    context: JobContext,
    *,
    method: Literal["pkce", "device"],
    afresh: bool = False,
    callback_port: int | None = None,
    ready: Callable[[SignInPage], None],
    cancelled: threading.Event,
    report: Callable[[str], None] | None = None,
    patience: float = policy.SIGN_IN_DEADLINE,
) -> SignInResult:
    """
    Sign in to a session, from registering to the published token.

    ``pkce`` becomes ``device`` if no port can be had (L1); `afresh` ends the running portal
    session once everything is prepared (L9). `ready` gets the page to open, once, in its own
    thread, as a browser command may block; the loopback server is listening by then (L3). `report`
    gets sentences about events while it waits. `patience`: seconds from `ready` to the deadline
    (L4).

    Raises SignInEnded (denied, cancelled or too late; the older token is kept), Busy, Offline
    (nothing has changed), UserMustAct if session, port or file cannot be used, or AWS's answer:
    RequestRefused, RegistrationRefused, ServiceTrouble, TlsFailed.
    """
    lock = _lock(session, context)
    if not lock.acquire():
        raise Busy(_under_way(session))
    try:
        _prove_keyring(context)
        attempt = Attempt(
            session, context, ready, cancelled, patience, afresh=afresh, report=report
        )
        return _by(attempt, method, callback_port)
    finally:
        lock.release()


def sign_in_or_join(
    session: SsoSession,
    context: JobContext,
    *,
    seen: str | None,
    method: Literal["pkce", "device"],
    callback_port: int | None,
    ready: Callable[[SignInPage], None],
    cancelled: threading.Event,
    report: Callable[[str], None],
) -> SignInResult:
    """Sign in, or use what another process's brought: any token but ``seen``. SignInEnded."""
    lock = _lock(session, context)
    until = time.monotonic() + policy.SIGN_IN_DEADLINE
    waited = False
    while not lock.acquire(LOOK_EVERY):
        if cancelled.is_set():
            raise SignInEnded(sign_in_cancelled(session.key))
        if time.monotonic() > until:
            raise Busy(_under_way(session))
        if not waited:
            report(f"{_under_way(session)} Waiting for it.")
        waited = True
    try:
        token = context.read_or_none(session)
        if token is not None and token.fingerprint != seen and token.expires_at > context.clock():
            store = context.hints(session).store or "file"
            return SignInResult(context.facts(session, token), store)
        if waited:
            raise SignInEnded(f'The other sign-in to "{clean(session.key)}" was not completed.')
        _prove_keyring(context)
        attempt = Attempt(
            session, context, ready, cancelled, policy.SIGN_IN_DEADLINE,
            afresh=False, report=report,
        )  # fmt: skip
        return _by(attempt, method, callback_port)
    finally:
        lock.release()


def _lock(session: SsoSession, context: JobContext) -> FileLock:
    if session.problem is not None:
        raise UserMustAct(session.problem)
    return FileLock(lock_path(context.paths.state, "sign-in", session.key))


def _prove_keyring(context: JobContext) -> None:
    """Raise UserMustAct before any browser if the keyring is required and takes nothing (K9)."""
    if not context.keyring_required:
        return
    try:
        context.keyring_store.prove()
    except KEYRING_ERRORS as error:
        raise UserMustAct(keyring_required(error.sentence), reason=error.reason) from None


def _under_way(session: SsoSession) -> str:
    return f'Another sign-in to "{clean(session.key)}" is in progress.'


def _by(
    attempt: Attempt, method: Literal["pkce", "device"], callback_port: int | None
) -> SignInResult:
    result = _signed_in(attempt, method, callback_port)
    session, url, region = attempt.session, attempt.at_aws.start_url, attempt.at_aws.region
    if url != session.start_url:  # for whoever asks which sessions end with this one
        attempt.context.note(session, portal=(session.start_url, url))
    if region == session.region:
        return result
    sentence = _written(session, region, attempt.context)
    return replace(result, sentence=" ".join(filter(None, (result.sentence, sentence))))


def _written(session: SsoSession, region: str, context: JobContext) -> str:
    """Write a vanity URL's region into the config, as the AWS CLI does after a sign-in."""
    path = context.paths.aws_config

    def change(data: bytes) -> bytes:
        return with_region(data, str(path), session.key, region)

    try:
        change_config(path, context.paths.state, change)
    except (TrayError, OSError) as error:
        log.warning("sso_region cannot be written (%s)", type(error).__name__)
        return f"Its portal is in {region}: set sso_region to that in {clean(str(path), 160)}."
    return f"Its portal is in {region}, so sso_region was changed to that."


def _signed_in(
    attempt: Attempt, method: Literal["pkce", "device"], callback_port: int | None
) -> SignInResult:
    if method == "device":
        return by_code(attempt)
    try:
        return by_browser(attempt, callback_port)
    except NoFreePort as error:
        if callback_port is not None:
            raise
        # Nothing has happened yet, and a code needs no port (fault 57).
        log.warning("%s: %s", attempt.session.key, error.sentence)
        return by_code(attempt)
