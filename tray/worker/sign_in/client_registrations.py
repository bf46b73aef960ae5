"""Client registrations in the keyring, items of their own: one per session and grant (L2)."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final, get_args

from tray.aws.api.oidc import Grant
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.model import SsoSession
from tray.errors import KEYRING_ERRORS
from tray.secret import Secret
from tray.worker.job_context import JobContext

log = logging.getLogger(__name__)

SPENT_BEFORE: Final = 15 * 60.0  # seconds before its end, as in the AWS CLI


def kept(
    session: SsoSession, context: JobContext, grant: Grant, scopes: tuple[str, ...]
) -> Registration | None:  # fmt: skip
    """
    Return the kept registration for a grant.

    It must have these scopes, be made where the session is signed in to now, and not near its end.
    """
    try:
        item = context.keyring_store.load(replace(session, key=_key(session.key, grant)))
    except KEYRING_ERRORS as error:
        log.info("%s: no registration from the keyring (%s)", session.key, error.reason)
        return None
    found = item.registration if item is not None else None
    if found is None or set(found.scopes) != set(scopes):
        return None
    endpoint = context.oidc.endpoint(session, grant)
    if found.endpoint not in ("", endpoint):
        return None
    if found.expires_at - SPENT_BEFORE <= context.clock():
        return None
    return replace(found, grant=grant, endpoint=endpoint)


def keep(
    session: SsoSession, context: JobContext, grant: Grant, registration: Registration
) -> None:
    """Keep a registration that has brought a token; a keyring that refuses is no loss."""
    item = SsoToken(
        start_url=session.start_url,
        region=session.region,
        access_token=Secret(""),
        expires_at=registration.expires_at,
        registration=registration,
    )
    key = _key(session.key, grant)
    try:
        saved = context.keyring_store.store(key, item)
        context.keyring_store.forget_older(key, saved.generation)
    except KEYRING_ERRORS as error:
        log.info("%s: the registration is not kept (%s)", session.key, error.reason)


def forget(session: SsoSession, context: JobContext, grant: Grant) -> None:
    """Forget a registration that AWS refuses, or that may be why the browser never came back."""
    try:
        context.keyring_store.delete(_key(session.key, grant))
    except KEYRING_ERRORS as error:
        log.info("%s: the registration cannot be forgotten (%s)", session.key, error.reason)


def forget_all(session: SsoSession, context: JobContext) -> None:
    for grant in get_args(Grant):
        forget(session, context, grant)


def _key(key: str, grant: str) -> str:
    """Return the item's name: a token kept under it carries nothing but its registration."""
    return f"{key} registration {grant}"
