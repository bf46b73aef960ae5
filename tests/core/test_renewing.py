"""When a session is renewed, and what the answers mean (R1, R3-R6)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

import tray
from tests.core.story import CORP, DAY, HOUR, MINUTE, T0, Story, only, renewing, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core import policy
from tray.core.model import Now, Preferences, Trigger
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
)
from tray.core.session import Session
from tray.core.sessions import schedule
from tray.core.state import next_look

CLOCKS = Path(tray.__file__).parent / "guide/clocks.md"


def kept(life: float = HOUR) -> Story:
    """Return a story of a session in the keyring."""
    story = Story(stores={"corp": "keyring"})
    story.file(token(life=life))
    return story


@pytest.mark.parametrize(("end", "looks"), [(365 * 24 * HOUR, []), (-HOUR, ["adopt"])])
def test_an_end_written_into_the_file_of_a_kept_token_counts_for_nothing(
    end: float, looks: list[str]
) -> None:
    """R1: the keyring's end counts; an earlier one in the file is written over, once."""
    story = Story(stores={"corp": "keyring"})
    story.file(replace(token(), refreshable=True))
    story.answer(Adopted(token(), "keyring"))
    before = (story.row().state, story.session().token, story.jobs())
    changed = replace(token(), expires_at=T0 + end)

    story.file(changed)
    tried = story.jobs()[len(before[2]) :]
    if looks:
        story.answer(Failed("keyring-locked", "It is locked."))
    story.file(changed)

    assert looks == tried == story.jobs()[len(before[2]) :]
    assert before[:2] == (story.row().state, story.session().token)


@pytest.mark.parametrize(
    ("life", "earliest", "latest"),
    [
        (8 * HOUR, 3.6 * HOUR, 4 * HOUR),
        (HOUR, 27 * MINUTE, 30 * MINUTE),
        # Ahead of an SDK's window where that can be: botocore's, C++'s, Java's and Rust's.
        (35 * MINUTE, 15.75 * MINUTE, 17.5 * MINUTE),
        (24 * MINUTE, 5.3 * MINUTE, 6.5 * MINUTE),
        (20 * MINUTE, 6.5 * MINUTE, 7.5 * MINUTE),
        (12 * MINUTE, 3.9 * MINUTE, 4.5 * MINUTE),
        (9 * MINUTE, 4 * MINUTE, 4.5 * MINUTE),
        (60.0, 27, 30),
    ],
)
def test_renewed_at_half_life_and_only_earlier(
    life: float, earliest: float, latest: float
) -> None:
    """R1: at half the life or ahead of SDKs, up to 5 % earlier, the same for each session."""
    sessions = [Session(replace(CORP, key=f"s{n}"), store="keyring") for n in range(50)]
    due = [
        schedule.planned_renewal(replace(one, token=token(life=life)), Preferences(), "desk")
        for one in sessions
    ]
    again = [
        schedule.planned_renewal(replace(one, token=token(life=life)), Preferences(), "desk")
        for one in sessions
    ]

    assert due == again
    assert len(set(due)) == len(due)
    assert all(earliest <= at - T0 <= latest for at in due if at is not None)


WINDOWS = {"botocore": 15, "C++": 10, "Java": 5, "Rust": 5}
"""Minutes before its end at which an SDK renews a token itself (measured)."""


def test_the_guides_table_of_lives_and_windows_is_true() -> None:
    """R1: at the shortest life of each row it is renewed as said, ahead of the SDKs it names."""
    table = CLOCKS.read_text(encoding="utf-8").partition("| token's life |")[2]
    lives = []
    for line in table.partition("\n\n")[0].splitlines()[2:]:
        lived, left, ahead = (cell.strip() for cell in line.strip("|").split("|"))
        life = MINUTE * float(lived.split()[0] if lived != "less" else 9.9)
        one = Session(CORP, store="keyring", token=token(life=life))
        due = schedule.planned_renewal(one, Preferences(), "desk")
        assert due is not None
        before_end = T0 + life - due
        jitter = policy.RENEW_JITTER * life
        said = life / 2 if left == "half its life" else MINUTE * float(left.split()[0])
        named = {one for one in WINDOWS if one in ahead or ahead == "all of them"}

        assert said <= before_end <= said + jitter
        assert named == {sdk for sdk, window in WINDOWS.items() if window * MINUTE < said}
        lives.append(life / MINUTE)
    assert [35, 24, 17, 10, 9.9] == lives


