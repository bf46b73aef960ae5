"""The loop goes on whatever fails in it: what is due comes, and nothing turns round and round."""

from __future__ import annotations

from dataclasses import replace

from tests.core.story import CORP, HOUR, T0, catalog, token
from tray.core import events as ev
from tray.core import policy
from tray.core.effects import Effect
from tray.core.model import Now
from tray.core.state import TrayState, next_look
from tray.core.views.view import View
from tray.daemon.event_loop import INBOX_LIMIT, EventLoop


class Watched:
    """A loop whose clock stands still, and what it armed and showed."""

    def __init__(self) -> None:
        self.now = Now(T0, 0.0)
        self.armed: list[float | None] = []
        self.shown: list[View] = []
        self.performed: list[Effect] = []
        self.loop = EventLoop(
            TrayState("machine"),
            perform=self.performed.append,
            changed=self.shown.append,
            arm=self.armed.append,
            clocks=lambda: self.now,
        )

    def sees_a_token(self) -> None:
        """Know a session with a token that lives for an hour."""
        self.loop.post(ev.ConfigRead(catalog(CORP)))
        self.loop.post(ev.TokenFileInspected("corp", token()))


def test_what_is_due_is_armed_although_nothing_can_be_shown() -> None:
    """Fault 77: a view that fails costs the picture, and no renewal."""
    watched = Watched()
    watched.loop.state = replace(watched.loop.state, settings_problems=None)  # type: ignore[arg-type]  # so
    watched.sees_a_token()

    assert [] == watched.shown
    assert next_look(watched.loop.state, watched.now) == watched.armed[-1]
    assert watched.armed[-1] is not None
    assert T0 < watched.armed[-1] < T0 + HOUR


def test_after_a_fault_of_the_rules_it_looks_again_soon() -> None:
    """Fault 77: what was due when they failed is done after a pause, not at the next change."""
    watched = Watched()
    watched.sees_a_token()
    regular = watched.armed[-1]

    watched.loop.post("nonsense")  # type: ignore[arg-type]  # an event the rules fail on
    after = watched.armed[-1]
    watched.loop.tick()

    assert (T0 + policy.FAULT_PAUSE, regular) == (after, watched.armed[-1])


def test_a_state_nobody_can_read_is_no_reason_to_turn_round_and_round() -> None:
    """With no next look to be found it pauses, too."""
    watched = Watched()
    broken = {"corp": None}
    watched.loop.state = replace(watched.loop.state, sessions=broken)  # type: ignore[arg-type]  # so

    watched.loop.tick()

    assert [T0 + policy.FAULT_PAUSE] == watched.armed


def test_whoever_shows_it_may_fail() -> None:
    """A failing icon does not reach whoever posted the event."""

    def fail(_: View) -> None:
        raise RuntimeError("no icon")

    armed: list[float | None] = []
    loop = EventLoop(TrayState("machine"), perform=print, changed=fail, arm=armed.append)

    loop.post(ev.ConfigRead(catalog(CORP)))

    assert 1 == len(armed)


def test_of_a_flood_the_newest_events_are_handled() -> None:
    """Fault 79: the inbox is bounded, and what gives way is the oldest."""
    watched = Watched()
    flood = [f"p{number}" for number in range(INBOX_LIMIT + 5)]
    handled: list[str | None] = []

    def perform(effect: Effect) -> None:
        if not watched.performed:
            watched.performed.append(effect)
            for profile in flood:
                loop.post(ev.ActiveRead(profile))

    def clocks() -> Now:
        handled.append(loop.state.active)
        return watched.now

    loop = EventLoop(
        TrayState("machine"),
        perform=perform,
        changed=watched.shown.append,
        arm=watched.armed.append,
        clocks=clocks,
    )

    loop.post(ev.ConfigRead(catalog(CORP)))

    assert flood[5:] == [profile for profile in handled if profile is not None]
