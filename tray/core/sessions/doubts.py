"""Access tokens in doubt: AWS is asked about each, also after a restart (R6)."""

from __future__ import annotations

from dataclasses import replace

from tray.core.model import Now
from tray.core.outcomes import Outcome, PortalChecked, Refused
from tray.core.session import QueuedJob, Session


def suspect(session: Session) -> Session:
    """Ask for one refresh unless one is due already; without refresh data the session is over."""
    fingerprint = session.token.fingerprint if session.token is not None else None
    doubt = QueuedJob("renew", None, "program", fingerprint)
    if session.store == "released":  # whoever uses it renews it; the portal is asked (K7)
        doubt = QueuedJob("check")
    known = session.failing is not None or doubt in session.queue
    return session if known else replace(session, queue=(*session.queue, doubt))


def remembered(session: Session) -> Session:
    fingerprint = session.token.fingerprint if session.token is not None else None
    return replace(session, memory=replace(session.memory, doubted=fingerprint))


def recalled(before: Session, session: Session) -> Session:
    """Doubt a token first seen that was in doubt when the daemon was stopped, or should be."""
    token, given = session.token, session.memory.given
    if before.file_status != "unseen" or token is None:
        return session
    if token.fingerprint == session.memory.doubted:
        return suspect(session)
    dead = given is not None and given.fingerprint == session.memory.dead
    if dead and session.memory.dead != token.fingerprint:
        # Another program's, perhaps given before a sign-in of ours ended the portal session (L9).
        return replace(session, queue=(*session.queue, QueuedJob("check")))
    return session


def settled(session: Session, outcome: Outcome) -> Session:
    """Forget the doubt once AWS has spoken of that token, or another has taken its place."""
    doubted, token = session.memory.doubted, session.token
    if doubted is None:
        return session
    about = token is not None and token.fingerprint == doubted
    answered = isinstance(outcome, Refused | PortalChecked) and outcome.portal != "unreachable"
    if about and not answered:
        return session
    return replace(session, memory=replace(session.memory, doubted=None))


def after_an_end(before: Session, session: Session, now: Now) -> bool:
    """
    Whether only the portal can tell if a file is a sign-in (K7).

    A released session was signed out of or over: the keyring may have kept two tokens, both dead.
    Or a later end was written over one that had passed.
    """
    old, token = before.token, session.token
    if old is not None and token is not None and old.fingerprint == token.fingerprint:
        return old.expires_at <= now.wall < token.expires_at
    if session.store != "released":
        return False
    return before.fresh_start if old is None else before.over