def test_no_sdk_ever_has_to_look() -> None:
    """R1: for lives of an hour and more the token is renewed 20 minutes before its end."""
    story = kept()

    left = []
    for _ in range(5):
        due = next_look(story.state, story.now)
        while due is not None and story.session().job is None:
            story.send(ev.Tick(), due - T0)
            due = next_look(story.state, story.now)
        left.append(story.row().token_expires_at or 0.0)
        left[-1] -= story.now.wall
        story.answer(Renewed(token(f"n{len(left)}", story.time), "keyring"))

    assert min(left) >= 20 * MINUTE


@pytest.mark.parametrize(
    ("store", "refreshable", "jobs"),
    [("keyring", False, ["renew"]), ("file", True, ["renew"]), ("file", False, []),
     ("released", True, []), (None, False, ["adopt"])],
)  # fmt: skip
def test_who_is_renewed_by_us(store: str, refreshable: bool, jobs: list[str]) -> None:
    """Only what we keep, and what has refresh data at all, is renewed by us (K1, K7)."""
    story = Story(stores={"corp": store})  # type: ignore[dict-item] # the table's words
    story.send(ev.PreferencesRead(Preferences(adopt=False)))
    story.file(token(refreshable=refreshable))

    story.run_until(31 * MINUTE)

    assert jobs == story.jobs()


def test_a_sleep_over_every_deadline_means_one_renewal() -> None:
    """A night's sleep ends in one renewal and no notice at all (faults 31, 32)."""
    story = kept()
    story.send(ev.SystemEvent("asleep"), 10 * MINUTE)
    story.send(ev.Tick(), 9 * HOUR)
    asleep = story.jobs()
    story.send(ev.SystemEvent("woke"))
    story.send(ev.SystemEvent("network-up"))

    story.answer(Renewed(token("b", 9 * HOUR), "keyring"))
    story.send(ev.Tick())

    assert [] == asleep
    assert ["renew"] == story.jobs()
    assert [] == story.notices()


def test_a_sleep_over_the_sessions_end_means_one_notice() -> None:
    """What ended during the sleep is told once, not as three warnings (fault 31)."""
    story = kept()
    story.run_until(2 * HOUR, renewing(ends_at=2.2 * HOUR))
    before = story.notices()
    story.send(ev.SystemEvent("asleep"))
    story.time = 9 * HOUR
    story.send(ev.SystemEvent("woke"))

    story.run_until(10 * HOUR, renewing(ends_at=2.2 * HOUR))

    assert [*before, "expired"] == story.notices()


def test_a_clock_set_back_changes_nothing() -> None:
    """Fault 29: nothing is told twice, nothing waits for a time that will not come."""
    story = kept()
    story.run_until(2.1 * HOUR, renewing(ends_at=2.2 * HOUR))
    told = story.notices()

    story.send(ev.SystemEvent("clock-set"), 1.1 * HOUR)
    story.send(ev.Tick(), 2.1 * HOUR)

    assert told == story.notices()


def test_answers_from_before_a_set_back_clock_do_not_count() -> None:
    """No allowance waits for a moment that lies in a future that was a mistake (R5)."""
    session = Session(CORP, token=token(), life=HOUR, advanced_at=T0 + DAY, retry_at=T0 + DAY)
    for at in (DAY, DAY + 1, DAY + 2):
        session = schedule.counted(session, "program", Now(T0 + at, 0), HOUR)

    session = schedule.without_future(session, Now(T0, 0))

    assert 0 == schedule.allowed_at(session, "program")


