"""Signing in by code, on this or any other device: the device authorization grant (RFC 8628)."""

from __future__ import annotations

import logging
from typing import Final

from tray.aws.api.oidc import (
    AccessDenied,
    AuthorizationPending,
    CodeExpired,
    DeviceGrant,
    Grant,
    SlowDown,
)
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.text import sentences
from tray.core.text.display_names import clean
from tray.errors import GrantRefused, RegistrationRefused, WillRetry
from tray.worker.sign_in.sign_in_attempt import Attempt
from tray.worker.sign_in.sign_in_saving import SignInResult, save

log = logging.getLogger(__name__)

GRANT: Final[Grant] = "device_code"
SLOWER_BY: Final = 5.0  # seconds added to the interval at each slow_down (RFC 8628 3.5)


def by_code(attempt: Attempt) -> SignInResult:
    """Sign in by code: the page opens with the code filled in, and the code is shown (L8)."""
    registration, grant = attempt.prepared(lambda: _started(attempt))
    life = grant.expires_at - attempt.context.clock()
    attempt.show(grant.verification_uri_complete, grant.user_code, life)
    try:
        token = _polled(attempt, registration, grant)
    except AccessDenied:
        raise attempt.denied() from None
    except (CodeExpired, GrantRefused):
        raise attempt.ended(sentences.sign_in_too_late(attempt.session.key)) from None
    except RegistrationRefused:
        attempt.forget(GRANT)
        raise
    result = save(attempt.session, attempt.context, token)
    attempt.keep(registration, GRANT, result)
    return result


def _started(attempt: Attempt) -> tuple[Registration, DeviceGrant]:
    """Start with the kept registration, or with a new one if AWS no longer knows that."""
    oidc = attempt.context.oidc
    registration = attempt.registration(GRANT)
    try:
        return registration, oidc.start_device(attempt.at_aws, registration)
    except RegistrationRefused:
        if not attempt.reused:
            raise
    attempt.forget(GRANT)
    registration = attempt.registration(GRANT, anew=True)
    return registration, oidc.start_device(attempt.at_aws, registration)


def _polled(attempt: Attempt, registration: Registration, grant: DeviceGrant) -> SsoToken:
    """Poll until the user has decided, no faster than AWS wants (RFC 8628 3.5)."""
    interval, longer = float(grant.interval), 0.0
    while True:
        attempt.pause(max(interval, longer))
        longer = 0.0
        try:
            token = attempt.context.oidc.token_by_device(attempt.at_aws, registration, grant)
        except AuthorizationPending:
            continue
        except SlowDown:
            interval += SLOWER_BY
        except WillRetry as error:
            log.info("%s: asking did not work (%s)", clean(attempt.session.key), error.reason)
            longer = error.retry_after or 0.0
        else:
            return attempt.complete(registration, token)
