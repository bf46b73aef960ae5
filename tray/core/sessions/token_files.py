"""What the user's and other programs' files mean to the core: config and token cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy, unread_files
from tray.core.effects import Effect
from tray.core.model import InputFile, Memory, Now, SsoSession, TokenFacts, TokenStore
from tray.core.profiles.start_url import is_vanity
from tray.core.session import (
    QueuedJob,
    Session,
    elsewhere,
    ends_early,
    kept_for_undo,
    lasting,
    remembered_failing,
    remembered_patience,
)
from tray.core.sessions import doubts
from tray.core.sessions.portal_sessions import other_is_gone, others_checked
from tray.core.sessions.session_end import exact_end, learnt, without_disproved_end
from tray.core.state import Step, TrayState
from tray.core.text import sentences

LOOK = QueuedJob("adopt", trigger="schedule")
"""The adoption job looks into the keyring to judge a lean file."""


def recalled(state: TrayState, event: ev.RecordsRead) -> TrayState:
    """Take what ``state.json`` holds; a store another process recorded counts at once (K1)."""
    state = replace(state, recalled=event)
    for session in state.sessions.values():
        if session.foreign is not None:
            continue  # recorded of the place this name meant before
        store = _recorded_store(session, event)
        contested = session.key in event.contested
        fresh = session.memory == Memory()
        memory = event.memories.get(session.key, session.memory) if fresh else session.memory
        patience = remembered_patience(memory, session) if fresh else session.retry_at
        after = replace(
            session, store=store, contested=contested, memory=memory, retry_at=patience
        )  # fmt: skip
        if store == "released" and session.store != "released":
            after = replace(after, failing=None, notable=None)
        if after != session:
            state = state.with_session(after)
    return state


def _recorded_store(session: Session, event: ev.RecordsRead) -> TokenStore | None:
    """
    Return the token store on record; that of our own adoption comes with its result.

    A login without refresh data has none on record: its adoption found that it is in its file.
    """
    if session.job is not None and session.job.kind == "adopt":
        return session.store
    return event.stores.get(session.key) or session.store


def config_read(state: TrayState, event: ev.ConfigRead) -> Step:
    """
    Follow the config: sessions come, go and change.

    A session whose start URL or region changed is a new one: its token is never sent to the new
    place (fault 25). One that goes is remembered, so that an editor's slip which removes it for a
    second costs neither its token store nor what was shown.
    """
    sessions: dict[str, Session] = {}
    effects: list[Effect] = []
    for config in event.catalog.sessions:
        known = state.sessions.get(config.key)
        if known is not None and _place(known.config) == _place(config):
            sessions[config.key] = replace(known, config=config)
        else:
            sessions[config.key] = _arrived(state, config)
            effects.append(fx.InspectTokenFile(config.key))
    gone = dict(state.gone)
    for key, session in state.sessions.items():
        now_there = sessions.get(key)
        if now_there is None or _place(now_there.config) != _place(session.config):
            gone[_place(session.config)] = _at_rest(session)
            effects.extend(_left(session))
    for session in sessions.values():
        gone.pop(_place(session.config), None)
    after = replace(
        state,
        unread={
            file: why
            for file, why in state.unread.items()
            if file.kind != "token" or file.key in sessions
        },
        sessions=sessions,
        gone=gone,
        catalog=event.catalog,
        config_problem=None,
        config_read=True,
    )
    return after, tuple(effects)


def _place(config: SsoSession) -> tuple[str, str, str]:
    vanity = is_vanity(config.start_url)
    return config.key, config.start_url, "" if vanity else config.region


def _arrived(state: TrayState, config: SsoSession) -> Session:
    back = state.gone.get(_place(config))
    earlier = [one for place, one in state.gone.items() if place[0] == config.key]
    last = state.sessions.get(config.key) or (earlier[-1] if earlier else None)
    foreign = None
    if last is not None:
        foreign = last.token.fingerprint if last.token is not None else last.foreign
    if back is not None:
        own = back.token is not None and back.token.fingerprint == foreign
        return replace(
            back,
            config=config,
            foreign=None if own else foreign,
            # What a job of ours recorded while it was away counts at once (K1).
            store=state.recalled.stores.get(config.key) or back.store,
            contested=config.key in state.recalled.contested,
        )
    if last is not None and (last.token is not None or foreign is not None):
        return Session(config=config, foreign=foreign)
    if last is not None:
        # Nothing was ever seen where its name pointed before: what is on record may be of here.
        return Session(config=config, store=state.recalled.stores.get(config.key))
    session = Session(
        config=config,
        store=state.recalled.stores.get(config.key),
        contested=config.key in state.recalled.contested,
        memory=state.recalled.memories.get(config.key, Memory()),
    )
    # Also where its file is gone, whose token would bring it.
    return replace(session, retry_at=remembered_patience(session.memory, session))


def _at_rest(session: Session) -> Session:
    return replace(
        session,
        job=None,
        queue=(),
        logins=(),
        sign_in=None,
        failing=None,
        file_status="unseen",
        absent_since=None,
    )


def _left(session: Session) -> Iterator[Effect]:
    waiting = [queued.request for queued in session.queue if queued.request is not None]
    waiting += session.job.requests if session.job is not None else ()
    waiting += [login.request for login in session.logins if login.request is not None]
    if session.sign_in is not None:
        waiting += session.sign_in.requests
        yield fx.CancelSignIn(session.key, session.sign_in.attempt)
    yield from fx.done(tuple(waiting), 1, sentences.session_changed(session.key))


def tokens_read(state: TrayState, event: ev.TokenFileInspected, now: Now) -> Step:
    """Take in one look at a cache file, but not what a job of ours may just be writing."""
    session = state.sessions.get(event.key)
    if session is None or session.job is not None:
        return state, ()
    file = InputFile("token", event.key)
    if isinstance(event.file_status, ev.FileUnread):
        if session.file_status == "unseen":  # of a file never seen nothing else is known
            state = state.with_session(replace(session, file_status="unread"))
        return unread_files.unread(state, file, event.file_status.sentence, now), ()
    state = unread_files.read(state, file, now)
    session = state.sessions[event.key]
    match event.file_status:
        case TokenFacts() if elsewhere(session, event.file_status):
            gone, fingerprint = not_ours(session), event.file_status.fingerprint
            if state.recalled.newest.get(session.key) == fingerprint:
                # What is on record is of the place that this name meant before.
                gone = replace(gone, store=None, foreign=fingerprint)
            return state.with_session(gone), ()
        case TokenFacts():
            seen = present(session, event.file_status)
            early = LOOK not in session.queue and ends_early(seen, event.file_status, now)
            look, sign_in = early or _wants_look(state, session, event.file_status), seen.sign_in
            if look and sign_in is not None:
                # What it brings is newer than whatever the file holds.
                seen = replace(seen, sign_in=replace(sign_in, unlooked=True))
            elif look:
                seen = replace(seen, queue=(*seen.queue, LOOK))
            elif doubts.after_an_end(session, seen, now) or (
                session.file_status == "unseen" and other_is_gone(state, session)
            ):
                seen = replace(seen, queue=(*seen.queue, QueuedJob("check")))
            seen = replace(seen, file_ends_at=event.file_status.expires_at)
            return state.with_session(doubts.recalled(session, seen)), ()
        case ev.FileAbsent():
            if session.file_status == "unseen" and session.key in state.recalled.memories:
                state = others_checked(state, session)
            return state.with_session(_absent(session, now)), ()
        case ev.FileTorn():
            return _torn(state, session)
        case ev.FileBad():
            seen = replace(session, file_status="bad", bad=event.file_status, torn_reads=0)
            return state.with_session(seen), ()
        case _:
            assert_never(event.file_status)


def _wants_look(state: TrayState, session: Session, token: TokenFacts) -> bool:
    """Only the keyring can judge a lean file: an older one, another login's, or ours (K4)."""
    if token.refreshable or LOOK in session.queue:
        return False
    old, newest = session.token, state.recalled.newest.get(session.key)
    signed_out = old is None and session.memory.signed_out and session.store != "released"
    # The keyring keeps what was removed marked, and only a worker can undo that.
    if signed_out or kept_for_undo(session) is not None:
        return True
    if old is not None and old.fingerprint == token.fingerprint:
        # What AWS gave while its file was away is in the keyring only.
        return session.file_status == "absent" and session.store == "keyring"
    if session.store == "released" or (
        old is None and session.store is not None and not session.fresh_start
    ):
        # At a start the record may be an old copy, and a sign-in after the session's end may have
        # died before it was recorded; a released session is left alone otherwise.
        ended = session.store != "released" and session.memory.dead == token.fingerprint
        return old is None and (ended or newest not in (None, token.fingerprint))
    return True