def test_backing_off() -> None:
    """R5: 1, 2, 4 .. 300 s with full jitter, the same every time, never nothing."""
    session, now = Session(CORP, token=token()), Now(T0, 0)
    waits = [schedule.backoff(session, "desk", failures, now) for failures in range(1, 60)]
    again = [schedule.backoff(session, "desk", failures, now) for failures in range(1, 60)]
    most = [min(300.0, 2.0**number) for number in range(59)]

    assert waits == again
    assert all(0.1 * high <= wait <= high for wait, high in zip(waits, most, strict=True))


def test_offline_costs_nothing_and_loses_nothing() -> None:
    """R6: an unreachable AWS is asked again, more and more rarely, and everything is kept."""
    story = kept()

    story.run_until(2 * HOUR, lambda _s, _a: Failed("offline", "No route."))
    tries = len(story.jobs())
    story.send(ev.SystemEvent("network-up"))
    story.answer(Renewed(token("b", 2 * HOUR), "keyring"))

    assert 10 < tries < 100
    assert ("signed-in", None) == (story.row().state, story.row().reason)


def test_a_known_outage_is_looked_at_rarely() -> None:
    """While the system itself says it is offline, AWS is tried every five minutes at most."""
    story = kept()
    story.send(ev.SystemEvent("network-down"))

    story.run_until(2 * HOUR, lambda _s, _a: Failed("offline", "No route."))

    assert len(story.jobs()) <= 1.6 * HOUR / 300


@pytest.mark.parametrize("what", ["woke", "network-up", "unlocked", "clock-set"])
def test_what_waits_is_tried_at_once(what: str) -> None:
    """R1: at once on wake, network-up or unlock, when due."""
    story = kept()
    story.run_until(40 * MINUTE, lambda _s, _a: Failed("offline", "No route."))

    effects = story.send(ev.SystemEvent(what))  # type: ignore[arg-type] # a word of Mood

    assert "renew" == only(fx.StartJob, effects).kind


@pytest.mark.parametrize("what", ["woke", "network-up", "unlocked", "clock-set"])
def test_what_is_not_due_is_left_alone(what: str) -> None:
    """A healthy session is not renewed for every wake (fault 32)."""
    story = kept()

    for _ in range(200):
        story.send(ev.SystemEvent("asleep"))
        story.send(ev.SystemEvent(what))  # type: ignore[arg-type] # a word of Mood
        story.send(ev.SystemEvent("woke"))

    assert [] == story.jobs()


def test_retry_after_is_obeyed() -> None:
    """R5: AWS may ask for patience, and gets an hour at most."""
    story = kept()
    story.run_until(31 * MINUTE)

    story.answer(Failed("other", "429", answered=True, retry_after=120))
    asked = story.row().next_attempt_at
    story.run_until(40 * MINUTE)
    story.answer(Failed("other", "429", answered=True, retry_after=10**9))
    longest = story.row().next_attempt_at

    assert 120 <= (asked or 0) - (T0 + 31 * MINUTE) <= 300
    assert T0 + 40 * MINUTE + HOUR == longest


def test_trouble_that_passes_leaves_time_to_renew() -> None:
    """R5: no number of failures locks a session; 300 s after the trouble it is tried again."""
    story = kept()
    story.run_until(40 * MINUTE, lambda _s, _a: Failed("other", "503", answered=True))

    story.run_until(45 * MINUTE, lambda _s, at: Renewed(token("b", at), "keyring"))

    assert ("signed-in", None) == (story.row().state, story.row().reason)
    assert 10 < len(story.jobs()) < 30


def _error(_start: fx.StartJob, _at: float) -> Outcome:
    return Failed("other", "AWS answered 503.", answered=True)


