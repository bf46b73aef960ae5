"""What the results of jobs mean: renewals, adoptions, removals, sign-outs, releases."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy, text
from tray.core.effects import Effect, JobKind
from tray.core.files import forgotten, present
from tray.core.model import Now, SessionEnd, TokenFacts
from tray.core.session import (
    Failing,
    Session,
    awaits_judgement,
    backoff,
    noted_answer,
    refused,
    renews,
    usable,
)
from tray.core.state import TrayState

Step = tuple[TrayState, tuple[Effect, ...]]


def wished(state: TrayState, key: str, kind: JobKind, request: str | None) -> Step:
    """Queue a person's wish; the upkeep starts it as soon as the session is free."""
    session = state.sessions.get(key)
    if session is None:
        return state, fx.done((request,), 1, text.no_such_session(key))
    job = session.job
    if job is not None and job.kind == kind:
        requests = (*job.requests, request) if request else job.requests
        return state.with_session(replace(session, job=replace(job, requests=requests))), ()
    wishes = (*session.wishes, (kind, request))
    return state.with_session(replace(session, wishes=wishes)), ()


def renew_wanted(state: TrayState, event: ev.RenewWanted, now: Now) -> Step:
    """Renew because a person asked; what only a sign-in can mend is said so at once."""
    session = state.sessions.get(event.key)
    if session is None:
        return state, fx.done((event.request,), 1, text.no_such_session(event.key))
    if session.keeper == "released":
        return state, fx.done((event.request,), 1, text.released_not_renewed(event.key))
    if not renews(session) and not awaits_judgement(session):
        works = usable(session, now)
        sentence = text.cannot_renew(event.key, usable=works)
        return state, fx.done((event.request,), 1 if works else 3, sentence)
    return wished(state, event.key, "renew", event.request)


def doubted(state: TrayState, event: ev.Doubted, now: Now) -> TrayState:
    """Let one refresh decide about a token the portal does not want (R6)."""
    session = state.sessions.get(event.key)
    if session is None or session.token is None:
        return state
    if session.token.fingerprint != event.fingerprint or session.job is not None:
        return state
    if renews(session):
        return state.with_session(replace(session, wishes=(*session.wishes, ("renew", None))))
    return state.with_session(_over(session, now))


def stored(state: TrayState, event: ev.Stored) -> TrayState:
    """Stop saying that the keyring is being waited for (R3)."""
    session = state.sessions.get(event.key)
    if session is None or session.notable != "keyring-waiting":
        return state
    return state.with_session(replace(session, notable=None))


def job_done(state: TrayState, event: ev.JobDone, now: Now) -> Step:
    """Take in a result; one that nobody awaits any more changes nothing (fault 71)."""
    session = state.sessions.get(event.key)
    if session is None or session.job is None or session.job.attempt != event.attempt:
        return state, ()
    job = session.job
    session = replace(session, job=None)
    outcome = event.outcome
    after, sentence, exit_code, notes = _outcome(state, session, job.kind, outcome, now)
    answers = fx.done(job.requests, exit_code, sentence)
    return state.with_session(after), (*notes, *answers, fx.ReadTokens(session.key))


def _outcome(
    state: TrayState, session: Session, kind: JobKind, outcome: ev.Outcome, now: Now
) -> tuple[Session, str, int, tuple[Effect, ...]]:
    key = session.key
    match outcome:
        case ev.Renewed():
            after = _renewed(session, outcome, now)
            note: tuple[Effect, ...] = (fx.Note("renewed", key),) if outcome.by_us else ()
            return after, text.renewed(key, outcome.token.expires_at), 0, note
        case ev.Refused():
            after = _refused(state, session, outcome, now)
            note = (fx.Note("refused", key, f"{outcome.reason}, portal {outcome.portal}"),)
            return after, text.renewal_refused(key), 3, note
        case ev.Unrenewable():
            fingerprint = session.token.fingerprint if session.token is not None else None
            works = usable(session, now)
            after = replace(session, barren=fingerprint, failing=None)
            return after, text.cannot_renew(key, usable=works), 1 if works else 3, ()
        case ev.Adopted():
            return _adopted(session, outcome, now)
        case ev.RemovalJudged():
            return _judged(session, outcome)
        case ev.SignedOut():
            after = replace(forgotten(session, removed=False), sight="absent", absent_since=None)
            effects = (fx.ForgetCredentials(key), fx.Note("signed-out", key))
            return after, text.signed_out(key, outcome.remains), 0, effects
        case ev.Released():
            after = replace(session, keeper="released", failing=None, notable=None)
            return after, outcome.sentence, 0, (fx.Note("released", key),)
        case ev.Failed():
            return _failed(state, session, kind, outcome, now), outcome.sentence, 1, ()
        case _:
            assert_never(outcome)


def _renewed(session: Session, outcome: ev.Renewed, now: Now) -> Session:
    token = outcome.token
    usual = session.life
    after = replace(present(session, token), token=token, keeper=outcome.keeper, removed=None)
    memory = replace(session.memory, refused=None)  # a renewal starts no session: times stay
    after = replace(
        after,
        over=False,
        failing=None,
        notable=None if outcome.stored else "keyring-waiting",
        barren=None,
        snoozed=session.snoozed,
        end_confirmed=session.end_confirmed,
        fresh_start=session.fresh_start,
        memory=memory,
        life=max(usual or 0.0, token.life),
    )
    if not outcome.by_us:
        return after
    return _end_seen(noted_answer(after, now, good=True), token, usual)


