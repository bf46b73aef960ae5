"""What the results of jobs mean: renewals, adoptions, removals, sign-outs, releases."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy
from tray.core.effects import Effect
from tray.core.model import InputFile, Now, Reason, SessionEnd, TokenFacts, Trigger
from tray.core.outcomes import (
    Adopted,
    Failed,
    Outcome,
    PortalChecked,
    Refused,
    Released,
    RemovalJudged,
    Renewed,
    SignedOut,
    Unrenewable,
)
from tray.core.session import (
    Failing,
    Job,
    QueuedJob,
    Session,
    awaits_judgement,
    elsewhere,
    for_the_keyring,
    in_file,
    refused,
    renewable,
    usable,
)
from tray.core.sessions import doubts
from tray.core.sessions.after_sign_out import judged_by_aws, signed_out, unproved
from tray.core.sessions.portal_sessions import others_checked
from tray.core.sessions.removed_files import judged
from tray.core.sessions.schedule import adopt_again_at, backoff, counted
from tray.core.sessions.session_end import end_seen, exact_end, learnt, without_disproved_end
from tray.core.sessions.token_files import LOOK, forgotten, not_ours, present
from tray.core.state import Step, TrayState
from tray.core.text import menu_text, sentences
from tray.core.text.shell_commands import sign_in_first

Answer = tuple[Session, str, int, tuple[Effect, ...]]
"""The session after a job, sentence and exit code for waiting requests, and more effects."""


def stored(state: TrayState, event: ev.Stored) -> TrayState:
    """Stop saying that the keyring is being waited for (R3)."""
    session = state.sessions.get(event.key)
    if session is None or session.notable != "keyring-waiting":
        return state
    return state.with_session(replace(session, notable=None))


def job_done(state: TrayState, event: ev.JobDone, now: Now) -> Step:
    """Take in a result; one that is no longer awaited changes nothing (fault 71)."""
    session = state.sessions.get(event.key)
    if session is None or session.job is None or session.job.attempt != event.attempt:
        return state, ()
    job = session.job
    session = replace(session, job=None)
    after, sentence, exit_code, effects = _answer(state, session, job, event.outcome, now)
    answers = fx.done(job.requests, exit_code, sentence)
    if event.outcome == RemovalJudged("away"):
        answers = ()  # they go on waiting
    elif after.token is not None and not isinstance(event.outcome, Failed | PortalChecked):
        after = replace(after, memory=replace(after.memory, removal=None))
    after = doubts.settled(judged_by_aws(after, job, event.outcome, now), event.outcome)
    if job.kind == "undo-removal" and after.token is not None:
        after = replace(after, memory=replace(after.memory, undone_at=now.wall))
    elif job.kind == "undo-removal" and not job.requests:
        effects = (*effects, fx.Report(menu_text.NOT_UNDONE, sentence))
    if isinstance(event.outcome, SignedOut):
        state = others_checked(state, after)
    return state.with_session(after), (*effects, *answers, fx.InspectTokenFile(session.key))


def _answer(state: TrayState, session: Session, job: Job, outcome: Outcome, now: Now) -> Answer:
    key = session.key
    match outcome:
        case Renewed() | Adopted() | RemovalJudged() if _of_elsewhere(session, outcome):
            return not_ours(session), sign_in_first(key), 3, ()
        case Renewed():
            after = _renewed(session, job.trigger, outcome, now)
            note: tuple[Effect, ...] = (fx.RecordHistory("renewed", key),) if outcome.by_us else ()
            if job.kind == "adopt" and outcome.by_us and session.store != "keyring":
                after = replace(after, adopted_at=now.wall)  # moved and renewed in one job
                note = (fx.RecordHistory("adopted", key), *note)
            return after, sentences.renewed(key, outcome.token.expires_at, now.zone), 0, note
        case Refused():
            after = _refused(state, session, job, outcome, now)
            note = (
                fx.RecordHistory("refused", key, f"{outcome.reason}, portal {outcome.portal}"),
            )
            return after, sentences.renewal_refused(key), 3, note
        case PortalChecked():
            return _checked(state, session, job, outcome, now), "", 0, ()
        case Unrenewable():
            fingerprint = session.token.fingerprint if session.token is not None else None
            works = usable(session, now)
            after = replace(session, without_refresh_token=fingerprint, failing=None)
            if after.notable != "registration-expired":
                after = replace(after, notable=None)  # keyring and portal have answered
            if not works:
                after = replace(after, nothing_after=fingerprint)
            return after, sentences.cannot_renew(key, usable=works), 1 if works else 3, ()
        case Adopted():
            return _adopted(session, outcome, now)
        case RemovalJudged():
            return judged(session, job, outcome, now)
        case SignedOut():
            after = replace(
                forgotten(session, removed=False), file_status="absent", absent_since=None
            )
            effects = (fx.ForgetCredentials(key), fx.RecordHistory("signed-out", key))
            return signed_out(after), sentences.signed_out(key, outcome.remains), 0, effects
        case Released():
            memory = replace(session.memory, removal=None)
            after = replace(session, store="released", failing=None, notable=None, memory=memory)
            if session.failing is not None and session.token is not None:
                # Perhaps of a doubt: that AWS has not answered yet (R6).
                doubt = QueuedJob("renew", None, "program", session.token.fingerprint)
                after = replace(after, queue=(*after.queue, doubt))
            return after, outcome.sentence, 0, (fx.RecordHistory("released", key),)
        case Failed():
            # What no worker can read keeps the next from trying; that it can be read is an event.
            look = (fx.ReadAgain(InputFile("records")),) if outcome.reason == "other" else ()
            return _failed(state, session, job, outcome, now), outcome.sentence, 1, look
        case _:
            assert_never(outcome)


def _of_elsewhere(
    session: Session, outcome: Renewed | Adopted | RemovalJudged
) -> bool:  # fmt: skip
    """Whether the worker found another place's token under this session's name (fault 25)."""
    return outcome.token is not None and elsewhere(session, outcome.token)


def _renewed(session: Session, trigger: Trigger, outcome: Renewed, now: Now) -> Session:
    token, usual = outcome.token, session.life
    goes_on = session.token is not None and outcome.of == session.token.fingerprint
    seen = present(session, token)
    # Where another found that it is not, the keyring has just taken a write: nothing waits for it.
    stored = outcome.stored or not outcome.by_us
    # A refusal of this very token stands: nothing newer was found.
    refused_still = session.memory.refused == token.fingerprint
    after = replace(
        seen,
        token=token,
        origin=session.origin if goes_on else seen.origin,
        store=outcome.store,
        without_refresh_token=None,
        notable=None if stored else "keyring-waiting",
        life=max(usual or 0.0, token.life),
        # A renewal starts no session: what is known of its start and its end stays.
        end_confirmed=session.end_confirmed,
        retry_at=None if outcome.by_us else seen.retry_at,
        memory=session.memory if refused_still else replace(session.memory, refused=None),
    )
    if not stored:  # who would tell that it is may die
        after = replace(after, adopt_again_at=now.wall + policy.BACKOFF_MOST)
    if outcome.by_us or outcome.of == token.fingerprint:
        after = replace(after, memory=replace(after.memory, given=token))
    sign_in = session.sign_in
    if outcome.by_us and sign_in is not None and sign_in.afresh and sign_in.url is not None:
        # It was asked for before the sign-in has ended the portal's session (L9).
        after = replace(after, memory=replace(after.memory, dead=token.fingerprint))
    if not outcome.by_us and outcome.of == token.fingerprint and _followed_dead(session, token):
        after = replace(after, queue=(*after.queue, QueuedJob("check")))
    if outcome.by_us:
        return end_seen(counted(after, trigger, now, token.life), token, usual)
    return replace(after, memory=without_disproved_end(after.memory, token))


def _followed_dead(session: Session, token: TokenFacts) -> bool:
    """Whether a kept token took a dead one's place without a word of AWS: it may be dead, too."""
    before = {one.fingerprint for one in (session.memory.given, session.token) if one is not None}
    return session.memory.dead in before - {token.fingerprint}