def test_a_crowd_of_programs_makes_no_attempts_of_its_own() -> None:
    """R5: programs join the attempt under way or due, and each is told how it ended."""
    story = kept()
    for number in range(14):
        story.send(ev.RenewRequested("corp", f"a{number}", "program", "a"), 5 * MINUTE)
    story.answer(Failed("other", "AWS answered 503.", answered=True))
    for number in range(14):
        story.send(ev.RenewRequested("corp", f"b{number}", "program", "a"))

    before = story.jobs()
    story.run_until(6 * MINUTE, _error)
    told = {reply.request: reply.exit for reply in story.all(fx.Reply)}

    assert ["renew"] == before
    assert (28, {1}) == (len(told), set(told.values()))
    assert 3 <= len(story.jobs()) <= 9  # 1, 2, 4 .. s apart


def test_programs_that_saw_the_same_token_make_one_renewal() -> None:
    """R6: who asks about a token that has been replaced meanwhile is answered at once."""
    story = kept()
    story.send(ev.RenewRequested("corp", "first", "program", "a"), 5 * MINUTE)
    story.answer(Renewed(token("b", 5 * MINUTE), "keyring"))

    for number in range(14):
        story.send(ev.RenewRequested("corp", f"p{number}", "program", "a"))

    assert ["renew"] == story.jobs()
    assert {0} == {reply.exit for reply in story.all(fx.Reply)}
    assert 15 == len(story.all(fx.Reply))


def test_a_program_waits_for_an_attempt_that_is_due_soon() -> None:
    """R5: it joins the schedule's attempt rather than making one of its own."""
    story = kept()
    story.send(ev.RenewRequested("corp", "first", "program", "a"), 20 * MINUTE)
    story.answer(Failed("other", "503", answered=True))

    story.send(ev.RenewRequested("corp", "second", "program", "a"))
    waiting = [reply.request for reply in story.all(fx.Reply)]
    story.run_until(21 * MINUTE, lambda _s, at: Renewed(token("b", at), "keyring"))

    assert ["first"] == waiting
    assert ["renew", "renew"] == story.jobs()
    assert ("second", 0) == (story.all(fx.Reply)[-1].request, story.all(fx.Reply)[-1].exit)


@pytest.mark.parametrize("trigger", ["user", "program"])
def test_no_other_class_starves_the_schedule(trigger: Trigger) -> None:
    """R5: three renewals by hand or for programs in a token's life cost the schedule nothing."""
    story = kept()
    for number in range(6):
        at = number * 5 * MINUTE
        story.send(ev.RenewRequested("corp", f"r{number}", trigger), at)
        if story.session().job is not None:
            story.answer(Renewed(token(f"n{number}", at), "keyring"))

    before = len(story.jobs())
    story.run_until(80 * MINUTE, lambda s, at: Renewed(token(f"s{s.attempt}", at), "keyring"))

    assert (3, 5) == (before, len(story.jobs()))
    assert [] == story.notices()
    assert ("signed-in", None) == (story.row().state, story.row().reason)


def test_what_an_allowance_holds_back_is_no_failure() -> None:
    """S6: it is called held back, with the true next moment, and nobody is told of a failure."""
    story = kept()
    story.send(ev.TokenRejected("corp", "a"), MINUTE)
    story.answer(Renewed(token("b", MINUTE), "keyring"))

    story.send(ev.TokenRejected("corp", "b"), 2 * MINUTE)
    row = story.row()
    story.run_until(6.1 * MINUTE, lambda _s, at: Renewed(token("c", at), "keyring"))

    assert ("signed-in", "held-back", T0 + 6 * MINUTE) == (
        row.state, row.reason, row.next_attempt_at
    )  # fmt: skip
    assert ("signed-in", None) == (story.row().state, story.row().reason)
    assert ([], ["renew", "renew"]) == (story.notices(), story.jobs())


