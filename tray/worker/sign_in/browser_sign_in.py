"""Signing in by browser: authorization code with PKCE over a loopback address (RFC 8252, 7636)."""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
import time
from collections.abc import Mapping
from typing import Final

from botocore.awsrequest import AWSRequest

from tray.aws.api.clients import AwsClients
from tray.aws.api.oidc import CodeExpired, Grant
from tray.aws.api.plain_http import plain_http
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.text.display_names import clean
from tray.core.text.sentences import MISTAKE
from tray.errors import (
    GrantRefused,
    RegistrationRefused,
    RequestRefused,
    SignInEnded,
    TlsFailed,
    TrayError,
    WillRetry,
)
from tray.secret import Secret
from tray.worker.sign_in import sign_in_pages
from tray.worker.sign_in.callback import BrowserError, Callback, CallbackServer
from tray.worker.sign_in.sign_in_attempt import LOOK_EVERY, Attempt
from tray.worker.sign_in.sign_in_saving import SignInResult, save

log = logging.getLogger(__name__)

GRANT: Final[Grant] = "authorization_code"
EXCHANGE_PAUSES: Final = (0.5, 2.0)  # seconds before resending a code that never reached AWS

_CODE_REFUSED: Final = "AWS didn't accept the code from the browser."


def by_browser(attempt: Attempt, port: int | None) -> SignInResult:
    """
    Sign in by browser.

    A wrong code or an error in the callback does not end it: a link on a browser's command line is
    no secret, so neither proves that AWS or the user has said no. AWS is asked about each code.
    Raises as `tray.worker.sign_in.sign_in_flow.sign_in` says.
    """
    key, oidc = attempt.session.key, attempt.context.oidc
    state, verifier = new_state(), new_verifier()
    with CallbackServer(key, state, port=port, report=attempt.report) as server:
        registration = attempt.prepared(lambda: _registration(attempt))
        url = oidc.authorize_url(
            attempt.at_aws,
            registration,
            redirect_uri=server.redirect_uri,
            state=state,
            challenge=challenge(verifier),
        )
        attempt.show(url)
        try:
            token = _token(attempt, server, registration, verifier)
        except RegistrationRefused:
            attempt.forget(GRANT)
            raise
        result = _saved(attempt, server, token)
    attempt.keep(registration, GRANT, result)
    return result


def _registration(attempt: Attempt) -> Registration:
    registration = attempt.registration(GRANT)
    if attempt.reused:
        # Otherwise nothing would contact AWS before a browser opens, on an error page.
        _reach(attempt.context.clients, attempt.at_aws.region)
    return registration


def _token(
    attempt: Attempt, server: CallbackServer, registration: Registration, verifier: Secret
) -> SsoToken:  # fmt: skip
    key, reported = attempt.session.key, None
    while True:
        try:
            callback = _next(attempt, server)
        except SignInEnded as ended:
            if reported is None:
                attempt.forget(GRANT)
            raise reported or ended from None
        if callback.code is None:
            error = callback.error or "other"
            reported = _reported(attempt, error)
            log.warning("%s: the browser reports %s; still waiting", clean(key), error)
            if attempt.report is not None:
                attempt.report(
                    f"{reported.sentence} The sign-in is still waiting; press Ctrl-C to cancel it."
                )
            page = sign_in_pages.still_waiting(
                key,
                reported.sentence,
                denied=error == "access_denied",
                afresh=attempt.older_ended,
            )
            server.refuse(callback, page)
            continue
        try:
            return _exchanged(attempt, registration, server.redirect_uri, callback.code, verifier)
        except (GrantRefused, CodeExpired):
            attempt.context.seam("refused")
            log.warning("%s: AWS did not accept a code; still waiting", clean(key))
            page = sign_in_pages.still_waiting(key, _CODE_REFUSED, afresh=attempt.older_ended)
            server.refuse(callback, page)
        except TrayError as error:
            server.finish(sign_in_pages.failed(key, error.sentence, afresh=attempt.older_ended))
            raise
        except BaseException:
            server.finish(sign_in_pages.failed(key, MISTAKE, unchanged=False))
            raise


def _next(attempt: Attempt, server: CallbackServer) -> Callback:
    while (callback := server.wait(LOOK_EVERY)) is None:
        attempt.check()
    return callback


def _saved(attempt: Attempt, server: CallbackServer, token: SsoToken) -> SignInResult:
    key, afresh = attempt.session.key, attempt.older_ended
    page = sign_in_pages.failed(key, MISTAKE, afresh=afresh, unchanged=False)
    try:
        result = save(attempt.session, attempt.context, token)
        watched = attempt.context.watched
        page = sign_in_pages.success(
            key,
            renews=token.refreshable and watched,
            watched=watched,
            sentence=result.sentence,
        )
    except TrayError as error:
        page = sign_in_pages.failed(key, error.sentence, afresh=afresh, unchanged=False)
        raise
    finally:
        server.finish(page)
    return result


def _reported(attempt: Attempt, error: BrowserError) -> TrayError:
    """Return what an error in the callback means (RFC 6749 4.1.2.1)."""
    match error:
        case "access_denied":
            return attempt.denied()
        case "unauthorized_client":
            return RegistrationRefused(
                "The browser reported that AWS didn't accept SSO Tray's registration."
            )
        case "invalid_request" | "invalid_scope" | "unsupported_response_type":
            return RequestRefused(
                f"The browser reported that AWS calls the request wrong ({error}): check start "
                f'URL, region and registration scopes of "{clean(attempt.session.key)}".'
            )
        case _:
            return attempt.ended(f"The browser reported that the sign-in failed ({error}).")


def _exchanged(
    attempt: Attempt,
    registration: Registration,
    redirect_uri: str,
    code: Secret,
    verifier: Secret,
) -> SsoToken:
    """Exchange the code; again if AWS did not get the request, as the code is still good."""
    session, context = attempt.at_aws, attempt.context
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
        else:
            return attempt.complete(registration, token)


def _reach(clients: AwsClients, region: str) -> None:
    """Ask AWS for anything (L4), sending nothing of ours; raises Offline or RequestRefused."""
    url = clients.oidc(region).meta.endpoint_url

    def ask() -> Mapping[str, object]:
        with plain_http(clients, url) as http:
            http.send(AWSRequest(method="HEAD", url=url).prepare())
        return {}

    try:
        clients.call("HEAD", ask, {})
    except TlsFailed:
        # Reached; the browser and the next call judge the certificate.
        log.debug("%s is reached, its certificate is not judged here", region)


def new_verifier() -> Secret:
    """Return 64 unreserved characters, 384 random bits (RFC 7636 4.1)."""
    return Secret(secrets.token_urlsafe(48))


def challenge(verifier: Secret) -> str:
    """Return the S256 challenge, base64url without padding (RFC 7636 4.2)."""
    digest = hashlib.sha256(verifier.reveal().encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def new_state() -> Secret:
    """Return 256 random bits (RFC 6749 10.12)."""
    return Secret(secrets.token_urlsafe(32))