def _refused(state: TrayState, session: Session, job: Job, outcome: Refused, now: Now) -> Session:
    if job.kind == "renew":
        session = counted(session, job.trigger, now)
    token, failures = session.token, session.failing.failures if session.failing else 0
    session = replace(session, failing=None)
    if token is None:
        return session
    if in_file(session) and for_the_keyring(session.notable):
        session = replace(session, adopt_again_at=now.wall + policy.BACKOFF_MOST)
    if outcome.reason == "registration-expired" and outcome.portal != "dead":
        # Only our client is too old, for good; the portal session lives on, as far as is known.
        session = replace(
            session, without_refresh_token=token.fingerprint, notable="registration-expired"
        )
        return session if outcome.portal == "valid" else _still_unasked(session, now)
    memory = replace(session.memory, refused=token.fingerprint)
    if outcome.portal == "dead":
        end = exact_end(session)
        if end is not None and end.at <= now.wall + policy.CLOCK_SLACK:
            memory = learnt(memory, end.at)  # it ended where we knew it would
        return over(replace(session, memory=memory), now)
    cause = memory.end.cause if memory.end is not None else token.fingerprint
    memory = replace(memory, end=SessionEnd(token.expires_at, "exact", cause))
    session = replace(session, fresh_start=True)
    if outcome.portal == "unreachable":
        waiting = replace(session, memory=memory)
        return _asked_again(
            state, waiting, "offline", sentences.unconfirmed(session.key), failures, now
        )
    memory = learnt(memory, token.expires_at)
    return replace(session, memory=memory, unconfirmed_at=None, end_confirmed=True)