@pytest.mark.parametrize("what", ["woke", "network-up", "unlocked", "clock-set"])
def test_no_event_breaks_retry_after(what: str) -> None:
    """R5: what AWS asked for holds, whatever happens on this machine."""
    story = kept()
    story.run_until(31 * MINUTE)
    story.answer(Failed("other", "429", answered=True, retry_after=600))

    story.send(ev.SystemEvent(what), 32 * MINUTE)  # type: ignore[arg-type] # the table's words
    story.send(ev.PortalAnswered("corp"))
    story.send(ev.RenewRequested("corp", "r", "program", "a"))
    story.send(ev.RenewRequested("corp", "u"))

    assert ["renew"] == story.jobs()
    assert T0 + 41 * MINUTE == story.row().next_attempt_at
    assert {"r": 1, "u": 1} == {reply.request: reply.exit for reply in story.all(fx.Reply)}


def _offline(_start: fx.StartJob, _at: float) -> Outcome:
    return Failed("offline", "No route.")


def test_a_flapping_network_keeps_to_the_back_off() -> None:
    """R5: events free one attempt in five minutes, and the notice comes all the same (W1)."""
    story = kept()
    story.run_until(35 * MINUTE, _offline)
    before = len(story.jobs())

    for second in range(35 * 60, 50 * 60, 10):
        story.send(ev.SystemEvent("network-down"), second)
        story.send(ev.SystemEvent("network-up"), second + 5)
        story.run_until(second + 10, _offline)

    assert len(story.jobs()) - before <= 3 + 15 * MINUTE / 30
    assert ["renewal-failing"] == story.notices()


def test_an_answer_of_the_portal_ends_the_wait() -> None:
    """R5: where role credentials come, the way to AWS is open again."""
    story = kept()
    story.run_until(40 * MINUTE, lambda _s, _a: Failed("offline", "No route."))

    effects = story.send(ev.PortalAnswered("corp"))

    assert "renew" == only(fx.StartJob, effects).kind


def test_a_doubt_that_meets_a_job_is_taken_up_after_it() -> None:
    """R6: what another job does not settle is not forgotten."""
    story = kept()
    story.file(token(refreshable=True), MINUTE)
    story.send(ev.TokenRejected("corp", "a"))
    assert ["adopt"] == story.jobs()

    story.answer(Adopted(token("a"), "keyring"))

    assert ["adopt", "renew"] == story.jobs()


def test_a_keyring_that_answers_again_is_found_soon() -> None:
    """R5: after a keyring that hung 40 s it is tried within 5 s, so that it renews within 10."""
    story = kept()
    story.run_until(29.9 * MINUTE)
    started = story.time
    story.run_until(started + 40, lambda _s, _a: Failed("keyring-waiting", "It hangs."))

    story.run_until(started + 45, lambda _s, at: Renewed(token("b", at), "keyring"))

    assert ("signed-in", None) == (story.row().state, story.row().reason)


def test_a_page_left_open_blocks_no_renewal() -> None:
    """R1: a token is renewed beside a sign-in that nobody finishes."""
    story = kept()
    story.run_until(40 * MINUTE, lambda _s, _a: Failed("offline", "No route."))
    story.send(ev.SignInRequested("corp", afresh=False))
    story.send(ev.SignInReady("corp", _attempt(story), "https://signin"))

    story.run_until(45.1 * MINUTE, lambda _s, at: Renewed(token("b", at), "keyring"))

    session = story.session()
    assert session.sign_in is not None
    assert session.token is not None
    assert ("b", None) == (session.token.fingerprint, session.failing)


def _attempt(story: Story) -> int:
    sign_in = story.session().sign_in
    assert sign_in is not None
    return sign_in.attempt


