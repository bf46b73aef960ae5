"""What is still known after a restart, from ``state.json`` and the files alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.story import CORP, DAY, HOUR, MINUTE, T0, Story, catalog, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.machine import step
from tray.core.model import Memory, Now, SessionEnd, Trouble
from tray.core.outcomes import Failed, Refused, Renewed
from tray.core.state import TrayState
from tray.core.views.view import view


def test_a_token_that_aws_has_called_dead_stays_dead() -> None:
    """A revoked session is expired after a restart too, although its token's end is far (R4)."""
    dead = token("a", life=HOUR)
    memory = Memory(end=SessionEnd(T0 + MINUTE, "exact", "a"), refused="a", used_at=T0)

    row = _seen_after_restart(dead, memory)

    assert ("expired", "session-over", False) == row


def test_a_rewritten_file_revives_nothing() -> None:
    """Even where its file is younger than that answer, the same token is no new sign-in."""
    dead = replace(token("a", life=HOUR), issued_at=T0 + 2 * MINUTE)
    memory = Memory(end=SessionEnd(T0 + MINUTE, "exact", "a"), refused="a", used_at=T0)

    row = _seen_after_restart(dead, memory)

    assert ("expired", "session-over", False) == row


def _restarted(story: Story, at: float) -> Story:
    """Return the story after a restart, with what was kept and the same file."""
    known = story.session()
    assert known.token is not None
    again = Story(stores={"corp": known.store}, memories=story.kept(), start=at)
    again.file(known.token)
    return again


def test_back_off_and_retry_after_outlive_a_restart() -> None:
    """R5: a restart makes no attempt of its own, and says what was said before it."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.run_until(30 * MINUTE)
    story.answer(Failed("other", "AWS asks for patience.", answered=True, retry_after=600))

    again = _restarted(story, 31 * MINUTE)
    again.send(ev.RenewRequested("corp", "r"))

    assert [] == again.jobs()
    assert story.row().next_attempt_at == again.row().next_attempt_at == T0 + 40 * MINUTE
    assert ("renewal-failing", "other") == (again.row().state, again.row().reason)
    assert [1] == [reply.exit for reply in again.all(fx.Reply)]


def test_retry_after_outlives_a_restart_with_an_expired_file() -> None:
    """R5: adopting an expired token renews it, so that it waits for AWS's moment, too."""
    full, until = token(refreshable=True), T0 + 85 * MINUTE
    trouble = Trouble("a", "other", "AWS asks for patience.", 1, T0, T0, until)

    again = Story(
        stores={"corp": "file"}, memories={"corp": Memory(trouble=trouble)}, start=70 * MINUTE
    )
    again.file(full)
    again.run_until(80 * MINUTE)
    before = again.jobs()
    again.run_until(90 * MINUTE)

    assert [] == before
    assert ["adopt"] == again.jobs()[:1]


def test_retry_after_outlives_a_restart_where_the_file_is_gone() -> None:
    """R5, K5: what a removed file means is asked when AWS wants to be asked again, not before."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.run_until(30 * MINUTE)
    story.answer(Failed("other", "AWS asks for patience.", answered=True, retry_after=1200))

    again = Story(stores={"corp": "keyring"}, memories=story.kept(), start=31 * MINUTE)
    again.file(ev.FileAbsent())
    again.run_until(49 * MINUTE)

    assert [] == again.jobs()
    again.run_until(51 * MINUTE)
    assert ["judge-removed"] == again.jobs()


def test_patience_from_a_clock_that_was_ahead_does_not_outlive_it() -> None:
    """R5: nothing that was remembered keeps a session waiting for more than an hour."""
    story = Story(stores={"corp": "keyring"}, start=DAY)
    story.file(token(at=DAY - 40 * MINUTE))
    story.answer(Failed("other", "AWS asks for patience.", answered=True, retry_after=600))

    again = _restarted(story, 31 * MINUTE)

    assert again.row().next_attempt_at is None  # trying now
    assert ["renew"] == again.jobs()


def test_a_session_found_over_by_a_clock_ahead_stays_over() -> None:
    """R4: what the portal has said is remembered, not worked out from times again."""
    story = Story(stores={"corp": "keyring"})
    story.file(token())
    story.send(ev.RenewRequested("corp"), 2 * HOUR)
    story.answer(Refused("dead"))

    again = _restarted(story, MINUTE)

    assert ("expired", "session-over") == (story.row().state, story.row().reason)
    assert ("expired", "session-over") == (again.row().state, again.row().reason)


@pytest.mark.parametrize("restart", [False, True])
def test_what_aws_said_of_a_tokens_life_counts(restart: bool) -> None:
    """R1: a file that was touched, or says another end, moves nothing."""
    story = Story(stores={"corp": "keyring"})
    story.file(token("z"))
    story.run_until(30 * MINUTE)
    story.answer(Renewed(token("a", 30 * MINUTE), "keyring"))
    planned = story.row().next_attempt_at
    story = _restarted(story, 31 * MINUTE) if restart else story

    story.file(replace(token("a", 30 * MINUTE), expires_at=T0 + 400 * DAY, issued_at=T0 + DAY))

    assert planned == story.row().next_attempt_at
    assert T0 + 90 * MINUTE == story.row().token_expires_at


def _seen_after_restart(facts: ev.TokenFileStatus, memory: Memory) -> tuple[str, str | None, bool]:
    state, now = TrayState(machine="desk"), Now(T0 + 5 * MINUTE, 0.0)
    for event in (
        ev.RecordsRead({"corp": "file"}, {"corp": memory}),
        ev.ConfigRead(catalog(CORP)),
        ev.TokenFileInspected("corp", facts),
    ):
        state, _ = step(state, event, now)
    (row,) = view(state, now).sessions
    return row.state, row.reason, row.renews
