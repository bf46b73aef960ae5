"""Release: the refresh data goes back into the file, the AWS CLI renews it again (K7)."""

from __future__ import annotations

from tray.aws.sso_token import SsoToken
from tray.core.events import Outcome, Released
from tray.core.model import SsoSession
from tray.errors import OurBug
from tray.worker.tools import Tools

HANDED_BACK = "The refresh token of {key} is in its file again; the AWS CLI renews it now."
NOTHING_KEPT = "{key} has no refresh token in the keyring; its file stays as it is."


def release(session: SsoSession, tools: Tools) -> Outcome:
    """
    Hand a session back to the AWS CLI.

    Marked first, so that nobody adopts it again; then the full file is written and read back;
    then the keyring item is deleted. Killed anywhere, it can be repeated: the item goes last.

    Returns:
        `Released`; the sentence tells whether there was anything to hand back.

    Raises:
        Busy: another transaction holds the session for too long.
        KeyringUnavailable, KeyringDenied: the keyring cannot be read; nothing was handed back.
        OSError: the cache file cannot be written; the item stays.
    """
    with tools.session_lock(session):
        kept = None
        if tools.record(session).keeper in ("keyring", "released"):
            kept = tools.vault.load(session)
        tools.records.change(session.key, keeper="released")
        tools.seam("marked")
        if kept is None or not kept.refreshable:
            return Released(NOTHING_KEPT.format(key=session.key))
        published = tools.read_or_none(session)
        if published is not None and published.refreshable:
            # Somebody signed in again by other means: the file is newer truth than the item.
            kept = published
        tools.publish_full(session, _newest(kept, published))
        tools.seam("published")
        written = tools.read(session)
        if written is None or written.refresh_token != kept.refresh_token:
            msg = f"The token cache file of {session.key} does not hold what was written."
            raise OurBug(msg)
        tools.vault.delete(session.key)
        tools.seam("deleted")
    return Released(HANDED_BACK.format(key=session.key))


def _newest(kept: SsoToken, published: SsoToken | None) -> SsoToken:
    return kept if published is None else kept.with_extra(published.extra)
