"""Signing in by browser: authorization code with PKCE over a loopback address (RFC 8252, 7636)."""

from __future__ import annotations

import logging
import time
from typing import Final

from tray.aws.api.oidc import CodeExpired, Grant
from tray.aws.api.pkce import challenge, new_state, new_verifier
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.text.display_names import clean
from tray.core.text.sentences import MISTAKE
from tray.errors import (
    GrantRefused,
    RegistrationRefused,
    RequestRefused,
    SignInEnded,
    TrayError,
    WillRetry,
)
from tray.secret import Secret
from tray.worker.sign_in import sign_in_pages
from tray.worker.sign_in.callback_request import BrowserError, Callback
from tray.worker.sign_in.callback_server import CallbackServer
from tray.worker.sign_in.reachability import reach
from tray.worker.sign_in.sign_in_attempt import LOOK_EVERY, Attempt
from tray.worker.sign_in.sign_in_saving import SignInResult, save

log = logging.getLogger(__name__)

GRANT: Final[Grant] = "authorization_code"
EXCHANGE_PAUSES: Final = (0.5, 2.0)
"""Seconds before a code that never reached AWS is sent again: it is good for some minutes."""


def by_browser(attempt: Attempt, port: int | None) -> SignInResult:
    """
    Sign in by browser.

    Args:
        attempt: the sign-in.
        port: of the loopback server, or None for any.

    Raises:
        TrayError: as `tray.worker.sign_in.sign_in_flow.sign_in` says.
    """
    session, oidc = attempt.session, attempt.context.oidc
    state, verifier = new_state(), new_verifier()
    try:
        with CallbackServer(session.key, state, port=port) as server:
            registration = attempt.prepared(lambda: _registration(attempt))
            url = oidc.authorize_url(
                session,
                registration,
                redirect_uri=server.redirect_uri,
                state=state,
                challenge=challenge(verifier),
            )
            attempt.show(url)
            callback = _callback(attempt, server)
            result = _answered(attempt, server, registration, callback, verifier)
    except (_Unanswered, RegistrationRefused) as error:
        attempt.forget(GRANT)
        raise (error.why if isinstance(error, _Unanswered) else error) from None
    attempt.keep(registration, GRANT, result)
    return result


class _Unanswered(Exception):
    """The browser never came back: cancelled, or too late."""

    def __init__(self, why: SignInEnded) -> None:
        super().__init__()
        self.why = why


def _registration(attempt: Attempt) -> Registration:
    registration = attempt.registration(GRANT)
    if attempt.reused:
        # Nothing else would ask AWS before a browser opens, and that on an error page.
        reach(attempt.context.clients, attempt.session.region)
    return registration


def _callback(attempt: Attempt, server: CallbackServer) -> Callback:
    while True:
        callback = server.wait(LOOK_EVERY)
        if callback is not None:
            return callback
        try:
            attempt.check()
        except SignInEnded as error:
            raise _Unanswered(error) from None


def _answered(
    attempt: Attempt,
    server: CallbackServer,
    registration: Registration,
    callback: Callback,
    verifier: Secret,
) -> SignInResult:
    """Finish the sign-in, and show in the browser how it truly ended."""
    key, afresh, unchanged = attempt.session.key, attempt.older_ended, True
    page = sign_in_pages.failed(key, MISTAKE, afresh=afresh, unchanged=False)
    try:
        if callback.code is None:
            raise _browser_failed(attempt, callback.error or "other")
        token = _exchanged(attempt, registration, server.redirect_uri, callback.code, verifier)
        unchanged = False
        result = save(attempt.session, attempt.context, token)
        page = sign_in_pages.success(key, renews=token.refreshable, sentence=result.sentence)
    except TrayError as error:
        if callback.error == "access_denied":
            page = sign_in_pages.denied(key, afresh=afresh)
        else:
            page = sign_in_pages.failed(key, error.sentence, afresh=afresh, unchanged=unchanged)
        raise
    finally:
        server.finish(page)
    return result


def _browser_failed(attempt: Attempt, error: BrowserError) -> TrayError:
    """Return what an error in the callback means (RFC 6749 4.1.2.1)."""
    match error:
        case "access_denied":
            return attempt.denied()
        case "unauthorized_client":
            return RegistrationRefused("AWS does not take this program's registration; try again.")
        case "invalid_request" | "invalid_scope" | "unsupported_response_type":
            return RequestRefused(
                f"AWS calls the sign-in request wrong ({error}): check start URL, region and "
                f'registration scopes of "{clean(attempt.session.key)}".'
            )
        case _:
            return attempt.ended(f"AWS ended the sign-in ({error}); try again.")


def _exchanged(
    attempt: Attempt,
    registration: Registration,
    redirect_uri: str,
    code: Secret,
    verifier: Secret,
) -> SsoToken:
    """Exchange the code; again where AWS did not take the request, as the code is good then."""
    session, context = attempt.session, attempt.context
    context.seam("exchanging")
    pauses = list(EXCHANGE_PAUSES)
    while True:
        try:
            token = context.oidc.token_by_code(
                session, registration, code=code, redirect_uri=redirect_uri, verifier=verifier
            )
        except WillRetry as error:
            if not pauses or error.maybe_done:
                raise
            log.warning("%s: the code did not get through to AWS", clean(session.key))
            time.sleep(pauses.pop(0))
        except (GrantRefused, CodeExpired):
            raise attempt.ended("AWS did not take the sign-in's code; try again.") from None
        else:
            return attempt.complete(registration, token)
