"""After a sign-out a token file that appears counts once AWS has taken its token (K6)."""

from __future__ import annotations

from dataclasses import replace

from tray.core.model import Now
from tray.core.outcomes import Adopted, Outcome, PortalChecked, Renewed, Unrenewable
from tray.core.session import Job, Session


def signed_out(session: Session) -> Session:
    return replace(session, memory=replace(session.memory, signed_out=True))


def unproved(session: Session) -> bool:
    """Whether it has a token that appeared after a sign-out, about which AWS has said nothing."""
    return session.memory.signed_out and session.token is not None


def judged_by_aws(session: Session, job: Job, outcome: Outcome, now: Now) -> Session:
    """Return the session after a job: proved to be signed in, if AWS has taken its token."""
    if not unproved(session) or not _proves(session, job, outcome, now):
        return session
    memory = replace(session.memory, signed_out=False)
    return replace(session, unconfirmed_at=None, memory=memory)


def _proves(session: Session, job: Job, outcome: Outcome, now: Now) -> bool:
    token = session.token
    if token is None or token.expires_at <= now.wall:
        return False
    match outcome:
        case Renewed():
            return outcome.by_us
        case Adopted():
            # Of a file that stays full, or is released, AWS was not asked.
            return not token.refreshable and outcome.store != "released"
        case Unrenewable():
            return job.kind == "adopt"
        case PortalChecked():
            return outcome.portal == "valid" and outcome.fingerprint == token.fingerprint
        case _:
            return False
