"""What is known of the end of a sign-in session (G1)."""

from __future__ import annotations

from dataclasses import replace

from tray.core import policy
from tray.core.model import EndKnown, Memory, Now, Preferences, SessionEnd, TokenFacts
from tray.core.session import Session, has_refresh_data


def end_of(session: Session, preferences: Preferences) -> SessionEnd | None:
    """Return the best known end; for the user, a token that nothing can renew ends the session."""
    memory, token = session.memory, session.token
    if memory.end is not None:
        return memory.end
    if token is None:
        return None
    if not has_refresh_data(session):
        return SessionEnd(token.expires_at, "exact", token.fingerprint)
    if memory.started_at is None:
        return None
    cause = f"start-{memory.started_at:.0f}"
    length = dict(preferences.session_lengths).get(session.key)
    if length is not None:
        at = memory.started_at + length
        # A token issued after that end proves the setting wrong: the session lives.
        return SessionEnd(at, "set", cause) if token.issued_at <= at else None
    if memory.lengths:
        return SessionEnd(memory.started_at + _middle(memory.lengths), "learnt", cause)
    return None


def end_known(end: SessionEnd | None) -> EndKnown:
    return "no" if end is None else end.known


def firm_end(session: Session, preferences: Preferences) -> SessionEnd | None:
    """Return the end if it is more than a guess: only such an end makes a state (S5)."""
    end = end_of(session, preferences)
    return end if end is not None and end.known in ("exact", "set") else None


def exact_end(session: Session) -> SessionEnd | None:
    end = session.memory.end
    return end if end is not None and end.known == "exact" else None


def shown_end(session: Session, preferences: Preferences, now: Now) -> SessionEnd | None:
    """Return the end to show; a learnt one only while nothing contradicts the guess."""
    end = end_of(session, preferences)
    if end is None or end.known != "learnt":
        return end
    outlived = session.token is not None and session.token.expires_at > end.at
    return None if outlived or end.at <= now.wall else end


def end_seen(session: Session, token: TokenFacts, usual: float | None) -> Session:
    """A renewed token confirms a known end, disproves it, or shows one by its shorter life."""
    session = _guess_checked(session, token)
    end = session.memory.end
    tolerance = _tolerance(token, usual)
    if end is not None and abs(token.expires_at - end.at) <= tolerance:
        memory = replace(session.memory, end=replace(end, at=token.expires_at, known="exact"))
        return replace(session, memory=memory, end_confirmed=True)
    if end is not None and token.expires_at > end.at:
        # Also where the lives of all tokens became shorter: that is the usual life from now on.
        memory = replace(session.memory, end=None)
        return replace(session, memory=memory, end_confirmed=False, life=token.life)
    if usual is None or token.life >= usual - shortening(usual):
        return session
    cause = end.cause if end is not None else token.fingerprint  # still the same end: warned once
    found = SessionEnd(token.expires_at, "exact", cause)
    return replace(session, memory=replace(session.memory, end=found), end_confirmed=False)


def shortening(usual: float) -> float:
    """Seconds by which a token must fall short of its usual life to mean an end."""
    return min(policy.SHORTENED_BY, usual * policy.SHORTENED_SHARE)


def without_disproved_end(memory: Memory, token: TokenFacts) -> Memory:
    """Drop a known end that another program's token has outlived or come after."""
    end = memory.end
    if end is None:
        return memory
    outlived = token.expires_at > end.at + _tolerance(token, None)
    return replace(memory, end=None) if outlived or token.issued_at > end.at else memory


def learnt(memory: Memory, end: float) -> Memory:
    """Remember an observed length, if a true start was seen."""
    if memory.started_at is None or end <= memory.started_at:
        return memory
    lengths = (*memory.lengths, end - memory.started_at)[-policy.LENGTHS_KEPT :]
    return replace(memory, lengths=lengths, started_at=None)


def _tolerance(token: TokenFacts, usual: float | None) -> float:
    """Seconds by which two answers may differ and still show one end; less for short lives."""
    least = min(policy.CLOCK_SLACK, policy.SHORTENED_SHARE * (usual or token.life))
    blur = max(policy.CLOCK_STEP, least, policy.SHORTENED_SHARE * token.life)
    return min(policy.SHORTENED_BY, blur)


def _guess_checked(session: Session, token: TokenFacts) -> Session:
    """Forget observed lengths that a token issued later than they allow proves wrong."""
    memory = session.memory
    if memory.started_at is None or not memory.lengths:
        return session
    lived = token.issued_at - memory.started_at
    lengths = tuple(length for length in memory.lengths if length >= lived)
    return replace(session, memory=replace(memory, lengths=lengths))


def _middle(lengths: tuple[float, ...]) -> float:
    """Return the median; ``statistics`` would cost the daemon 1 MB (measured)."""
    ordered = sorted(lengths)
    half = len(ordered) // 2
    return (ordered[half] + ordered[~half]) / 2
