"""What the rules make of a file that the machine cannot read just now (S4)."""

from __future__ import annotations

import pytest

from tests.core.story import HOUR, T0, Story, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.model import InputFile, Preferences
from tray.core.state import next_look

WHY = "It can't be read right now: Input/output error."
TOKEN = InputFile("token", "corp")
RECORDS = ev.RecordsRead({}, {})
FILES: dict[InputFile, tuple[ev.Event, ev.Event]] = {
    TOKEN: (
        ev.TokenFileInspected("corp", ev.FileUnread(WHY)),
        ev.TokenFileInspected("corp", token()),
    ),
    InputFile("records"): (ev.InputUnread(InputFile("records"), WHY), RECORDS),
    InputFile("managed"): (
        ev.InputUnread(InputFile("managed"), WHY),
        ev.InputRead(InputFile("managed")),
    ),
    InputFile("settings"): (
        ev.InputUnread(InputFile("settings"), WHY),
        ev.PreferencesRead(Preferences()),
    ),
    InputFile("active-profile"): (
        ev.InputUnread(InputFile("active-profile"), WHY),
        ev.ActiveRead("dev"),
    ),
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.kind)
def test_nothing_changes_until_it_is_over(file: InputFile) -> None:
    """It is told after 10 s, read again at 0.5, 1.5, 3.5 .. s, and no more once it was read."""
    fails, reads = FILES[file]
    story = Story(stores={"corp": "file"})
    story.file(token(life=10 * HOUR))
    shown = story.view()
    story.send(fails, 60)
    looks: list[tuple[float, bool]] = []

    while (due := next_look(story.state, story.now)) is not None and due < T0 + 85:
        read_again = fx.ReadAgain(file) in story.send(ev.Tick(), due - T0)
        looks.append((round(due - T0 - 60, 1), WHY in story.view().problems))
        if read_again:
            story.send(fails)

    assert [
        (0.5, False), (1.5, False), (3.5, False), (7.5, False), (10.0, True), (20.0, True),
    ] == looks[:6]  # fmt: skip
    assert shown.sessions == story.view().sessions
    story.send(reads, 90)
    assert () == story.view().problems
    assert () == story.send(ev.Tick(), 95)


def test_every_tick_reads_again() -> None:
    """Whatever a tick is for, it reads what was unread: requests cause one."""
    story = Story()
    story.send(FILES[TOKEN][0], 1)

    assert fx.ReadAgain(TOKEN) in story.send(ev.Tick(), 1.1)


@pytest.mark.parametrize("event", [ev.SystemEvent("clock-set"), ev.SystemEvent("woke"), RECORDS])
def test_a_look_that_came_due_meanwhile_is_made(event: ev.Event) -> None:
    """A clock that jumps over a look's moment brings no tick: whatever comes next looks."""
    story = Story()
    story.send(FILES[TOKEN][0], 1)

    assert fx.ReadAgain(TOKEN) not in story.send(event, 1.2)
    assert fx.ReadAgain(TOKEN) in story.send(event, HOUR)


def test_a_token_file_unread_from_the_start_is_not_signed_out() -> None:
    """Nothing is known of the session: a renewal is not refused as if a sign-in were needed."""
    story = Story()
    story.send(FILES[TOKEN][0], 1)

    refused = story.send(ev.RenewRequested("corp", "r1"), 1.2)

    assert ("unreadable", "torn-file") == (story.row().state, story.row().reason)
    assert (fx.Reply("r1", "done", 1, WHY),) == refused