def _end_seen(session: Session, token: TokenFacts, usual: float | None) -> Session:
    """Learn the session's end from a token that is shorter than usual (DESIGN section 2)."""
    memory = session.memory
    end = memory.end
    if end is not None and token.expires_at > end.at + shortening(usual or policy.HOUR):
        memory = replace(memory, end=None)  # proven wrong: the session lived on
        return replace(session, memory=memory, end_confirmed=False)
    shortened = usual is not None and token.life < usual - shortening(usual)
    if not shortened:
        return _guess_checked(session, token)
    agrees = end is not None and abs(end.at - token.expires_at) <= policy.CLOCK_SLACK
    cause = end.cause if end is not None and agrees else token.fingerprint
    memory = replace(memory, end=SessionEnd(token.expires_at, "exact", cause))
    return replace(session, memory=memory, end_confirmed=agrees)


def shortening(usual: float) -> float:
    """Return by how many seconds a token must fall short of its usual life to mean an end."""
    return min(policy.SHORTENED_BY, usual * policy.SHORTENED_SHARE)


def _guess_checked(session: Session, token: TokenFacts) -> Session:
    """Drop learnt lengths that a token of full life has proven wrong."""
    memory = session.memory
    if memory.started_at is None or not memory.lengths:
        return session
    lived = token.expires_at - memory.started_at
    lengths = tuple(length for length in memory.lengths if length >= lived)
    return replace(session, memory=replace(memory, lengths=lengths))


def _refused(state: TrayState, session: Session, outcome: ev.Refused, now: Now) -> Session:
    session = replace(noted_answer(session, now, good=False), failing=None)
    token = session.token
    if token is None:
        return session
    memory = replace(session.memory, refused=token.fingerprint)
    if outcome.reason == "registration-expired":
        # The portal session lives on; only our client is too old. A plain sign-in mends it.
        return replace(session, memory=memory, notable="registration-expired")
    if outcome.portal == "dead" or token.expires_at <= now.wall:
        return _over(replace(session, memory=memory), now)
    end = SessionEnd(token.expires_at, "exact", session.memory.end.cause
                     if session.memory.end is not None else token.fingerprint)  # fmt: skip
    memory = replace(memory, end=end)
    session = replace(session, memory=memory, fresh_start=True)
    if outcome.portal == "unreachable":
        wait = backoff(session, state.machine, 1) + policy.BACKOFF_FIRST
        return replace(session, unconfirmed_at=now.wall + wait)
    return replace(learnt(session, end.at), unconfirmed_at=None, end_confirmed=True)


def _over(session: Session, now: Now) -> Session:
    """The sign-in session is dead; remember how long it lived if we saw its start."""
    end = session.memory.end
    at = end.at if end is not None and end.at <= now.wall else now.wall
    session = learnt(session, at)
    fingerprint = session.token.fingerprint if session.token is not None else None
    memory = replace(session.memory, refused=fingerprint)
    return replace(
        session, over=True, failing=None, unconfirmed_at=None, fresh_start=True, memory=memory
    )


def learnt(session: Session, end: float) -> Session:
    """Remember one more observed length, if a true start was seen (DESIGN section 2, 3)."""
    memory = session.memory
    if memory.started_at is None or end <= memory.started_at:
        return session
    lengths = (*memory.lengths, end - memory.started_at)[-policy.LENGTHS_KEPT :]
    return replace(session, memory=replace(memory, lengths=lengths, started_at=None))


def _adopted(
    session: Session, outcome: ev.Adopted, now: Now
) -> tuple[Session, str, int, tuple[Effect, ...]]:
    taken = outcome.keeper == "keyring" and session.keeper != "keyring"
    again = outcome.keeper == "keyring" and session.keeper == "keyring"
    after = present(session, outcome.token)
    after = replace(
        after,
        token=outcome.token,
        keeper=outcome.keeper,
        contested=outcome.contested or session.contested,
        notable=outcome.reason,
        failing=None,
        adopt_tried=outcome.token.fingerprint,
        adopted_at=now.wall if taken else session.adopted_at,
    )
    note: tuple[Effect, ...] = ()
    if taken or again:
        note = (fx.Note("adopted", session.key),)
    elif outcome.contested:
        note = (fx.Note("contested", session.key),)
    return after, text.adopted(session.key), 0, note


def _judged(
    session: Session, outcome: ev.RemovalJudged
) -> tuple[Session, str, int, tuple[Effect, ...]]:
    key = session.key
    if outcome.verdict == "signed-out":
        gone = replace(forgotten(session, removed=True), absent_since=None)
        effects = (fx.ForgetCredentials(key), fx.Note("signed-out-elsewhere", key))
        return gone, text.signed_out_elsewhere(key), 3, effects
    if outcome.token is None:
        gone = forgotten(session, removed=session.token is not None)
        return replace(gone, absent_since=None), text.not_signed_in(key), 3, ()
    back = present(session, outcome.token)
    note = (fx.Note("published-again", key),) if outcome.verdict == "published" else ()
    return replace(back, token=outcome.token, failing=None), text.published(key), 0, note


def _failed(
    state: TrayState, session: Session, kind: JobKind, outcome: ev.Failed, now: Now
) -> Session:
    if outcome.answered:
        session = noted_answer(session, now, good=False)
    if kind in ("sign-out", "release"):
        return session  # told to who asked; asked for again by a person, not by a timer
    if kind == "adopt":
        tried = session.token.fingerprint if session.token is not None else None
        return replace(session, adopt_tried=tried, notable=outcome.reason)
    failures = session.failing.failures + 1 if session.failing is not None else 1
    wait = backoff(session, state.machine, failures)
    if outcome.retry_after is not None:
        wait = max(wait, min(outcome.retry_after, policy.RETRY_AFTER_MOST))
    if kind == "check":
        return replace(session, unconfirmed_at=now.wall + wait + policy.BACKOFF_FIRST)
    if refused(session):
        return session
    return replace(
        session, failing=Failing(outcome.reason, outcome.sentence, failures, now.wall + wait)
    )
