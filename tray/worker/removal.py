"""A cache file that was removed: signed out, or only tidied away? AWS decides (K5)."""

from __future__ import annotations

from tray.aws.role_cache import remove_role_credentials
from tray.aws.sso_token import SsoToken
from tray.core.events import Outcome, RemovalJudged, Renewed
from tray.core.model import SsoSession
from tray.errors import GrantRefused, RegistrationRefused, TokenRejected
from tray.worker import renewal
from tray.worker.tools import Tools


def judge_removed(session: SsoSession, tools: Tools) -> Outcome:
    """
    Find out what the removal of a cache file meant.

    While the kept access token's own end is ahead the portal is asked with it: never a refresh,
    since revocation may be slow. Past its end one refresh decides.

    Returns:
        `RemovalJudged`, or `Renewed` where a refresh brought the session back.

    Raises:
        Busy: another transaction holds the session for too long.
        KeyringUnavailable: the keyring cannot be read now; nothing changes.
        WillRetry: AWS cannot be reached; nothing changes.
    """
    with tools.session_lock(session):
        token = tools.read(session)
        if token is not None:
            return RemovalJudged("back", tools.facts(session, token))
        return judge(session, tools)


def judge(session: SsoSession, tools: Tools) -> Outcome:
    """Judge with the session's lock held and no file in place."""
    kept = tools.vault.load(session)
    if kept is None:
        return RemovalJudged("nothing")
    if kept.expires_at <= tools.clock():
        return _refresh_decides(session, tools, kept)
    try:
        tools.portal.check(kept.access_token, session.region)
    except TokenRejected:
        return _signed_out(session, tools)
    tools.publish_lean(session, kept)
    tools.seam("published")
    return RemovalJudged("published", tools.facts(session, kept))


def _refresh_decides(session: SsoSession, tools: Tools, kept: SsoToken) -> Outcome:
    if not kept.refreshable:
        return _signed_out(session, tools)
    tools.vault.store(session.key, kept)
    tools.seam("proved")
    try:
        renewed: Renewed = renewal.store_and_publish(session, tools, tools.oidc.refresh(kept))
    except (GrantRefused, RegistrationRefused):
        return _signed_out(session, tools)
    return renewed


def _signed_out(session: SsoSession, tools: Tools) -> Outcome:
    tools.vault.delete(session.key)
    tools.seam("deleted")
    remove_role_credentials(tools.paths.cli_cache, session, tools.profiles_of(session))
    return RemovalJudged("signed-out")
