"""Rules broken on purpose: each is one line of the rules gone wrong, and each has to be caught."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from tests.simulation.replay import Run, run
from tests.simulation.script import Happening
from tests.simulation.sequences import LONG, Sequence, do
from tray.core import events as ev
from tray.core import policy, session, unread_files
from tray.core import state as states
from tray.core.effects import Notice
from tray.core.menu import menu_actions
from tray.core.model import InputFile, Now, TokenFacts, Trigger
from tray.core.notices import notice_delivery, notice_rules
from tray.core.outcomes import Failed, Refused, SignedOut
from tray.core.session import Session
from tray.core.sessions import (
    after_sign_out,
    job_results,
    portal_sessions,
    renewal_requests,
    schedule,
    signing_in,
    token_files,
    upkeep,
)
from tray.core.sessions import session_states as kinds
from tray.core.state import TrayState
from tray.daemon import input_files
from tray.errors import Unread
from tray.managed import managed_sections, section_plan
from tray.storage.session_records import Records
from tray.system.lock.file_lock import FileLock
from tray.worker import job_table
from tray.worker.job_context import JobContext
from tray.worker.keyring.item_document import KeyringItem
from tray.worker.keyring.token_keyring import TokenKeyring

ROOMS = ("tray.core", "tray.worker", "tray.daemon", "tray.managed", "tests.simulation")


@dataclass(frozen=True, slots=True)
class Slip:
    """
    A rule broken on purpose.

    Args:
        rule: what it breaks, with the rule's name.
        place: the module and the name of what is replaced.
        wrong: what stands there instead; called with the right one, if that is a function.
        caught_by: the promise that notices, whatever others would.
        things: what shows it, where walks seldom come to that.
        also: another thing that has to go wrong for it, like ``place`` and ``wrong``.
    """

    rule: str
    place: tuple[Any, str]
    wrong: Callable[[Any], Any]
    caught_by: str
    also: tuple[tuple[Any, str], Callable[[Any], Any]] | None = None
    things: tuple[Happening, ...] = ()


def _late(right: Any) -> Any:
    def planned(one: Session, *rest: Any) -> float | None:
        due = right(one, *rest)
        token = one.token
        return None if due is None or token is None else max(due, token.expires_at - 60)

    return planned


def _never_again(right: Any) -> Any:
    return lambda one, *rest: None if one.failing is not None else right(one, *rest)


def _queue_again(right: Any) -> Any:
    """Ask for a page whenever a session has ended, whoever sits there."""

    def step(state: TrayState, now: Now) -> Any:
        ended = tuple(
            key
            for key, one in state.sessions.items()
            if one.sign_in is None and one.token is not None and one.token.expires_at <= now.wall
        )
        return right(replace(state, sign_in_queue=(*state.sign_in_queue, *ended)), now)

    return step


def _any_answer(right: Any) -> Any:
    """Take in a result whatever attempt it is of."""

    def job_done(state: TrayState, event: ev.JobDone, now: Now) -> Any:
        known = state.sessions.get(event.key)
        if known is None or known.job is None:
            started = session.Job(event.attempt, "renew")
            known = None if known is None else replace(known, job=started)
            state = state if known is None else state.with_session(known)
        elif known.job.attempt != event.attempt:
            event = replace(event, attempt=known.job.attempt)
        return right(state, event, now)

    return job_done


def _no_join(right: Any) -> Any:
    def wanted(state: TrayState, event: ev.SignInRequested, now: Now) -> Any:
        known = state.sessions.get(event.key)
        if known is not None and known.sign_in is not None:
            state = state.with_session(replace(known, sign_in=None))
        return right(state, event, now)

    return wanted


def _always_dead(right: Any) -> Any:
    def refused(state: Any, one: Session, kind: Any, outcome: Refused, now: Now) -> Any:
        return right(state, one, kind, replace(outcome, portal="dead"), now)

    return refused


def _ended(_state: TrayState, one: Session, now: Now) -> bool:
    return one.sign_in is None and one.token is not None and one.token.expires_at <= now.wall


def _untold(right: Any) -> Any:
    return lambda state, notice: state if notice.category == "expired" else right(state, notice)


def _over_for_good(right: Any) -> Any:
    def new_token(seen: Session, token: TokenFacts, before: Session) -> Session:
        after: Session = right(seen, token, before)
        return replace(after, over=before.over)

    return new_token


def _blind_to_ends(right: Any) -> Any:
    def moments(one: Session, *rest: Any) -> Iterator[float]:
        ends = one.token.expires_at if one.token is not None else None
        return (moment for moment in right(one, *rest) if moment != ends)

    return moments


def _awake_for_notices(right: Any) -> Any:
    def told(state: TrayState, now: Now) -> Any:
        after, effects = right(replace(state, asleep=False, locked=False), now)
        return replace(after, asleep=state.asleep, locked=state.locked), effects

    return told


def _early(right: Any) -> Any:
    def planned(one: Session, *rest: Any) -> float | None:
        due: float | None = right(one, *rest)
        token = one.token
        return due if due is None or token is None else token.issued_at + token.life / 20

    return planned


def _allowed(_one: Session, _trigger: Trigger) -> float:
    return 0.0


def _forgetful(right: Any) -> Any:
    def remember(state: TrayState, notice: Notice) -> TrayState:
        after: TrayState = right(state, notice)
        for key in notice.keys if notice.category not in ("config", "keyring") else ():
            one = after.sessions[key]
            memory = replace(one.memory, notified=frozenset({notice.once_key}))
            after = after.with_session(replace(one, memory=memory))
        return after

    return remember


def _keyring_again(right: Any) -> Any:
    return lambda state, notice: notice.category != "keyring" and right(state, notice)


def _job_forgotten(right: Any) -> Any:
    def upkeep(state: TrayState, now: Now) -> Any:
        for one in state.sessions.values():
            state = state.with_session(replace(one, job=None))
        return right(state, now)

    return upkeep


def _awake_for_jobs(right: Any) -> Any:
    def upkeep(state: TrayState, now: Now) -> Any:
        after, effects = right(replace(state, asleep=False), now)
        return replace(after, asleep=state.asleep), effects

    return upkeep


def _signs_out(right: Any) -> Any:
    return lambda state, one, now: "sign-out" if one.over else right(state, one, now)


def _hands_back(right: Any) -> Any:
    def due(state: TrayState, one: Session, now: Now) -> Any:
        refused = one.failing is not None and one.failing.reason.startswith("keyring-")
        return "release" if refused else right(state, one, now)

    return due


def _at_once(right: Any) -> Any:
    return lambda state, now: None if right(state, now) is None else now.wall


def _not_beside(right: Any) -> Any:
    def doubted(state: TrayState, event: ev.TokenRejected, now: Now) -> Any:
        known = state.sessions.get(event.key)
        busy = known is not None and known.job is not None
        return state if busy else right(state, event, now)

    return doubted


def _emptied(right: Any) -> Any:
    """Take an unread config for an empty one."""

    def unread(state: TrayState, file: InputFile, *rest: Any) -> TrayState:
        after: TrayState = right(state, file, *rest)
        return replace(after, sessions={}) if file.kind == "config" else after

    return unread


def _rosy(right: Any) -> Any:
    def state_of(*asked: Any) -> Any:
        kind = right(*asked)
        return "signed-in" if kind == "expired" else kind

    return state_of


def _still_over(right: Any) -> Any:
    def signed_in(state: TrayState, event: ev.SignedIn, now: Now) -> Any:
        after, effects = right(state, event, now)
        return after.with_session(replace(after.sessions[event.key], over=True)), effects

    return signed_in


def _first_kept(right: Any) -> Any:
    """Return what the keyring kept when it was first asked, whatever came later."""
    first: dict[tuple[str, str], Any] = {}

    def item(keyring: Any, session: Any) -> Any:
        found = right(keyring, session)
        if found is not None:
            first.setdefault((keyring.item_names(session.key)[0], session.start_url), found)
        return first.get((keyring.item_names(session.key)[0], session.start_url))

    return item


def _not_stored(_keyring: Any, _key: str, token: Any, **_: Any) -> KeyringItem:
    return KeyringItem(token)


def _unlocked(_right: Any) -> Any:
    def lock(context: Any, _session: Any) -> FileLock:
        return FileLock(context.paths.state / "locks" / f"{id(object())}-{next(_numbers)}")

    return lock


def _signs_out_in_words(right: Any) -> Any:
    """Say that it is signed out, and do nothing."""
    return {**right, "sign-out": lambda _session, _context: SignedOut(None)}


def _none_unread(right: Any) -> Any:
    def read_active(state: Any) -> Any:
        try:
            return right(state)
        except Unread:
            return None

    return read_active


def _always(value: object) -> Callable[[Any], Any]:
    return lambda _right: lambda *_rest: value


def _impatient(right: Any) -> Any:
    def failed(state: Any, one: Session, kind: Any, outcome: Failed, now: Now) -> Any:
        return right(state, one, kind, replace(outcome, retry_after=None), now)

    return failed


def _once_renewed(right: Any) -> Any:
    def renews(one: Session, *rest: Any) -> bool:
        first = one.token is not None and one.origin == one.token.fingerprint
        return bool(right(one, *rest)) and not first

    return renews


def _unrecorded(right: Any) -> Any:
    def change(records: Any, key: str, **changes: object) -> Any:
        changes.pop("store", None)
        return right(records, key, **changes)

    return change


_numbers = itertools.count()
LOGIN = do("aws sso login", 10)


def _fails(*_: object) -> NoReturn:
    raise KeyError("a rule")


SLIPS: tuple[Slip, ...] = (
    Slip("R1: a minute before the end is early enough", (schedule, "planned_renewal"), _late,
         "liveness: what AWS would renew is tried in time"),
    Slip("the timer is set to the next seconds", (states, "next_look"),
         lambda _: lambda _state, now: now.wall + 5,
         "economy: few wakeups"),
    Slip("R5: AWS may always be asked", (schedule, "backoff"), lambda _: lambda *_: 0.5,
         "economy: AWS is asked with measure",
         also=((schedule, "allowed_at"), lambda _: _allowed)),
    Slip("R4: a portal that cannot be reached has said no", (job_results, "_refused"),
         _always_dead,
         "only AWS's own no ends a session"),
    Slip("W3: told of ends that need nobody", (notice_rules, "_has_ended"), lambda _: _ended,
         "no notice for what renews itself"),
    Slip("W2: told again each time", (notice_delivery, "_remember"), _untold,
         "each notice is shown once"),
    Slip("W2: told while nobody is there", (notice_delivery, "notices"), _awake_for_notices,
         "no notice while nobody is there"),
    Slip("L5: a second click starts a second sign-in", (signing_in, "wanted"), _no_join,
         "one sign-in a session"),
    Slip("L6: a page opens when a session has ended", (menu_actions, "next_in_queue"),
         _queue_again,
         "no page without a click"),
    Slip("fault 71: a late answer counts", (job_results, "job_done"), _any_answer,
         "a late answer changes nothing"),
    Slip("fault 25: a token of elsewhere is ours", (session, "elsewhere"),
         lambda _: lambda *_: False,
         "no token of another place"),
    Slip("K7: a released session is renewed", (session, "renewable"),
         lambda _: lambda one: one.token is not None and not session.refused(one),
         "a released session is left alone", things=(LOGIN, do("release", 100))),
    Slip("R4: what was over stays over", (token_files, "new_token"), _over_for_good,
         "truth: what works is not called over"),
    Slip("no look at the end of a token", (states, "_moments"), _blind_to_ends,
         "no state changes between two looks"),
    Slip("R5: never again after a failure", (schedule, "scheduled"), _never_again,
         "liveness: what AWS would renew is tried in time"),
    Slip("K1: the token store is not recorded", (Records, "change"), _unrecorded,
         "liveness: what AWS would renew is tried in time",
         things=(LOGIN, do("keyring locked", 500, much=0.9),
                 do("restart compared", 600, much=0.1))),
    Slip("fault 4: a file being written is bad for good", (policy, "TORN_READS"), lambda _: -1,
         "truth: what works is not called over"),
    Slip("R1: renewed at a twentieth of its life", (schedule, "planned_renewal"), _early,
         "a fresh token is left alone"),
    Slip("R5: renewed at a twentieth of its life, however often",
         (schedule, "planned_renewal"), _early,
         "economy: AWS is asked with measure",
         also=((schedule, "allowed_at"), lambda _: _allowed), things=(LOGIN,)),
    Slip("K4: published lean and never stored", (TokenKeyring, "store"),
         lambda _: _not_stored,
         "safety: no refresh token is lost"),
    Slip("W2: only the last thing told is remembered", (notice_delivery, "_remember"), _forgetful,
         "each cause is told once",
         things=(LOGIN, do("revoke", 60), do("crowd", 70), do("aws sso login", 200))),
    Slip("W2: the keyring is told of each time", (notice_delivery, "_was_shown"), _keyring_again,
         "economy: few notices"),
    Slip("a session with a job gets another", (upkeep, "upkeep"), _job_forgotten,
         "one job a session"),
    Slip("R1: begun although asleep", (upkeep, "upkeep"), _awake_for_jobs,
         "nothing is begun asleep"),
    Slip("K6: what is over is signed out", (upkeep, "_scheduled_job"), _signs_out,
         "only a person signs out"),
    Slip("K7: what the keyring refuses is handed back", (upkeep, "_scheduled_job"), _hands_back,
         "only a person hands back"),
    Slip("the timer is set to this very moment", (states, "next_look"), _at_once,
         "the next look lies ahead"),
    Slip("S5: an ended token is still called well", (kinds, "state_of"), _rosy,
         "truth: what is over is not called well"),
    Slip("S5: nothing is said to renew itself", (kinds, "renews"), lambda _: lambda *_: False,
         "convergence: a well world is shown well"),
    Slip("a sign-in leaves it over", (signing_in, "signed_in"), _still_over,
         "convergence: signing in helps"),
    Slip("what the keyring keeps counts for nothing", (session, "has_refresh_data"),
         _always(False),
         "truth: what AWS would renew is not given up"),
    Slip("everything renews", (kinds, "renews"), _always(True),
         "truth: only what holds refresh data renews"),
    Slip("S5: failing is said of what works", (kinds, "state_of"),
         lambda right: lambda *asked: {"signed-in": "renewal-failing"}.get(
             right(*asked), right(*asked)),
         "truth: failing is said after a failure"),
    Slip("S6: a reason stays for ever", (kinds, "reason_of"), _always("offline"),
         "truth: no reason outlives its cause"),
    Slip("W1: every token has ended", (notice_rules, "_has_ended"),
         lambda _: lambda _state, one, _now: one.token is not None,
         "truth: no notice is false"),
    Slip("K2: the oldest generation counts", (TokenKeyring, "item"), _first_kept,
         "safety: no older token over a newer"),
    Slip("R2: the oldest refresh token is sent", (TokenKeyring, "item"), _first_kept,
         "safety: no older refresh token is sent"),
    Slip("K6: signed out in words only", (job_table, "_JOBS"), _signs_out_in_words,
         "safety: nothing comes back after a sign-out"),
    Slip("K6: whatever appears after a sign-out signs in", (after_sign_out, "unproved"),
         _always(False), "truth: after a sign-out only AWS's word signs in",
         things=(LOGIN, do("sign out", 100), do("offline", 200, much=0.9),
                 do("synced login", 300))),
    Slip("K6: nobody asks about the portal's other sessions", (portal_sessions, "shares_portal"),
         _always(False), "truth: a sign-out is known to the portal's other sessions",
         things=(LOGIN, do("aws sso login", 20, "twin"), do("sign out", 100))),
    Slip("R2: nothing is locked", (JobContext, "session_lock"), _unlocked,
         "safety: one refresh of a session at a time",
         things=(
             LOGIN, do("aws slow", 1600), *(do("restart", at) for at in range(1692, 1700, 2)))),
    Slip("R5: Retry-After is not heard", (job_results, "_failed"), _impatient,
         "economy: Retry-After is obeyed"),
    Slip("R5: no wait, however often it fails", (schedule, "backoff"),
         lambda _: lambda *_: 0.5,
         "economy: few jobs", also=((schedule, "allowed_at"), lambda _: _allowed),
         things=(LOGIN, do("aws 503", 1600, much=0.7))),
    Slip("what was renewed before a restart does not renew", (kinds, "renews"), _once_renewed,
         "restart equivalence", things=(LOGIN, do("restart compared", 3000, much=0.1))),
    Slip("R5: a doubt that meets a job is forgotten", (renewal_requests, "doubted"), _not_beside,
         "truth: a doubt is taken up", things=(LOGIN, do("revoke", 10.9), do("crowd", 11))),
    Slip("S4: a config that cannot be read has no sessions", (unread_files, "unread"), _emptied,
         "safety: nothing changes on an unread fact", things=(do("unread", 100, much=0.19),)),
    Slip("S4: nobody is told of an unread file", (policy, "UNREAD_TOLD_AFTER"), lambda _: 1e6,
         "truth: what cannot be read is told", things=(do("unread", 100, much=0.19),)),
    Slip("S4: an unread file is not read again", (unread_files, "looks"), _always(()),
         "truth: what a file says counts", things=(do("unread", 100, much=0.1),)),
    Slip("S4: a config broken at the start has no sessions", (input_files, "last_catalog"),
         _always(None), "truth: the last good config counts",
         things=(do("config", 100, much=0.29), do("restart", 110))),
    Slip("A3: the managed default stays at the profile that was active before",
         (managed_sections, "follow"), _always(()), "truth: the managed default follows",
         things=(do("apply default", 100), do("use", 200, much=0.9))),
    Slip("S4: an active profile that cannot be read is none", (section_plan, "read_active"),
         _none_unread, "safety: the managed default outlives an unread fact",
         things=(do("apply default", 100), do("unread", 200, much=0.79),
                 do("config", 210, much=0.9))),
    Slip("K5: a removed file is put back", (JobContext, "is_from_here"),
         lambda _: lambda *_: False,
         "safety: a removed file stays away", things=(LOGIN, do("remove", 600, much=0.9))),
    Slip("a failed job makes the rules fail", (job_results, "_failed"), lambda _: _fails,
         "the rules do not fail"),
)  # fmt: skip


def walks_of(slip: Slip, count: int) -> Iterator[Run]:
    """Yield the walks that a broken rule is to be caught in."""
    held = frozenset({slip.caught_by})
    if slip.things:
        yield Sequence(slip.rule, 1, *slip.things, length=LONG, held=held).run()
    else:
        yield from (run(seed, held=held) for seed in range(count))


@contextmanager
def slipped(slip: Slip) -> Iterator[None]:
    """Break a rule, and mend it again."""
    with ExitStack() as stack:
        stack.enter_context(_changed(slip.place, slip.wrong))
        if slip.also is not None:
            stack.enter_context(_changed(*slip.also))
        yield


@contextmanager
def _changed(place: tuple[Any, str], wrong: Callable[[Any], Any]) -> Iterator[None]:
    """
    Replace one thing, and put it back.

    A function is replaced wherever the rooms know it; one that is named beside a module it does
    not come from, only there; a method in its class.
    """
    owner, name = place
    right = getattr(owner, name)
    other = wrong(right)
    everywhere = getattr(right, "__module__", None) == owner.__name__
    known: list[tuple[Any, str]] = [
        (one, attribute)
        for title, one in sys.modules.items()
        if title.startswith(ROOMS) and (everywhere or one is owner)
        for attribute, value in vars(one).items()
        if value is right and (callable(right) or attribute == name)
    ]
    if isinstance(owner, type):
        known = [(owner, name)]
    for one, attribute in known:
        setattr(one, attribute, other)
    try:
        yield
    finally:
        for one, attribute in known:
            setattr(one, attribute, right)