def _checked(
    state: TrayState, session: Session, job: Job, outcome: PortalChecked, now: Now
) -> Session:
    token = session.token
    if token is None or token.fingerprint != outcome.fingerprint:
        return _still_unasked(session, now) if unproved(session) else session
    if refused(session):
        return _refused(state, session, job, Refused(outcome.portal), now)
    if outcome.portal == "unreachable":
        return _still_unasked(session, now)
    if outcome.portal != "dead":
        # Of refresh data the portal knows nothing; since the sign-out the keyring has none, as far
        # as is known before it could be looked into.
        if not unproved(session) or session.store != "keyring" or in_file(session):
            return session
        without = token.fingerprint
        return replace(session, queue=(*session.queue, LOOK), without_refresh_token=without)
    if session.logins and renewable(session):
        refresh = QueuedJob("renew", None, "user", token.fingerprint)  # one refresh decides (R6)
        return replace(session, queue=(*session.queue, refresh))
    # The portal takes no expired token; whether that one's session is over a refresh shows.
    return over(session, now) if token.expires_at > now.wall else session


def _still_unasked(session: Session, now: Now) -> Session:
    """Ask the portal later about a token of which it is not known whether it still works."""
    return replace(session, unconfirmed_at=now.wall + policy.BACKOFF_MOST)


def _asked_again(
    state: TrayState, session: Session, reason: Reason, sentence: str, failures: int, now: Now
) -> Session:
    """Leave a refusal unconfirmed, and ask the portal about it again later (R4)."""
    wait = backoff(session, state.machine, failures + 1, now) + policy.BACKOFF_FIRST
    failing = Failing(reason, sentence, failures + 1, now.wall, now.wall + wait)
    return replace(session, failing=failing, unconfirmed_at=failing.next_at)


def over(session: Session, now: Now) -> Session:
    """Record the end as of now; no length is learnt, as the user may have signed out."""
    token, memory = session.token, replace(session.memory, started_at=None)
    if token is not None:
        cause = memory.end.cause if memory.end is not None else token.fingerprint
        end = SessionEnd(min(now.wall, token.expires_at), "exact", cause)
        memory = replace(memory, end=end, refused=token.fingerprint, dead=token.fingerprint)
    return replace(
        session, over=True, failing=None, unconfirmed_at=None, fresh_start=True, memory=memory
    )


