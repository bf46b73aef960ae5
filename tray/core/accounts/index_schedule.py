"""When the accounts and roles of a session are to be listed again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tray.core import policy
from tray.core.model import Now
from tray.core.session import Session, usable

if TYPE_CHECKING:
    from tray.core.state import TrayState


def due_at(state: TrayState, key: str, now: Now) -> float | None:
    """
    Return the wall time at which a session is to be listed; None: not at all.

    On request at once; else a day after the last time, if a surface that needs it was used in the
    week before (each listing of an organisation is hundreds of lines in its CloudTrail).
    """
    index, session = state.index, state.sessions[key]
    if key in index.asked:
        return now.wall
    used_at, known = index.used_at, index.sessions.get(key)
    if used_at is None or not state.preferences.list_accounts:
        return None
    old = 0.0
    if known is not None and known.origin == session.config.origin:
        old = known.listed_at + policy.INDEX_KEPT
    at = max(now.wall, old, index.problems.get(key, ("", 0.0))[1])
    return at if at <= used_at + policy.INDEX_WANTED else None


def moments(state: TrayState, now: Now) -> Iterator[float]:
    """Yield the wall times at which a listing falls due."""
    if not state.index.read or state.index.listing is not None:
        return
    for key, session in state.sessions.items():
        if ready(session, now, requested=key in state.index.asked):
            at = due_at(state, key, now)
            if at is not None:
                yield at


def ready(session: Session, now: Now, *, requested: bool) -> bool:
    """Whether it can be listed: renewals come first; one that fails holds back all but a click."""
    return (
        usable(session, now)
        and session.config.problem is None
        and session.job is None
        and not session.queue
        and session.sign_in is None
        and (requested or session.failing is None)
    )
