from __future__ import annotations

import pytest

from tests.core.story import DAY, HOUR, MINUTE, Story, token
from tray.core import events as ev
from tray.core.outcomes import Renewed

YEAR = 365 * DAY


def kept() -> Story:
    """Tell of a signed-in session with its refresh data in the keyring."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    return story


@pytest.mark.parametrize("ahead", [HOUR, 10 * YEAR])
def test_fault_28_a_clock_set_ahead(ahead: float) -> None:
    """Before a session is called expired AWS is asked, and AWS's answer stands."""
    story = kept()

    story.send(ev.SystemEvent("clock-set"), ahead)
    asked, told = story.jobs(), story.notices()
    story.answer(Renewed(token("b", ahead), "keyring"))

    assert (["renew"], []) == (asked, told)
    assert ("signed-in", []) == (story.row().state, story.notices())


def test_fault_28_a_clock_set_ahead_and_back() -> None:
    """A token brought under the wrong clock comes from the future: it is renewed at once."""
    story = kept()
    story.send(ev.SystemEvent("clock-set"), HOUR)
    story.answer(Renewed(token("b", HOUR), "keyring"))

    story.send(ev.SystemEvent("clock-set"), MINUTE)

    assert "renew" == story.jobs()[-1]
    assert ("signed-in", []) == (story.row().state, story.notices())


def test_fault_32_two_hundred_short_sleeps() -> None:
    """A lid that opens and closes all night: no notice, no page, and AWS is asked when due."""
    story = kept()

    for number in range(200):
        at = number * 2 * MINUTE
        story.send(ev.SystemEvent("asleep"), at)
        story.send(ev.Tick(), at + MINUTE)
        story.send(ev.SystemEvent("woke"), at + 110)
        story.send(ev.SystemEvent("network-up"), at + 111)
        if story.session().job is not None:
            story.answer(Renewed(token(f"r{number}", at + 111), "keyring"), at + 112)

    life = 200 * 2 * MINUTE
    assert len(story.jobs()) <= life / (25 * MINUTE)
    assert ([], "signed-in") == (story.notices(), story.row().state)
