"""Listing the accounts and roles of sessions: one at a time, when it is due or asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy
from tray.core.accounts.account_index import IndexListing, IndexState, SessionAccounts
from tray.core.accounts.index_schedule import due_at, ready
from tray.core.model import Now
from tray.core.requests import AccountsRequested, AccountsUsed
from tray.core.sessions import renewal_requests
from tray.core.state import Step, TrayState
from tray.core.text import index_text, menu_text


def answered(state: TrayState, event: ev.IndexEvent, now: Now) -> Step:
    match event:
        case ev.AccountsRead():
            return index_read(state, event), ()
        case AccountsUsed():
            return used(state, now)
        case AccountsRequested():
            return wanted(state, event), ()
        case ev.AccountsProgress():
            return progressed(state, event), ()
        case ev.AccountsListed():
            return listed(state, event, now)
        case ev.AccountsNotListed():
            return failed(state, event, now)
        case _:
            assert_never(event)


def index_read(state: TrayState, event: ev.AccountsRead) -> TrayState:
    used = max(filter(None, (state.index.used_at, event.used_at)), default=None)
    if not event.sessions and event.used_at is None:
        used = None  # forgotten: listed again when a surface needs it
    return _with(state, read=True, sessions=event.sessions, used_at=used)


def used(state: TrayState, now: Now) -> Step:
    """Remember that a surface needs the index, by the hour."""
    before = state.index.used_at
    if before is not None and 0 <= now.wall - before < policy.USED_GRAIN:
        return state, ()
    return _with(state, used_at=now.wall), (fx.RecordAccountsUse(now.wall),)


def wanted(state: TrayState, event: AccountsRequested) -> TrayState:
    """List a session as soon as it can be; one that is being listed is not listed twice."""
    index, key = state.index, event.key
    under_way = index.listing is not None and index.listing.key == key
    if key not in state.sessions or key in index.asked or under_way:
        return state
    problems = {other: one for other, one in index.problems.items() if other != key}
    return _with(state, asked=(*index.asked, key), problems=problems)


def progressed(state: TrayState, event: ev.AccountsProgress) -> TrayState:
    listing = _awaited(state, event.attempt)
    if listing is None:
        return state
    return _with(state, listing=replace(listing, done=event.done, total=event.total))


def listed(state: TrayState, event: ev.AccountsListed, now: Now) -> Step:
    """Go on from a listing, which has been read from its file just before."""
    listing = _awaited(state, event.attempt)
    if listing is None:
        return state, ()
    problems = {key: one for key, one in state.index.problems.items() if key != listing.key}
    state = _with(state, listing=None, problems=problems)
    at = due_at(state, listing.key, now) if listing.key in state.sessions else None
    if at is None or at > now.wall:
        return state, _told(state, listing)
    # It cannot be read: without a pause it would be listed for ever.
    sentence = index_text.NOT_KEPT
    problems = {**problems, listing.key: (sentence, now.wall + policy.INDEX_PAUSE)}
    state = _with(state, problems=problems)
    return state, _told(state, listing)


def failed(state: TrayState, event: ev.AccountsNotListed, now: Now) -> Step:
    """Try again in an hour, or when AWS says; a token that the portal rejects is doubted (R6)."""
    listing = _awaited(state, event.attempt)
    if listing is None:
        return state, ()
    pause = max(policy.INDEX_PAUSE, event.retry_after or 0.0)
    problems = {**state.index.problems, listing.key: (event.sentence, now.wall + pause)}
    state = _with(state, listing=None, problems=problems)
    session = state.sessions.get(listing.key)
    if event.rejected and session is not None and session.token is not None:
        rejected = ev.TokenRejected(listing.key, session.token.fingerprint)
        state = renewal_requests.doubted(state, rejected, now)
    return state, _told(state, listing)


def _told(state: TrayState, listing: IndexListing) -> tuple[fx.Effect, ...]:
    """Tell who asked how it ended; the menu in which it was asked closed long ago."""
    if not listing.requested:
        return ()
    key = listing.key
    problem, _ = state.index.problems.get(key, ("", 0.0))
    if problem:
        return (fx.Report(menu_text.roles_not_listed(key), problem),)
    known = state.index.sessions.get(key)
    accounts = () if known is None else known.accounts
    roles = sum(len(one.roles) for one in accounts)
    return (fx.Report(*menu_text.roles_listed(key, roles, len(accounts)), good=roles > 0),)


def due(state: TrayState, now: Now) -> Step:
    """
    Start the one listing that is due, if any.

    One at a time, and never where a renewal is under way, due, or failing: that comes first. It
    holds no lock and no place that a renewal needs, so one that falls due meanwhile just starts.
    """
    if not state.index.read or state.index.listing is not None:
        return state, ()
    if state.alone or state.quitting or state.asleep or state.offline:
        return state, ()
    for key, session in state.sessions.items():
        requested = key in state.index.asked
        if not ready(session, now, requested=requested):
            continue
        at = due_at(state, key, now)
        if at is None or at > now.wall:
            continue
        attempt = state.next_attempt
        state = replace(state, next_attempt=attempt + 1)
        asked = tuple(one for one in state.index.asked if one != key)
        listing = IndexListing(key, attempt, requested=requested)
        state = _with(state, listing=listing, asked=asked)
        return state, (fx.IndexAccounts(session.config, attempt),)
    return state, ()


def without_future(state: TrayState, now: Now) -> TrayState:
    """Let what was recorded before the clock was set back count as of now (fault 29)."""
    index = state.index
    problems = {
        key: (sentence, min(at, now.wall + policy.INDEX_PAUSE))
        for key, (sentence, at) in index.problems.items()
    }
    used_at = None if index.used_at is None else min(index.used_at, now.wall)
    sessions = {key: _not_later(one, now) for key, one in index.sessions.items()}
    return _with(state, problems=problems, used_at=used_at, sessions=sessions)


def _not_later(known: SessionAccounts, now: Now) -> SessionAccounts:
    return known if known.listed_at <= now.wall else replace(known, listed_at=now.wall)


def _awaited(state: TrayState, attempt: int) -> IndexListing | None:
    listing = state.index.listing
    return listing if listing is not None and listing.attempt == attempt else None


def _with(state: TrayState, **changes: object) -> TrayState:
    index: IndexState = replace(state.index, **changes)  # type: ignore[arg-type]  # by its fields
    return replace(state, index=index)
