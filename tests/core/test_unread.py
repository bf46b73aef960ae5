"""What the rules make of a file that the machine cannot read just now (S4)."""

from __future__ import annotations

import pytest

from tests.core.story import HOUR, T0, Story, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.effects import JobKind
from tray.core.model import InputFile, Memory, Preferences, Removal
from tray.core.outcomes import Failed
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


def test_beside_a_job_no_token_file_is_read_again() -> None:
    """Looks are ignored then: each would ask for the next at once, as long as the job lasts."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.send(FILES[TOKEN][0], 60)
    story.send(ev.RenewRequested("corp", "r"), 60)

    beside = story.send(FILES[TOKEN][0], 70), story.send(ev.Tick(), 71)
    after = story.answer(Failed("torn-file", WHY), 72)

    assert [] == [one for effects in beside for one in effects if isinstance(one, fx.ReadAgain)]
    assert fx.InspectTokenFile("corp") in after


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


def test_a_removal_is_no_end_where_its_file_cannot_be_read() -> None:
    """K5: at a start nobody knows what lies there, so no notice says that the session ended."""
    removal = Removal("a", T0)
    memory = Memory(used_at=T0, removed="a", removal=removal, notified=frozenset({"removed:a:0"}))
    story = Story(stores={"corp": "keyring"}, memories={"corp": memory})

    story.send(FILES[TOKEN][0], 1)

    assert "unreadable" == story.row().state
    assert "expired" not in story.notices()


@pytest.mark.parametrize("kind", ["adopt", "renew"])
def test_what_failed_for_want_of_a_file_is_tried_once_it_can_be_read(kind: JobKind) -> None:
    """A worker's word that it could not read begins the looks; the back-off ends with them."""
    story = Story(stores={"corp": None if kind == "adopt" else "keyring"})
    story.file(token(refreshable=kind == "adopt"), 60)
    if kind == "renew":
        story.send(ev.RenewRequested("corp", "r1"))

    failed = story.answer(Failed("other", WHY), 61)
    story.send(FILES[InputFile("records")][0], 61)
    waiting = story.session().job
    story.send(RECORDS, 62)
    story.send(ev.Tick(), 62)

    job = story.session().job
    assert fx.ReadAgain(InputFile("records")) in failed
    assert waiting is None
    assert job is not None
    assert kind == job.kind