def test_a_person_cannot_exceed_the_allowance_either() -> None:
    """R5: asked too often, ``renew`` says when it may, and the healthy session stays so."""
    story = kept()

    for number in range(5):
        story.send(ev.RenewRequested("corp", f"r{number}"))
        if story.session().job is not None:
            story.answer(Renewed(token(f"n{number}"), "keyring"))
    last = story.all(fx.Reply)[-1]

    assert ["renew"] * 3 == story.jobs()
    assert (1, "Too many renewals" in last.sentence) == (last.exit, True)
    assert "signed-in" == story.row().state


@pytest.mark.parametrize(
    ("portal", "state", "reason"),
    [
        ("valid", "ending", "refused"),
        ("dead", "expired", "session-over"),
        ("unreachable", "ending", "refused"),
    ],
)
def test_a_refusal(portal: str, state: str, reason: str) -> None:
    """R4: the published token tells whether the session has ended or is only about to."""
    story = kept()
    story.run_until(31 * MINUTE)

    story.answer(Refused(portal))  # type: ignore[arg-type] # a word of Refused
    story.run_until(34 * MINUTE)

    assert (state, reason) == (story.row().state, story.row().reason)
    assert "renew" not in story.jobs()[1:]


def test_an_unconfirmed_refusal_is_asked_about_with_patience() -> None:
    """R4: the portal is asked again, ever more rarely, at once when the network is back."""
    story = kept()
    story.run_until(29 * MINUTE, lambda _s, _a: Refused("unreachable"))

    story.run_until(55 * MINUTE, lambda _s, _a: Refused("unreachable"))
    checks = story.jobs().count("check")
    effects = story.send(ev.SystemEvent("network-up"))
    story.answer(Refused("dead"))

    assert 5 < checks < 25
    assert "check" == only(fx.StartJob, effects).kind
    assert ("expired", "session-over") == (story.row().state, story.row().reason)


def test_nothing_is_asked_about_a_refused_token_past_its_end() -> None:
    """R4: after the token's own end an answer would change nothing."""
    story = kept()
    story.run_until(HOUR, lambda _s, _a: Refused("unreachable"))
    before = len(story.jobs())

    story.run_until(5 * HOUR, lambda _s, _a: Refused("unreachable"))

    assert before == len(story.jobs())
    assert ("expired", "session-over") == (story.row().state, story.row().reason)


def test_a_doubted_token_is_decided_by_one_refresh() -> None:
    """R6: a portal 401 with the file in place makes one renewal, however many saw it."""
    story = kept()

    for _ in range(20):
        story.send(ev.TokenRejected("corp", "a"))
    story.answer(Failed("offline", "No route."))
    for _ in range(20):
        story.send(ev.TokenRejected("corp", "a"))

    assert ["renew"] == story.jobs()


@pytest.mark.parametrize("tried", [True, False])
def test_a_doubt_outlives_a_release(*, tried: bool) -> None:
    """R6, K7: what no renewal could decide about before a release, the portal does after it."""
    story = kept()
    if tried:
        story.send(ev.TokenRejected("corp", "a"))
        story.answer(Failed("keyring-locked", "It is locked."))
    story.send(ev.ReleaseRequested("corp"))
    story.send(ev.TokenRejected("corp", "a"))
    story.answer(Released("Released."))

    assert [*["renew"][: int(tried)], "release", "check"] == story.jobs()


@pytest.mark.parametrize("fingerprint", ["a", "b"])
def test_a_doubt_about_an_older_token_is_no_doubt(fingerprint: str) -> None:
    """Only the token at hand can be doubted; without refresh data the doubt decides."""
    story = Story(stores={"corp": "file"})
    story.file(token(life=8 * HOUR))

    story.send(ev.TokenRejected("corp", fingerprint))

    assert ("expired" if fingerprint == "a" else "signed-in") == story.row().state
    assert [] == story.jobs()


