"""Turns a story can take that only long random ones had found; one table row each."""

from __future__ import annotations

from dataclasses import replace

from tests.core.story import CORP, HOUR, LAB, MINUTE, Story, catalog, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.model import Memory
from tray.core.outcomes import Adopted, Failed, Released, RemovalJudged
from tray.core.requests import SignInAllRequested

MOVED = replace(CORP, region="us-east-1")
OFFLINE = Failed("offline", "No network.")


def test_a_refused_token_whose_file_is_gone_is_judged_with_patience() -> None:
    """K5, R5: where the removal cannot be judged it is asked about later, and rarely."""
    story = Story(stores={"corp": "keyring"}, memories={"corp": Memory(refused="a")})
    story.file(token())
    story.file(ev.FileAbsent(), 10)
    story.send(ev.Tick(), 14)

    story.answer(OFFLINE)
    for _ in range(5):
        story.send(ev.Tick())

    assert ["judge-removed"] == story.jobs()
    story.run_until(HOUR, lambda _start, _at: OFFLINE)
    assert len(story.jobs()) < 40


def test_a_token_of_another_place_is_not_shown_after_a_restart() -> None:
    """Fault 25: what the file says of its place counts, also where nothing was seen before."""
    elsewhere = replace(token(), start_url=CORP.start_url, region="ap-south-1")
    story = Story(stores={"corp": "keyring"})

    story.file(elsewhere)
    story.run_until(HOUR)

    assert ("signed-out", []) == (story.row().state, story.jobs())


def test_a_job_that_comes_upon_a_token_of_another_place_takes_it_for_none() -> None:
    """Fault 25: nor is one taken that a worker found where a file was thought to be missing."""
    elsewhere = replace(token(), start_url=CORP.start_url, region="ap-south-1")
    story = Story(stores={"corp": "keyring"})
    story.file(ev.FileAbsent())
    assert ["judge-removed"] == story.jobs()

    story.answer(RemovalJudged("back", elsewhere))
    story.run_until(HOUR)

    assert (None, "signed-out") == (story.session().token, story.row().state)
    assert ["judge-removed"] == story.jobs()


def test_a_file_of_another_place_that_goes_away_is_judged() -> None:
    """K5, fault 25: an old backup put over ours and removed again costs no session."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.file(replace(token("b"), start_url=CORP.start_url, region="ap-south-1"), 10)
    assert ("signed-out", []) == (story.row().state, story.jobs())

    story.file(ev.FileAbsent(), 20)
    story.run_until(30)

    assert ["judge-removed"] == story.jobs()


def test_a_token_back_in_its_place_is_shown_again() -> None:
    """Fault 25: a region changed and changed back, with a restart between, costs nothing."""
    here = replace(token(), start_url=CORP.start_url.upper() + "/#/", region=CORP.region)
    story = Story(MOVED, stores={"corp": "keyring"})
    story.file(here)
    assert "signed-out" == story.row().state

    story.send(ev.ConfigRead(catalog(CORP)), 60)
    story.file(here)

    assert ("signed-in", "keyring") == (story.row().state, story.row().store)


def test_a_token_from_the_future_is_renewed_when_the_clock_is_set_right() -> None:
    """Fault 29: it was given while the clock was ahead, so AWS lets it end before it says."""
    story = Story(stores={"corp": "keyring"})
    story.file(token(at=4 * HOUR), 4 * HOUR)

    story.send(ev.SystemEvent("clock-set"), 0)

    assert ["renew"] == story.jobs()


def test_a_renewal_asked_for_before_a_release_is_not_done_after_it() -> None:
    """K7: it is told so, and what is left to whoever uses the session is not called ending."""
    story = Story(stores={"corp": "keyring"})
    story.file(token(refreshable=True))
    story.send(ev.ReleaseRequested("corp"))
    story.send(ev.RenewRequested("corp", "r"))
    story.answer(Adopted(token(), "keyring"))

    story.answer(Released("Done."))

    assert ["adopt", "release"] == story.jobs()
    assert [("r", 1)] == [(tell.request, tell.exit) for tell in story.all(fx.Reply)]


def test_a_removal_is_noticed_though_the_clock_goes_back() -> None:
    """Fault 29: what has to be waited for is not longer because the clock was set back."""
    story = Story(stores={"corp": "file"})
    story.file(token(at=2 * HOUR, life=8 * HOUR), 3 * HOUR)
    story.file(ev.FileAbsent())

    story.send(ev.SystemEvent("clock-set"), 2 * HOUR)
    story.run_until(2 * HOUR + 3)

    assert ("signed-out", "removed") == (story.row().state, story.row().reason)


def test_a_session_that_was_away_comes_back_with_the_keeper_on_record() -> None:
    """K1: an adoption that ended while the config did not have the session counts for it, too."""
    story = Story(stores={"corp": "file"})
    story.file(token(refreshable=True))
    story.send(ev.ConfigRead(catalog()))
    story.send(ev.RecordsRead({"corp": "keyring"}, {}))

    story.send(ev.ConfigRead(catalog(CORP)))
    story.file(token())

    assert ("keyring", True) == (story.row().store, story.row().renews)


def test_records_that_name_no_keeper_leave_what_an_adoption_found() -> None:
    """K1: a login without refresh data stays in its file, and nothing of that is recorded."""
    story = Story()
    story.file(token())
    story.answer(Adopted(token(), "file"))

    story.send(ev.RecordsRead({"corp": None}, {}))

    assert "file" == story.row().store


def test_a_small_step_of_the_clock_renews_nothing() -> None:
    """Fault 29: what NTP corrects every day is no reason to ask AWS."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())

    story.send(ev.SystemEvent("clock-set"), -3)

    assert [] == story.jobs()


def test_a_queued_session_that_was_cancelled_gets_no_second_page() -> None:
    """L6, L7: "Sign in to all" does not start again what a person has started and cancelled."""
    story = Story(CORP, LAB)
    story.send(SignInAllRequested())
    story.send(ev.SignInRequested("lab"))

    story.send(ev.SignInCancelled("lab"), MINUTE)
    story.send(ev.SignInCancelled("corp"), 2 * MINUTE)

    started = [start.session.key for start in story.all(fx.StartSignIn)]
    assert ["corp", "lab"] == started
