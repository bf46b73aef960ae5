"""What the files of the user and of other programs mean to the rules: config and token cache."""

from __future__ import annotations

from dataclasses import replace

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy, text
from tray.core.effects import Effect
from tray.core.model import Memory, Now, TokenFacts
from tray.core.session import Session, refused
from tray.core.state import TrayState

Step = tuple[TrayState, tuple[Effect, ...]]


def recalled(state: TrayState, event: ev.Recalled) -> TrayState:
    """Take what ``state.json`` holds; a keeper another process recorded counts at once (K1)."""
    state = replace(state, recalled=event)
    for session in state.sessions.values():
        keeper = event.keepers.get(session.key, session.keeper)
        contested = session.key in event.contested
        if (keeper, contested) != (session.keeper, session.contested):
            state = state.with_session(replace(session, keeper=keeper, contested=contested))
    return state


def config_read(state: TrayState, event: ev.ConfigRead) -> Step:
    """
    Follow the config: sessions come, go and change.

    A session whose start URL or region changed is a new one: its token is never sent to the new
    place (fault 25).
    """
    sessions: dict[str, Session] = {}
    effects: list[Effect] = []
    for config in event.catalog.sessions:
        known = state.sessions.get(config.key)
        same_place = known is not None and (known.config.start_url, known.config.region) == (
            config.start_url,
            config.region,
        )
        if known is not None and same_place:
            sessions[config.key] = replace(known, config=config)
            continue
        sessions[config.key] = Session(
            config=config,
            keeper=state.recalled.keepers.get(config.key),
            contested=config.key in state.recalled.contested,
            memory=state.recalled.memories.get(config.key, Memory()),
        )
        effects.append(fx.ReadTokens(config.key))
    for key, session in state.sessions.items():
        if session.sign_in is not None and sessions.get(key) is not session:
            still = sessions.get(key)
            if still is None or still.sign_in is None:
                effects.append(fx.CancelSignIn(key, session.sign_in.attempt))
                effects.extend(
                    fx.Tell(request, "done", 1, text.session_changed(key))
                    for request in session.sign_in.requests
                )
    after = replace(
        state,
        sessions=sessions,
        catalog=event.catalog,
        config_problem=None,
        config_read=True,
    )
    return after, tuple(effects)


def tokens_read(state: TrayState, event: ev.TokensRead, now: Now) -> Step:
    """
    Take in one look at a cache file.

    While a job of ours is under way the file is in motion by our own hand; its result tells what
    it wrote, and the file is looked at again after it.
    """
    session = state.sessions.get(event.key)
    if session is None or session.job is not None:
        return state, ()
    match event.sight:
        case ev.FileAbsent():
            return state.with_session(_absent(session, now)), ()
        case ev.FileTorn():
            return _torn(state, session)
        case ev.FileBad():
            seen = replace(session, sight="bad", bad=event.sight, torn_reads=0)
            return state.with_session(seen), ()
        case TokenFacts():
            return state.with_session(present(session, event.sight)), ()


def _absent(session: Session, now: Now) -> Session:
    since = session.absent_since if session.sight == "absent" else now.wall
    # With the keyring as keeper AWS is asked first (K5); else the upkeep forgets the token.
    return replace(session, sight="absent", absent_since=since, bad=None, torn_reads=0)


def forgotten(session: Session, *, removed: bool) -> Session:
    """Return the session after a sign-out, its own or another program's."""
    fingerprint = session.token.fingerprint if session.token is not None else None
    memory = replace(session.memory, end=None, refused=None, started_at=None)
    return replace(
        session,
        token=None,
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
        removed=fingerprint or session.removed if removed else None,
        memory=memory,
    )


def _torn(state: TrayState, session: Session) -> Step:
    reads = session.torn_reads + 1
    after = state.with_session(replace(session, sight="torn", torn_reads=reads))
    if reads > policy.TORN_READS:
        return after, ()
    return after, (fx.ReadTokens(session.key, policy.TORN_DELAY),)


def present(session: Session, token: TokenFacts) -> Session:
    """
    Take in a token that lies in the cache file.

    The same token again changes nothing but whether the file carries refresh data. A token we
    did not know was written last and so is the newer truth (K4), whatever its ``expiresAt``.
    """
    seen = replace(session, sight="present", absent_since=None, torn_reads=0, bad=None)
    old = session.token
    if old is not None and old.fingerprint == token.fingerprint:
        same = replace(old, refreshable=token.refreshable, expires_at=token.expires_at)
        handed_back = token.refreshable and not old.refreshable
        return replace(seen, token=same, adopt_tried=None if handed_back else seen.adopt_tried)
    return new_token(seen, token, session)


def new_token(seen: Session, token: TokenFacts, before: Session) -> Session:
    """Start the life of a token another program (or an earlier run of ours) has written."""
    memory = before.memory
    started = before.fresh_start or before.over or refused(before)
    known = before.token is not None or before.removed is not None
    if started:
        memory = replace(
            memory, started_at=token.issued_at, end=None, used_at=token.issued_at, refused=None
        )
    elif known or memory.used_at is None:
        memory = replace(memory, used_at=max(token.issued_at, memory.used_at or 0.0))
    if memory.end is not None and memory.end.at < token.issued_at:
        memory = replace(memory, end=None)
    return replace(
        seen,
        token=token,
        life=token.life,
        over=False,
        failing=None,
        notable=None,
        removed=None,
        unconfirmed_at=None,
        end_confirmed=False,
        fresh_start=False,
        snoozed=False,
        memory=memory,
    )