@pytest.mark.parametrize(
    ("outcome", "good"),
    [
        (Renewed(token("b"), "keyring", of="a"), True),
        (Failed("offline", "AWS cannot be reached."), False),
        (Refused("valid"), None),
    ],
)
def test_a_click_on_renew_now_is_answered(outcome: Outcome, good: bool | None) -> None:
    """M1: a notice says so, also where it joins a renewal under way; a refusal has its warning."""
    story = kept()
    story.send(ev.RenewRequested("corp", trigger="program"), 31 * MINUTE)
    story.send(ev.RenewRequested("corp", fx.CLICK), 31 * MINUTE)

    effects = story.answer(outcome)

    reports = [one for one in effects if isinstance(one, fx.Report)]
    told = [(one.title, one.good) for one in reports]
    assert ([] if good is None else [("Renew now", good)]) == told
    assert not [one for one in effects if isinstance(one, fx.Reply)]


@pytest.mark.parametrize("portal", ["valid", "unreachable"])
def test_a_refused_token_that_the_portal_rejects_is_over(
    portal: Literal["valid", "unreachable"],
) -> None:
    """R4, R6: whoever meets the portal's no, it is the last word on a refused token."""
    story = kept()
    story.send(ev.RenewRequested("corp"), 31 * MINUTE)
    story.answer(Refused(portal))

    story.send(ev.TokenRejected("corp", "a"), 31 * MINUTE + 0.05)

    assert ("expired", "session-over") == (story.row().state, story.row().reason)
    assert ["renew"] == story.jobs()


def test_a_keyring_that_has_not_confirmed_yet_is_said() -> None:
    """R3: the token is published and works; the reason is shown until the keyring answers."""
    story = kept()
    story.run_until(31 * MINUTE)
    story.answer(Renewed(token("b", 31 * MINUTE), "keyring", stored=False))
    waiting = story.row()

    story.send(ev.Stored("corp"))

    assert ("signed-in", "keyring-waiting") == (waiting.state, waiting.reason)
    assert None is story.row().reason


def test_late_answers_are_ignored() -> None:
    """Fault 71: an answer to an attempt nobody awaits changes nothing."""
    story = kept()
    story.run_until(31 * MINUTE)
    before = story.state

    effects = story.send(ev.JobDone("corp", 99, Refused("dead")))

    assert () == effects
    assert before == story.state


def test_while_a_job_runs_its_own_writes_are_no_news() -> None:
    """A look at a file that our own job moves is taken after the job, not during it."""
    story = kept()
    story.run_until(31 * MINUTE)

    during = story.file(ev.FileAbsent())
    after = story.answer(Renewed(token("b", 31 * MINUTE), "keyring"))

    assert () == during
    assert fx.InspectTokenFile("corp") in after


def test_forty_sessions_due_at_once() -> None:
    """Fault 34: they are renewed side by side, each at its own moment."""
    many = [replace(CORP, key=f"s{n}", profiles=(f"p{n}",)) for n in range(40)]
    story = Story(*many, stores={one.key: "keyring" for one in many})
    for one in many:
        story.file(token(one.key), key=one.key)

    story.run_until(30 * MINUTE)

    assert 40 == len(story.jobs())
    assert story.ticks >= 35


def test_a_session_that_cannot_be_used_is_not_asked_about() -> None:
    """A session without a usable start URL is never renewed, and says why."""
    broken = replace(CORP, problem="The start URL is not https.")
    story = Story(broken, stores={"corp": "keyring"})
    story.file(token())
    story.run_until(2 * HOUR)

    effects = story.send(ev.RenewRequested("corp", "r"))

    assert [] == story.jobs()
    assert "The start URL is not https." == only(fx.Reply, effects).sentence


def _renewed_of(of: str | None, *, by_us: bool = True) -> Outcome:
    return Renewed(token("b", 31 * MINUTE), "keyring", by_us=by_us, of=of)


