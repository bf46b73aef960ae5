"""Sessions of one portal: who signs out of one has ended the others (K6)."""

from __future__ import annotations

from dataclasses import replace

from tray.core.session import QueuedJob, Session, shares_portal
from tray.core.state import TrayState


def others_checked(state: TrayState, session: Session) -> TrayState:
    """Ask the portal about its other sessions."""
    for other in state.sessions.values():
        alive = other.token is not None and not other.over
        if alive and shares_portal(session.config, other.config):
            state = state.with_session(replace(other, queue=(*other.queue, QueuedJob("check"))))
    return state


def other_is_gone(state: TrayState, session: Session) -> bool:
    """Whether another of its portal, on record, was signed out of, perhaps as we were stopped."""
    return any(
        other.file_status == "absent"
        and other.key in state.recalled.memories
        and shares_portal(session.config, other.config)
        for other in state.sessions.values()
    )
