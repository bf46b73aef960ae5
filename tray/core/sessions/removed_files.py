"""What a removed token file means: signed out at AWS, on this machine, or a lost file (K5)."""

from __future__ import annotations

from dataclasses import replace

from tray.core import effects as fx
from tray.core import policy
from tray.core.effects import Effect
from tray.core.model import Now, Removal, TokenFacts
from tray.core.outcomes import RemovalJudged
from tray.core.session import Job, QueuedJob, Session, can_undo
from tray.core.sessions.after_sign_out import signed_out, unproved
from tray.core.sessions.token_files import forgotten, present
from tray.core.text import sentences
from tray.core.text.shell_commands import sign_in_first


def judged(
    session: Session, job: Job, outcome: RemovalJudged, now: Now
) -> tuple[Session, str, int, tuple[Effect, ...]]:
    """Return as `tray.core.sessions.job_results.Answer`."""
    key, removal = session.key, session.memory.removal
    session = replace(session, failing=None)
    if outcome.verdict == "back":  # looked at next, as any file that appears
        seen = replace(session, file_status="unseen", absent_since=None)
        return seen, sentences.published(key), 0, ()
    if outcome.verdict == "away":  # looked at next, and judged if it stays away
        again = tuple(QueuedJob("renew", request, job.trigger) for request in job.requests)
        session = replace(session, queue=(*session.queue, *again), file_status="absent")
        since = now.wall if session.absent_since is None else session.absent_since
        return replace(session, absent_since=since), "", 0, ()
    if outcome.verdict == "removed" and outcome.token is not None:
        gone = _set_aside(session, outcome.token, now)
        effects: tuple[Effect, ...] = (fx.ForgetCredentials(key),)
        if removal is None:
            effects = (*effects, fx.RecordHistory("removed", key))
        return gone, sentences.removed(key), 3, effects
    if outcome.verdict == "dropped":
        if removal is not None:
            memory = replace(session.memory, removal=replace(removal, dropped=True))
            session = replace(session, memory=memory, fresh_start=False)
        return session, sentences.removal_dropped(key), 3, (fx.RecordHistory("dropped", key),)
    if outcome.verdict == "signed-out":
        gone = replace(forgotten(session, removed=True), absent_since=None)
        effects = (fx.ForgetCredentials(key), fx.RecordHistory("signed-out-elsewhere", key))
        return signed_out(gone), sentences.signed_out_elsewhere(key), 3, effects
    if outcome.token is None:
        counted = session.token is not None and not unproved(session)
        known = counted or session.memory.removed is not None
        gone = forgotten(session, removed=known)
        return replace(gone, absent_since=None), sign_in_first(key), 3, ()
    # A sign-in that died may have been the first.
    seen = present(session, outcome.token)
    back = replace(seen, token=outcome.token, store="keyring", notable=None)
    # The keyring's end counts, whatever is written into the file later (K4).
    back = replace(back, memory=replace(back.memory, given=outcome.token))
    if job.kind == "undo-removal":
        return back, sentences.undone(key), 0, (fx.RecordHistory("undone", key),)
    return back, sentences.published(key), 0, (fx.RecordHistory("published-again", key),)


def _set_aside(session: Session, token: TokenFacts, now: Now) -> Session:
    """Return the session signed out on this machine, while AWS's own goes on (K5)."""
    before, memory = session.memory.removal, session.memory
    undone_at = memory.undone_at
    again = undone_at is not None and abs(now.wall - undone_at) < policy.UNDONE_RECENTLY
    removal = Removal(token.fingerprint, now.wall, again=again)
    if before is not None and before.token == token.fingerprint:
        removal = before
    gone = forgotten(session, removed=True)
    memory = replace(
        gone.memory,
        end=memory.end,
        started_at=memory.started_at,
        removed=token.fingerprint,
        removal=removal,
    )
    return replace(
        gone,
        store="keyring",
        fresh_start=session.fresh_start,
        absent_since=None,
        # Nothing is in doubt any more; only who waits gets an answer.
        queue=tuple(queued for queued in session.queue if queued.request is not None),
        memory=memory,
    )


def running_time_counted(session: Session, now: Now) -> Session:
    """A removal can be undone for a day in which SSO Tray runs: weeks off do not count (K5)."""
    removal, until = session.memory.removal, session.ran_until
    if removal is None or not can_undo(session):
        return session
    if until is None or until > now.mono:
        return replace(session, ran_until=now.mono)
    ran = now.mono - until
    if ran < policy.REMOVED_COUNTED - policy.CLOCK_STEP:
        return session
    memory = replace(session.memory, removal=replace(removal, ran=removal.ran + ran))
    return replace(session, memory=memory, ran_until=now.mono)