@pytest.mark.parametrize(
    ("outcome", "dropped"),
    [
        (_renewed_of("a"), False),
        # Our job found another program's sign-in in the file, adopted that and renewed it.
        (_renewed_of("x"), True),
        (_renewed_of(None, by_us=False), True),
        (Adopted(token("a"), "keyring"), False),
        (Adopted(token("x", 60), "keyring"), True),
        (Refused("valid"), False),
        (SignedOut(), True),
        (RemovalJudged("published", token("a")), False),
        (Failed("offline", "No route."), False),
    ],
)
def test_role_credentials_live_as_long_as_their_sign_in(outcome: Outcome, dropped: bool) -> None:
    """What was given for a sign-in serves over its renewals, and no other sign-in (T14)."""
    story = kept()
    story.send(ev.RenewRequested("corp"), 31 * MINUTE)

    effects = story.answer(outcome)

    assert dropped == (fx.ForgetCredentials("corp") in effects)


def test_another_programs_sign_in_drops_role_credentials_once() -> None:
    """A token that is not of our renewing may be another person's; the same one again is not."""
    story = kept()
    renewed = token("b", 31 * MINUTE)
    story.send(ev.RenewRequested("corp"), 31 * MINUTE)
    story.answer(_renewed_of("a"))
    seen = [story.file(renewed), story.file(token("x", 40 * MINUTE))]
    seen.append(story.file(token("x", 40 * MINUTE)))
    story.sign_in(token("c", 50 * MINUTE), afresh=True)

    found = [fx.ForgetCredentials("corp") in effects for effects in seen]

    assert [False, True, False] == found
    assert 3 == len(story.all(fx.ForgetCredentials))  # of the first token, of x, of our own


@pytest.mark.parametrize("mtime", [0, -DAY, 40 * MINUTE])
def test_no_end_is_believed_without_limit(mtime: float) -> None:
    """R1: a file that claims a year's life is renewed within half a day, whatever its mtime."""
    story = Story(stores={"corp": "keyring"})
    year = replace(token(), issued_at=T0 + mtime, expires_at=T0 + 365 * DAY)

    story.file(year)
    story.run_until(12 * HOUR, lambda s, at: Renewed(token(f"b{s.attempt}", at), "keyring"))

    assert "renew" in story.jobs()
    assert T0 + 365 * DAY == year.expires_at


def test_an_mtime_after_its_end_dates_no_token() -> None:
    """R1: a token whose file is younger than its end is renewed by that end."""
    story = Story(stores={"corp": "keyring"})

    story.file(replace(token(), issued_at=T0 + DAY))
    story.run_until(HOUR)

    assert ["renew"] == story.jobs()


def test_an_expired_file_makes_no_hour_of_waiting() -> None:
    """R5: what measures an allowance is the life of what came, not of what was found."""
    story = Story(stores={"corp": "keyring"})
    for number in range(4):
        at = number * MINUTE
        story.file(replace(token(f"old{number}"), expires_at=T0 - DAY, issued_at=T0), at)
        if story.session().job is not None and story.jobs()[-1] == "adopt":
            story.answer(Adopted(token(f"old{number}", -2 * HOUR), "keyring"))
        story.answer(Renewed(token(f"n{number}", at, 30.0), "keyring"))

    assert 4 == story.jobs().count("renew")


def test_a_set_clock_clears_what_a_wrong_one_showed() -> None:
    """R4: past a token's end by a clock that was ahead nothing final is said; AWS is asked."""
    story = kept()
    story.send(ev.RenewRequested("corp"), 10 * MINUTE)
    story.answer(Refused("unreachable"), DAY)
    ahead = story.row()

    story.send(ev.SystemEvent("clock-set"), 10 * MINUTE + 1)
    right = story.row()
    story.answer(PortalChecked("a", "valid"))

    assert ("expired", "ending") == (ahead.state, right.state)
    assert ["renew", "check"] == story.jobs()
    assert ("ending", "refused") == (story.row().state, story.row().reason)
