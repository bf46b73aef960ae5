"""The whole state of the core, and when to look at it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from types import MappingProxyType

from tray.core import policy
from tray.core.accounts import index_schedule
from tray.core.accounts.account_index import IndexState
from tray.core.effects import Effect
from tray.core.events import RecordsRead
from tray.core.model import Catalog, InputFile, Now, Preferences, TokenFacts
from tray.core.session import Failing, Session, can_undo, renews_meanwhile
from tray.core.sessions.schedule import next_attempt, scheduled
from tray.core.sessions.session_end import end_of
from tray.core.start_rules import Beside
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class VisibleNotice:
    """A notice that is on screen: why, since when, about which sessions."""

    once_key: str
    at: float
    category: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """
    A file that cannot be read now: why, since when, how often tried, when next.

    Both times are monotonic: a clock that is set neither hides it nor puts off the next look.
    """

    sentence: str
    since: float
    looks: int
    next_at: float


@dataclass(frozen=True, slots=True)
class TrayState:
    machine: str  # a stable text of this machine, the seed of all jitter
    # by key, in config order
    sessions: Mapping[str, Session] = field(default_factory=lambda: MappingProxyType({}))
    catalog: Catalog = field(default_factory=Catalog)  # the last good config
    config_problem: str | None = None  # why the newest config was refused
    config_read: bool = False  # read or refused at least once
    preferences: Preferences = field(default_factory=Preferences)  # the last good ones
    settings_problems: tuple[str, ...] = ()  # about the settings' files as they are now
    signed_out_logins: tuple[str, ...] = ()  # profiles of ``aws login`` without kept keys
    unread: Mapping[InputFile, Unread] = field(default_factory=lambda: MappingProxyType({}))
    active: str | None = None  # as recorded; counts only while the catalog has it (A7)
    previous: str | None = None
    # missing from the config just now, by key, start URL and region
    gone: Mapping[tuple[str, str, str], Session] = field(
        default_factory=lambda: MappingProxyType({})
    )
    # wall clock minus monotonic clock, as last known: shows by how much the clock was set
    clock_offset: float | None = None
    # what ``state.json`` held, for sessions that appear later
    recalled: RecordsRead = field(default_factory=lambda: RecordsRead({}, {}))
    asleep: bool = False  # holds back notices and jobs
    locked: bool = False  # holds back notices
    offline: bool = False  # makes vain attempts rare
    # by slot
    shown: Mapping[str, VisibleNotice] = field(default_factory=lambda: MappingProxyType({}))
    notified: frozenset[str] = frozenset()  # once-keys that belong to no session
    sign_in_queue: tuple[str, ...] = ()  # left for "Sign in to all"
    # the accounts and roles of all sessions, as last listed
    index: IndexState = field(default_factory=IndexState)
    handing_back: str | None = None  # who asked to hand everything back before the end
    lending: bool = False  # only until the next start
    quitting: bool = False  # nothing is started any more
    alone: bool = False  # of a command without a daemon: nothing renews unasked
    beside: Beside | None = None  # then: the daemon that runs and does not act for it
    host: str | None = None  # then: the machine whose daemon keeps this home directory
    next_attempt: int = 1  # the number of the next job or sign-in

    def with_session(self, session: Session) -> TrayState:
        return replace(self, sessions={**self.sessions, session.key: session})

    @property
    def active_profile(self) -> str | None:
        """The active profile, None if it vanished from the config: never another one (A7)."""
        known = any(profile.name == self.active for profile in self.catalog.profiles)
        return self.active if known else None


def clock_known(state: TrayState, now: Now) -> TrayState:
    known = state.clock_offset is not None
    return state if known else replace(state, clock_offset=now.wall - now.mono)


def clock_set(state: TrayState, now: Now) -> TrayState:
    """Move the ends of ``Retry-After`` with the clock."""
    before, offset = clock_known(state, now).clock_offset or 0.0, now.wall - now.mono
    for session in state.sessions.values():
        if session.retry_at is not None:
            moved = replace(session, retry_at=session.retry_at + offset - before)
            state = state.with_session(moved)
    return replace(state, clock_offset=offset)


def next_look(state: TrayState, now: Now) -> float | None:
    """Return the next wall time at which something changes by itself; nothing else ever polls."""
    moments = [
        moment for session in state.sessions.values() for moment in _moments(session, state, now)
    ]
    moments += index_schedule.moments(state, now)
    for file in state.unread.values():
        monotonic = (file.next_at, file.since + policy.UNREAD_TOLD_AFTER)
        moments += [now.wall + (moment - now.mono) for moment in monotonic]
    ahead = (moment for moment in moments if moment > now.wall)
    return None if state.quitting else min(ahead, default=None)


def _moments(session: Session, state: TrayState, now: Now) -> Iterator[float]:
    preferences = state.preferences
    if can_undo(session) and session.ran_until is not None:
        yield now.wall + policy.REMOVED_COUNTED - (now.mono - session.ran_until)
    if session.job is None and renews_meanwhile(session):
        for attempt in (
            scheduled(session, preferences, state.machine),
            next_attempt(session, preferences, state.machine),
        ):
            if attempt is not None:
                yield attempt
        if session.unconfirmed_at is not None and session.sign_in is None:
            yield max(session.unconfirmed_at, session.retry_at or 0.0)
        if session.adopt_again_at is not None and session.sign_in is None:
            yield max(session.adopt_again_at, session.retry_at or 0.0)
    if session.file_status == "absent" and session.absent_since is not None:
        yield session.absent_since + policy.REMOVED_DELAY
        if session.retry_at is not None:  # what that means AWS is asked no earlier (R5)
            yield session.retry_at
    if session.sign_in is not None:
        yield session.sign_in.deadline
    if session.adopted_at is not None:
        yield session.adopted_at + policy.ADOPTED_SHOWN_FOR
    if session.token is None:
        return
    yield session.token.expires_at
    if session.failing is not None:
        yield failing_warns_at(session.failing, session.token)
    end = end_of(session, preferences)
    at = end.at if end is not None else session.token.expires_at
    yield at
    yield at - policy.ENDING_BEFORE
    for before in preferences.warn_before:
        yield at - before


def failing_warns_at(failing: Failing, token: TokenFacts) -> float:
    """Return a wall time (W1); for tokens of a few minutes' life shares of it count."""
    left = min(policy.FAILING_WARNS_UNDER, token.life * policy.RENEW_AT_LIFE * 0.8)
    patience = min(policy.FAILING_WARNS_AFTER, token.life * policy.RENEW_JITTER)
    return max(token.expires_at - left, failing.since + patience)


Step = tuple[TrayState, tuple[Effect, ...]]
"""The state after an event, and what the core asks of the world."""