def not_ours(session: Session) -> Session:
    """Return the session where the file of its name holds another place's token (fault 25)."""
    gone = forgotten(session, removed=False)
    # Its own file was not seen to go; that is judged once there is no file (K5).
    return replace(
        gone,
        file_status="unseen",
        absent_since=None,
        bad=None,
        torn_reads=0,
        fresh_start=session.fresh_start,
    )


def _absent(session: Session, now: Now) -> Session:
    since = session.absent_since if session.file_status == "absent" else now.wall
    # With the keyring as token store AWS is asked first (K5); else the upkeep forgets the token.
    return replace(session, file_status="absent", absent_since=since, bad=None, torn_reads=0)


def forgotten(session: Session, *, removed: bool) -> Session:
    fingerprint = session.token.fingerprint if session.token is not None else None
    memory = replace(
        session.memory,
        end=None,
        refused=None,
        started_at=None,
        trouble=None,
        removal=None,
        removed=fingerprint or session.memory.removed if removed else None,
    )
    return replace(
        session,
        token=None,
        origin=None,
        life=None,
        over=False,
        failing=None,
        notable=None,
        unconfirmed_at=None,
        end_confirmed=False,
        fresh_start=True,
        snoozed=False,
        adopt_tried=None,
        adopted_at=None,
        memory=memory,
    )


