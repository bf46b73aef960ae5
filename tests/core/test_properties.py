"""What holds whatever happens: random stories, told to the rules event by event."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import get_args

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.core.story import CORP, DAY, HOUR, LAB, OLD, T0, catalog
from tests.core.words import EVENTS, MEMORIES, SIGHTS, answers, moved, stores
from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy
from tray.core.effects import Effect
from tray.core.machine import step
from tray.core.model import Memory, Now, SsoSession, TokenFacts, Trigger
from tray.core.outcomes import (
    Failed,
    Outcome,
    Renewed,
    outcome_from_json,
)
from tray.core.requests import ConsoleRequested, SignInAllRequested
from tray.core.state import TrayState, next_look
from tray.core.text import sentences
from tray.core.views.view import view

PAUSES = st.sampled_from((0.0, 0.0, 0.3, 5.0, 60.0, 900.0, HOUR, 8 * HOUR, -HOUR))
TURNS = st.sampled_from(("word", "word", "file", "answer", "answer", "look", "look"))

FAST = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass(frozen=True, repr=False)
class Scene:
    """One step of a story."""

    before: TrayState
    event: ev.Event
    now: Now
    after: TrayState
    effects: tuple[Effect, ...]

    def __repr__(self) -> str:
        """Return what a failing story is read by: when, what, and what was done about it."""
        done = ", ".join(type(effect).__name__ for effect in self.effects)
        return f"{self.now.wall - T0:.1f} s: {str(self.event)[:200]} -> {done}"


@st.composite
def stories(draw: st.DrawFn) -> list[Scene]:
    """Draw a story: random words, looks at files, passing time, and answers to what is asked."""
    now = Now(T0, 0.0)
    state = TrayState(machine="desk")
    scenes: list[Scene] = []
    recalled = ev.RecordsRead({"corp": draw(stores), "lab": "keyring"}, {"corp": draw(MEMORIES)})
    opening: list[ev.Event] = [
        recalled,
        ev.ActiveRead("dev"),
        ev.ConfigRead(catalog(CORP, LAB, OLD)),
    ]
    saved: dict[str, Memory] = {}
    for number in range(len(opening) + draw(st.integers(0, 40))):
        event: ev.Event | None = opening[number] if number < len(opening) else None
        turn = draw(TURNS) if event is None else "word"
        if event is None and turn == "look":
            due = next_look(state, now)
            event, now = ev.Tick(), Now(due or now.wall, now.mono)
        elif event is None:
            now = Now(now.wall + draw(PAUSES), now.mono)
            file = st.builds(ev.TokenFileInspected, st.just("corp"), SIGHTS)
            drawn = draw({"word": EVENTS, "file": file, "answer": answers(state)}[turn])
            event = moved(drawn, now.wall - T0)
        if isinstance(event, ev.RecordsRead):  # what was saved before is on record
            event = replace(event, memories={**event.memories, **saved})
        after, effects = step(state, event, now)
        saved |= {one.key: one.memory for one in effects if isinstance(one, fx.SaveMemory)}
        scenes.append(Scene(state, event, now, after, effects))
        state = after
    return scenes


@FAST
@given(stories())
def test_whatever_happens(scenes: list[Scene]) -> None:
    """No story breaks a promise that the rules make of every step."""
    for scene in scenes:
        step_is_pure(scene)
        the_next_look_lies_ahead(scene)
        one_job_and_one_sign_in_per_session(scene)
        no_notice_for_what_renews_itself(scene)
        what_is_stored_or_sent_comes_back(scene)
        everything_can_be_said(scene)
    a_browser_opens_only_for_a_click(scenes)
    every_request_gets_one_last_word(scenes)
    what_is_remembered_is_kept(scenes)


def step_is_pure(scene: Scene) -> None:
    """The same event in the same state gives the same answer and leaves the state as it was."""
    before = repr(scene.before)

    assert (scene.after, scene.effects) == step(scene.before, scene.event, scene.now)
    assert before == repr(scene.before)


def the_next_look_lies_ahead(scene: Scene) -> None:
    """A timer is only ever armed for later, and nothing that is due already waits for one."""
    due = next_look(scene.after, scene.now)
    assert due is None or due > scene.now.wall

    _, effects = step(scene.after, ev.Tick(), scene.now)

    assert [] == [effect for effect in effects if isinstance(effect, fx.StartJob | fx.ShowNotice)]


def one_job_and_one_sign_in_per_session(scene: Scene) -> None:
    """A job or sign-in is started only where none of that session is under way (L5)."""
    started = [one for one in scene.effects if isinstance(one, fx.StartJob)]
    signing_in = [one for one in scene.effects if isinstance(one, fx.StartSignIn)]
    each: tuple[fx.StartJob | fx.StartSignIn, ...] = (*started, *signing_in)
    for effect in each:
        before = scene.before.sessions.get(effect.session.key)
        if before is None or before.config != effect.session:
            continue
        if isinstance(effect, fx.StartSignIn):
            assert before.sign_in is None
        elif not isinstance(scene.event, ev.JobDone | ev.SignedIn):
            assert before.job is None

    assert len({effect.session.key for effect in started}) == len(started)


def no_notice_for_what_renews_itself(scene: Scene) -> None:
    """Nobody is told of an end that needs nobody (W3), nor of anything while away (W2)."""
    shown = [effect.notice for effect in scene.effects if isinstance(effect, fx.ShowNotice)]
    renewing = {row.key for row in view(scene.after, scene.now).sessions if row.renews}

    assert not shown or not (scene.after.asleep or scene.after.locked)
    for notice in shown:
        if notice.category in ("ending", "expired"):
            assert renewing.isdisjoint(notice.keys)


def what_is_stored_or_sent_comes_back(scene: Scene) -> None:
    """Outcomes, sessions and memories come back from JSON as they went in."""
    if isinstance(scene.event, ev.JobDone):
        outcome = scene.event.outcome
        assert outcome == outcome_from_json(_sent(outcome.to_json()))
    for effect in scene.effects:
        match effect:
            case fx.StartJob() | fx.StartSignIn():
                assert effect.session == SsoSession.from_json(_sent(effect.session.to_json()))
            case fx.SaveMemory():
                kept = Memory.from_json(_sent(effect.memory.to_json()))
                assert effect.memory == kept.with_beside(_sent(effect.memory.beside_to_json()))


def _sent(document: object) -> object:
    return json.loads(json.dumps(document, allow_nan=False))


def everything_can_be_said(scene: Scene) -> None:
    """Whatever state the rules are in, each row is one clean line."""
    for row in view(scene.after, scene.now).sessions:
        line = sentences.row(row, scene.now.wall)
        assert line.isprintable()
        assert "None" not in line
        assert row.next_attempt_at is None or abs(row.next_attempt_at - T0) < 300 * DAY


def a_browser_opens_only_for_a_click(scenes: list[Scene]) -> None:
    """No page is opened but after a person asked for it, one per request at most (L6)."""
    clicks = 0
    for scene in scenes:
        if isinstance(scene.event, ConsoleRequested):
            continue  # a click of its own
        clicks += isinstance(scene.event, ev.SignInRequested)
        if isinstance(scene.event, SignInAllRequested):
            clicks += len(scene.before.sessions)
        opened = [
            effect
            for effect in scene.effects
            if isinstance(effect, fx.OpenBrowser)
            or (isinstance(effect, fx.Reply) and effect.sentence == "open")
        ]
        assert not opened or isinstance(scene.event, ev.SignInRequested | ev.SignInReady)
        clicks -= len(opened)
        assert clicks >= 0


def every_request_gets_one_last_word(scenes: list[Scene]) -> None:
    """Who asks is answered once, or is still waiting where the answer will be given (C1)."""
    open_questions: Counter[str] = Counter()
    for scene in scenes:
        if isinstance(scene.event, ev.RequesterLeft):
            return  # who has gone waits for nothing; the rest is counted in other stories
        request = getattr(scene.event, "request", None)
        open_questions.update([request] if request is not None else [])
        open_questions.subtract(
            effect.request
            for effect in scene.effects
            if isinstance(effect, fx.Reply) and effect.kind == "done"
        )
        waiting: Counter[str] = Counter()
        for session in scene.after.sessions.values():
            waiting.update(session.job.requests if session.job is not None else ())
            waiting.update(session.sign_in.requests if session.sign_in is not None else ())
            waiting.update(one.request for one in session.queue if one.request is not None)
            waiting.update(one.request for one in session.logins if one.request is not None)
        assert waiting == open_questions


def what_is_remembered_is_kept(scenes: list[Scene]) -> None:
    """Following every Keep gives exactly the memories the rules have, and none is idle (W2)."""
    kept: dict[str, Memory] = {}
    for scene in scenes:
        if isinstance(scene.event, ev.RecordsRead):
            kept = {**scene.event.memories, **kept}
        kept |= {one.key: one.memory for one in scene.effects if isinstance(one, fx.SaveMemory)}
        for key, session in scene.after.sessions.items():
            assert kept.get(key, Memory()) == session.memory


TROUBLES = st.lists(
    st.one_of(
        st.tuples(st.just("good"), st.sampled_from((30.0, 60.0, 300.0, 1800.0, HOUR))),
        st.tuples(st.just("bad"), st.sampled_from((0.0, 30.0))),
        st.tuples(st.sampled_from(("offline", "doubt", "wake", "wish")), st.just(0.0)),
    ),
    min_size=1,
    max_size=8,
)
"""What AWS and the world do, over and over: a token of some life, trouble, silence, doubts."""


# Shrinking a story of three hours takes longer than reading it.
@settings(FAST, max_examples=12, phases=(Phase.generate,))
@given(TROUBLES)
def test_aws_is_asked_with_measure(troubles: list[tuple[str, float]]) -> None:
    """Whatever AWS answers, it is asked a bounded number of times an hour, and so are we (R5)."""
    now, wakeups, turn = Now(T0, 0.0), 0, 0
    good: list[float] = []
    bad: list[float] = []
    lives = [HOUR]
    state = TrayState(machine="desk")
    for event in (
        ev.RecordsRead({"corp": "keyring"}, {}),
        ev.ConfigRead(catalog(CORP)),
        ev.TokenFileInspected("corp", TokenFacts("first", T0 + HOUR, T0)),
    ):
        state, _ = step(state, event, now)

    while now.wall < T0 + 3 * HOUR:
        kind, number = troubles[turn % len(troubles)]
        turn += 1
        session = state.sessions["corp"]
        if session.job is not None:
            if kind == "good":
                good.append(now.wall)
                lives.append(number)
                token = TokenFacts(f"t{turn}", now.wall + number, now.wall)
                outcome: Outcome = Renewed(token, "keyring")
            elif kind == "bad":
                bad.append(now.wall)
                outcome = Failed("other", "5xx", answered=True, retry_after=number)
            else:
                outcome = Failed("offline", "no route")
            answer = ev.JobDone("corp", session.job.attempt, outcome)
            state, _ = step(state, answer, now)
        elif kind in ("doubt", "wake", "wish"):
            now = Now(now.wall + 20, now.mono)
            fingerprint = session.token.fingerprint if session.token is not None else ""
            outside: dict[str, ev.Event] = {
                "doubt": ev.TokenRejected("corp", fingerprint),
                "wake": ev.SystemEvent("woke"),
                "wish": ev.RenewRequested("corp", "r"),
            }
            state, _ = step(state, outside[kind], now)
        else:
            due = next_look(state, now)
            now = Now(T0 + 3 * HOUR if due is None else due, now.mono)
            wakeups += 1
            state, _ = step(state, ev.Tick(), now)

    triggers = len(get_args(Trigger))
    assert most_within(policy.HOUR, bad) <= 80 + 12 * HOUR / min(lives)
    assert most_within(min(lives), good) <= policy.RENEWALS_PER_LIFE * triggers
    assert wakeups <= 3 * 300 + 3 * 12 * HOUR / min(lives)


def most_within(window: float, times: list[float]) -> int:
    """Return the largest number of moments in any window of so many seconds."""
    return max((sum(at <= one < at + window for one in times) for at in times), default=0)
