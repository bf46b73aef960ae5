"""A cache file that was removed: signed out, or only tidied away? AWS decides (K5)."""

from __future__ import annotations

import logging

from tray.aws.cache.role_cache import remove_role_credentials
from tray.aws.cache.sso_token import SsoToken
from tray.core import policy
from tray.core.model import SsoSession
from tray.core.outcomes import Outcome, RemovalJudged
from tray.errors import GrantRefused, RegistrationRefused, TokenRejected, UserMustAct
from tray.worker.job_context import Overtaken, Tools
from tray.worker.tokens import granted

log = logging.getLogger(__name__)


def judge_removed(session: SsoSession, tools: Tools) -> Outcome:
    """
    Find out what the removal of a cache file meant.

    While the kept access token's own end is ahead the portal is asked with it: never a refresh,
    since revocation may be slow. Past its end, or where a clock that was set back leaves that end
    in doubt, one refresh decides.

    Returns:
        `RemovalJudged`, or `Renewed` where a refresh brought the session back.

    Raises:
        Busy: another transaction holds the session for too long.
        KeyringUnavailable, KeyringDenied: the keyring cannot be read now; nothing changes.
        WillRetry: AWS cannot be reached; nothing changes.
        CacheFileTorn, CacheFileBad: the file is back, and broken.
    """
    with tools.session_lock(session):
        token = tools.read(session)
        if token is not None:
            return RemovalJudged("back", tools.facts(session, token))
        return judge(session, tools)


def judge(session: SsoSession, tools: Tools) -> Outcome:
    """Judge with the session's lock held and no file in place."""
    if tools.record(session).keeper != "keyring":
        return RemovalJudged("nothing")
    kept = tools.kept(session)
    if kept is None:
        return RemovalJudged("nothing")
    if kept.expires_at <= tools.clock() or _from_the_future(kept, tools):
        return _refresh_decides(session, tools, kept)
    try:
        tools.portal.check(kept.access_token, session.region)
    except TokenRejected:
        return _back(session, tools) or _signed_out(session, tools)
    try:
        tools.publish_lean(session, kept, tools.still(session, None))
    except Overtaken as back:
        return RemovalJudged("back", tools.facts(session, back.token or kept))
    tools.seam("published")
    return RemovalJudged("published", tools.facts(session, kept))


def _from_the_future(kept: SsoToken, tools: Tools) -> bool:
    """
    Whether the clock was set back since the token was given (fault 29).

    Then its end, as written, says nothing: the portal may refuse it because it simply ran out.
    """
    return kept.issued_at is not None and kept.issued_at > tools.clock() + policy.CLOCK_SLACK


def _refresh_decides(session: SsoSession, tools: Tools, kept: SsoToken) -> Outcome:
    if not kept.refreshable:
        return _signed_out(session, tools)
    tools.vault.store(session.key, kept)
    tools.seam("proved")
    try:
        renewed = granted.ask(tools, kept)
    except GrantRefused:
        return _back(session, tools) or _signed_out(session, tools)
    except RegistrationRefused:
        # AWS has said nothing of the session; but nothing can be done with this item any more.
        tools.vault.delete(session.key)
        return _back(session, tools) or RemovalJudged("nothing")
    tools.seam("answered")
    done = granted.store_and_publish(session, tools, renewed, None, of=kept.fingerprint)
    return RemovalJudged("nothing") if done is None else done


def _back(session: SsoSession, tools: Tools) -> RemovalJudged | None:
    """Say so if somebody has written the file while AWS was asked: that is the newer truth."""
    token = tools.read(session)
    return None if token is None else RemovalJudged("back", tools.facts(session, token))


def _signed_out(session: SsoSession, tools: Tools) -> RemovalJudged:
    tools.unsaved.drop(session.key)
    tools.vault.delete(session.key)
    tools.seam("deleted")
    try:
        remove_role_credentials(tools.paths.cli_cache, session, tools.profiles_of(session))
    except UserMustAct as error:
        # `aws sso logout` has removed them itself; only other tools leave them behind.
        log.warning("%s", error.sentence)
    return RemovalJudged("signed-out")