def _torn(state: TrayState, session: Session) -> Step:
    reads = session.torn_reads + 1
    after = state.with_session(replace(session, file_status="torn", torn_reads=reads))
    if reads > policy.TORN_READS:
        return after, ()
    return after, (fx.InspectTokenFile(session.key, policy.TORN_DELAY),)


def present(session: Session, token: TokenFacts) -> Session:
    """
    Take in a token that is in the cache file.

    The same token again changes only whether the file carries refresh data, and its end unless the
    keyring holds it: then the end that AWS gave counts. An unknown token was
    written last and so is newer (K4), whatever its ``expiresAt``.
    """
    seen = replace(session, file_status="present", absent_since=None, torn_reads=0, bad=None)
    old, given = session.token, session.memory.given
    if given is not None and given.fingerprint == token.fingerprint:
        # In a file the end may be written anew; SDKs believe an earlier one, AWS no later one.
        ours = session.store == "keyring" and not token.refreshable
        ends_at = given.expires_at if ours else min(given.expires_at, token.expires_at)
        token = replace(token, issued_at=given.issued_at, expires_at=ends_at)
    if old is None or old.fingerprint != token.fingerprint:
        return new_token(seen, token, session)
    end = session.memory.end
    if end is not None and end.at == old.expires_at and not session.over:
        # It was known by the token alone, whose end another program has written anew.
        memory = replace(session.memory, end=replace(end, at=token.expires_at))
        seen = replace(seen, memory=memory)
    same = replace(old, refreshable=token.refreshable, expires_at=token.expires_at)
    if token.refreshable != old.refreshable:  # another program handed it back, or took it away
        seen = replace(seen, adopt_tried=None, without_refresh_token=None, notable=None)
    return replace(seen, token=same)


def new_token(seen: Session, token: TokenFacts, before: Session) -> Session:
    memory = _memory_with(token, before)
    same_session = memory.started_at == before.memory.started_at
    return replace(
        seen,
        token=token,
        origin=token.fingerprint,
        life=token.life,
        over=False,
        failing=remembered_failing(memory, token),
        retry_at=remembered_patience(memory, seen),
        notable=None,
        unconfirmed_at=None,
        end_confirmed=False,
        fresh_start=False,
        foreign=None,
        snoozed=before.snoozed and same_session,
        ran_until=None,
        # Whether it ends a removal a worker finds out (K5).
        memory=replace(memory, removed=None, removal=kept_for_undo(before)),
    )


def _memory_with(token: TokenFacts, before: Session) -> Memory:
    """Return the memory of a session at a token that is new to us (G1)."""
    memory, end = before.memory, exact_end(before)
    if memory.refused == token.fingerprint:
        return memory  # seen again after a restart: what was found out about it still holds
    ended = end is not None and end.at <= token.issued_at
    if end is not None and ended:
        memory = learnt(memory, end.at)
    if ended or memory.refused is not None or before.over or before.fresh_start:
        return replace(
            memory,
            started_at=token.issued_at,
            end=None,
            refused=None,
            used_at=token.issued_at,
            notified=lasting(memory.notified, token.fingerprint),
        )
    memory = without_disproved_end(memory, token)
    known = before.token is not None or before.memory.removed is not None
    if known or memory.used_at is None:
        return replace(memory, used_at=max(token.issued_at, memory.used_at or 0.0))
    return memory
