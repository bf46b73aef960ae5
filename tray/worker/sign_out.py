"""Signing out: at AWS, in the keyring, in the files; repeatable, and honest about what remains."""

from __future__ import annotations

from tray.aws.role_cache import remove_role_credentials
from tray.aws.sso_token import SsoToken
from tray.core.events import Outcome, SignedOut
from tray.core.model import SsoSession
from tray.errors import KeyringDenied, KeyringUnavailable, TokenRejected, TrayError
from tray.worker.tools import Tools

OFFLINE_REMAINS = (
    "AWS could not be reached, so its own session lives on until it ends; nothing here uses it."
)
KEYRING_REMAINS = (
    "The keyring cannot be written now: its item remains; sign out again once it is unlocked."
)


def sign_out(session: SsoSession, tools: Tools) -> Outcome:
    """
    Sign out of a session (K6).

    In this order, each step harmless when repeated: the portal session at AWS, the keyring item,
    the cache file, the AWS CLI's cached role credentials of exactly this session's profiles.

    Returns:
        `SignedOut`, with a sentence for what remains where a step could not be done.

    Raises:
        Busy: another transaction holds the session for too long.
        OSError: the cache file cannot be removed.
    """
    remains: list[str] = []
    with tools.session_lock(session):
        tools.unsaved.drop(session.key)
        kept, keyring_open = _kept(session, tools)
        published = tools.read_or_none(session)
        if not _logged_out(session, tools, (published, kept)):
            remains.append(OFFLINE_REMAINS)
        tools.seam("logged-out")
        if not keyring_open or not _deleted(session, tools):
            remains.append(KEYRING_REMAINS)
        tools.seam("deleted")
        tools.file_of(session).unlink(missing_ok=True)
        tools.seam("removed")
        remove_role_credentials(tools.paths.cli_cache, session, tools.profiles_of(session))
    return SignedOut(" ".join(remains) or None)


def _kept(session: SsoSession, tools: Tools) -> tuple[SsoToken | None, bool]:
    """Return the kept token, and whether the keyring has nothing left to hide."""
    try:
        return tools.vault.load(session), True
    except KeyringUnavailable as error:
        # Without any keyring nothing was ever kept there, unless the record says so.
        nothing = error.reason == "keyring-absent" and tools.record(session).keeper != "keyring"
        return None, nothing
    except KeyringDenied:
        return None, False


def _logged_out(
    session: SsoSession, tools: Tools, tokens: tuple[SsoToken | None, ...]
) -> bool:  # fmt: skip
    """End the portal session at AWS; True if it has ended, or no token is left to end it with."""
    distinct = {token.fingerprint: token for token in tokens if token is not None}
    ended = True
    for token in distinct.values():
        try:
            tools.portal.logout(token.access_token, session.region)
        except TokenRejected:
            continue
        except TrayError:
            ended = False
    return ended


def _deleted(session: SsoSession, tools: Tools) -> bool:
    try:
        tools.vault.delete(session.key)
    except KeyringUnavailable as error:
        return error.reason == "keyring-absent" and tools.record(session).keeper != "keyring"
    except KeyringDenied:
        return False
    return True