def _adopted(session: Session, outcome: Adopted, now: Now) -> Answer:
    moved = session.token is not None and session.token.refreshable
    kept = moved and outcome.store == "keyring" and outcome.reason is None
    first = kept and session.store != "keyring"
    after = replace(
        _patient(present(session, outcome.token), outcome.retry_after, now),
        token=outcome.token,
        store=outcome.store,
        contested=outcome.contested or session.contested,
        notable=outcome.reason,
        failing=None,
        adopt_tried=outcome.token.fingerprint,
        adopt_again_at=adopt_again_at(session.token, outcome.reason, now, session.memory.refused),
        adopted_at=now.wall if first else session.adopted_at,
    )
    given = after.memory.given
    first_seen = given is None or given.fingerprint != outcome.token.fingerprint
    if kept or (moved and first_seen):  # later another end may be written into the file
        after = replace(after, memory=replace(after.memory, given=outcome.token))
    if kept and (refused(after) or after.memory.dead == outcome.token.fingerprint):
        # The keyring may keep another beside it, which AWS was not asked with (K4).
        doubt = QueuedJob("renew", None, "program", outcome.token.fingerprint)
        memory = replace(after.memory, refused=None)
        after = replace(after, memory=memory, queue=(*after.queue, doubt))
    what = "adopted" if kept else "contested" if outcome.contested else None
    note = (fx.RecordHistory(what, session.key),) if what is not None else ()
    return after, sentences.adopted(session.key), 0, note


def _patient(session: Session, retry_after: float | None, now: Now) -> Session:
    if retry_after is None:
        return session
    return replace(session, retry_at=now.wall + min(retry_after, policy.RETRY_AFTER_MOST))


def _failed(state: TrayState, session: Session, job: Job, outcome: Failed, now: Now) -> Session:
    if job.kind in ("sign-out", "release", "undo-removal"):
        return session  # the requester got the answer; only the user retries, no timer
    removal = session.memory.removal
    if job.kind == "drop-removed" and removal is not None:
        later = replace(removal, ran=policy.REMOVED_KEPT - policy.REMOVED_COUNTED)
        return replace(session, memory=replace(session.memory, removal=later))
    if outcome.answered and job.kind == "renew":
        session = counted(session, job.trigger, now)
    session = _patient(session, outcome.retry_after, now)
    if job.kind == "adopt":
        tried = session.token.fingerprint if session.token is not None else None
        # It may have recorded a token store before it failed.
        store = state.recalled.stores.get(session.key, session.store)
        again = adopt_again_at(session.token, outcome.reason, now)
        after = replace(
            session, store=store, adopt_tried=tried, adopt_again_at=again, notable=outcome.reason
        )
        if outcome.reason in ("offline", "tls") and not in_file(session):
            # Only of an unknown login without refresh data the portal had to be asked (K4).
            after = replace(after, without_refresh_token=tried)
        return after
    before = session.failing
    failures = before.failures if before is not None else 0
    if job.kind == "check" and not refused(session):
        return _still_unasked(session, now)
    if job.kind == "check":
        return _asked_again(state, session, outcome.reason, outcome.sentence, failures, now)
    if refused(session) and not awaits_judgement(session):
        return session
    if before is not None and job.trigger != "schedule" and before.next_at > now.wall:
        # The schedule's own attempt is neither put off nor made rarer by one in between.
        failing = replace(before, reason=outcome.reason, sentence=outcome.sentence)
        return replace(session, failing=failing)
    wait = backoff(session, state.machine, failures + 1, now, outcome.reason)
    if state.offline and outcome.reason == "offline":
        wait = policy.BACKOFF_MOST  # the network's return is an event; until then it is vain
    since = before.since if before is not None else now.wall
    failing = Failing(outcome.reason, outcome.sentence, failures + 1, since, now.wall + wait)
    return replace(session, failing=failing)
